namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>Values of nodes that have no inputs.</summary>
internal static class Evaluated
{
    /// <summary>The values of several float nodes, by one graph.</summary>
    public static float[][] Values(params Node[] nodes)
    {
        using CompiledGraph graph = Compiler.Compile([], nodes);
        RunResults results = graph.Run();
        return [.. nodes.Select((_, i) => results.GetArray<float>(i))];
    }

    /// <summary>Holds pairs of nodes against each other: they have the same shapes and, but for rounding, values.</summary>
    public static void AreEqual(params (Node Found, Node Expected)[] pairs)
    {
        float[][] values = Values([.. pairs.SelectMany(p => new[] { p.Found, p.Expected })]);
        for (int i = 0; i < pairs.Length; i++)
        {
            Assert.That(pairs[i].Found.Shape, Is.EqualTo(pairs[i].Expected.Shape));
            Assert.That(values[2 * i], Is.EqualTo(values[(2 * i) + 1]).Within(1e-5f), $"pair {i}");
            Assert.That(values[2 * i], Has.Some.Not.Zero);
        }
    }

    /// <summary>Random numbers of a shape.</summary>
    public static Node Numbers(ulong seed, params int[] shape) => Ops.Constant(new Generator(seed).Normal(shape));
}

using GraphCompiler.Tests.Compiler;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;
using Values = GraphCompiler.Tests.Compiler.Values;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Loops and branches against the parts that they stand for.</summary>
internal sealed class LoopTests
{
    private static readonly int[] Counts = [0, 1, 2, 5];

    [TestCaseSource(typeof(LoopCase), nameof(LoopCase.All))]
    public void Values_and_gradients_are_those_of_the_parts(LoopCase c)
    {
        Node[] symbolic = Inputs(c, "T");
        NodeList loops = c.Build(LoopMaker.Loops, symbolic);
        Node[] asked = Asked(loops, symbolic);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile(symbolic, asked);
        foreach (int count in Counts)
        {
            Node[] constant = Inputs(c, count);
            NodeList parts = c.Build(LoopMaker.Unrolled, constant);
            Assert.That(loops.Select(n => n.RequiresGrad), Is.EqualTo(parts.Select((n, i) => n.RequiresGrad || (loops[i].RequiresGrad && count < Counts[^1]))), "what requires a gradient");
            TensorValue[] samples = [.. constant.Select((n, i) => Sample(n.Results[0], _ => 0, 7 + i))];
            TensorValue[] interpreted = Interpreter.Evaluate(asked, symbolic.Zip(samples).ToDictionary(p => p.First, p => p.Second), _ => count);
            TensorValue[] expected = Interpreter.Evaluate(Asked(parts, constant), constant.Zip(samples).ToDictionary(p => p.First, p => p.Second));
            RunResults results = compiled.Run([.. samples.Select(Values.ToArgument)]);
            for (int i = 0; i < asked.Length; i++)
            {
                AssertSame(interpreted[i], expected[i], 1e-9);
                AssertSame(Values.Read(results, i, expected[i].DType, expected[i].Shape), expected[i], 1e-9);
            }
        }
    }

    private static Node[] Inputs(LoopCase c, Dim count) =>
        [.. c.Inputs.Select((s, i) => Input<double>($"x{i}", Shape.Of(s.Select(d => d.Symbol is null ? d : count)), requiresGrad: true))];

    /// <summary>The results, and the first and second derivatives of a number made of them.</summary>
    private static Node[] Asked(NodeList results, Node[] inputs)
    {
        Node[] floats = [.. results.Where(r => r.DType.IsFloat())];
        Node loss = floats.Select((r, i) => Sum(r * Weights(r, i + 1))).Aggregate((a, b) => a + b);
        Node[] vector = [.. inputs.Select((x, i) => Weights(x, i + 5))];
        return
        [
            .. results, .. Gradients(loss, inputs, Unreached.Zeros), .. HessianVectorProduct(loss, inputs, vector), .. Jvp(floats, inputs, vector),
            .. Gradients(Jvp([loss], inputs, vector).Single(), inputs, Unreached.Zeros),
        ];
    }

    private static Node Weights(Node like, int seed) => Reshape(Sin(Arange(like.Shape.ElementCount, seed, 1.7, DType.Float64)), like.Shape);
}

namespace GraphCompiler.Peers.Works;

/// <summary>relu(x·w + b)·y − x over a million floats, no broadcasting: one fused loop against four passes over memory.</summary>
internal sealed partial class ChainWork : Work
{
    private const int Count = 1_000_000;
    private readonly float[][] inputs = [.. Enumerable.Range(1, 4).Select(seed => Normal(seed, Count))];

    public override string Name => "chain-1m";

    public override string Description => "relu(x*w + b)*y - x, all of 1 M floats";

    public override Contender Ours()
    {
        Input<float>[] leaves = [.. "xwby".Select(name => Ops.Input(name.ToString(), ["N"]))];
        Node z = ((leaves[0] * leaves[1]) + leaves[2]).Relu() * leaves[3] - leaves[0];
        var chain = Compiler.Compile<Action<float[], float[], float[], float[], float[]>>(leaves, z, options: OurSystem.Options);
        float[] output = new float[Count];
        return new Contender(OurSystem.Name, () => chain(inputs[0], inputs[1], inputs[2], inputs[3], output), () => [new Result("z", output)]);
    }
}

/// <summary>The works without any reduction.</summary>
internal static class ElementwiseWorks
{
    public static IEnumerable<Work> All() => [new ChainWork()];
}

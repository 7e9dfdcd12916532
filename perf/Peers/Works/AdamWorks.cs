namespace GraphCompiler.Peers.Works;

/// <summary>A step of Adam on ten million parameters, their gradient given: memory traffic and nothing else.</summary>
internal sealed partial class AdamWork : Work
{
    private const int Count = 10_000_000;
    private const double Rate = 1e-3;
    private readonly float[] ws = Normal(1, Count);
    private readonly float[] gs = Normal(2, Count);

    public override string Name => "adam";

    public override string Description => "an Adam step of 10 M parameters, gradient given";

    public override int RunsBeforeComparing => 2;

    public static IEnumerable<Work> All() => [new AdamWork()];

    public override Contender Ours()
    {
        // A loss whose gradient is the one given: the optimisers take a loss.
        Input<float> g = Ops.Input("g", [Count]);
        Parameter<float> w = Parameter("w", ws, Count);
        IReadOnlyList<Update> adam = Optimizers.Adam((w * g).Sum(), [w], Rate);
        var step = Compiler.Compile<Action<float[]>>([g], [], adam, options: OurSystem.Options);
        return new Contender(OurSystem.Name, () => step(gs), () => [Moved(w.Values.ToArray())])
        {
            Reset = () =>
            {
                ClearState(adam);
                w.Set(ws.AsSpan());
            },
        };
    }

    private Result Moved(float[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] -= ws[i];
        }

        // Two steps of 1e-3 seen through weights of size 1: float32 keeps some four digits of them.
        return new Result("steps", values, 1e-3);
    }
}

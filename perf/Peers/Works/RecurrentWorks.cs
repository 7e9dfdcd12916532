namespace GraphCompiler.Peers.Works;

/// <summary>A recurrent layer of 128 to 128 on a batch of 16: the mean of its squared outputs, and the gradients of its input and weights.</summary>
/// <param name="gates">Blocks of rows of the weights: 4 for an LSTM, 3 for a GRU.</param>
/// <param name="steps">How many steps there are.</param>
internal sealed partial class RecurrentWork(int gates, int steps) : Work
{
    private const int Batch = 16;
    private const int Size = 128;
    private static readonly string[] Names = ["loss", "dx", "dw", "du", "db", "dc"];
    private readonly float[] xs = Normal(1, steps * Batch * Size);
    private readonly float[][] weights = [Normal(2, gates * Size * Size, 0.08), Normal(3, gates * Size * Size, 0.08), Normal(4, gates * Size, 0.08), Normal(5, gates * Size, 0.08)];

    public override string Name => $"{(gates == 4 ? "lstm" : "gru")}-{steps}";

    public override string Description => $"{(gates == 4 ? "LSTM" : "GRU")} 128-128, {steps} steps of a batch of 16, loss and gradients of input and weights";

    public override double Operations => 12.0 * steps * Batch * gates * Size * Size;

    public static IEnumerable<Work> All() => [new RecurrentWork(gates: 4, steps: 64), new RecurrentWork(gates: 3, steps: 64)];

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", [steps, Batch, Size], requiresGrad: true);
        Parameter<float>[] own =
        [
            Parameter("w", weights[0], gates * Size, Size), Parameter("u", weights[1], gates * Size, Size), Parameter("b", weights[2], gates * Size), Parameter("c", weights[3], gates * Size),
        ];
        Node outputs = gates == 4 ? Ops.Lstm(x, [.. own]).Outputs : Ops.Gru(x, [.. own]).Outputs;
        Node loss = Ops.Mean(Ops.Square(outputs));
        var step = Compiler.Compile<Action<float[], float[], float[], float[], float[], float[], float[]>>([x], [loss, .. Ops.Gradients(loss, [x, .. own])], options: OurSystem.Options);
        float[][] results = [new float[1], new float[xs.Length], .. weights.Select(w => new float[w.Length])];
        return new Contender(
            OurSystem.Name,
            () => step(xs, results[0], results[1], results[2], results[3], results[4], results[5]),
            () => [.. results.Select((r, i) => new Result(Names[i], r))]);
    }
}

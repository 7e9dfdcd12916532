namespace GraphCompiler.Peers.Works;

/// <summary>
/// The linear model of the first example, loss = Σ(x·w + b − y)² with x [4, 4]: loss and gradients, where all the time is overhead. Either in one
/// call, gradients handed to the caller, or as Forward, Backward and ZeroGrad, which keep them in the parameters.
/// </summary>
internal sealed partial class LinearWork(bool split) : Work
{
    private readonly float[] xs = Normal(1, 16);
    private readonly float[] ys = Normal(2, 4);
    private readonly float[] ws = Normal(3, 4);
    private readonly float[] bs = Normal(4, 1);

    public override string Name => split ? "linear-step-split" : "linear-step";

    public override string Description => split
        ? "the same as Forward, Backward and ZeroGrad"
        : "linear model 4x4, sum of squares, loss and gradients of w and b";

    public static IEnumerable<Work> All() => [new LinearWork(split: false), new LinearWork(split: true)];

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", 4]);
        Input<float> y = Ops.Input("y", ["N", 1]);
        Parameter<float> w = Parameter("w", ws, 4, 1);
        Parameter<float> b = Parameter("b", bs, 1);
        Node loss = (Ops.MatMul(x, w) + b - y).Pow(2).Sum();
        if (split)
        {
            CompiledGraph model = Compiler.Compile([x, y], loss, options: OurSystem.Options);
            float value = 0;
            float[] gradW = new float[4];
            float[] gradB = new float[1];
            return new Contender(
                OurSystem.Name,
                () =>
                {
                    model.ZeroGrad(setToNull: false);
                    value = model.Forward(xs, ys).Scalar<float>();
                    model.Backward();
                },
                () => [new Result("loss", [value]), new Result("dw", w.Grad!.ToArray()), new Result("db", b.Grad!.ToArray())])
            {
                Owned = [model],
            };
        }

        (Node dw, Node db) = Ops.Gradients(loss, w, b);
        var step = Compiler.Compile<Action<float[], float[], float[], float[], float[]>>([x, y], [loss, dw, db], options: OurSystem.Options);
        float[] lossOut = new float[1];
        float[] dwOut = new float[4];
        float[] dbOut = new float[1];
        return new Contender(
            OurSystem.Name,
            () => step(xs, ys, lossOut, dwOut, dbOut),
            () => [new Result("loss", lossOut), new Result("dw", dwOut), new Result("db", dbOut)]);
    }
}

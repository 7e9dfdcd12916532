namespace GraphCompiler.Peers.Works;

/// <summary>Cross-entropy of 4096 rows of 1024 logits against class indices: the loss and the gradient of the logits.</summary>
internal sealed partial class SoftmaxCrossEntropyWork : Work
{
    private const int Rows = 4096;
    private const int Columns = 1024;
    private readonly float[] xs = Normal(1, Rows * Columns);
    private readonly long[] classes = Classes(2, Rows, Columns);

    public override string Name => "softmax-xent";

    public override string Description => $"softmax cross-entropy {Rows}x{Columns} from class indices, loss and gradient";

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", Columns], requiresGrad: true);
        Input<long> c = Ops.Input<long>("c", ["N"]);
        Node loss = Ops.CrossEntropy(x, c);
        Node dx = Ops.Gradients(loss, x)[0];
        var step = Compiler.Compile<Action<float[], long[], float[], float[]>>([x, c], [loss, dx], options: OurSystem.Options);
        float[] lossOut = new float[1];
        float[] dxOut = new float[Rows * Columns];
        return new Contender(OurSystem.Name, () => step(xs, classes, lossOut, dxOut), () => [new Result("loss", lossOut), new Result("dx", dxOut)]);
    }
}

/// <summary>Layer norm of 4096 rows of 1024 with weight and bias: the values and, for a given cotangent, the gradients of all three.</summary>
internal sealed partial class LayerNormWork : Work
{
    private const int Rows = 4096;
    private const int Columns = 1024;
    private readonly float[] xs = Normal(1, Rows * Columns);
    private readonly float[] gs = Normal(2, Rows * Columns);
    private readonly float[] ws = Normal(3, Columns);
    private readonly float[] bs = Normal(4, Columns);

    public override string Name => "layernorm";

    public override string Description => $"layer norm {Rows}x{Columns} with weight and bias, values and gradients";

    public override Contender Ours()
    {
        Input<float> x = Ops.Input("x", ["N", Columns], requiresGrad: true);
        Input<float> g = Ops.Input("g", ["N", Columns]);
        Parameter<float> w = Parameter("w", ws, Columns);
        Parameter<float> b = Parameter("b", bs, Columns);
        Node y = Ops.LayerNorm(x, w, b);
        (Node dx, Node dw, Node db) = Ops.Vjp([y], [x, w, b], [g]);
        var step = Compiler.Compile<Action<float[], float[], float[], float[], float[], float[]>>([x, g], [y, dx, dw, db], options: OurSystem.Options);
        float[] yOut = new float[Rows * Columns];
        float[] dxOut = new float[Rows * Columns];
        float[] dwOut = new float[Columns];
        float[] dbOut = new float[Columns];
        return new Contender(
            OurSystem.Name,
            () => step(xs, gs, yOut, dxOut, dwOut, dbOut),
            () => [new Result("y", yOut), new Result("dx", dxOut), new Result("dw", dwOut), new Result("db", dbOut)]);
    }
}

/// <summary>The works over rows.</summary>
internal static class RowWorks
{
    public static IEnumerable<Work> All() => [new SoftmaxCrossEntropyWork(), new LayerNormWork()];
}

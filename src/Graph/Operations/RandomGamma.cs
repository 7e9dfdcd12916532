using GraphCompiler.Batching;
using static GraphCompiler.Differentiation.Slopes;

namespace GraphCompiler.Operations;

/// <summary>Gamma numbers of rate 1, given concentrations and a stream: they move with their concentrations as if their probabilities stayed.</summary>
internal sealed record RandomGammaOp : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        context.RequireFloat();
        RandomRules.RequireStream(context, 1, context.Inputs[0].Shape);
        return context.Inputs[0].Results[0];
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [Moved(node, cotangent), null];

    public override Node?[] Pushforward(Node node, Node?[] tangents) => [tangents[0] is { } tangent ? Moved(node, tangent) : null];

    protected override Node BatchResult(BatchContext context) => context.Walk.IsDrawnApart(context.Inputs[1])
        ? context.Create(this, context.Batched(0), context.Inputs[1])
        : context.OneByOne()[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Unknown();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        TensorValue concentration = context.Inputs[0];
        int[] words = RandomRules.Words(context.Inputs[1]);
        double[] drawn = new double[concentration.Count];
        for (long i = 0; i < drawn.Length; i++)
        {
            drawn[i] = context.Draws.Gamma(concentration.Reals[i], words, i, concentration.DType.OfFloat(true, false));
        }

        return TensorValue.OfReals(concentration.DType, concentration.Shape, drawn);
    }

    private static Node Moved(Node node, Node direction) => Scale(direction, Node.Create(new GammaSlopeOp(1), node.Inputs[0], node));
}

/// <summary>
/// dx/da of a gamma number x of concentration a whose probability stays, and, of order 2, how that moves with a at one x.
/// </summary>
internal sealed record GammaSlopeOp(int Order) : BinaryOp
{
    internal override bool KeepsFinite => false;

    protected override bool TakesIntegers => false;

    protected override Node? Chain(Node node, int input, Node direction)
    {
        if (Order > 1)
        {
            throw new GradientException("Gamma: a third derivative with respect to a concentration is not there; the first two are.");
        }

        (Node a, Node x) = (node.Inputs[0], node.Inputs[1]);
        if (input == 0)
        {
            return Scale(direction, Node.Create(new GammaSlopeOp(2), a, x));
        }

        // Of −(∂P/∂a)/p with respect to x, as ∂²P/∂a∂x = ∂p/∂a: −(∂log p/∂a + slope·∂log p/∂x).
        return Scale(direction, -(Ops.Log(x) - Ops.Digamma(a) + (node * (((a - 1) / x) - 1))));
    }

    protected override double Apply(double a, double b) => Order == 1 ? GammaSlopes.Slope(a, b) : GammaSlopes.Curvature(a, b);
}

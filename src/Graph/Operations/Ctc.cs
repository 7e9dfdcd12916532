using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>
/// The forward variables of connectionist temporal classification: the logarithm of the probability of all paths that are in state s at time t.
/// States alternate between the blank and the labels: blank, label 0, blank, label 1, …, blank. log-probabilities [T, N, C], targets [N, S],
/// lengths [N] of both → [T, N, 2S + 1], −∞ beyond the lengths.
/// </summary>
internal sealed record CtcAlphaOp(long Blank) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context)
    {
        (Node x, Node targets) = (context.Inputs[0], context.Inputs[1]);
        context.RequireFloat();
        context.RequireIndices(1);
        context.RequireIndices(2);
        context.RequireIndices(3);
        if (x.Rank != 3 || targets.Rank != 2 || targets.Shape[0] != x.Shape[1] || context.Inputs.Skip(2).Any(l => l.Shape != Shape.Create([x.Shape[1]])))
        {
            throw context.BadShape($"log-probabilities [T, N, C], targets [N, S] and two lengths [N] are needed, with the same N.{Broadcasting.Declare(x.Shape, targets.Shape)}");
        }

        context.RequireAtLeast(x.Shape[2], Blank + 1, $"the blank {Blank} is no class of {x.Shape}.");
        return new NodeType(x.DType, [x.Shape[0], x.Shape[1], (targets.Shape[1] * 2) + 1]);
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) =>
        [node.CreatePart(new CtcPullbackOp(Blank), cotangent, node, node.Inputs[0], node.Inputs[1], node.Inputs[2], node.Inputs[3]), null, null, null];

    protected override Node BatchResult(BatchContext context) =>
        context.Split(context.Create(this, context.Merged(0, 1), context.Merged(1, 0), context.Merged(2, 0), context.Merged(3, 0)), 1);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Unknown();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        var run = new CtcStates(context, Blank, first: 0);
        long[] shape = context.ResultShape();
        double[] alpha = new double[TensorValue.CountOf(shape)];
        Array.Fill(alpha, double.NegativeInfinity);
        for (long n = 0; n < run.Samples; n++)
        {
            (long times, long states) = run.Lengths(n);
            for (long t = 0; t < times; t++)
            {
                for (long s = 0; s < states; s++)
                {
                    double sum = t == 0 ? (s < 2 ? 0 : double.NegativeInfinity)
                        : LogSum([.. run.Before(n, s).Select(from => alpha[run.State(t - 1, n, from)])]);
                    alpha[run.State(t, n, s)] = sum + run.Emission(t, n, s);
                }
            }
        }

        return TensorValue.OfReals(context.ResultType(), shape, alpha);
    }

    private static double LogSum(double[] terms)
    {
        double top = terms.Max();
        return double.IsNegativeInfinity(top) ? top : top + Math.Log(terms.Sum(v => Math.Exp(v - top)));
    }
}

/// <summary>
/// What flows back through the forward variables to the log-probabilities. A state's cotangent is its own and those of the states after it, each times
/// the share that it has in them, which is at most 1: nothing overflows.
/// </summary>
internal sealed record CtcPullbackOp(long Blank) : SingleResultOp
{
    protected override NodeType InferResult(TypeContext context) => context.Inputs[2].Results[0];

    protected override Node?[] PullbackResult(Node node, Node cotangent) => throw new GradientException(
        "CtcLoss can be differentiated once, in reverse: it has no second derivative, and forward mode and Hessian-vector products are not supported through it.");

    protected override Node BatchResult(BatchContext context) =>
        context.Split(context.Create(this, context.Merged(0, 1), context.Merged(1, 1), context.Merged(2, 1), context.Merged(3, 0), context.Merged(4, 0), context.Merged(5, 0)), 1);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Unknown();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        var run = new CtcStates(context, Blank, first: 2);
        (double[] cotangent, double[] alpha) = (context.Inputs[0].Reals, context.Inputs[1].Reals);
        double[] result = new double[context.Inputs[2].Count];
        for (long n = 0; n < run.Samples; n++)
        {
            (long times, long states) = run.Lengths(n);
            double[] after = new double[states];
            for (long t = times - 1; t >= 0; t--)
            {
                double[] now = new double[states];
                for (long s = 0; s < states; s++)
                {
                    now[s] = double.IsNegativeInfinity(alpha[run.State(t, n, s)]) ? 0 : cotangent[run.State(t, n, s)];
                }

                for (long to = 0; to < states && t + 1 < times; to++)
                {
                    double reached = alpha[run.State(t + 1, n, to)];
                    foreach (long from in run.Before(n, to))
                    {
                        double left = alpha[run.State(t, n, from)];
                        now[from] += double.IsNegativeInfinity(reached) || double.IsNegativeInfinity(left) ? 0
                            : after[to] * Math.Exp(left + run.Emission(t + 1, n, to) - reached);
                    }
                }

                for (long s = 0; s < states; s++)
                {
                    result[run.Class(t, n, s)] += now[s];
                }

                after = now;
            }
        }

        return TensorValue.OfReals(context.ResultType(), context.ResultShape(), result);
    }
}

/// <summary>The states of each sample, for plain evaluation: which there are, what they emit, and which come before.</summary>
internal sealed class CtcStates
{
    private readonly EvaluationContext context;
    private readonly TensorValue x;
    private readonly TensorValue targets;
    private readonly TensorValue times;
    private readonly TensorValue labels;
    private readonly long blank;

    /// <param name="context">The evaluation.</param>
    /// <param name="blank">The class of the blank.</param>
    /// <param name="first">Which input the log-probabilities are; targets and lengths follow.</param>
    public CtcStates(EvaluationContext context, long blank, int first)
    {
        this.context = context;
        this.blank = blank;
        (x, targets, times, labels) = (context.Inputs[first], context.Inputs[first + 1], context.Inputs[first + 2], context.Inputs[first + 3]);
    }

    public long Samples => x.Shape[1];

    /// <summary>How many times and states a sample has; checks its lengths and labels.</summary>
    public (long Times, long States) Lengths(long n)
    {
        long count = CtcErrors.Check(context.Node, CtcErrors.InputLength, times.Integers[n], x.Shape[0] + 1, context.Node.Inputs[^2], n);
        long own = CtcErrors.Check(context.Node, CtcErrors.TargetLength, labels.Integers[n], targets.Shape[1] + 1, context.Node.Inputs[^1], n);
        for (long i = 0; i < own; i++)
        {
            CtcErrors.Check(context.Node, CtcErrors.Target, Label(n, i), x.Shape[2], context.Node.Inputs[^3], n, i);
        }

        return (count, (2 * own) + 1);
    }

    public long State(long t, long n, long s) => (((t * Samples) + n) * ((2 * targets.Shape[1]) + 1)) + s;

    public long Class(long t, long n, long s) => (((t * Samples) + n) * x.Shape[2]) + (s % 2 == 0 ? blank : Label(n, s / 2));

    public double Emission(long t, long n, long s) => x.Reals[Class(t, n, s)];

    /// <summary>The states that a path may be in one step before: this one, the one before, and past a blank another label.</summary>
    public IEnumerable<long> Before(long n, long s)
    {
        yield return s;
        if (s > 0)
        {
            yield return s - 1;
        }

        if (s % 2 == 1 && s > 1 && Label(n, s / 2) != Label(n, (s / 2) - 1))
        {
            yield return s - 2;
        }
    }

    private long Label(long n, long i) => targets.Integers[(n * targets.Shape[1]) + i];
}

/// <summary>What lengths and targets out of range are called.</summary>
internal static class CtcErrors
{
    public const string Function = "CtcLoss";
    public const string InputLength = "input length";
    public const string TargetLength = "target length";
    public const string Target = "target";

    /// <summary>In the words of the function, of which the node is a part; a class is below their number, a length may be that of the axis.</summary>
    public static string Message(Node node, string what, long value, long size)
    {
        string name = node.Name is null or Function ? string.Empty : $" '{(node.Scope is null ? string.Empty : $"{node.Scope}/")}{node.Name}'";
        string range = what == Target ? $"the classes [0, {size})" : $"0 to {size - 1}";
        return $"{Function}{name}: the {what} {value} is outside {range}.";
    }

    public static long Check(Node node, string what, long value, long size, Node given, params ReadOnlySpan<long> at) =>
        value >= 0 && value < size ? value : throw new ExecutionException(Message(node, what, value, size) + EvaluationContext.PlaceMessage(given, at));
}

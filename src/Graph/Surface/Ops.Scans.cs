using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using GraphCompiler.Operations;
using GraphCompiler.Surface;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The sum of all elements up to each along an axis. Of float32 along the last axis, sums are carried in float64.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">Whether to sum from each element to the end instead.</param>
    public static Node CumulativeSum(Node x, int axis, bool reverse = false) =>
        Create(new CumulativeSumOp(Axis.Normalize(axis, NotNull(x).Rank, "CumulativeSum", x), reverse), x);

    /// <summary>The product of all elements up to each along an axis. The gradient is exact where factors are zero.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">Whether to multiply from each element to the end instead.</param>
    public static Node CumulativeProduct(Node x, int axis, bool reverse = false)
    {
        RequireNumber("CumulativeProduct", x);
        return Create(new RecurrenceOp(RecurrenceBodies.Products[x.DType], Axis.Normalize(axis, x.Rank, "CumulativeProduct", x), reverse), x);
    }

    /// <summary>
    /// log Σexp(x) of all elements up to each along an axis, without overflow; −∞ as long as all are. The largest of a line is subtracted before and added
    /// after, so that digits are kept where all elements are large.
    /// </summary>
    /// <param name="x">Floats.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">Whether to go from each element to the end instead.</param>
    public static Node LogCumulativeSumExp(Node x, int axis, bool reverse = false)
    {
        RequireFloat("LogCumulativeSumExp", x);
        int along = Axis.Normalize(axis, x.Rank, "LogCumulativeSumExp", x);
        Node level = Level(x, along);
        return Create(new RecurrenceOp(RecurrenceBodies.LogSums[x.DType], along, reverse), x - level) + level;
    }

    /// <summary>
    /// The largest of all elements up to each along an axis, and its int64 position: the last of equal ones; from the first NaN on, the last NaN. The
    /// gradient goes to that element alone.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    public static (Node Values, Node Indices) CumulativeMax(Node x, int axis) => CumulativeExtremum("CumulativeMax", x, axis, largest: true);

    /// <summary>
    /// The smallest of all elements up to each along an axis, and its int64 position: the last of equal ones; from the first NaN on, the last NaN. The
    /// gradient goes to that element alone.
    /// </summary>
    /// <param name="x">Numbers.</param>
    /// <param name="axis">The axis.</param>
    public static (Node Values, Node Indices) CumulativeMin(Node x, int axis) => CumulativeExtremum("CumulativeMin", x, axis, largest: false);

    /// <summary>
    /// An associative C# lambda of two numbers applied along an axis: y₀ = x₀, then yₜ = f(yₜ₋₁, xₜ). It becomes operations of the graph, is
    /// differentiated and compiled like them; what it may hold is as for <see cref="Map(Node, Expression{Func{float, float}})"/>.
    /// Elements are taken one after the other: what rounding takes may grow with their number, where <see cref="CumulativeSum"/> keeps it small.
    /// </summary>
    /// <param name="x">Floats.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="function">f, an expression: the result so far, then the element.</param>
    /// <param name="reverse">Whether to go from the end to the start.</param>
    /// <exception cref="GraphException">The lambda uses something that has no operation here.</exception>
    [OverloadResolutionPriority(1)]
    public static Node CumulativeScan(Node x, int axis, Expression<Func<float, float, float>> function, bool reverse = false) => Scan(x, axis, function, reverse);

    /// <inheritdoc cref="CumulativeScan(Node, int, Expression{Func{float, float, float}}, bool)"/>
    public static Node CumulativeScan(Node x, int axis, Expression<Func<double, double, double>> function, bool reverse = false) => Scan(x, axis, function, reverse);

    /// <summary>The recurrence y₀ = b₀, yₜ = aₜ·yₜ₋₁ + bₜ along an axis: a discounted sum, a moving average of exponential weights. The first a is not used.</summary>
    /// <param name="a">Numbers, what is kept of the result before.</param>
    /// <param name="b">Numbers of the same dtype, what is added; the shapes broadcast.</param>
    /// <param name="axis">The axis of the shape that the two broadcast to.</param>
    /// <param name="reverse">Whether to go from the end to the start.</param>
    public static Node LinearRecurrence(Node a, Node b, int axis, bool reverse = false)
    {
        Node[] both = Broadcasting.Together("LinearRecurrence", NotNull(a), NotNull(b));
        return Create(new LinearRecurrenceOp(Axis.Normalize(axis, both[0].Rank, "LinearRecurrence", both[1]), reverse, AtSource: false), both);
    }

    private static Node Scan(Node x, int axis, LambdaExpression function, bool reverse)
    {
        RequireFloat("CumulativeScan", x);
        ArgumentNullException.ThrowIfNull(function);
        Function body = RecurrenceOp.Trace(x.DType, (before, here) => new LambdaTranslation("CumulativeScan", function, [before, here]).Result());
        return Create(new RecurrenceOp(body, Axis.Normalize(axis, x.Rank, "CumulativeScan", x), reverse), x);
    }

    private static (Node Values, Node Indices) CumulativeExtremum(string name, Node x, int axis, bool largest)
    {
        RequireNumber(name, x);
        int along = Axis.Normalize(axis, x.Rank, name, x);
        Node indices = Create(new CumulativeArgExtremumOp(along, largest), x);
        return (Gather(x, along, indices), indices);
    }

    /// <summary>The functions of scans that have names: one a dtype, so that equal scans are equal operations. Made when first asked for.</summary>
    private static class RecurrenceBodies
    {
        public static readonly Dictionary<DType, Function> Products = Make((a, b) => a * b, DType.Float32, DType.Float64, DType.Int32, DType.Int64);
        public static readonly Dictionary<DType, Function> LogSums = Make(LogAddExp, DType.Float32, DType.Float64);

        private static Dictionary<DType, Function> Make(Func<Node, Node, Node> body, params IReadOnlyList<DType> types) => types.ToDictionary(t => t, t => RecurrenceOp.Trace(t, body));
    }
}

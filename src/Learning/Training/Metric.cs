using GraphCompiler.Learning.Training;

namespace GraphCompiler.Learning;

/// <summary>
/// Something that is measured of a model: of each batch some numbers, which are put together so that the result is that of all examples at once, however they were divided into
/// batches. <see cref="Begin"/> gives what puts them together.
/// </summary>
public sealed partial class Metric
{
    private readonly Func<MetricTotal> begin;

    internal Metric(string name, Func<MetricTotal> begin, params Node[] parts) => (Name, this.begin, Parts) = (name, begin, parts);

    /// <summary>What it is called, such as <c>accuracy</c>.</summary>
    public string Name { get; }

    /// <summary>What is measured of a batch: outputs of the compiled function, of dtype Float64.</summary>
    public IReadOnlyList<Node> Parts { get; }

    /// <summary>The same metric under another name.</summary>
    /// <param name="name">The name.</param>
    public Metric Called(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new(name, begin, [.. Parts]);
    }

    /// <summary>Begins to measure.</summary>
    public MetricTotal Begin() => begin();

    /// <summary>A mean over examples: a sum divided by a weight.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="sum">The sum over a batch, a scalar.</param>
    /// <param name="weight">What it counts for, a scalar.</param>
    /// <exception cref="ShapeException">One is no scalar.</exception>
    public static Metric Mean(string name, Node sum, Node weight)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Summed(name, sums => sums[0][0] / sums[1][0], Scalar(sum), Scalar(weight));
    }

    /// <summary>A mean of numbers.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="values">Numbers of any shape.</param>
    public static Metric Mean(string name, Node values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Mean(name, Double(values).Sum(), Objective.Count(values, DType.Float64));
    }

    /// <summary>Numbers that are added over batches, and a function of the sums.</summary>
    internal static Metric Summed(string name, Func<double[][], double> value, params Node[] parts) => new(name, () => new SummedTotal(value), [.. parts.Select(Double)]);

    internal static Node Double(Node x) => x.DType == DType.Float64 ? x : Ops.Cast(x, DType.Float64);

    private static Node Scalar(Node x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Rank == 0 ? Double(x) : throw new ShapeException($"A sum over a batch is a scalar, not {x}.");
    }
}

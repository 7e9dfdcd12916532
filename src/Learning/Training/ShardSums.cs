using System.Numerics.Tensors;

namespace GraphCompiler.Learning.Training;

/// <summary>
/// The terms of some shards together, in memory that is used again: floats are added; of numbers that are no floats, such as a count of batches, the first shard's stay.
/// </summary>
internal sealed class ShardSums
{
    private readonly float[] singles;
    private readonly double[] doubles;
    private readonly Destination[] destinations;
    private readonly Argument[] arguments;

    /// <summary>Memory for terms, whose shapes are numbers.</summary>
    public ShardSums(IReadOnlyList<Node> terms)
    {
        singles = new float[terms.Where(t => t.DType == DType.Float32).Sum(Size)];
        doubles = new double[terms.Where(t => t.DType == DType.Float64).Sum(Size)];
        destinations = new Destination[terms.Count];
        arguments = new Argument[terms.Count + 1];
        int single = 0;
        int @double = 0;
        for (int i = 0; i < terms.Count; i++)
        {
            int size = Size(terms[i]);
            (destinations[i], arguments[i]) = terms[i].DType switch
            {
                DType.Float32 => Both(singles.AsMemory((single += size) - size, size)),
                DType.Float64 => Both(doubles.AsMemory((@double += size) - size, size)),
                DType.Int32 => Both(new int[size]),
                DType.Int64 => Both(new long[size]),
                _ => Both(new bool[size]),
            };
        }
    }

    /// <summary>Where a graph writes the terms of one shard.</summary>
    public ReadOnlySpan<Destination> Destinations => destinations;

    /// <summary>The terms, and behind them how many shards they are of.</summary>
    public ReadOnlySpan<Argument> Arguments
    {
        get
        {
            arguments[^1] = (double)Count;
            return arguments;
        }
    }

    /// <summary>Of how many shards the terms are.</summary>
    public int Count { get; private set; }

    /// <summary>Says that the terms are those of one shard.</summary>
    public void Begin() => Count = 1;

    /// <summary>Adds the terms of shards that come after.</summary>
    public void Add(ShardSums next)
    {
        TensorPrimitives.Add(singles, next.singles, singles);
        TensorPrimitives.Add(doubles, next.doubles, doubles);
        Count += next.Count;
    }

    private static int Size(Node term)
    {
        long size = 1;
        foreach (Dim axis in term.Shape)
        {
            size *= axis.Constant ?? throw new ShapeException($"Layers write buffers of a shape that does not depend on the batch, not {term}.");
        }

        return checked((int)size);
    }

    private static (Destination Destination, Argument Argument) Both(Memory<float> memory) => (memory, memory);

    private static (Destination Destination, Argument Argument) Both(Memory<double> memory) => (memory, memory);

    private static (Destination Destination, Argument Argument) Both(int[] memory) => (memory, memory);

    private static (Destination Destination, Argument Argument) Both(long[] memory) => (memory, memory);

    private static (Destination Destination, Argument Argument) Both(bool[] memory) => (memory, memory);
}

using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// A tensor that a model owns and training changes. It holds a copy of its own; <see cref="Set(Tensor{T})"/> and <see cref="Edit"/> write it.
/// </summary>
/// <typeparam name="T">The C# element type.</typeparam>
public sealed class Parameter<T> : Leaf<T>, IParameter
    where T : unmanaged
{
    private readonly AlignedArray<T> values;
    private readonly long[] sizes;

    internal Parameter(string name, ReadOnlySpan<T> initial, long[] sizes, bool requiresGrad)
        : base(new ParameterOp(name, new NodeType(DTypes.Of<T>(), Shape.Of(sizes))), requiresGrad)
    {
        this.sizes = sizes;
        values = Allocate(initial.Length);
        initial.CopyTo(values.Span);
    }

    /// <summary>The current values, row-major; a view that later writes change.</summary>
    public ReadOnlySpan<T> Values => values.Span;

    /// <summary>How often the values have been written: compiled functions compare it to know whether what they derived from them is stale.</summary>
    public long Version { get; private set; }

    nint IParameter.Address => values.Address;

    /// <summary>A copy of the current values.</summary>
    public Tensor<T> ToTensor()
    {
        AlignedArray<T> copy = Allocate(values.Length);
        values.Span.CopyTo(copy.Span);
        return copy.AsTensor([.. sizes.Select(s => (nint)s)]);
    }

    /// <summary>Replaces the values.</summary>
    /// <param name="value">A tensor of the parameter's shape; a scalar parameter takes one of length 1.</param>
    /// <exception cref="ShapeException">The shape differs; the parameter is unchanged.</exception>
    public void Set(Tensor<T> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        long[] given = [.. value.Lengths.ToArray().Select(l => (long)l)];
        if (!given.AsSpan().SequenceEqual(sizes) && !(sizes.Length == 0 && value.FlattenedLength == 1))
        {
            throw new ShapeException($"{Describe()} cannot be set to a tensor of shape {InvariantText.List(given)}.");
        }

        value.FlattenTo(values.Span);
        Version++;
    }

    /// <summary>Replaces the values.</summary>
    /// <param name="value">As many elements as the parameter has, row-major.</param>
    /// <exception cref="ShapeException">The number of elements differs; the parameter is unchanged.</exception>
    public void Set(ReadOnlySpan<T> value)
    {
        if (value.Length != values.Span.Length)
        {
            throw new ShapeException($"{Describe()} has {InvariantText.Count(values.Span.Length, "element")} and cannot be set to {value.Length}.");
        }

        value.CopyTo(values.Span);
        Version++;
    }

    /// <summary>Opens the values for writing in place; dispose the edit when done.</summary>
    public ParameterEdit<T> Edit() => new(this, values.Span);

    /// <summary>Replaces the value of a scalar or fills all elements with one number.</summary>
    /// <param name="value">The number.</param>
    public void Fill(T value)
    {
        values.Span.Fill(value);
        Version++;
    }

    private AlignedArray<T> Allocate(int count)
    {
        try
        {
            return new AlignedArray<T>(count);
        }
        catch (Exception e) when (e is OutOfMemoryException or ArgumentOutOfRangeException)
        {
            throw TooLarge.Of(Describe(), DType, sizes, e);
        }
    }

    TensorValue IParameter.Snapshot() => TensorValue.FromBytes(DType, sizes, MemoryMarshal.AsBytes(values.Span));

    void IParameter.MarkWritten() => Version++;
}

/// <summary>A parameter's values while they are being written in place.</summary>
/// <typeparam name="T">The C# element type.</typeparam>
public readonly ref struct ParameterEdit<T>
    where T : unmanaged
{
    private readonly IParameter parameter;

    internal ParameterEdit(IParameter parameter, Span<T> values)
    {
        this.parameter = parameter;
        Values = values;
    }

    /// <summary>The values, row-major.</summary>
    public Span<T> Values { get; }

    /// <summary>Ends the edit: what was derived from the old values counts as stale.</summary>
    public void Dispose() => parameter.MarkWritten();
}

/// <summary>What running needs of a parameter whatever its element type.</summary>
internal interface IParameter : IVersioned
{
    nint Address { get; }

    TensorValue Snapshot();

    void MarkWritten();
}

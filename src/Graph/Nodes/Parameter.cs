using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>A tensor that a model owns and training changes, whatever its element type. It holds values of its own, which <see cref="Set(Argument)"/> and its like write.</summary>
public abstract class Parameter : Leaf, IVersioned
{
    /// <summary>Bytes that a span may have, whole elements.</summary>
    private const int LongestPart = 1 << 30;

    private string? path;

    private protected Parameter(string name, NodeType type, bool requiresGrad)
        : base(new ParameterOp(name, type), name, requiresGrad)
    {
        Sizes = type.Shape.Constants!;
        Written = new Written(this, isGradient: false);
    }

    /// <summary>
    /// Where in a model the parameter is, such as <c>encoder.layer1.weight</c>: what messages and dumps show, and what its values are filed under. Whoever owns the
    /// parameter gives it, once; until then it is the name. Who owns the owner may put its own path before it: what is <c>layer1.weight</c> becomes <c>encoder.layer1.weight</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">It has been given another.</exception>
    public string Path
    {
        get => path ?? (Owner is null ? Name! : $"{Owner.Path}/{Name}");
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            while (true)
            {
                string? given = Owner is null ? path : Path;
                if (given == value)
                {
                    return;
                }

                if (given is not null && (Owner is not null || !value.EndsWith($".{given}", StringComparison.Ordinal)))
                {
                    throw new InvalidOperationException($"{Describe()} has the path '{given}' and cannot be given the path '{value}', too; a path is given once, by what owns the parameter.");
                }

                if (Interlocked.CompareExchange(ref path, value, given) == given)
                {
                    return;
                }
            }
        }
    }

    /// <summary>The number of elements.</summary>
    public long ElementCount => TensorValue.CountOf(Sizes);

    /// <summary>The number of bytes that the elements take.</summary>
    public long ByteCount => ElementCount * DType.Size();

    /// <summary>The current values as they lie in memory, row-major; a view that later writes change.</summary>
    /// <exception cref="SizeException">There are more than a span may have, 2³¹ − 1; <see cref="Parameter{T}.Values"/> shows them.</exception>
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.CreateReadOnlySpan(ref First, ByteLength);

    /// <summary>How often the values have been written: compiled functions compare it to know whether what they derived from them is stale.</summary>
    public long Version { get; private set; }

    /// <summary>The numbers that the shape is made of.</summary>
    private protected long[] Sizes { get; }

    internal override string? Title => Path;

    /// <summary>The parameter that an optimiser remembers this of.</summary>
    internal Parameter? Owner { get; set; }

    /// <summary>Who writes the values.</summary>
    internal Written Written { get; }

    internal abstract nint Address { get; }

    private protected abstract ref byte First { get; }

    /// <summary>The bytes from a place on that a span may have.</summary>
    private Span<byte> Part(long at) => MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref First, (nint)at), (int)Math.Min(ByteCount - at, LongestPart));

    private int ByteLength => ByteCount <= int.MaxValue ? (int)ByteCount
        : throw new SizeException($"{Describe()} has {ByteCount} bytes, more than a span may have ({int.MaxValue}); Values of a Parameter<{TypeNames.Display(DType.ClrType())}> shows them.");

    /// <summary>Replaces the values.</summary>
    /// <param name="value">
    /// An array, a tensor or memory of the parameter's dtype and shape; what has one axis only says how many elements there are, and a scalar takes a
    /// tensor of length 1, too.
    /// </param>
    /// <exception cref="DTypeException">The dtype differs; the parameter is unchanged.</exception>
    /// <exception cref="ShapeException">The shape or the number of elements differs; the parameter is unchanged.</exception>
    /// <exception cref="GraphException">Another call is writing the parameter.</exception>
    public void Set(Argument value)
    {
        if (value.IsNull)
        {
            throw new ArgumentNullException(nameof(value));
        }

        CheckType(value.DType, value);
        bool fits = value.ElementCount == ElementCount;
        if (value.Rank >= 0 && !(Sizes.Length == 0 && fits))
        {
            fits = value.Rank == Sizes.Length;
            for (int axis = 0; fits && axis < Sizes.Length; axis++)
            {
                fits = value.GetLength(axis) == Sizes[axis];
            }
        }

        if (!fits)
        {
            throw new ShapeException($"{Describe()} has {InvariantText.Count(ElementCount, "element")} and cannot be set to {value}.");
        }

        Written.Take();
        try
        {
            value.CopyTo(ref First);
            MarkWritten();
        }
        finally
        {
            Written.GiveBack();
        }
    }

    /// <summary>Replaces the values by those of another parameter.</summary>
    /// <param name="value">A parameter of the same dtype and shape.</param>
    /// <exception cref="DTypeException">The dtype differs; the parameter is unchanged.</exception>
    /// <exception cref="ShapeException">The shape differs; the parameter is unchanged.</exception>
    /// <exception cref="GraphException">Another call is writing the parameter.</exception>
    public void Set(Parameter value)
    {
        ArgumentNullException.ThrowIfNull(value);
        CheckType(value.DType, value.Describe());
        CheckShape(value.Shape, value.Describe());
        Written.Take();
        Copy(value);
        MarkWritten();
        Written.GiveBack();
    }

    /// <summary>Replaces the values by what <see cref="Bytes"/> of a parameter of the same dtype and shape has been.</summary>
    /// <param name="bytes">As many bytes as the parameter has.</param>
    /// <exception cref="ShapeException">Their number differs; the parameter is unchanged.</exception>
    /// <exception cref="DTypeException">One of a bool is neither 0 nor 1; the parameter is unchanged.</exception>
    /// <exception cref="GraphException">Another call is writing the parameter.</exception>
    public void SetBytes(ReadOnlySpan<byte> bytes)
    {
        CheckBytes(bytes);
        Written.Take();
        Write(bytes);
        Written.GiveBack();
    }

    /// <summary>Writes the values to a stream as they lie in memory, row-major, however many they are.</summary>
    /// <param name="destination">Where to.</param>
    public void CopyTo(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        for (long at = 0; at < ByteCount; at += LongestPart)
        {
            destination.Write(Part(at));
        }
    }

    /// <summary>Has the values written part after part; nobody else writes them.</summary>
    internal void Write(Action<Parameter, Span<byte>> write)
    {
        try
        {
            for (long at = 0; at < ByteCount; at += LongestPart)
            {
                Span<byte> part = Part(at);
                write(this, part);
                if (DType == DType.Bool)
                {
                    TensorPrimitives.Min(part, (byte)1, part);
                }
            }
        }
        finally
        {
            MarkWritten();
        }
    }

    /// <summary>Replaces the values by bytes that have been checked; nobody else writes them.</summary>
    internal void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(MemoryMarshal.CreateSpan(ref First, ByteLength));
        MarkWritten();
    }

    /// <summary>Refuses what are no values of the parameter.</summary>
    internal void Check(ParameterValues given)
    {
        CheckType(given.DType, given);
        CheckShape(given.Shape, given);
        CheckBytes(given.Bytes.Span);
    }

    internal byte[] CopyBytes()
    {
        try
        {
            return Bytes.ToArray();
        }
        catch (OutOfMemoryException e)
        {
            throw TooLarge.Of($"A copy of {Describe()}", DType, Sizes, e);
        }
    }

    internal TensorValue Snapshot() => TensorValue.FromBytes(DType, Sizes, Bytes);

    internal void MarkWritten() => Version++;

    /// <summary>Takes over the values of a parameter of the same type.</summary>
    private protected abstract void Copy(Parameter value);

    private void CheckType<TGiven>(DType type, TGiven given)
    {
        if (type != DType)
        {
            throw new DTypeException($"{Describe()} cannot be set to {given}; the dtypes must be equal.");
        }
    }

    private void CheckShape<TGiven>(Shape shape, TGiven given)
    {
        if (shape != Shape)
        {
            throw new ShapeException($"{Describe()} cannot be set to {given}; the shapes must be equal.");
        }
    }

    /// <summary>Refuses bytes that are no values of the parameter.</summary>
    private void CheckBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != ByteCount)
        {
            throw new ShapeException($"{Describe()} has {InvariantText.Count(ByteCount, "byte")} and cannot be set to {bytes.Length}.");
        }

        if (DType == DType.Bool && bytes.IndexOfAnyExceptInRange<byte>(0, 1) is >= 0 and var at)
        {
            throw new DTypeException($"{Describe()} cannot be set to bytes of which one, at {at}, is {bytes[at]}; a bool is 0 or 1.");
        }
    }
}

/// <summary>
/// A tensor that a model owns and training changes. It holds a copy of its own; <see cref="Parameter.Set(Argument)"/>, <see cref="Fill"/> and <see cref="Edit"/> write it.
/// </summary>
/// <typeparam name="T">The C# element type.</typeparam>
public sealed class Parameter<T> : Parameter
    where T : unmanaged
{
    private readonly AlignedArray<T> values;

    internal Parameter(string name, ReadOnlySpan<T> initial, long[] sizes, bool requiresGrad)
        : base(name, new NodeType(DTypes.Of<T>(), Shape.Of(sizes)), requiresGrad)
    {
        values = Allocate(initial.Length);
        initial.CopyTo(values.Span);
    }

    /// <inheritdoc/>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public override Tensor<T>? Grad => GradientKeeper.Take<T>(Gradient);

    /// <summary>The current values, row-major; a view that later writes change.</summary>
    public ReadOnlySpan<T> Values => values.Span;

    internal override nint Address => values.Address;

    private protected override ref byte First => ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(values.Span));

    /// <summary>A copy of the current values.</summary>
    public Tensor<T> ToTensor()
    {
        AlignedArray<T> copy = Allocate(values.Length);
        values.Span.CopyTo(copy.Span);
        return copy.AsTensor([.. Sizes.Select(s => (nint)s)]);
    }

    /// <summary>Replaces the values.</summary>
    /// <param name="value">As many elements as the parameter has, row-major.</param>
    /// <exception cref="ShapeException">The number of elements differs; the parameter is unchanged.</exception>
    /// <exception cref="GraphException">Another call is writing the parameter.</exception>
    public void Set(ReadOnlySpan<T> value)
    {
        if (value.Length != values.Span.Length)
        {
            throw new ShapeException($"{Describe()} has {InvariantText.Count(values.Span.Length, "element")} and cannot be set to {value.Length}.");
        }

        Written.Take();
        value.CopyTo(values.Span);
        MarkWritten();
        Written.GiveBack();
    }

    /// <summary>Opens the values for writing in place; dispose the edit when done, for until then nothing else writes the parameter.</summary>
    /// <exception cref="GraphException">Another call is writing the parameter.</exception>
    public ParameterEdit<T> Edit()
    {
        Written.Take();
        return new(this, values.Span);
    }

    /// <summary>Replaces the value of a scalar or fills all elements with one number.</summary>
    /// <param name="value">The number.</param>
    /// <exception cref="GraphException">Another call is writing the parameter.</exception>
    public void Fill(T value)
    {
        Written.Take();
        values.Span.Fill(value);
        MarkWritten();
        Written.GiveBack();
    }

    private protected override void Copy(Parameter value) => ((Parameter<T>)value).values.Span.CopyTo(values.Span);

    private AlignedArray<T> Allocate(int count)
    {
        try
        {
            return new AlignedArray<T>(count);
        }
        catch (Exception e) when (e is OutOfMemoryException or ArgumentOutOfRangeException)
        {
            throw TooLarge.Of(Describe(), DType, Sizes, e);
        }
    }
}

/// <summary>A parameter's values while they are being written in place.</summary>
/// <typeparam name="T">The C# element type.</typeparam>
public readonly ref struct ParameterEdit<T>
    where T : unmanaged
{
    private readonly Parameter parameter;

    internal ParameterEdit(Parameter parameter, Span<T> values)
    {
        this.parameter = parameter;
        Values = values;
    }

    /// <summary>The values, row-major.</summary>
    public Span<T> Values { get; }

    /// <summary>Ends the edit: what was derived from the old values counts as stale.</summary>
    public void Dispose()
    {
        if (parameter.Written.IsTakenHere)
        {
            parameter.MarkWritten();
            parameter.Written.GiveBack();
        }
    }
}

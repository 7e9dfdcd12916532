using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Nodes;

/// <summary>Keeps the gradient of a node between calls, and the memory of one that was forgotten.</summary>
internal abstract class GradientKeeper(Node owner)
{
    /// <summary>Who writes the gradient.</summary>
    public Written Written { get; } = new Written(owner, isGradient: true);

    protected Node Owner { get; } = owner;

    /// <summary>Whether there is a gradient.</summary>
    public abstract bool HasGradient { get; }

    /// <summary>The gradient there is, unseen by anybody who could keep it.</summary>
    public abstract Argument Value { get; }

    /// <summary>A keeper of the gradients of a node.</summary>
    public static GradientKeeper Of(Node owner) => owner.DType switch
    {
        DType.Float32 => new GradientKeeper<float>(owner),
        DType.Float64 => new GradientKeeper<double>(owner),
        _ => throw DTypes.Unexpected(owner.DType),
    };

    /// <summary>The gradient that a keeper has, if there are both, which is the caller's too from now on.</summary>
    public static Tensor<T>? Take<T>(GradientKeeper? keeper)
        where T : unmanaged => keeper is null ? null : ((GradientKeeper<T>)keeper).Take();

    /// <summary>A copy of the gradient there is, for who only looks: the gradient stays nobody's.</summary>
    public abstract IReadOnlyTensor? Copy();

    /// <summary>Whether there is a gradient; throws if there is one that this cannot be added to.</summary>
    /// <param name="sizes">Sizes.</param>
    /// <param name="dims">The positions among them of the sizes of the gradient's axes.</param>
    public abstract bool HasGradientOf(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims);

    /// <summary>The first byte, to be pinned, of the gradient there is, or else of memory for the first: undefined until written, unseen until shown.</summary>
    /// <param name="sizes">Sizes.</param>
    /// <param name="dims">The positions among them of the sizes of the gradient's axes.</param>
    public abstract ref byte Memory(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims);

    /// <summary>Makes what was written to <see cref="Memory"/> the gradient, where there was none.</summary>
    public abstract void Show();

    /// <summary>Adds a dense gradient in memory to the one there is.</summary>
    /// <param name="address">Where it lies.</param>
    public abstract void Add(nint address);

    /// <summary>The first element of the gradient there is whose sum with that of a dense one in memory is no finite number, and both; null if there is none.</summary>
    /// <param name="address">Where it lies.</param>
    public abstract (int At, double Kept, double Added)? OverflowWith(nint address);

    /// <summary>Forgets the gradient, or fills it with zeros; nobody else writes it.</summary>
    public abstract void Zero(bool setToNull);
}

/// <summary>A keeper of the gradients of a node of one dtype.</summary>
/// <typeparam name="T">The C# element type.</typeparam>
internal sealed class GradientKeeper<T>(Node owner) : GradientKeeper(owner)
    where T : unmanaged
{
    private volatile GradientMemory<T>? grad;

    // Memory that nobody else knows, for the next gradient.
    private GradientMemory<T>? spare;

    public override bool HasGradient => grad is not null;

    public override Argument Value => Argument.Of(grad?.Tensor);

    public override IReadOnlyTensor? Copy() => grad is { } kept ? Tensor.Create(kept.Span.ToArray(), kept.Tensor.Lengths) : null;

    /// <summary>The gradient there is, which is the caller's too from now on.</summary>
    public Tensor<T>? Take()
    {
        while (grad is { } shown)
        {
            // It may be taken back at this very moment, by another thread; then it is kept here no more.
            if (shown.TryShow())
            {
                return shown.Tensor;
            }
        }

        return null;
    }

    public override bool HasGradientOf(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims) => grad is not null && (grad.HasShape(sizes, dims)
        ? true
        : throw new BindingException(
            $"{Owner.Describe()} already has a gradient of shape {InvariantText.List(grad.Tensor.Lengths.ToArray())}, and this one has {InvariantText.List(Lengths(sizes, dims))}; call ZeroGrad first."));

    public override ref byte Memory(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims)
    {
        if (grad is null && spare?.HasShape(sizes, dims) is not true)
        {
            spare = null;
            nint[] lengths = Lengths(sizes, dims);
            try
            {
                spare = new GradientMemory<T>(lengths);
            }
            catch (Exception e) when (e is OutOfMemoryException or ArgumentOutOfRangeException)
            {
                throw TooLarge.Of($"The gradient of {Owner.Describe()}", Owner.DType, [.. lengths.Select(l => (long)l)], e);
            }
        }

        return ref Unsafe.As<T, byte>(ref (grad ?? spare)!.First);
    }

    public override void Show()
    {
        spare!.Renew();
        (grad, spare) = (spare, null);
    }

    public override void Add(nint address) => grad!.Add(address);

    public override (int At, double Kept, double Added)? OverflowWith(nint address) => grad!.OverflowWith(address);

    public override void Zero(bool setToNull)
    {
        if (!setToNull)
        {
            grad?.Span.Clear();
        }
        else if (grad is { } old)
        {
            // A tensor that somebody has seen is theirs: the next gradient is another.
            grad = null;
            spare = old.TryTakeBack() ? old : null;
        }
    }

    private static nint[] Lengths(ReadOnlySpan<long> sizes, ReadOnlySpan<int> dims)
    {
        var lengths = new nint[dims.Length];
        for (int axis = 0; axis < lengths.Length; axis++)
        {
            lengths[axis] = (nint)sizes[dims[axis]];
        }

        return lengths;
    }
}

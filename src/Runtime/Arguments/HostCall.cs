using System.Runtime.InteropServices;

namespace GraphCompiler;

/// <summary>A function of the user's that runs within a graph: reads what it is given, writes all elements of all results, and keeps none of the memory.</summary>
/// <param name="call">What it works on.</param>
public delegate void HostBody(HostCall call);

/// <summary>One call of a host function: the elements and shapes of its inputs and results, row by row. Results are zeros at first.</summary>
public readonly ref struct HostCall
{
    private readonly HostSignature signature;
    private readonly ReadOnlySpan<nint> addresses;
    private readonly ReadOnlySpan<long> lengths;

    /// <param name="signature">What the function takes and gives.</param>
    /// <param name="addresses">Where the tensors lie, inputs first.</param>
    /// <param name="lengths">The lengths of their axes, one tensor after the other.</param>
    internal HostCall(HostSignature signature, ReadOnlySpan<nint> addresses, ReadOnlySpan<long> lengths)
    {
        this.signature = signature;
        this.addresses = addresses;
        this.lengths = lengths;
    }

    /// <summary>How many inputs there are.</summary>
    public int InputCount => signature.Inputs;

    /// <summary>How many results there are.</summary>
    public int OutputCount => signature.Tensors - signature.Inputs;

    /// <summary>The elements of an input, to be read.</summary>
    /// <typeparam name="T">Its element type: float, double, int, long or bool.</typeparam>
    /// <param name="index">Which input, from 0.</param>
    /// <exception cref="ArgumentException">It has another element type, or more elements than a span may have.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such input.</exception>
    public ReadOnlySpan<T> In<T>(int index)
        where T : unmanaged => Elements<T>(CheckInput(index));

    /// <summary>The elements of a result, to be written.</summary>
    /// <typeparam name="T">Its element type: float, double, int, long or bool.</typeparam>
    /// <param name="index">Which result, from 0.</param>
    /// <exception cref="ArgumentException">It has another element type, or more elements than a span may have.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such result.</exception>
    public Span<T> Out<T>(int index)
        where T : unmanaged => Elements<T>(CheckOutput(index));

    /// <summary>The lengths of the axes of an input.</summary>
    /// <param name="index">Which input, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such input.</exception>
    public ReadOnlySpan<long> InShape(int index) => ShapeOf(CheckInput(index));

    /// <summary>The lengths of the axes of a result.</summary>
    /// <param name="index">Which result, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such result.</exception>
    public ReadOnlySpan<long> OutShape(int index) => ShapeOf(CheckOutput(index));

    /// <summary>The dtype of an input.</summary>
    /// <param name="index">Which input, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such input.</exception>
    public DType InType(int index) => signature.Types[CheckInput(index)];

    /// <summary>The dtype of a result.</summary>
    /// <param name="index">Which result, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such result.</exception>
    public DType OutType(int index) => signature.Types[CheckOutput(index)];

    /// <summary>Sets all results to zero.</summary>
    internal void Clear()
    {
        for (int tensor = signature.Inputs; tensor < signature.Tensors; tensor++)
        {
            long bytes = CountOf(tensor) * signature.Types[tensor].Size();
            unsafe
            {
                NativeMemory.Clear((void*)addresses[tensor], (nuint)bytes);
            }
        }
    }

    private int CheckInput(int index) => index >= 0 && index < InputCount ? index
        : throw InvariantText.OutOfRange(nameof(index), index, $"{signature.Title}: it has {InvariantText.Count(InputCount, "input")}, counted from 0.");

    private int CheckOutput(int index) => index >= 0 && index < OutputCount ? InputCount + index
        : throw InvariantText.OutOfRange(nameof(index), index, $"{signature.Title}: it has {InvariantText.Count(OutputCount, "result")}, counted from 0.");

    private unsafe Span<T> Elements<T>(int tensor)
        where T : unmanaged
    {
        if (DTypes.Of<T>() != signature.Types[tensor])
        {
            throw new ArgumentException($"{signature.Title}: {NameOf(tensor)} is {signature.Types[tensor].Display()}; its elements are {TypeNames.Display(signature.Types[tensor].ClrType())}, not {TypeNames.Display(typeof(T))}.");
        }

        long count = CountOf(tensor);
        return count <= int.MaxValue ? new Span<T>((void*)addresses[tensor], (int)count)
            : throw new ArgumentException($"{signature.Title}: {NameOf(tensor)} has {count} elements, more than a span may have.");
    }

    private ReadOnlySpan<long> ShapeOf(int tensor) => lengths[signature.Starts[tensor]..signature.Starts[tensor + 1]];

    private long CountOf(int tensor)
    {
        long count = 1;
        foreach (long length in ShapeOf(tensor))
        {
            count *= length;
        }

        return count;
    }

    private string NameOf(int tensor) => tensor < InputCount ? $"input {tensor}" : $"result {tensor - InputCount}";
}

/// <summary>What a host function takes and gives.</summary>
internal sealed class HostSignature
{
    /// <param name="title">What messages call the function.</param>
    /// <param name="inputs">How many of the tensors are inputs; the others are results.</param>
    /// <param name="types">The element types of all tensors.</param>
    /// <param name="ranks">Their numbers of axes.</param>
    public HostSignature(string title, int inputs, DType[] types, int[] ranks)
    {
        (Title, Inputs, Types) = (title, inputs, types);
        Starts = new int[ranks.Length + 1];
        for (int i = 0; i < ranks.Length; i++)
        {
            Starts[i + 1] = Starts[i] + ranks[i];
        }
    }

    public string Title { get; }

    public int Inputs { get; }

    public int Tensors => Types.Length;

    public DType[] Types { get; }

    /// <summary>Where the lengths of each tensor's axes begin among those of all, and where they end.</summary>
    public int[] Starts { get; }
}

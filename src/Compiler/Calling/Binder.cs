using GraphCompiler.Operations;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>
/// Finds the values of symbols from the sizes of arguments, and refuses arguments that do not fit what was declared. What the sizes of a call say is
/// first written down as a signature: a workspace that has seen the same one is bound already, and nothing is worked out again.
/// </summary>
internal ref struct Binder
{
    // In a signature an argument is its rank and sizes, or this and its count of elements.
    private const long CountOnly = -1;

    private readonly Program program;
    private readonly Span<long> signature;
    private int length;
    private int input;

    /// <param name="program">What is called.</param>
    /// <param name="room">Room for <see cref="Program.SignatureRoom"/> numbers.</param>
    public Binder(Program program, Span<long> room)
    {
        this.program = program;
        signature = room;
    }

    /// <summary>Notes the next argument; refuses null and a wrong dtype or rank.</summary>
    public void Add(in SpanArgument argument)
    {
        Check(argument.IsNull, argument.DType, argument.Count, argument.HasShape, argument.Lengths);
        Note(argument.Count, argument.HasShape, argument.Lengths);
    }

    /// <inheritdoc cref="Add(in SpanArgument)"/>
    public void Add(in Argument argument)
    {
        bool hasShape = !argument.IsNull && argument.Rank >= 0;
        int rank = hasShape ? argument.Rank : 0;
        Span<nint> lengths = stackalloc nint[rank <= 8 ? rank : 0];
        lengths = rank <= 8 ? lengths : new nint[rank];
        if (hasShape)
        {
            argument.TryGetShape(lengths, out _);
        }

        Check(argument.IsNull, argument.DType, argument.ElementCount, hasShape, lengths);
        Note(argument.ElementCount, hasShape, lengths);
    }

    /// <summary>Binds a workspace to the noted sizes, unless it is bound to them.</summary>
    public readonly void Bind(Workspace workspace)
    {
        ReadOnlySpan<long> noted = signature[..length];
        if (workspace.IsBoundTo(noted))
        {
            return;
        }

        int count = program.Symbols.Length;
        Span<long> symbols = count <= 32 ? stackalloc long[count] : new long[count];
        Span<int> setBy = count <= 32 ? stackalloc int[count] : new int[count];
        Solve(symbols, setBy);
        try
        {
            if (!workspace.TryBind(noted))
            {
                CheckDeclared(symbols, setBy);
                workspace.Bind(symbols, noted);
            }
        }
        catch (OverflowException e)
        {
            throw program.TooLarge(symbols, null, e);
        }
        catch (OutOfMemoryException e)
        {
            throw program.TooLarge(symbols, workspace.BytesWanted, e);
        }
    }

    private readonly void Check(bool isNull, DType dtype, nint count, bool hasShape, scoped ReadOnlySpan<nint> lengths)
    {
        Node node = program.Inputs[input];
        if (isNull)
        {
            throw new BindingException($"The argument for {node.Describe()} is null.");
        }

        if (dtype != node.DType)
        {
            throw new BindingException($"The argument for {node.Describe()} is {dtype.Display()}; {node.DType.Display()} is needed.");
        }

        if (hasShape && lengths.Length != node.Rank && !IsScalar(node, count, lengths.Length))
        {
            throw new BindingException(
                $"The argument for {node.Describe()} has the shape {InvariantText.List(lengths.ToArray())}, rank {lengths.Length}; rank {node.Rank} is needed.");
        }
    }

    /// <summary>A scalar comes as a value, or as a tensor of length 1.</summary>
    private static bool IsScalar(Node node, nint count, int rank) => node.Rank == 0 && count == 1 && rank == 1;

    private void Note(nint count, bool hasShape, scoped ReadOnlySpan<nint> lengths)
    {
        if (hasShape && !IsScalar(program.Inputs[input], count, lengths.Length))
        {
            signature[length++] = lengths.Length;
            foreach (nint size in lengths)
            {
                signature[length++] = size;
            }
        }
        else
        {
            signature[length++] = CountOnly;
            signature[length++] = count;
        }

        input++;
    }

    private readonly void Solve(Span<long> symbols, Span<int> setBy)
    {
        symbols.Fill(-1);
        int at = 0;
        for (int i = 0; i < input; i++)
        {
            ReadOnlySpan<long> sizes = SizesAt(ref at, out bool isCount);
            if (!isCount)
            {
                TakeShape(i, sizes, symbols, setBy);
            }
        }

        // A flat argument tells one symbol once the others of its shape are known; each round may make another one known.
        bool found;
        do
        {
            found = false;
            at = 0;
            for (int i = 0; i < input; i++)
            {
                ReadOnlySpan<long> sizes = SizesAt(ref at, out bool isCount);
                found |= isCount && TakeCount(i, sizes[0], symbols, setBy);
            }
        }
        while (found);
    }

    /// <summary>The next argument's sizes, or its count of elements alone.</summary>
    private readonly ReadOnlySpan<long> SizesAt(ref int at, out bool isCount)
    {
        long rank = signature[at++];
        isCount = rank == CountOnly;
        ReadOnlySpan<long> sizes = signature.Slice(at, isCount ? 1 : (int)rank);
        at += sizes.Length;
        return sizes;
    }

    private readonly void TakeShape(int index, ReadOnlySpan<long> sizes, Span<long> symbols, Span<int> setBy)
    {
        Node node = program.Inputs[index];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            if (node.Shape[axis].Constant is { } size && size != sizes[axis])
            {
                throw new BindingException($"The argument for {node.Describe()} has the shape {InvariantText.List(sizes.ToArray())}; axis {axis} must have size {size}.");
            }

            if (node.Shape[axis].Symbol is { } name)
            {
                Set(name, sizes[axis], index, symbols, setBy);
            }
        }
    }

    /// <summary>Whether the count of elements has told a symbol.</summary>
    private readonly bool TakeCount(int index, long count, Span<long> symbols, Span<int> setBy)
    {
        Node node = program.Inputs[index];
        long known = 1;
        string? open = null;
        for (int axis = 0; axis < node.Rank; axis++)
        {
            Dim dim = node.Shape[axis];
            long? size = dim.Constant ?? (dim.Symbol is { } name && symbols[Index(name)] is >= 0 and var value ? value : null);
            if (size is { } found)
            {
                known = Product(known, found);
            }
            else if (dim.Symbol is { } free && open is null)
            {
                open = free;
            }
            else
            {
                return false;
            }
        }

        if (open is null || (known == 0 && count == 0))
        {
            return false;
        }

        if (known == 0 || count % known != 0)
        {
            throw new BindingException($"The argument for {node.Describe()} has {InvariantText.Count(count, "element")}, which is no multiple of {known}: the size {Dim.Display(open)} cannot be found.");
        }

        Set(open, count / known, index, symbols, setBy);
        return true;
    }

    private readonly void Set(string name, long size, int index, Span<long> symbols, Span<int> setBy)
    {
        int symbol = Index(name);
        if (symbols[symbol] < 0)
        {
            (symbols[symbol], setBy[symbol]) = (size, index);
        }
        else if (symbols[symbol] != size)
        {
            throw new BindingException(
                $"The argument for {program.Inputs[index].Describe()} makes {Dim.Display(name)} = {size}, but the one for {program.Inputs[setBy[symbol]].Describe()} makes it {symbols[symbol]}; all axes called {Dim.Display(name)} must have one size.");
        }
    }

    /// <summary>Holds the arguments, and the conditions on sizes, against what was declared, now that the symbols are known.</summary>
    private readonly void CheckDeclared(ReadOnlySpan<long> symbols, ReadOnlySpan<int> setBy)
    {
        if (symbols.Contains(-1))
        {
            RequireFound(symbols);
        }

        SizeProgram declared = program.Declared;
        Span<long> values = declared.Count <= 128 ? stackalloc long[declared.Count] : new long[declared.Count];
        declared.Evaluate(symbols, values);
        CheckDeclared(values, symbols, setBy);
    }

    /// <summary>A method of its own: one with loops and memory on the stack is optimised when it is first called, which takes its time.</summary>
    private readonly void CheckDeclared(ReadOnlySpan<long> values, ReadOnlySpan<long> symbols, ReadOnlySpan<int> setBy)
    {
        int at = 0;
        int axis = 0;
        for (int i = 0; i < input; i++)
        {
            Node node = program.Inputs[i];
            ReadOnlySpan<long> sizes = SizesAt(ref at, out bool isCount);
            ReadOnlySpan<long> shape = values.Slice(axis, node.Rank);
            axis += node.Rank;
            if (isCount)
            {
                long count = 1;
                foreach (long size in shape)
                {
                    count = Product(count, size);
                }

                if (count != sizes[0])
                {
                    throw new BindingException($"The argument for {node.Describe()} has {InvariantText.Count(sizes[0], "element")}; its shape is {InvariantText.List(shape.ToArray())}, {InvariantText.Count(count, "element")}{Reason(i, symbols, setBy)}.");
                }
            }
            else if (!shape.SequenceEqual(sizes))
            {
                throw new BindingException($"The argument for {node.Describe()} has the shape {InvariantText.List(sizes.ToArray())}; {InvariantText.List(shape.ToArray())} is needed{Reason(i, symbols, setBy)}.");
            }
        }

        at = values.Length - (2 * program.Guards.Length);
        foreach (Guard guard in program.Guards)
        {
            guard.Check(values[at], values[at + 1]);
            at += 2;
        }
    }

    /// <summary>Which other arguments say what the symbols of an input are.</summary>
    private readonly string Reason(int index, ReadOnlySpan<long> symbols, ReadOnlySpan<int> setBy)
    {
        string reason = string.Empty;
        foreach (string name in program.Inputs[index].Shape.Symbols)
        {
            int symbol = Index(name);
            reason += setBy[symbol] == index
                ? string.Empty
                : $"{(reason.Length == 0 ? ", since" : " and")} the one for {program.Inputs[setBy[symbol]].Describe()} makes {Dim.Display(name)} = {symbols[symbol]}";
        }

        return reason;
    }

    private readonly void RequireFound(ReadOnlySpan<long> symbols)
    {
        for (int s = 0; s < symbols.Length; s++)
        {
            string name = program.Symbols[s];
            if (symbols[s] < 0 && Array.Find(program.Inputs, i => i.Shape.Symbols.Contains(name)) is { } node)
            {
                throw new BindingException(
                    $"The size {Dim.Display(name)} cannot be found from the arguments, which say only how many elements they have; pass a Tensor for {node.Describe()}.");
            }
        }
    }

    /// <summary>A product of sizes; the largest number if it is beyond that, which no argument has elements of.</summary>
    private static long Product(long x, long y) => (long)Int128.Min(Math.BigMul(x, y), long.MaxValue);

    private readonly int Index(string name) => Array.IndexOf(program.Symbols, name);
}

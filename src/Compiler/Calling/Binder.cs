using GraphCompiler.Execution;
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

        long[] symbols = Solve();
        CheckGuards(symbols);
        workspace.Bind(symbols, noted);
    }

    private readonly void CheckGuards(long[] symbols)
    {
        string[] names = program.Symbols;
        foreach (Guard guard in program.Guards)
        {
            guard.Check(name => symbols[Array.IndexOf(names, name)]);
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
                $"The argument for {node.Describe()} has the shape [{string.Join(", ", lengths.ToArray())}], rank {lengths.Length}; rank {node.Rank} is needed.");
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

    private readonly long[] Solve()
    {
        var symbols = new long[program.Symbols.Length];
        var setBy = new Node?[symbols.Length];
        Array.Fill(symbols, -1);
        List<(Node Node, long Count)> counts = [];
        List<(Node Node, long[] Sizes)> shapes = [];
        int at = 0;
        for (int i = 0; i < input; i++)
        {
            Node node = program.Inputs[i];
            long rank = signature[at++];
            if (rank == CountOnly)
            {
                counts.Add((node, signature[at++]));
            }
            else
            {
                long[] sizes = signature.Slice(at, (int)rank).ToArray();
                at += sizes.Length;
                shapes.Add((node, sizes));
                TakeShape(node, sizes, symbols, setBy);
            }
        }

        // A flat argument tells one symbol once the others of its shape are known; each round may make another one known.
        for (int round = 0; round < counts.Count; round++)
        {
            foreach ((Node node, long count) in counts)
            {
                TakeCount(node, count, symbols, setBy);
            }
        }

        CheckAll(counts, shapes, symbols);
        return symbols;
    }

    private readonly void TakeShape(Node node, long[] sizes, long[] symbols, Node?[] setBy)
    {
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            if (node.Shape[axis].Constant is { } size && size != sizes[axis])
            {
                throw new BindingException($"The argument for {node.Describe()} has the shape [{string.Join(", ", sizes)}]; axis {axis} must have size {size}.");
            }

            if (node.Shape[axis].Symbol is { } name)
            {
                Set(name, sizes[axis], node, symbols, setBy);
            }
        }
    }

    private readonly void TakeCount(Node node, long count, long[] symbols, Node?[] setBy)
    {
        long known = 1;
        string? open = null;
        foreach (Dim dim in node.Shape)
        {
            long? size = dim.Constant ?? (dim.Symbol is { } name && symbols[Index(name)] is >= 0 and var value ? value : null);
            if (size is { } found)
            {
                known *= found;
            }
            else if (dim.Symbol is { } free && open is null)
            {
                open = free;
            }
            else
            {
                return;
            }
        }

        if (open is null || (known == 0 && count == 0))
        {
            return;
        }

        if (known == 0 || count % known != 0)
        {
            throw new BindingException($"The argument for {node.Describe()} has {count} elements, which is no multiple of {known}: the size {open} cannot be found.");
        }

        Set(open, count / known, node, symbols, setBy);
    }

    private readonly void Set(string name, long size, Node node, long[] symbols, Node?[] setBy)
    {
        int index = Index(name);
        if (symbols[index] >= 0 && symbols[index] != size)
        {
            throw new BindingException(
                $"The argument for {node.Describe()} makes {name} = {size}, but the one for {setBy[index]!.Describe()} makes it {symbols[index]}; all axes called {name} must have one size.");
        }

        symbols[index] = size;
        setBy[index] ??= node;
    }

    private readonly void CheckAll(List<(Node Node, long Count)> counts, List<(Node Node, long[] Sizes)> shapes, long[] symbols)
    {
        Program called = program;
        long Symbol(string name)
        {
            long value = symbols[Array.IndexOf(called.Symbols, name)];
            return value >= 0
                ? value
                : throw new BindingException(
                    $"The size {name} cannot be found from the arguments, which say only how many elements they have; pass a Tensor for {called.Inputs.First(i => i.Shape.Symbols.Contains(name)).Describe()}.");
        }

        foreach ((Node node, long count) in counts)
        {
            long[] shape = node.Shape.Evaluate(Symbol);
            if (TensorValue.CountOf(shape) != count)
            {
                throw new BindingException(
                    $"The argument for {node.Describe()} has {count} elements; its shape is [{string.Join(", ", shape)}], {TensorValue.CountOf(shape)} elements.");
            }
        }

        foreach ((Node node, long[] sizes) in shapes)
        {
            long[] shape = node.Shape.Evaluate(Symbol);
            if (!shape.AsSpan().SequenceEqual(sizes))
            {
                throw new BindingException($"The argument for {node.Describe()} has the shape [{string.Join(", ", sizes)}]; [{string.Join(", ", shape)}] is needed.");
            }
        }
    }

    private readonly int Index(string name) => Array.IndexOf(program.Symbols, name);
}

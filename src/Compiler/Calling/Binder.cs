using GraphCompiler.Execution;
using GraphCompiler.Operations;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>Finds the values of symbols from the sizes of arguments, and refuses arguments that do not fit what was declared.</summary>
internal readonly ref struct Binder
{
    private readonly Program program;
    private readonly Span<long> symbols;

    /// <param name="program">What is called.</param>
    /// <param name="symbols">Room for a value a symbol.</param>
    public Binder(Program program, Span<long> symbols)
    {
        this.program = program;
        this.symbols = symbols;
        symbols.Fill(-1);
    }

    /// <summary>Takes what an argument with a shape says: dtype, rank, constant sizes, and symbols that stand alone.</summary>
    public void Bind(int input, in SpanArgument argument) =>
        Bind(input, argument.IsNull, argument.DType, argument.Count, argument.HasShape, argument.Lengths);

    public void Bind(int input, in Argument argument)
    {
        Span<nint> lengths = stackalloc nint[8];
        bool hasShape = false;
        if (!argument.IsNull && argument.Rank >= 0)
        {
            lengths = argument.Rank <= lengths.Length ? lengths : new nint[argument.Rank];
            hasShape = argument.TryGetShape(lengths, out int rank);
            lengths = lengths[..rank];
        }

        Bind(input, argument.IsNull, argument.DType, argument.ElementCount, hasShape, lengths);
    }

    /// <summary>After all shaped arguments: solves the symbols that only counts of elements tell, and checks every size and guard.</summary>
    public void Finish(ReadOnlySpan<nint> counts)
    {
        for (int round = 0; round < program.Inputs.Length; round++)
        {
            for (int input = 0; input < counts.Length; input++)
            {
                Solve(input, counts[input]);
            }
        }

        Func<string, long> symbol = Lookup();
        for (int input = 0; input < counts.Length; input++)
        {
            Node node = program.Inputs[input];
            long[] shape = node.Shape.Evaluate(symbol);
            if (TensorValue.CountOf(shape) != counts[input])
            {
                throw new BindingException(
                    $"The argument for {node.Describe()} has {counts[input]} elements; with the other arguments its shape is [{string.Join(", ", shape)}], {TensorValue.CountOf(shape)} elements.");
            }
        }

        foreach (Guard guard in program.Guards)
        {
            guard.Check(symbol);
        }
    }

    private void Bind(int input, bool isNull, DType dtype, nint count, bool hasShape, ReadOnlySpan<nint> lengths)
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

        // A scalar comes as a value, or as a tensor of length 1.
        if (!hasShape || (node.Rank == 0 && count == 1 && lengths.Length == 1))
        {
            return;
        }

        if (lengths.Length != node.Rank)
        {
            throw new BindingException($"The argument for {node.Describe()} has the shape {Display(lengths)}, rank {lengths.Length}; rank {node.Rank} is needed.");
        }

        for (int axis = 0; axis < lengths.Length; axis++)
        {
            Dim dim = node.Shape[axis];
            if (dim.Constant is { } size && size != lengths[axis])
            {
                throw new BindingException($"The argument for {node.Describe()} has the shape {Display(lengths)}; axis {axis} must have size {size}.");
            }

            if (dim.Symbol is { } name)
            {
                Set(name, lengths[axis], node);
            }
        }
    }

    private void Solve(int input, nint count)
    {
        Node node = program.Inputs[input];
        long known = 1;
        string? open = null;
        foreach (Dim dim in node.Shape)
        {
            if (dim.Constant is { } size)
            {
                known *= size;
            }
            else if (dim.Symbol is { } name && symbols[Index(name)] >= 0)
            {
                known *= symbols[Index(name)];
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

        if (open is null)
        {
            return;
        }

        if (known == 0 ? count != 0 : count % known != 0)
        {
            throw new BindingException($"The argument for {node.Describe()} has {count} elements, which is no multiple of {known}: the size {open} cannot be found.");
        }

        if (known != 0)
        {
            Set(open, count / known, node);
        }
    }

    private void Set(string name, long size, Node node)
    {
        ref long value = ref symbols[Index(name)];
        if (value >= 0 && value != size)
        {
            throw new BindingException($"The argument for {node.Describe()} makes {name} = {size}, but another argument makes it {value}; all axes called {name} must have one size.");
        }

        value = size;
    }

    private int Index(string name) => Array.IndexOf(program.Symbols, name);

    private Func<string, long> Lookup()
    {
        long[] values = symbols.ToArray();
        string[] names = program.Symbols;
        Node[] inputs = program.Inputs;
        return name =>
        {
            long value = values[Array.IndexOf(names, name)];
            return value >= 0
                ? value
                : throw new BindingException($"The size {name} cannot be found from the arguments, which say only how many elements they have; pass a Tensor for {inputs.First(i => i.Shape.Symbols.Contains(name)).Describe()}.");
        };
    }

    private static string Display(ReadOnlySpan<nint> lengths) => $"[{string.Join(", ", lengths.ToArray())}]";
}

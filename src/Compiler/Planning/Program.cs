using System.Numerics;
using System.Runtime.ExceptionServices;
using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Planning;

/// <summary>A compiled graph: the plan that runs, and what its parts stand for in the graph.</summary>
internal sealed class Program
{
    public required Plan Plan { get; init; }

    /// <summary>The inputs in the order of the externals, seeds last.</summary>
    public required Node[] Inputs
    {
        get;
        init
        {
            field = value;
            SignatureRoom = value.Sum(i => 2 + i.Rank);
        }
    }

    /// <summary>The positions of the inputs' sizes in bytes among the plan's sizes.</summary>
    public required int[] InputBytes { get; init; }

    /// <summary>The symbols in the order of the plan.</summary>
    public required string[] Symbols { get; init; }

    /// <summary>Conditions on sizes.</summary>
    public required Guard[] Guards { get; init; }

    /// <summary>The sizes of the inputs' axes, one input after the other, then the two sides of each guard: what arguments are held against.</summary>
    public SizeProgram Declared => field ??= new SizeProgram(Inputs.SelectMany(i => i.Shape).Concat(Guards.SelectMany(g => new[] { g.Left, g.Right })), Symbols);

    /// <summary>What each step computes.</summary>
    public required LoweredKernel[] Kernels { get; init; }

    /// <summary>The kernels as they stand in loops and branches.</summary>
    public required LoweredPart[] Parts { get; init; }

    /// <summary>What the plan's loops stand for.</summary>
    public required IReadOnlyDictionary<PlanNode, LoweredLoop> Loops { get; init; }

    /// <summary>The values that lie in buffers of others.</summary>
    public required SharedBuffers Shared { get; init; }

    /// <summary>What loops begin with: when they have ended, what they end with lies there.</summary>
    public IReadOnlySet<KernelBuffer> Carried => field ??= Parts.SelectMany(p => p.All).Select(p => p is LoweredKernel kernel ? kernel.Control : p).OfType<LoweredLoop>().SelectMany(l => l.Carries).Select(c => c.Current).ToHashSet();

    /// <summary>How many of these are of the forward part.</summary>
    public required int ForwardKernels { get; init; }

    /// <summary>What the merged steps compute, in the order in which they follow these in the plan.</summary>
    public required LoweredKernel[] Merged { get; init; }

    /// <summary>What the adding steps compute, in the order in which they end the plan.</summary>
    public required LoweredKernel[] Adding { get; init; }

    /// <summary>The bytes that the kernels move.</summary>
    public required Traffic Traffic { get; init; }

    /// <summary>How many pairs of kernels, and edges between kernels, fusion looked at.</summary>
    public required long FusionSteps { get; init; }

    /// <summary>What the steps of the compiler took that made it.</summary>
    public IReadOnlyList<StepCost> Costs { get; set; } = [];

    /// <summary>The compiled code of each step.</summary>
    public required CompiledKernel[] Compiled { get; init; }

    /// <summary>What goes to memory of the caller.</summary>
    public required RootBuffer[] Outputs { get; init; }

    /// <summary>The new values of parameters.</summary>
    public required RootBuffer[] Updates { get; init; }

    /// <summary>Gradients: those with an external are written there by the backward part, the others are to be copied or added.</summary>
    public required RootBuffer[] Gradients { get; init; }

    /// <summary>The most numbers that the sizes of all arguments are written down in.</summary>
    public int SignatureRoom { get; private init; }

    /// <summary>The plan's buffer for each of the kernels' buffers.</summary>
    public required IReadOnlyDictionary<KernelBuffer, int> Buffers { get; init; }

    /// <summary>Inputs and updated parameters that the backward part reads: copied at the end of the forward part.</summary>
    public required (int From, int To)[] Saved { get; init; }

    /// <summary>What a call draws from generators.</summary>
    public required RandomCalls Random { get; init; }

    /// <summary>Constants in memory; freed by the collector once no call can use them.</summary>
    public required IReadOnlyList<AlignedBuffer> Constants { get; init; }

    /// <summary>All parameters that the program reads or writes.</summary>
    public required Parameter[] Parameters { get; init; }

    /// <summary>The parameters that the backward part reads where they lie.</summary>
    public required Parameter[] BackwardParameters { get; init; }

    public required CompileOptions Options { get; init; }

    /// <summary>The value of a dimension for the workspace's sizes.</summary>
    public long Evaluate(Dim dim, Workspace workspace)
    {
        long[] values = workspace.Symbols.ToArray();
        return dim.Evaluate(name => values[Array.IndexOf(Symbols, name)]);
    }

    /// <summary>The roots as they were given, outputs, updates and gradients, in a form that overflows no more than what was compiled.</summary>
    public Node[] StableRoots => field ??= Bodies.Run([.. Outputs.Concat(Updates).Concat(Gradients).Select(r => r.Given)], n => Stabilize.Run(n).Of(n));

    private LoweredKernel KernelOf(int step) =>
        step < Kernels.Length ? Kernels[step]
        : step < Kernels.Length + Merged.Length ? Merged[step - Kernels.Length]
        : Adding[step - Kernels.Length - Merged.Length];

    public long[] Evaluate(Shape shape, Workspace workspace) => [.. shape.Select(d => Evaluate(d, workspace))];

    /// <summary>The error of sizes that overflow, or that there is no memory for: it names the largest tensor.</summary>
    /// <param name="symbols">The values of the symbols.</param>
    /// <param name="wanted">The bytes of all intermediate values; null if they overflow.</param>
    /// <param name="cause">What was met.</param>
    public SizeException TooLarge(ReadOnlySpan<long> symbols, long? wanted, Exception cause)
    {
        long[] values = symbols.ToArray();
        BigInteger Value(Dim dim) => Types.TooLarge.Evaluate(dim, name => values[Array.IndexOf(Symbols, name)]);
        BigInteger BytesOf(KernelBuffer buffer) => buffer.Shape.Aggregate((BigInteger)buffer.Type.Size(), (product, dim) => product * Value(dim));
        KernelBuffer largest = Kernels.SelectMany(k => k.Roots).Concat(Inputs).Concat(Outputs.Select(o => o.Node)).Select(KernelBuffer.Of).Concat(Buffers.Keys).MaxBy(BytesOf)!;
        BigInteger bytes = BytesOf(largest);
        string sizes = values.Length == 0 ? string.Empty : $" with {string.Join(", ", Symbols.Zip(values, (name, value) => $"{name} = {value}"))}";
        string tensor = $"{largest.Describe()} has the shape {InvariantText.List(largest.Shape.Select(Value))}, {bytes} bytes,{sizes}";
        return new SizeException(
            bytes > long.MaxValue ? $"{tensor}: more than can be addressed."
            : wanted is null ? $"The sizes of this call overflow. The largest tensor, {tensor}."
            : $"There is no memory for the {wanted} bytes that this call's intermediate values need. The largest tensor, {tensor}.",
            cause);
    }

    /// <summary>The error that a failing step means.</summary>
    /// <exception cref="OperationCanceledException">A function of the user's threw this very one: a cancellation is no failure.</exception>
    public ExecutionException Failure(int step, int site, long detail, Workspace workspace)
    {
        ErrorSite error = KernelOf(step).Sites[site - 1];
        string steps = string.Concat(error.Steps.Select(s => LoopOp.StepMessage(s.Loop, NumberIn(s.Step, workspace))));
        string times = string.Concat(workspace.Times.Reverse().Select(t => LoopOp.StepMessage(Loops[t.Loop].Operation, t.Times)));
        Exception? cause = error.IsThrown ? HostRoutine.TakeThrown() : null;
        if (cause is OperationCanceledException)
        {
            ExceptionDispatchInfo.Throw(cause);
        }

        string message = error.IsThrown ? HostFunctionOp.FailureMessage(error.Node, cause) : error.Message(detail, Evaluate(error.Size, workspace));
        return new ExecutionException(message + (error.Indices is { } indices ? PlaceOf(detail, indices, error.SkipsSome, workspace) : string.Empty) + steps + times + error.Node.Made, cause);
    }

    private unsafe long NumberIn(KernelBuffer buffer, Workspace workspace) => *(long*)workspace.Address(Buffers[buffer]);

    /// <summary>Where an index stands in the leaf that it comes from; nothing where indices are computed.</summary>
    private string PlaceOf(long index, Node indices, bool skipsSome, Workspace workspace)
    {
        foreach ((Node leaf, bool isPart) in Sources(indices, skipsSome))
        {
            long[] shape = Evaluate(leaf.Shape, workspace);
            (int first, int last) = leaf switch
            {
                { Op: ConstantOp { Data.Value: var value } } => Ends(value.Integers, index),
                Parameter parameter => Ends(parameter.Snapshot().Integers, index),
                _ => EndsIn(workspace.Externals[Array.FindIndex(Inputs, i => i.Op == leaf.Op)], leaf.DType, TensorValue.CountOf(shape)),
            };
            if (first >= 0)
            {
                return isPart && first != last ? $" It stands in {leaf.Describe()}." : EvaluationContext.PlaceMessage(leaf, EvaluationContext.Coordinates(first, shape));
            }
        }

        return string.Empty;

        static (int First, int Last) Ends<T>(ReadOnlySpan<T> values, T index)
            where T : IEquatable<T> => (values.IndexOf(index), values.LastIndexOf(index));

        unsafe (int First, int Last) EndsIn(nint values, DType type, long elements)
        {
            int count = (int)Math.Min(elements, int.MaxValue);
            return type switch
            {
                DType.Int64 => Ends(new ReadOnlySpan<long>((void*)values, count), index),
                DType.Int32 => index == (int)index ? Ends(new ReadOnlySpan<int>((void*)values, count), (int)index) : (-1, -1),
                _ => throw DTypes.Unexpected(type),
            };
        }

        // What leaves an index as it is, and whether only some come from there.
        IEnumerable<(Node Leaf, bool IsPart)> Sources(Node node, bool isPart) => node.Op switch
        {
            InputOp when Array.TrueForAll(Inputs, i => i.Op != node.Op) => Shared.Of(node) is { Node: { } outside } buffer && outside != node && !Carried.Contains(buffer) ? Sources(outside, isPart) : [],
            InputOp or ParameterOp or ConstantOp => [(node, isPart)],
            CastOp or MovementOp when node.Inputs[0].DType.IsInteger() => Sources(node.Inputs[0], isPart || node.Op is SliceOp),
            WhereOp => Sources(node.Inputs[1], isPart: true).Concat(Sources(node.Inputs[2], isPart: true)),
            ConcatOp => node.Inputs.SelectMany(i => Sources(i, isPart)),
            _ => [],
        };
    }
}

/// <summary>Where a root lies after a run.</summary>
/// <param name="Node">The root, an output as it was given.</param>
/// <param name="Given">The root as it was given, whatever it is.</param>
/// <param name="Buffer">Its buffer.</param>
/// <param name="Bytes">The position of its size in bytes among the plan's sizes.</param>
/// <param name="Dims">The positions of its axes' sizes.</param>
/// <param name="External">The external buffer that it must end in, or −1; if that is not <paramref name="Buffer"/> itself, it is copied.</param>
/// <param name="Parameter">The parameter whose new value it is.</param>
internal sealed record RootBuffer(Node Node, Node Given, int Buffer, int Bytes, int[] Dims, int External, Parameter? Parameter)
{
    public long ElementCount(Workspace workspace) => workspace.Sizes[Bytes] / Node.DType.Size();

    public long[] Shape(Workspace workspace)
    {
        var shape = new long[Dims.Length];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            shape[axis] = workspace.Sizes[Dims[axis]];
        }

        return shape;
    }

    /// <summary>Whether sizes are those of the root; a scalar may also be a tensor of length 1.</summary>
    public bool HasShape(ReadOnlySpan<nint> lengths, Workspace workspace)
    {
        if (Dims.Length == 0)
        {
            return lengths.Length == 0 || (lengths.Length == 1 && lengths[0] == 1);
        }

        if (lengths.Length != Dims.Length)
        {
            return false;
        }

        for (int axis = 0; axis < lengths.Length; axis++)
        {
            if (lengths[axis] != workspace.Sizes[Dims[axis]])
            {
                return false;
            }
        }

        return true;
    }
}

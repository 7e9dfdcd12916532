using System.Runtime.CompilerServices;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>
/// What a delegate made by <see cref="TypedDelegate"/> calls: the inputs come first, then the destinations if there are any. Arguments that look like
/// those of the workspace's last call, which is how calls mostly are, are not checked again, but for whether they overlap.
/// </summary>
internal sealed unsafe class TypedCall
{
    /// <summary>How many inputs and destinations a typed delegate may have.</summary>
    public const int MaximumArguments = 8;

    private readonly CompiledGraph graph;
    private readonly Executor executor;
    private readonly Program program;
    private readonly bool returns;
    private readonly int inputs;
    private readonly int arguments;

    // The positions, among the plan's sizes, of what each argument and destination takes in bytes.
    private readonly int[] bytes;

    // Where the values of parameters lie, and the range that holds them all.
    private readonly (nint Begin, nint End, Node Node)[] parameters;
    private readonly nint firstParameter;
    private readonly nint endOfParameters;

    public TypedCall(CompiledGraph graph, bool returns)
    {
        this.graph = graph;
        this.returns = returns;
        executor = graph.Executor;
        program = executor.Program;
        inputs = program.Inputs.Length;
        arguments = inputs + (returns ? 0 : program.Outputs.Length);
        parameters = [.. program.Parameters.Select(p => (p.Address, p.Address + (nint)(((Node)p).Shape.ElementCount.Constant!.Value * ((Node)p).DType.Size()), (Node)p))];
        firstParameter = parameters.Select(p => p.Begin).DefaultIfEmpty(0).Min();
        endOfParameters = parameters.Select(p => p.End).DefaultIfEmpty(0).Max();
        bytes = [.. program.InputBytes, .. program.Outputs.Select(o => o.Bytes)];
    }

    /// <summary>The method for so many arguments: the smallest that has as many parameters.</summary>
    public static string MethodFor(int arguments) => arguments <= 2 ? nameof(CallTwo) : arguments <= 4 ? nameof(CallFour) : nameof(CallEight);

    /// <summary>Binds, pins and runs. Never a part of the generated code that calls it, which is compiled once, without knowing what mostly happens.</summary>
    /// <returns>The outputs, unless they went to destinations.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public RunResults? CallTwo(SpanArgument a0, SpanArgument a1, CancellationToken cancellation)
    {
        using CompiledGraph.Entry entry = graph.EnterRun();
        Workspace workspace = executor.Rent();
        if (cancellation.CanBeCanceled)
        {
            workspace.Cancellation = cancellation;
        }

        try
        {
            if (!(workspace.HasAccepted && IsAccepted(workspace, 0, in a0) && IsAccepted(workspace, 1, in a1)))
            {
                Accept(workspace, in a0, in a1);
            }

            fixed (byte* p0 = &a0.Reference, p1 = &a1.Reference)
            {
                return Run(workspace, [(nint)p0, (nint)p1]);
            }
        }
        finally
        {
            executor.Return(workspace);
        }
    }

    /// <inheritdoc cref="CallTwo"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public RunResults? CallFour(SpanArgument a0, SpanArgument a1, SpanArgument a2, SpanArgument a3, CancellationToken cancellation)
    {
        using CompiledGraph.Entry entry = graph.EnterRun();
        Workspace workspace = executor.Rent();
        if (cancellation.CanBeCanceled)
        {
            workspace.Cancellation = cancellation;
        }

        try
        {
            if (!(workspace.HasAccepted && IsAccepted(workspace, 0, in a0) && IsAccepted(workspace, 1, in a1) && IsAccepted(workspace, 2, in a2) && IsAccepted(workspace, 3, in a3)))
            {
                Accept(workspace, in a0, in a1, in a2, in a3);
            }

            fixed (byte* p0 = &a0.Reference, p1 = &a1.Reference, p2 = &a2.Reference, p3 = &a3.Reference)
            {
                return Run(workspace, [(nint)p0, (nint)p1, (nint)p2, (nint)p3]);
            }
        }
        finally
        {
            executor.Return(workspace);
        }
    }

    /// <inheritdoc cref="CallTwo"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public RunResults? CallEight(
        SpanArgument a0, SpanArgument a1, SpanArgument a2, SpanArgument a3, SpanArgument a4, SpanArgument a5, SpanArgument a6, SpanArgument a7, CancellationToken cancellation)
    {
        using CompiledGraph.Entry entry = graph.EnterRun();
        Workspace workspace = executor.Rent();
        if (cancellation.CanBeCanceled)
        {
            workspace.Cancellation = cancellation;
        }

        try
        {
            bool accepted = workspace.HasAccepted
                && IsAccepted(workspace, 0, in a0) && IsAccepted(workspace, 1, in a1) && IsAccepted(workspace, 2, in a2) && IsAccepted(workspace, 3, in a3)
                && IsAccepted(workspace, 4, in a4) && IsAccepted(workspace, 5, in a5) && IsAccepted(workspace, 6, in a6) && IsAccepted(workspace, 7, in a7);
            if (!accepted)
            {
                Accept(workspace, in a0, in a1, in a2, in a3, in a4, in a5, in a6, in a7);
            }

            fixed (byte* p0 = &a0.Reference, p1 = &a1.Reference, p2 = &a2.Reference, p3 = &a3.Reference)
            fixed (byte* p4 = &a4.Reference, p5 = &a5.Reference, p6 = &a6.Reference, p7 = &a7.Reference)
            {
                return Run(workspace, [(nint)p0, (nint)p1, (nint)p2, (nint)p3, (nint)p4, (nint)p5, (nint)p6, (nint)p7]);
            }
        }
        finally
        {
            executor.Return(workspace);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsAccepted(Workspace workspace, int index, in SpanArgument argument) => index >= arguments || workspace.Accepted[index].IsLike(in argument);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private RunResults? Run(Workspace workspace, ReadOnlySpan<nint> addresses)
    {
        nint[] externals = workspace.Externals;
        for (int i = 0; i < arguments; i++)
        {
            externals[i] = addresses[i];
        }

        for (int i = inputs; i < arguments; i++)
        {
            CheckOverlap(workspace, externals, i);
        }

        return executor.Execute(workspace, intoDestinations: !returns, backwardToo: true);
    }

    private void CheckOverlap(Workspace workspace, nint[] addresses, int index)
    {
        ReadOnlySpan<long> sizes = workspace.Sizes;
        nint from = addresses[index];
        nint length = (nint)sizes[bytes[index]];
        if (from < endOfParameters && from + length > firstParameter)
        {
            CheckParameters(index, from, length);
        }

        for (int other = 0; other < index; other++)
        {
            nint otherLength = (nint)sizes[bytes[other]];
            if (from < addresses[other] + otherLength && addresses[other] < from + length && length > 0 && otherLength > 0)
            {
                throw DestinationCheck.Overlap(
                    program.Outputs[index - inputs],
                    index - inputs,
                    other < inputs ? $"the argument for {program.Inputs[other].Describe()}" : $"the destination for output {other - inputs}");
            }
        }
    }

    /// <summary>The values of a parameter, open for editing, are no place for an output of a graph that reads or writes them.</summary>
    private void CheckParameters(int index, nint from, nint length)
    {
        foreach ((nint begin, nint end, Node node) in parameters)
        {
            if (from < end && begin < from + length)
            {
                throw DestinationCheck.Overlap(program.Outputs[index - inputs], index - inputs, $"the values of {node.Describe()}");
            }
        }
    }

    // Methods of their own: what they have on the stack would have to be cleared in every call.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Accept(Workspace workspace, in SpanArgument a0, in SpanArgument a1) => Accept(workspace, in a0, in a1, SpanArgument.None(), SpanArgument.None());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Accept(Workspace workspace, in SpanArgument a0, in SpanArgument a1, in SpanArgument a2, in SpanArgument a3) =>
        Accept(workspace, in a0, in a1, in a2, in a3, SpanArgument.None(), SpanArgument.None(), SpanArgument.None(), SpanArgument.None());

    /// <summary>Binds the workspace to the inputs, checks everything, and notes what it looked like.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Accept(
        Workspace workspace,
        in SpanArgument a0,
        in SpanArgument a1,
        in SpanArgument a2,
        in SpanArgument a3,
        in SpanArgument a4,
        in SpanArgument a5,
        in SpanArgument a6,
        in SpanArgument a7)
    {
        workspace.HasAccepted = false;
        var binder = new Binder(program, program.SignatureRoom <= 64 ? stackalloc long[64] : new long[program.SignatureRoom]);
        Add(ref binder, 0, in a0);
        Add(ref binder, 1, in a1);
        Add(ref binder, 2, in a2);
        Add(ref binder, 3, in a3);
        Add(ref binder, 4, in a4);
        Add(ref binder, 5, in a5);
        Add(ref binder, 6, in a6);
        Add(ref binder, 7, in a7);
        binder.Bind(workspace);
        Accept(workspace, 0, in a0);
        Accept(workspace, 1, in a1);
        Accept(workspace, 2, in a2);
        Accept(workspace, 3, in a3);
        Accept(workspace, 4, in a4);
        Accept(workspace, 5, in a5);
        Accept(workspace, 6, in a6);
        Accept(workspace, 7, in a7);
        workspace.HasAccepted = true;
    }

    private void Add(ref Binder binder, int index, in SpanArgument argument)
    {
        if (index < inputs)
        {
            binder.Add(in argument);
        }
    }

    private void Accept(Workspace workspace, int index, in SpanArgument argument)
    {
        if (index >= arguments)
        {
            return;
        }

        if (index >= inputs)
        {
            DestinationCheck.One(
                workspace,
                program.Outputs[index - inputs],
                index - inputs,
                argument.IsNull,
                argument.DType,
                argument.IsStrided,
                argument.Count,
                argument.HasShape,
                argument.Lengths);
        }

        workspace.Accepted[index].Accept(in argument);
    }
}

using GraphCompiler.Execution;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>What the delegates made by <see cref="TypedDelegate"/> call.</summary>
internal static class TypedCall
{
    /// <summary>How many inputs and destinations a typed delegate may have.</summary>
    public const int MaximumArguments = 8;

    /// <summary>Binds, pins and runs; the inputs come first, then the destinations if there are any.</summary>
    /// <returns>The outputs, unless they went to destinations.</returns>
    public static unsafe Results? Call(
        CompiledGraph graph,
        int inputs,
        int destinations,
        SpanArgument a0,
        SpanArgument a1,
        SpanArgument a2,
        SpanArgument a3,
        SpanArgument a4,
        SpanArgument a5,
        SpanArgument a6,
        SpanArgument a7)
    {
        using CompiledGraph.Entry entry = graph.Enter(exclusive: graph.HasUpdates);
        Executor executor = graph.Executor;
        Program program = executor.Program;
        Workspace workspace = executor.Rent();
        try
        {
            var binder = new Binder(program, program.SignatureRoom <= 64 ? stackalloc long[64] : new long[program.SignatureRoom]);
            Add(ref binder, inputs, 0, in a0);
            Add(ref binder, inputs, 1, in a1);
            Add(ref binder, inputs, 2, in a2);
            Add(ref binder, inputs, 3, in a3);
            Add(ref binder, inputs, 4, in a4);
            Add(ref binder, inputs, 5, in a5);
            Add(ref binder, inputs, 6, in a6);
            Add(ref binder, inputs, 7, in a7);
            binder.Bind(workspace);

            fixed (byte* p0 = &a0.Reference, p1 = &a1.Reference, p2 = &a2.Reference, p3 = &a3.Reference)
            fixed (byte* p4 = &a4.Reference, p5 = &a5.Reference, p6 = &a6.Reference, p7 = &a7.Reference)
            {
                ReadOnlySpan<nint> addresses = [(nint)p0, (nint)p1, (nint)p2, (nint)p3, (nint)p4, (nint)p5, (nint)p6, (nint)p7];
                addresses = addresses[..(inputs + destinations)];
                addresses.CopyTo(workspace.Externals);
                if (destinations > 0)
                {
                    Check(program, workspace, addresses, inputs, 0, in a0);
                    Check(program, workspace, addresses, inputs, 1, in a1);
                    Check(program, workspace, addresses, inputs, 2, in a2);
                    Check(program, workspace, addresses, inputs, 3, in a3);
                    Check(program, workspace, addresses, inputs, 4, in a4);
                    Check(program, workspace, addresses, inputs, 5, in a5);
                    Check(program, workspace, addresses, inputs, 6, in a6);
                    Check(program, workspace, addresses, inputs, 7, in a7);
                }

                return executor.Execute(workspace, intoDestinations: destinations > 0, backwardToo: true);
            }
        }
        finally
        {
            executor.Return(workspace);
        }
    }

    private static void Add(ref Binder binder, int inputs, int index, in SpanArgument argument)
    {
        if (index < inputs)
        {
            binder.Add(in argument);
        }
    }

    private static void Check(Program program, Workspace workspace, ReadOnlySpan<nint> addresses, int inputs, int index, in SpanArgument argument)
    {
        if (index < inputs || index >= addresses.Length)
        {
            return;
        }

        int output = index - inputs;
        RootBuffer root = program.Outputs[output];
        DestinationCheck.One(workspace, root, output, argument.IsNull, argument.DType, argument.IsStrided, argument.Count, argument.HasShape, argument.Lengths);
        long bytes = workspace.Sizes[root.Bytes];
        for (int other = 0; other < index; other++)
        {
            int position = other < inputs ? program.InputBytes[other] : program.Outputs[other - inputs].Bytes;
            long otherBytes = workspace.Sizes[position];
            if (bytes > 0 && otherBytes > 0 && addresses[index] < addresses[other] + otherBytes && addresses[other] < addresses[index] + bytes)
            {
                throw DestinationCheck.Overlap(
                    root, output, other < inputs ? $"the argument for {program.Inputs[other].Describe()}" : $"the destination for output {other - inputs}");
            }
        }
    }
}

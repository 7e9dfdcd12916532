using GraphCompiler.Execution;

namespace GraphCompiler.Calling;

/// <summary>What the delegates made by <see cref="TypedDelegate"/> call.</summary>
internal static class TypedCall
{
    /// <summary>How many inputs and destinations a typed delegate may have.</summary>
    public const int MaximumArguments = 8;

    /// <summary>Binds, pins and runs; the inputs come first, then the destinations if there are any.</summary>
    /// <returns>The outputs, unless they went to destinations.</returns>
    public static unsafe Results Call(
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
        Workspace workspace = executor.Rent();
        try
        {
            Span<long> symbols = stackalloc long[executor.Program.Symbols.Length];
            Span<nint> counts = stackalloc nint[MaximumArguments];
            var binder = new Binder(executor.Program, symbols);
            Bind(ref binder, counts, inputs, 0, in a0);
            Bind(ref binder, counts, inputs, 1, in a1);
            Bind(ref binder, counts, inputs, 2, in a2);
            Bind(ref binder, counts, inputs, 3, in a3);
            Bind(ref binder, counts, inputs, 4, in a4);
            Bind(ref binder, counts, inputs, 5, in a5);
            Bind(ref binder, counts, inputs, 6, in a6);
            Bind(ref binder, counts, inputs, 7, in a7);
            binder.Finish(counts[..inputs]);
            workspace.Bind(symbols);

            fixed (byte* p0 = &a0.Reference, p1 = &a1.Reference, p2 = &a2.Reference, p3 = &a3.Reference)
            fixed (byte* p4 = &a4.Reference, p5 = &a5.Reference, p6 = &a6.Reference, p7 = &a7.Reference)
            {
                ReadOnlySpan<nint> addresses = [(nint)p0, (nint)p1, (nint)p2, (nint)p3, (nint)p4, (nint)p5, (nint)p6, (nint)p7];
                addresses[..(inputs + destinations)].CopyTo(workspace.Externals);
                if (destinations > 0)
                {
                    var check = new DestinationCheck(executor.Program, workspace, addresses, inputs, destinations, counts);
                    check.Add(0, in a0);
                    check.Add(1, in a1);
                    check.Add(2, in a2);
                    check.Add(3, in a3);
                    check.Add(4, in a4);
                    check.Add(5, in a5);
                    check.Add(6, in a6);
                    check.Add(7, in a7);
                }

                return executor.Execute(workspace, intoDestinations: destinations > 0, backwardToo: true);
            }
        }
        finally
        {
            executor.Return(workspace);
        }
    }

    private static void Bind(ref Binder binder, Span<nint> counts, int inputs, int index, in SpanArgument argument)
    {
        if (index < inputs)
        {
            binder.Bind(index, in argument);
            counts[index] = argument.Count;
        }
    }

    /// <summary>Refuses destinations that are null, too small, of another shape, or that overlap.</summary>
    private readonly ref struct DestinationCheck(
        Planning.Program program, Workspace workspace, ReadOnlySpan<nint> addresses, int inputs, int destinations, ReadOnlySpan<nint> counts)
    {
        private readonly ReadOnlySpan<nint> addresses = addresses;
        private readonly ReadOnlySpan<nint> counts = counts;

        public void Add(int index, in SpanArgument argument)
        {
            if (index < inputs || index >= inputs + destinations)
            {
                return;
            }

            int output = index - inputs;
            Node node = program.Roots[output].Node;
            string what = $"The destination for output {output}, {node.Describe()},";
            long[] shape = program.Evaluate(node.Shape, workspace);
            long count = TensorValue.CountOf(shape);
            if (argument.IsNull)
            {
                throw new BindingException($"{what} is null.");
            }

            if (argument.IsStrided)
            {
                throw new BindingException($"{what} is strided; a dense tensor, an array or memory is needed.");
            }

            bool fits = argument.HasShape && shape.Length > 0
                ? argument.Lengths.SequenceEqual([.. shape.Select(s => (nint)s)])
                : argument.Count >= count;
            if (!fits)
            {
                throw new BindingException($"{what} has {argument.Count} elements; the shape [{string.Join(", ", shape)}], {count} elements, is needed.");
            }

            for (int other = 0; other < index; other++)
            {
                Node otherNode = other < inputs ? program.Inputs[other] : program.Roots[other - inputs].Node;
                long otherCount = other < inputs ? counts[other] : TensorValue.CountOf(program.Evaluate(otherNode.Shape, workspace));
                nint start = addresses[index];
                nint otherStart = addresses[other];
                bool overlaps = count > 0 && otherCount > 0 && start < otherStart + (otherCount * otherNode.DType.Size()) && otherStart < start + (count * node.DType.Size());
                if (overlaps)
                {
                    string whose = other < inputs ? $"the argument for {otherNode.Describe()}" : $"the destination for output {other - inputs}";
                    throw new BindingException($"{what} overlaps {whose}; an output needs memory of its own.");
                }
            }
        }
    }
}

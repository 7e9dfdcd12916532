using GraphCompiler.Kernels;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>
/// Holds what a program left in memory against the interpreter, node by node in the order of computation. What is compared may differ by a few units in the
/// last place of the largest element, and by what rounding can do to an element on its way from memory: <see cref="RoundingErrors"/>.
/// </summary>
internal static class VerifyRun
{
    public static void Check(Program program, Workspace workspace, int first, int last) => new Run(program, workspace).Check(first, last);

    private static double Most(TensorValue value)
    {
        double most = 0;
        for (long i = 0; i < value.Count; i++)
        {
            most = double.IsFinite(value[i]) ? Math.Max(most, Math.Abs(value[i])) : most;
        }

        return most;
    }

    private static void Compare(Node node, TensorValue expected, TensorValue actual, double[]? errors)
    {
        double relative = 4 * node.DType.Row().Epsilon;
        double least = (relative * Most(expected)) + (4 * RoundingErrors.Least(node.DType));
        for (long i = 0; i < expected.Count; i++)
        {
            (double want, double got) = (expected[i], actual[i]);

            // Where there is no bound, as where terms overflow, a result may be NaN in one order and not in another.
            bool same = want.Equals(got) || (errors is not null && (double.IsInfinity(errors[i]) || Math.Abs(want - got) <= least + errors[i]));
            if (!same)
            {
                string at = InvariantText.List(EvaluationContext.Coordinates(i, expected.Shape));
                throw new CompileException($"The compiled {node.Describe()} gives {got} at {at}; the interpreter gives {want}.{StepOf(node, i, expected)}");
            }
        }
    }

    /// <summary>The step that left an element, where it is one of a loop's outputs.</summary>
    private static string StepOf(Node node, long element, TensorValue value)
    {
        Node operation = node.Op is OutputOp ? node.Inputs[0] : node;
        if (operation.Op is not LoopOp loop || ((node.Op as OutputOp)?.Index ?? 0) < loop.Carried)
        {
            return string.Empty;
        }

        long row = EvaluationContext.Coordinates(element, value.Shape)[0];
        return LoopOp.StepMessage(operation, loop.Reverse ? value.Shape[0] - 1 - row : row);
    }

    private sealed class Run(Program program, Workspace workspace)
    {
        private readonly ILookup<KernelBuffer, Node> names = program.Shared.All.ToLookup(program.Shared.Of, s => s.Node!);

        public void Check(int first, int last)
        {
            HashSet<LoweredKernel> alone = new(program.Parts.OfType<LoweredKernel>().Where(k => k.Control is null), ReferenceEqualityComparer.Instance);
            int[] steps = [.. Enumerable.Range(first, last - first).Where(s => alone.Contains(program.Kernels[s]))];

            // What fills the outputs of a loop before it runs lies where these do, and what packs a weight before it leaves no value.
            HashSet<KernelBuffer> written = [.. steps.SelectMany(s => program.Kernels[s].Accesses).Where(a => a.IsWritten).Select(a => a.Buffer)];
            IEnumerable<Node> roots = steps.SelectMany(s => program.Kernels[s].Roots).Where(r => program.Shared.Of(r) == KernelBuffer.Of(r) && written.Contains(KernelBuffer.Of(r)));
            foreach (Node root in roots.Where(IsThere).Where(r => !HasEffects(r)).Distinct())
            {
                // Nothing that lasts has been written: see WriteUpdatesInPlace and AddInPlace.
                workspace.Cancellation.ThrowIfCancellationRequested();
                Check(root, [.. steps.Where(s => program.Kernels[s].Roots.Contains(root))]);
            }

            // What runs in a loop has left its last values alone: a loop is looked at as a whole, and so is a branch.
            HashSet<LoweredKernel> range = new(program.Kernels[first..last], ReferenceEqualityComparer.Instance);
            foreach (LoweredPart part in program.Parts.Where(p => p is not LoweredKernel { Control: null } && p.Kernels.Any(range.Contains) && !p.Roots.Any(HasEffects)))
            {
                CheckWhole(part, isForward: first == 0);
            }
        }

        /// <summary>A root is checked on what its kernels read, as it lies in memory, so that the first to differ is the one at fault.</summary>
        private void Check(Node root, int[] steps)
        {
            Dictionary<Node, TensorValue> given = [];
            nint result = 0;
            foreach (int s in steps)
            {
                LoweredKernel kernel = program.Kernels[s];
                for (int b = 0; b < kernel.Buffers.Count; b++)
                {
                    nint address = workspace.Address(program.Plan.Steps[s].Buffers[b]);
                    if (kernel.Buffers[b].Node is not { } node)
                    {
                        continue;
                    }

                    if (node == root)
                    {
                        result = address;
                    }
                    else if (!kernel.Roots.Contains(node))
                    {
                        foreach (Node name in names[kernel.Buffers[b]].Prepend(node).Where(n => !given.ContainsKey(n)))
                        {
                            given[name] = Read(name, address);
                        }
                    }
                }
            }

            Compare(root, given, result);
        }

        private void CheckWhole(LoweredPart part, bool isForward)
        {
            Dictionary<int, int> saved = isForward ? [] : program.Saved.ToDictionary(s => s.From, s => s.To);
            Dictionary<Node, TensorValue> given = GraphWalk.TopologicalOrder(part.Roots, n => IsThere(n) && !part.Roots.Contains(n))
                .Where(n => IsThere(n) && !part.Roots.Contains(n))
                .ToDictionary(n => n, n => Read(n, AddressOf(n)));
            foreach (Node root in part.Roots)
            {
                Compare(root, given, AddressOf(root));
            }

            nint AddressOf(Node node) => program.Buffers[KernelBuffer.Of(node)] is var at && saved.TryGetValue(at, out int copy) ? workspace.Address(copy) : workspace.Address(at);
        }

        // To run it again would be seen outside.
        private static bool HasEffects(Node root) => (root.Op is OutputOp ? root.Inputs[0] : root).Op.HasEffects;

        private bool IsThere(Node node) => node.Results.Count == 1 && program.Buffers.ContainsKey(KernelBuffer.Of(node)) && !program.Carried.Contains(KernelBuffer.Of(node));

        private void Compare(Node root, Dictionary<Node, TensorValue> given, nint result)
        {
            Dictionary<Node, Node> standIns = given.Keys.ToDictionary(n => n, n => Ops.Placeholder(n.Results[0], "buffer", requiresGrad: false));
            Node alone = GraphWalk.Substitute([root], standIns)[0];
            long[] symbols = workspace.Symbols.ToArray();
            Dictionary<Node, TensorValue> values = given.ToDictionary(g => standIns[g.Key], g => g.Value);
            foreach (Node leaf in GraphWalk.TopologicalOrder([alone], values.ContainsKey).Where(n => n.Op is InputOp && !values.ContainsKey(n)))
            {
                // The kernel does not read it, as in a product over no elements: so its value must not matter.
                values.Add(leaf, TensorValue.Full(leaf.DType, program.Evaluate(leaf.Shape, workspace), 0));
            }

            (TensorValue expected, double[]? errors) = RoundingErrors.Evaluate(alone, values, name => symbols[Array.IndexOf(program.Symbols, name)]);
            VerifyRun.Compare(root, expected, Read(root, result), errors);
        }

        private unsafe TensorValue Read(Node node, nint address)
        {
            long[] shape = program.Evaluate(node.Shape, workspace);
            long bytes = TensorValue.CountOf(shape) * node.DType.Size();
            return TensorValue.FromBytes(node.DType, shape, new ReadOnlySpan<byte>((void*)address, checked((int)bytes)));
        }
    }
}

using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Operations;

namespace GraphCompiler.Fusion;

/// <summary>
/// Gathers nodes with values of their own into kernels. Greedy: of all pairs of kernels that share a tensor, one writes it and the other reads it or
/// both read it, the pair that saves the most bytes comes first. A pair is joined if one domain suits all its nodes, every read of the other's
/// values is at the place where they are computed, no third kernel stands between the two, and the code stays small.
/// </summary>
internal sealed class FuseKernels
{
    private readonly ChosenBuffers choice;
    private readonly IReadOnlyList<Node> anchors;
    private readonly KnownWork work;
    private readonly GroupCheck group;
    private readonly CompileOptions options;
    private readonly Func<Node, int> stage;
    private readonly Dictionary<Node, int> position = [];
    private readonly Dictionary<Node, Draft> drafts = [];
    private readonly Dictionary<Node, List<Node>> readers = [];
    private readonly HashSet<Node> needed;
    private readonly AcyclicGraph joins;
    private readonly FusionLog log;
    private readonly HashSet<Node> seen = [];
    private readonly Dictionary<Node, MatMulChoice> ways = [];
    private long tests;

    private FuseKernels(ChosenBuffers choice, IReadOnlyList<Node> anchors, IEnumerable<Node> needed, Func<Node, int> stage, CompileOptions options)
    {
        (this.choice, this.anchors, this.stage, this.options, log) = (choice, anchors, stage, options, choice.Log);
        this.needed = [.. needed];
        work = new KnownWork(choice.Materialization);
        group = new GroupCheck(work);
        foreach (Node node in anchors)
        {
            position.Add(node, position.Count);
        }

        // The results of one operation come from one kernel.
        Draft[] wholes = [.. anchors.Where(a => a.Op is OutputOp).GroupBy(a => a.Inputs[0]).Select(results => new Draft([.. results], [], stage(results.First())) { IsWhole = true })];
        foreach (Draft draft in wholes.Concat(anchors.Where(a => a.Op is not OutputOp).Select(DraftOf)))
        {
            Keep(draft);
        }

        foreach (Node node in anchors)
        {
            foreach (Node source in SourcesOf(node))
            {
                if (!readers.TryGetValue(source, out List<Node>? list))
                {
                    readers.Add(source, list = []);
                }

                list.Add(node);
            }
        }

        joins = new AcyclicGraph([.. anchors.Select(a => (IReadOnlyList<int>)[.. (readers.GetValueOrDefault(a) ?? []).Select(r => position[r])])]);
        foreach (Draft whole in wholes)
        {
            foreach (Node node in whole.Nodes.Skip(1))
            {
                joins.Join(position[whole.Nodes[0]], position[node]);
            }
        }
    }

    /// <param name="regions">What the parts of the program compute.</param>
    /// <param name="choice">Which nodes have values of their own.</param>
    /// <param name="options">How to compile.</param>
    /// <returns>The kernels in an order in which they may run, and what was joined and refused.</returns>
    public static KernelGraph Run(Regions regions, ChosenBuffers choice, CompileOptions options)
    {
        Materialization materialization = choice.Materialization;
        Node[] anchors = [.. regions.Order.Where(n => materialization.IsMaterialized(n) && !OpTraits.Of(n.Op).IsFromOutside)];
        var fusion = new FuseKernels(choice, anchors, regions.Computation.Nodes.Select(materialization.SourceOf), regions.StageOf, options);
        if (options.Passes.Fuse)
        {
            fusion.JoinAll(fusion.Candidates(), _ => true, fusion.Join);
            fusion.JoinNumbers([.. regions.Computation.Roots.Where(r => r.Kind == RootKind.Update).Select(r => materialization.SourceOf(r.Node))]);
            if (options.Passes.Epilogues)
            {
                var check = new ProductCheck(materialization, fusion.work, fusion.WaysOf);
                fusion.JoinAll(fusion.ProductCandidates(), fusion.IsOfProduct, (product, work, shared, saved) => fusion.JoinProduct(check, product, work, shared, saved));
            }
        }

        return new KernelGraph([.. fusion.InOrder().Select(fusion.Finish)], materialization, fusion.log, fusion.tests + fusion.joins.Steps);
    }

    /// <summary>
    /// Joins pairs in rounds, the most bytes first. What is joined may make room for more: a producer joins its consumer once the third kernel between them
    /// has joined either. Only pairs of which a kernel has changed are tried again; for others nothing changes the answer.
    /// </summary>
    private void JoinAll(IEnumerable<Candidate> candidates, Func<Candidate, bool> isOpen, Func<Draft, Draft, Node, long, bool> join)
    {
        Candidate[] pairs = [.. candidates.OrderByDescending(c => c.Saved).ThenBy(c => position[c.B])];
        List<int>[] pairsOf = new List<int>[position.Count];
        for (int i = 0; i < pairs.Length; i++)
        {
            (pairsOf[position[pairs[i].A]] ??= []).Add(i);
            (pairsOf[position[pairs[i].B]] ??= []).Add(i);
        }

        HashSet<Pair> refused = [];
        bool[] opened = new bool[pairs.Length];
        bool[] isInNow = new bool[pairs.Length];
        bool[] isInNext = new bool[pairs.Length];
        var now = new PriorityQueue<int, int>();
        List<int> next = [.. Enumerable.Range(0, pairs.Length)];
        while (next.Count > 0)
        {
            foreach (int i in next)
            {
                isInNext[i] = false;
                if (isOpen(pairs[i]))
                {
                    opened[i] = isInNow[i] = true;
                    now.Enqueue(i, i);
                }
            }

            next = [];
            while (now.TryDequeue(out int at, out _))
            {
                isInNow[at] = false;
                Candidate pair = pairs[at];
                (Draft a, Draft b) = (drafts[pair.A], drafts[pair.B]);
                tests++;
                if (a == b || refused.Contains(new Pair(a, b)))
                {
                    continue;
                }

                if (!join(a, b, pair.Shared, pair.Saved))
                {
                    refused.Add(new Pair(a, b));
                    continue;
                }

                foreach (Node node in drafts[pair.A].Nodes)
                {
                    foreach (int again in pairsOf[position[node]] ?? [])
                    {
                        if (again > at && opened[again])
                        {
                            if (!isInNow[again])
                            {
                                isInNow[again] = true;
                                now.Enqueue(again, again);
                            }
                        }
                        else if (!isInNext[again])
                        {
                            isInNext[again] = true;
                            next.Add(again);
                        }
                    }
                }
            }
        }
    }

    /// <summary>
    /// Joins kernels of single numbers that are made of nothing but such, one after the other, as what an optimiser counts for each parameter: a kernel takes
    /// longer than what is in it. What waits for larger kernels is left, for what these read would have to stay until the last of them has run; and what parameters
    /// become, which is written last of all, is apart from what others may need before something fails.
    /// </summary>
    private void JoinNumbers(HashSet<Node> updates)
    {
        Dictionary<(Domain Domain, int Stage, bool IsUpdate), Draft> open = [];
        HashSet<Draft> waiting = [];
        foreach (Draft draft in InOrder())
        {
            if (draft.Domains is not [{ HasOneElement: true } domain] || waiting.Contains(draft))
            {
                waiting.UnionWith(ReadersOf(draft));
                continue;
            }

            var alike = (domain, draft.Stage, draft.Nodes.Any(updates.Contains));
            bool isJoined = open.TryGetValue(alike, out Draft? before) && Join(before, draft, null, 0);
            open[alike] = isJoined ? drafts[draft.Nodes[0]] : draft;
        }
    }

    /// <summary>Pairs of kernels that share a tensor, with the bytes that need not be moved if they are one.</summary>
    private IEnumerable<Candidate> Candidates()
    {
        foreach ((Node source, List<Node> list) in readers)
        {
            Node[] fusable = [.. list.Where(n => drafts[n].Domains.Count > 0)];
            if (drafts.TryGetValue(source, out Draft? draft) && draft.Domains.Count > 0)
            {
                foreach (Node reader in fusable)
                {
                    yield return new(source, reader, source, 2 * Costs.Bytes(source));
                }
            }

            for (int i = 1; i < fusable.Length; i++)
            {
                // Reading a small tensor twice costs nothing that would be worth longer code.
                long bytes = Costs.Bytes(source);
                if (4 * bytes >= Math.Max(WorkOf(fusable[i - 1]), WorkOf(fusable[i])))
                {
                    yield return new(fusable[i - 1], fusable[i], source, bytes);
                }
            }
        }
    }

    /// <summary>What may come to be a product's value, and elementwise kernels that read it.</summary>
    private IEnumerable<Candidate> ProductCandidates()
    {
        foreach ((Node source, List<Node> list) in readers)
        {
            if (drafts.ContainsKey(source))
            {
                foreach (Node reader in list.Where(n => drafts[n].Domains.Count > 0))
                {
                    yield return new(source, reader, source, 2 * Costs.Bytes(source));
                }
            }
        }
    }

    private bool IsOfProduct(Candidate pair) => drafts[pair.A].Product is not null && drafts[pair.B].Domains.Count > 0;

    private static long WorkOf(Node node) => Math.Max(Costs.Bytes(node), node.Op is ReductionOp ? Costs.Bytes(node.Inputs[0]) : 0);

    private bool Join(Draft a, Draft b, Node? shared, long saved)
    {
        Node[] nodes = Together(a, b);
        string? reason = a.Stage != b.Stage ? "one runs forward, the other backward" : null;
        List<Domain> domains = [];
        if (reason is null)
        {
            foreach (Domain domain in a.Domains.Union(b.Domains))
            {
                if (group.Reason(nodes, domain) is { } refusal)
                {
                    reason ??= refusal;
                }
                else
                {
                    domains.Add(domain);
                }
            }
        }

        if (domains.Count > 0)
        {
            reason = HasDetour(a, b) ? "another kernel stands between them" : null;
        }

        log.Add(a.Nodes, b.Nodes, shared, saved, reason);
        if (reason is not null)
        {
            return false;
        }

        Replace(a, b, new Draft(nodes, domains, a.Stage));
        return true;
    }

    /// <summary>The nodes of two kernels, in order.</summary>
    private Node[] Together(Draft a, Draft b)
    {
        var nodes = new Node[a.Nodes.Count + b.Nodes.Count];
        for (int i = 0, j = 0; i + j < nodes.Length;)
        {
            bool isOfA = j == b.Nodes.Count || (i < a.Nodes.Count && position[a.Nodes[i]] < position[b.Nodes[j]]);
            nodes[i + j] = isOfA ? a.Nodes[i++] : b.Nodes[j++];
        }

        return nodes;
    }

    /// <summary>Elementwise work on a product's values goes into its kernel: computed a block at a time, while the block is in the cache.</summary>
    private bool JoinProduct(ProductCheck check, Draft product, Draft work, Node shared, long saved)
    {
        Epilogue? further = null;
        string? reason = work.Product is not null ? "both are kernels of products"
            : product.Stage != work.Stage ? "one runs forward, the other backward"
            : HasDetour(product, work) ? "another kernel stands between them"
            : check.Reason(product.Product!, [.. product.Nodes.Where(n => n != product.Product)], work.Nodes, out further);
        log.Add(product.Nodes, work.Nodes, shared, saved, reason);
        if (reason is not null)
        {
            return false;
        }

        Replace(product, work, new Draft(Together(product, work), [], product.Stage) { Product = product.Product, Further = further });
        return true;
    }

    /// <summary>Whether something that reads a kernel's values, and is not the other kernel, leads to it.</summary>
    private bool HasDetour(Draft a, Draft b) => joins.HasDetour(position[a.Nodes[0]], position[b.Nodes[0]]);

    private void Replace(Draft a, Draft b, Draft joined)
    {
        joins.Join(position[a.Nodes[0]], position[b.Nodes[0]]);
        Keep(joined);
    }

    private void Keep(Draft draft)
    {
        foreach (Node node in draft.Nodes)
        {
            drafts[node] = draft;
        }
    }

    private Draft DraftOf(Node node) => node.Op is MatMulOp or ConvolutionOp || choice.Epilogues.ContainsKey(node)
        ? new([node], [], stage(node)) { Product = node }
        : new([node], OpTraits.Of(node.Op).Form is { Joins: true } form ? form.DomainsOf(node) : [], stage(node));

    /// <summary>The kernels that read what one computes, each as often as it does.</summary>
    private IEnumerable<Draft> ReadersOf(Draft draft)
    {
        foreach (Node node in draft.Nodes)
        {
            foreach (Node reader in readers.GetValueOrDefault(node) ?? [])
            {
                if (drafts[reader] != draft)
                {
                    yield return drafts[reader];
                }
            }
        }
    }

    /// <summary>The ways to compute a product, itself or what is at the end of its epilogue. Its operands can be read: what could not has a value of its own.</summary>
    private MatMulChoice WaysOf(Node root)
    {
        if (!ways.TryGetValue(root, out MatMulChoice? known))
        {
            MatMulProblem problem = MatMulProblem.Find(root, choice.Epilogues.GetValueOrDefault(root), choice.Materialization)!;
            ways.Add(root, known = MatMulChoice.Of(problem, choice.Materialization, options.Width));
        }

        return known;
    }

    /// <summary>The tensors that the kernel of a node reads.</summary>
    private List<Node> SourcesOf(Node node)
    {
        List<Node> sources = [];
        var pending = new Stack<Node>(node.Inputs);
        seen.Clear();
        while (pending.TryPop(out Node? each))
        {
            if (!seen.Add(each))
            {
                continue;
            }

            if (choice.Materialization.IsMaterialized(each))
            {
                sources.Add(each);
            }
            else
            {
                foreach (Node input in each.Inputs)
                {
                    pending.Push(input);
                }
            }
        }

        return sources;
    }

    /// <summary>The kernels so that each comes after those that it reads, otherwise in the order of their first nodes; the forward part first.</summary>
    private List<Draft> InOrder()
    {
        List<Draft> result = [];
        Dictionary<Draft, int> waiting = [];
        foreach (Node node in anchors)
        {
            waiting.TryAdd(drafts[node], 0);
        }

        foreach (Draft draft in waiting.Keys)
        {
            foreach (Draft reader in ReadersOf(draft))
            {
                waiting[reader]++;
            }
        }

        var ready = new PriorityQueue<int, int>();
        foreach ((Draft draft, int count) in waiting)
        {
            if (count == 0)
            {
                Enqueue(draft);
            }
        }

        while (ready.TryDequeue(out int last, out _))
        {
            Draft draft = drafts[anchors[last]];
            result.Add(draft);
            foreach (Draft reader in ReadersOf(draft))
            {
                if (--waiting[reader] == 0)
                {
                    Enqueue(reader);
                }
            }
        }

        return result;

        void Enqueue(Draft draft)
        {
            int last = draft.Nodes.Max(n => position[n]);
            ready.Enqueue(last, (draft.Stage * anchors.Count) + last);
        }
    }

    /// <summary>What nobody else reads stays within the kernel.</summary>
    private KernelSpec Finish(Draft draft)
    {
        bool IsStored(Node node) => needed.Contains(node) || draft.Nodes.Count == 1 || draft.IsWhole
            || (readers.GetValueOrDefault(node) ?? []).Any(r => drafts[r] != draft)
            || (draft.Product is null && draft.Domains[0].RoleOf(node) == Role.ColumnReduction);
        Node[] stored = [.. draft.Nodes.Where(IsStored)];
        if (draft.Product is { } product)
        {
            return new ProductSpec(draft.Nodes, stored, draft.Further is { } further ? WaysOf(product).With(further, stored) : WaysOf(product));
        }

        return (draft.Domains.Count > 0 ? draft.Domains : OpTraits.Of(draft.Nodes[0].Op).Form?.DomainsOf(draft.Nodes[0])) is [var domain, ..]
            ? new FusedSpec(draft.Nodes, stored, domain, draft.Nodes.ToDictionary(n => n, work.Of))
            : OperationOf(draft.Nodes);
    }

    /// <summary>The results that are taken of an operation with several stand for it.</summary>
    private KernelSpec OperationOf(IReadOnlyList<Node> results)
    {
        Node operation = results[0].Op is OutputOp ? results[0].Inputs[0] : results[0];
        Materialization materialization = choice.Materialization;
        return CutBodies.Of(operation, results, materialization, options) ?? (KernelSpec)new OperationSpec(operation, results, [.. operation.Inputs.Select(input => new PointwiseExpression(input, materialization))]);
    }

    /// <summary>Two nodes whose kernels share a tensor, and the bytes that need not be moved if they are one.</summary>
    private sealed record Candidate(Node A, Node B, Node Shared, long Saved);

    private sealed record Pair(Draft A, Draft B);

    /// <summary>A kernel in the making: its nodes in order, and the domains that suit all of them.</summary>
    private sealed class Draft(IReadOnlyList<Node> nodes, IReadOnlyList<Domain> domains, int stage)
    {
        public IReadOnlyList<Node> Nodes => nodes;

        public IReadOnlyList<Domain> Domains => domains;

        public int Stage => stage;

        /// <summary>Whether the nodes are results of one operation.</summary>
        public bool IsWhole { get; init; }

        /// <summary>The node that a matrix product's kernel leaves, if this is one.</summary>
        public Node? Product { get; init; }

        /// <summary>How that kernel computes the other nodes.</summary>
        public Epilogue? Further { get; init; }
    }
}

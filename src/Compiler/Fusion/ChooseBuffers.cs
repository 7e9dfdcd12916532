using System.Diagnostics;
using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Operations;

namespace GraphCompiler.Fusion;

/// <summary>What lies in memory, and what kernels of products compute besides.</summary>
/// <param name="Materialization">Which nodes have a value of their own.</param>
/// <param name="Epilogues">The elementwise work that ends at a node, and is done in the kernel of a product.</param>
/// <param name="Log">What was joined and refused so far.</param>
internal sealed record ChosenBuffers(Materialization Materialization, IReadOnlyDictionary<Node, Epilogue> Epilogues, FusionLog Log);

/// <summary>
/// Decides which nodes get a value of their own. The others are computed inside what reads them: movement operations as strides, counts and
/// single numbers on the spot, and an elementwise operation where it has one reader that is elementwise or a reduction, or where it is so cheap
/// that repeating it costs less than the memory traffic of keeping it.
/// </summary>
internal sealed class ChooseBuffers : IMaterialization
{
    /// <summary>Instructions that one expression may take; far under what the JIT still optimises well.</summary>
    private const int ExpressionBudget = 96;

    /// <summary>Instructions that may be repeated in several readers.</summary>
    private const int RepeatBudget = 3;

    private readonly HashSet<Node> buffered = [];
    private readonly HashSet<Node> required;
    private readonly Dictionary<Node, List<Node>> readers = [];
    private readonly Dictionary<Node, Expansion> expansions = [];
    private readonly Func<Node, int> stage;
    private readonly bool inline;
    private readonly bool windowsInPlace;

    private ChooseBuffers(IEnumerable<Node> roots, Func<Node, int> stage, bool inline, bool windowsInPlace)
    {
        required = [.. roots];
        this.windowsInPlace = windowsInPlace;
        this.stage = stage;
        this.inline = inline;
    }

    /// <param name="regions">What the parts of the program compute.</param>
    /// <param name="options">How to compile.</param>
    public static ChosenBuffers Run(Regions regions, CompileOptions options)
    {
        Node[] roots = regions.Computation.Nodes;
        IReadOnlyList<Node> order = regions.Order;
        var choice = new ChooseBuffers(roots, regions.StageOf, options.Passes.Inline, options.Passes.WindowsInPlace);
        foreach (Node node in order)
        {
            choice.readers[node] = [];
            foreach (Node input in node.Op is AfterOp ? node.Inputs[..1] : node.Inputs.Distinct())
            {
                choice.readers[input].Add(node);
            }
        }

        foreach (Node root in roots)
        {
            if (root.Op is ElementwiseOp || regions.IsBody)
            {
                choice.buffered.Add(root);
            }
        }

        foreach (Node node in order)
        {
            choice.Decide(node);
        }

        choice.Settle(order, roots);
        var log = new FusionLog();

        // Training writes its parameters all the time: what is kept of them would be made anew in every call.
        bool leavesLast = options.Passes.PackWeights && regions.Computation.Roots.All(r => r.IsForward && r.Kind != RootKind.Update);
        var materialization = new Materialization(choice.buffered, leavesLast, regions.Staying);
        if (options.Passes is { Inline: true, Prologues: true })
        {
            materialization = ChoosePrologues.Run(materialization, choice.readers, order, choice.required, regions.StageOf, options.Width, log);
        }

        return options.Passes is { Inline: true, Epilogues: true } ? ChooseEpilogues.Run(materialization, choice.readers, order, choice.required, regions.StageOf, log)
            : new ChosenBuffers(materialization, new Dictionary<Node, Epilogue>(), log);
    }

    public bool IsMaterialized(Node node) => buffered.Contains(node);

    /// <summary>Whether a node's elements lie row-major in the buffer of some node.</summary>
    public bool LiesDense(Node node) =>
        PointwiseExpression.ViewOf(node, this) is { } view
        && IsMaterialized(view.Source)
        && view.Offset == Dim.Of(0)
        && view.Source.Shape.ElementCount == node.Shape.ElementCount
        && view.Strides == View.RowMajor(node.Shape);

    private void Decide(Node node)
    {
        switch (OpTraits.Of(node.Op).Origin)
        {
            case Origin.Given or Origin.Result:
                buffered.Add(node);
                break;
            case Origin.Written:
                if (node.Shape.ElementCount.Constant != 1)
                {
                    buffered.Add(node);
                }

                break;
            case Origin.OnTheSpot:
                break;
            case Origin.Movement:
                DemandView(node);
                break;
            case Origin.Pointwise:
                if (node.Op is RandomBitsOp)
                {
                    // Wherever bits are computed, the words of their stream are read from memory.
                    buffered.Add(RandomRules.StreamOf(node));
                }

                Expansion expansion = Expansion.Of(node, InputOf);
                expansions[node] = expansion;
                if (!CanInline(node, expansion))
                {
                    buffered.Add(node);
                }

                break;
            case Origin.Kernel:
                // Of an operation with several results, those that are taken lie in memory.
                if (node.Results.Count == 1)
                {
                    buffered.Add(node);
                }

                DemandBuffers(node);
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>What computing an input inside its reader takes; what lies in memory takes reading it.</summary>
    private Expansion InputOf(Node input)
    {
        Node source = PointwiseExpression.ViewOf(input, this)?.Source ?? input;
        return IsMaterialized(source) ? new Expansion(0, [source]) : expansions.GetValueOrDefault(source) ?? new Expansion(0, []);
    }

    /// <summary>
    /// Gives roots a buffer, and whatever that calls for: a node with a buffer of its own is read with other strides than before, which a reshape
    /// further on may not be able to follow.
    /// </summary>
    private void Settle(IReadOnlyList<Node> order, IReadOnlyCollection<Node> roots)
    {
        int before;
        do
        {
            before = buffered.Count;
            foreach (Node root in roots.Where(r => !LiesDense(r)))
            {
                buffered.Add(root);
            }

            foreach (Node node in order)
            {
                if (node.Op is MovementOp)
                {
                    DemandView(node);
                }
                else if (OpTraits.Of(node.Op).Inputs == InputAccess.Dense)
                {
                    DemandBuffers(node);
                }
            }
        }
        while (buffered.Count > before);
    }

    /// <summary>A movement whose input cannot be read with its strides gets a copy of the input to read, whether or not it has a buffer itself.</summary>
    private void DemandView(Node movement)
    {
        if (PointwiseExpression.ViewOf(movement.Inputs[0], this)?.Move(movement) is null && !IsReadByProducts(movement))
        {
            buffered.Add(movement.Inputs[0]);
        }
    }

    /// <summary>
    /// Whether nothing but matrix products reads a movement of windows, and all of them in ways that need no strides: rows and columns may be several
    /// axes each.
    /// </summary>
    private bool IsReadByProducts(Node movement) => windowsInPlace && IsMadeOfWindows(movement) && JoinedView.Find(movement, this) is not null && IsOnlyReadByProducts(movement);

    private bool IsMadeOfWindows(Node node)
    {
        while (node.Op is MovementOp && !IsMaterialized(node))
        {
            if (node.Op is WindowsOp)
            {
                return true;
            }

            node = node.Inputs[0];
        }

        return false;
    }

    private bool IsOnlyReadByProducts(Node movement)
    {
        var pending = new Stack<Node>([movement]);
        while (pending.TryPop(out Node? node))
        {
            if (required.Contains(node) || IsMaterialized(node) || readers[node].Count == 0)
            {
                return false;
            }

            foreach (Node reader in readers[node])
            {
                if (reader.Op is MovementOp)
                {
                    pending.Push(reader);
                }
                else if (reader.Op is not MatMulOp || !IsReadInPieces(node, reader))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool IsReadInPieces(Node node, Node product) => Matrix.OfJoined(node, this) is { } matrix
        && (product.Inputs[0] == node ? matrix.HasTiles && !IsMadeOfWindows(product.Inputs[1]) : !IsMadeOfWindows(product.Inputs[0]));

    private bool CanInline(Node node, Expansion expansion) =>
        inline
        && !IsMaterialized(node)
        && expansion.Cost <= ExpressionBudget
        && readers[node].All(r => stage(r) == stage(node) && OpTraits.Of(r.Op).Inputs == InputAccess.Inlined)
        && (readers[node].Count == 1 || (expansion.Cost <= RepeatBudget && expansion.IsNoMoreThan(node)));

    /// <summary>What the kernel of a node cannot read as it is gets a value of its own.</summary>
    private void DemandBuffers(Node node)
    {
        InputAccess access = OpTraits.Of(node.Op).Inputs;
        buffered.UnionWith(access switch
        {
            InputAccess.Inlined => [],
            InputAccess.Dense => node.Inputs.Where((input, i) => !LiesDense(input) || (node.Op as LoopOp)?.Carried > i),
            _ => node.Inputs.Where(i => PointwiseExpression.ViewOf(i, this) is { } view ? !IsMaterialized(view.Source) : !IsReadByProducts(i)),
        });
    }

    /// <summary>What computing a node inside its reader takes: instructions, and reading memory.</summary>
    private sealed record Expansion(int Cost, HashSet<Node> Reads)
    {
        public static Expansion Of(Node node, Func<Node, Expansion> input)
        {
            int cost = OpTraits.Of(node.Op).Instructions;
            HashSet<Node> reads = [];
            foreach (Node each in node.Inputs.Distinct())
            {
                Expansion expansion = input(each);
                cost += expansion.Cost;
                reads.UnionWith(expansion.Reads);
            }

            return new Expansion(cost, reads);
        }

        /// <summary>Whether reading all of it moves no more than reading the node itself would, a little aside.</summary>
        public bool IsNoMoreThan(Node node)
        {
            long elements = node.Shape.ElementCount.Nominal;
            return Reads.Sum(r => r.Shape.ElementCount.Nominal) <= elements + (elements / 4);
        }
    }
}

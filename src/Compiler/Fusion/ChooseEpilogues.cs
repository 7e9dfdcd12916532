using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Operations;

namespace GraphCompiler.Fusion;

/// <summary>Lets matrix products do elementwise work on their results, which then need no value of their own.</summary>
internal sealed class ChooseEpilogues
{
    /// <summary>Operations that may lie between a product and the result of its kernel.</summary>
    private const int MostInside = 32;

    private readonly IReadOnlyDictionary<Node, List<Node>> readers;
    private readonly IReadOnlySet<Node> required;
    private readonly Func<Node, int> stage;
    private readonly Dictionary<Node, int> position;
    private readonly Dictionary<Node, Epilogue> epilogues = [];
    private readonly HashSet<Node> readByEpilogues = [];
    private Materialization materialization;

    private ChooseEpilogues(
        Materialization materialization, IReadOnlyDictionary<Node, List<Node>> readers, IReadOnlyList<Node> order, IReadOnlySet<Node> required, Func<Node, int> stage)
    {
        (this.materialization, this.readers, this.required, this.stage) = (materialization, readers, required, stage);
        position = GraphWalk.PositionsOf(order);
    }

    /// <param name="materialization">Which nodes have values of their own.</param>
    /// <param name="readers">What reads each node.</param>
    /// <param name="order">The nodes in topological order.</param>
    /// <param name="required">What must lie in memory in the end.</param>
    /// <param name="stage">The part of the program (0 forward, 1 backward) that computes a node.</param>
    /// <param name="log">What was joined and refused before.</param>
    public static ChosenBuffers Run(
        Materialization materialization,
        IReadOnlyDictionary<Node, List<Node>> readers,
        IReadOnlyList<Node> order,
        IReadOnlySet<Node> required,
        Func<Node, int> stage,
        FusionLog log)
    {
        var pass = new ChooseEpilogues(materialization, readers, order, required, stage);
        foreach (Node node in order.Where(n => n.Op is MatMulOp or ConvolutionOp && !required.Contains(n)))
        {
            pass.Absorb(node);
        }

        return new ChosenBuffers(pass.materialization.Settled(), pass.epilogues, log);
    }

    /// <summary>
    /// A product that elementwise work alone reads, which leads to one result, is computed in that result's kernel, as far along as the work is little.
    /// What lies between needs no value of its own then.
    /// </summary>
    private void Absorb(Node product)
    {
        List<Node> between = [product];
        List<(Node Root, int Between)> results = ResultsOf(product, between);
        HashSet<Node> inside = [.. between];
        for (int i = results.Count - 1; i >= 0; i--)
        {
            (Node root, int count) = results[i];
            inside.ExceptWith(between[count..]);
            between.RemoveRange(count, between.Count - count);

            // What another product's kernel reads on the way to its root stays in memory.
            if (!readByEpilogues.Overlaps(inside) && Epilogue.Find([root], product, inside, materialization, MatMulProblem.ShapeOf(product)) is { } epilogue)
            {
                epilogues.Add(root, epilogue);
                readByEpilogues.UnionWith(epilogue.Sources);
                materialization = materialization.With(root, without: inside).Kept();
                return;
            }
        }
    }

    /// <summary>The elementwise nodes that everything which reads a product leads to, the nearest first, each with how many of the nodes between lie before it.</summary>
    private List<(Node Root, int Between)> ResultsOf(Node product, List<Node> between)
    {
        List<(Node, int)> results = [];
        HashSet<Node> open = [.. ReadersUnderAnyShape(product)];
        while (open.Count > 0 && between.Count <= MostInside)
        {
            Node next = open.MinBy(n => position[n])!;
            open.Remove(next);
            if (next.Op is not ElementwiseOp || stage(next) != stage(product) || next.Shape.ElementCount != product.Shape.ElementCount || epilogues.ContainsKey(next))
            {
                break;
            }

            if (open.Count == 0)
            {
                results.Add((next, between.Count));
            }

            if (required.Contains(next))
            {
                break;
            }

            between.Add(next);
            open.UnionWith(ReadersUnderAnyShape(next));
        }

        return results;
    }

    /// <summary>What reads a node, also as a reshape that lies where the node does.</summary>
    private List<Node> ReadersUnderAnyShape(Node node)
    {
        List<Node> found = [];
        var pending = new Stack<Node>([node]);
        while (pending.TryPop(out Node? each))
        {
            foreach (Node reader in readers[each])
            {
                if (reader.Op is ReshapeOp && !materialization.IsMaterialized(reader) && !required.Contains(reader))
                {
                    pending.Push(reader);
                }
                else
                {
                    found.Add(reader);
                }
            }
        }

        return found;
    }
}

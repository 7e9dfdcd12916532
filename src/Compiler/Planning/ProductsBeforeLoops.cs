using GraphCompiler.Batching;
using GraphCompiler.Kernels;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Planning;

/// <summary>
/// Products of a step that depend on rows of sequences and on nothing that is carried are done before the loop, for all steps at once, where <see cref="RowBudget"/> has
/// room for them; and with them what elementwise work and movements make of the rows for them. The loop reads a row of what they give.
/// </summary>
internal sealed class ProductsBeforeLoops
{
    private readonly Node loop;
    private readonly LoopOp op;

    // The products that leave, in order, and those among them that the body reads.
    private readonly List<Node> products = [];
    private readonly Node[] read;

    private ProductsBeforeLoops(Node loop)
    {
        (this.loop, op) = (loop, (LoopOp)loop.Op);
        HashSet<Node> changing = Bodies.Changing(op.Body, op.Carried + op.Sequences);
        HashSet<Node> early = [.. op.Body.Parameters.Skip(op.Carried).Take(op.Sequences)];
        var budget = new RowBudget(loop);
        foreach (Node node in GraphWalk.TopologicalOrder(op.Body.Results).Where(n => n.Op is ElementwiseOp or MovementOp or MatMulOp && n.Inputs.Any(early.Contains)))
        {
            Node[] shared = [.. node.Inputs.Where(i => !changing.Contains(i))];
            if (node.Inputs.All(i => early.Contains(i) || !changing.Contains(i)) && (node.Op is not MatMulOp || (shared is [var weight] && budget.Take(Costs.Bytes(node), Costs.Bytes(weight)))))
            {
                early.Add(node);
                if (node.Op is MatMulOp)
                {
                    products.Add(node);
                }
            }
        }

        HashSet<Node> found = [.. products];
        read = [.. GraphWalk.TopologicalOrder(op.Body.Results, found.Contains).Where(found.Contains)];
        found.IntersectWith(GraphWalk.TopologicalOrder(read));
        products.RemoveAll(p => !found.Contains(p));
    }

    /// <summary>A loop of which products have left; itself if none do.</summary>
    public static Node Of(Node node) => node.Op is LoopOp { Condition: null } && new ProductsBeforeLoops(node) is { read.Length: > 0 } products ? products.Run() : node;

    private Node Run()
    {
        NodeList parameters = op.Body.Parameters;
        Dictionary<Node, Node> outside = parameters.Zip(loop.Inputs).Skip(op.Carried).ToDictionary(p => p.First, p => p.Second);
        var walk = new BatchWalk(op.Count!, VmapRandomness.Different);
        foreach (Node product in products)
        {
            Node[] factors = walk.Apply(product.Inputs, [.. outside.Keys], [.. outside.Values]);
            outside.Add(product, AllRows.Product(product, factors[0], factors[1]));
        }

        List<Node> rows = [];
        List<Node> sequences = [];
        Dictionary<Node, Node> inside = [];
        foreach (Node product in read)
        {
            // A row's matrix is turned where it is read.
            Node all = outside[product];
            bool isTurned = all.Op is PermuteOp { Order: [0, ..] };
            sequences.Add(isTurned ? all.Inputs[0] : all);
            rows.Add(Ops.Placeholder(new NodeType(product.DType, sequences[^1].Shape.Without([0])), product.Title ?? product.Op.Name, requiresGrad: false));
            inside.Add(product, isTurned ? product.CreatePart(new PermuteOp([.. ((PermuteOp)all.Op).Order.Skip(1).Select(a => a - 1)]), rows[^1]) : rows[^1]);
        }

        int at = op.Carried + op.Sequences;
        var body = new Function([.. parameters.Take(at), .. rows, .. parameters.Skip(at)], [.. GraphWalk.Substitute([.. op.Body.Results], inside)]);
        return loop.As(op with { Body = body, Sequences = op.Sequences + rows.Count }, [.. loop.Inputs.Take(at), .. sequences, .. loop.Inputs.Skip(at)]);
    }
}

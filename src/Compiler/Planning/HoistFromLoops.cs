using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Planning;

/// <summary>Takes out of loops, from the innermost out, what need not be done step by step.</summary>
internal sealed class HoistFromLoops
{
    // Bodies without what has left their loops; one that several have stays one.
    private readonly Dictionary<Function, Function> bodies = [];

    public static Node[] Run(Node[] roots)
    {
        Node[] hoisted = new HoistFromLoops().Walk(roots);
        return hoisted.SequenceEqual(roots) ? roots : Rewriter.Run([], hoisted).Of(hoisted);
    }

    private Node[] Walk(Node[] roots)
    {
        if (!Bodies.AreIn(roots))
        {
            return roots;
        }

        Dictionary<Node, Node[]> results = [];
        Dictionary<Node, Node> map = GraphWalk.Map(roots, (node, inputs) =>
        {
            if (node.Op is OutputOp output && results.TryGetValue(node.Inputs[0], out Node[]? values))
            {
                return values[output.Index];
            }

            Node own = ProductsBeforeLoops.Of(InvariantsBeforeLoops.Of(Bodies.With(node, inputs, Body)));
            if (ProductsAfterLoops.Of(own) is not { } others)
            {
                return own;
            }

            results.Add(node, others);
            return others.Length == 1 ? others[0] : own;
        });
        return [.. roots.Select(r => map[r])];
    }

    private Function Body(Function body)
    {
        if (!bodies.TryGetValue(body, out Function? changed))
        {
            Node[] results = Walk([.. body.Results]);
            bodies.Add(body, changed = results.SequenceEqual(body.Results) ? body : new Function(body.Parameters, [.. results]));
        }

        return changed;
    }
}

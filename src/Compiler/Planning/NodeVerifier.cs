using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>
/// Whether nodes compute what was asked for. Types need no second look, for a node infers its own where it is made; nor can nodes, which never change, be in
/// a circle.
/// </summary>
internal static class NodeVerifier
{
    /// <exception cref="CompileException">They do not.</exception>
    public static void Verify(Computation computation)
    {
        if (computation.Roots.FirstOrDefault(r => r.Node.DType != r.Given.DType || r.Node.Shape != r.Given.Shape) is { } changed)
        {
            throw new CompileException($"{changed.Given.Describe()} has become {changed.Node.Describe()}, of another type.");
        }

        HashSet<Node> given = [.. computation.Inputs, .. GraphWalk.TopologicalOrder(computation.Roots.Select(r => r.Given)).Where(n => n.Op.IsLeaf)];
        if (GraphWalk.TopologicalOrder(computation.Nodes).Find(n => n.Op.IsLeaf && !given.Contains(n)) is { } leak)
        {
            throw new CompileException($"{leak.Describe()} is used, which is no input and was not in the graph: it is of the body of a function.");
        }

        foreach (Function body in GraphWalk.WithBodies(computation.Nodes).Where(n => n.Op is LoopOp or BranchOp).SelectMany(n => n.Op.Bodies))
        {
            if (GraphWalk.TopologicalOrder(body.Results).Find(n => n.Op.IsLeaf && !body.Parameters.Contains(n)) is { } open)
            {
                throw new CompileException($"{open.Describe()} is used in the body of a function, which is not closed.");
            }
        }

        if (computation.Seed is { } seed
            && computation.Roots.FirstOrDefault(r => r.IsForward && GraphWalk.TopologicalOrder([r.Node]).Contains(seed)) is { } early)
        {
            throw new CompileException($"{early.Given.Describe()} is of the forward part and reads {seed.Describe()}, which only comes with the backward part.");
        }
    }
}

using GraphCompiler.Operations;

namespace GraphCompiler;

public partial class Node
{
    /// <summary>The results of a composite as other operations on the same inputs, which may be composites again.</summary>
    /// <returns>As many as the node has results, each of its dtype and shape.</returns>
    /// <exception cref="GraphException">The operation is made of no others.</exception>
    public NodeList Expand()
    {
        if (!IsComposite)
        {
            throw new GraphException($"{Describe()} is no composite and cannot be expanded; IsComposite tells which are.");
        }

        using (RequiresGrad ? GradMode.EnableGrad() : GradMode.NoGrad())
        {
            return ((CompositeOp)Op).Expand(this, Inputs);
        }
    }
}

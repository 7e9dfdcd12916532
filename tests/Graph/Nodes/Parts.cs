namespace GraphCompiler.Tests.Nodes;

/// <summary>What graphs are made of for whoever expands composites one after the other.</summary>
internal static class Parts
{
    /// <summary>Every node that the roots reach, and every one that composites among them are made of, to any depth.</summary>
    public static IReadOnlyList<Node> WithParts(IEnumerable<Node> roots)
    {
        HashSet<Node> seen = [];
        var open = new Queue<Node>(roots);
        while (open.TryDequeue(out Node? node))
        {
            if (seen.Add(node))
            {
                foreach (Node below in node.IsComposite ? [.. node.Inputs, .. node.Expand()] : node.Inputs)
                {
                    open.Enqueue(below);
                }
            }
        }

        return [.. seen];
    }
}

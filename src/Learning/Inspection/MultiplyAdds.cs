namespace GraphCompiler.Learning.Inspection;

/// <summary>How many products of two numbers are summed: those of matrices and of convolutions, as the field counts them. Elementwise work, sums and what sorts are none.</summary>
internal static class MultiplyAdds
{
    /// <summary>Those of nodes and of all that they are made of, down to what was given.</summary>
    /// <param name="results">The nodes.</param>
    /// <param name="isGiven">Whether a node is none of this work.</param>
    /// <exception cref="SizeException">Their number does not fit into 64 bits.</exception>
    public static Dim Of(IEnumerable<Node> results, Func<Node, bool> isGiven)
    {
        Dim sum = 0;
        HashSet<Node> seen = [];
        Stack<Node> left = new(results);
        while (left.TryPop(out Node? node))
        {
            if (isGiven(node) || !seen.Add(node))
            {
                continue;
            }

            Dim? own = OfOne(node);
            sum += own ?? 0;
            foreach (Node next in own is null && node.IsComposite ? node.Expand() : node.Inputs)
            {
                left.Push(next);
            }
        }

        return sum;
    }

    /// <summary>Those of one operation; null of what is none of its own, or is made of others.</summary>
    private static Dim? OfOne(Node node) => node.Operation switch
    {
        "MatMul" => node.Shape.ElementCount * node.Inputs[0].Shape[^1],

        // Each place of a convolution's result, or of a transposed one's input, meets a window of the weight.
        "Convolution" => node.Shape.ElementCount * Window(node.Inputs[1]),
        "ConvolutionTranspose" => node.Inputs[0].Shape.ElementCount * Window(node.Inputs[1]),
        "Cond" => node.Bodies.Select(Within).Aggregate(Dim.Max),

        // How often a condition holds is not known: the work of one step, unless there is a bound.
        "Scan" or "While" => node.Bodies.Select(Within).Aggregate((a, b) => a + b) * (node.Attributes.FirstOrDefault(a => a.Name == "Count").Value as Dim ?? 1),
        _ => null,
    };

    private static Dim Within(Function body) => Of(body.Results, _ => false);

    private static Dim Window(Node weight) => weight.Shape.Skip(1).Aggregate(Dim.Of(1), (product, size) => product * size);
}

using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// Sums of products in Einstein's notation: <c>Einsum("bij,bjk->bik", a, b)</c>. A letter is an axis; one that the result lacks is summed, one that
    /// an input names twice is its diagonal; "..." are axes that broadcast. Without an arrow, the result has the letters that occur once, sorted.
    /// Several inputs are joined in the order that takes the fewest multiplications.
    /// </summary>
    /// <param name="equation">The letters of the inputs, and of the result.</param>
    /// <param name="nodes">Numbers of one dtype. Axes of one letter have one size, or the number 1.</param>
    public static Node Einsum(string equation, params IReadOnlyList<Node> nodes)
    {
        ArgumentNullException.ThrowIfNull(equation);
        Node[] inputs = Some("Einsum", nodes).ToArray();
        RequireOneNumberType($"Einsum \"{equation}\"", inputs);
        (int[][] labels, int[] output) = EinsumNotation.Parse(equation, inputs);
        return Operations.Einsum.Run(inputs, labels, output, what => EinsumNotation.Wrong(equation, what, inputs));
    }

    /// <summary>The products of elements of two tensors, summed over pairs of axes; the other axes of the first come before those of the second.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype.</param>
    /// <param name="axesOfA">Axes of a.</param>
    /// <param name="axesOfB">The axis of b that goes with each, of the same size.</param>
    public static Node TensorDot(Node a, Node b, IReadOnlyList<int> axesOfA, IReadOnlyList<int> axesOfB)
    {
        ArgumentNullException.ThrowIfNull(axesOfA);
        ArgumentNullException.ThrowIfNull(axesOfB);
        RequireOneNumberType("TensorDot", NotNull(a), NotNull(b));
        int[] left = [.. axesOfA.Select(x => Axis.Normalize(x, a.Rank, "TensorDot", a))];
        int[] right = [.. axesOfB.Select(x => Axis.Normalize(x, b.Rank, "TensorDot", b))];
        if (left.Length != right.Length || left.Distinct().Count() < left.Length || right.Distinct().Count() < right.Length)
        {
            throw new ShapeException($"TensorDot: the axes {InvariantText.List(left)} and {InvariantText.List(right)} make no pairs; give as many of both, each once. Inputs: {a.Describe()}, {b.Describe()}.");
        }

        for (int i = 0; i < left.Length; i++)
        {
            if (a.Shape[left[i]] != b.Shape[right[i]])
            {
                throw new ShapeException($"TensorDot: axis {left[i]} of size {a.Shape[left[i]]} and axis {right[i]} of size {b.Shape[right[i]]} make no pair.{Broadcasting.Declare([a.Shape[left[i]]], [b.Shape[right[i]]])} Inputs: {a.Describe()}, {b.Describe()}.");
            }
        }

        int[] first = [.. Enumerable.Range(0, a.Rank)];
        int[] second = [.. Enumerable.Range(0, b.Rank).Select(x => Array.IndexOf(right, x) is var at and >= 0 ? left[at] : a.Rank + x)];
        return Operations.Einsum.Run([a, b], [first, second], [.. first.Except(left), .. second.Where(l => l >= a.Rank)], what => new ShapeException($"TensorDot: {what}."));
    }

    /// <summary>The products of elements of two tensors, summed over the last axes of the first and the first axes of the second.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype.</param>
    /// <param name="count">How many axes; 0 gives all products.</param>
    public static Node TensorDot(Node a, Node b, int count = 2) => count >= 0 && count <= NotNull(a).Rank && count <= NotNull(b).Rank
        ? TensorDot(a, b, [.. Enumerable.Range(a.Rank - count, count)], [.. Enumerable.Range(0, count)])
        : throw new ShapeException($"TensorDot: {InvariantText.Count(count, "axis")} cannot be summed. Inputs: {a.Describe()}, {b.Describe()}.");

    /// <summary>Products of matrices over one batch axis, which does not broadcast: [B, M, K] · [B, K, N].</summary>
    /// <param name="a">Numbers, [B, M, K].</param>
    /// <param name="b">Numbers of the same dtype, [B, K, N].</param>
    public static Node Bmm(Node a, Node b) => OverBatch("Bmm", a, b) ?? MatMul(a, b);

    /// <summary>The sum of the products of the elements of two vectors.</summary>
    /// <param name="a">Numbers, [N].</param>
    /// <param name="b">Numbers of the same dtype, [N].</param>
    public static Node Dot(Node a, Node b) => Ranked("Dot", a, 1, b, 1) ?? MatMul(a, b);

    /// <summary>The sums of the products of the elements of vectors.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the shapes broadcast.</param>
    /// <param name="axis">The axis of the vectors, of the common shape.</param>
    public static Node VecDot(Node a, Node b, int axis = -1)
    {
        RequireOneNumberType("VecDot", NotNull(a), NotNull(b));
        Node[] both = Broadcasting.Together("VecDot", a, b);
        return Sum(both[0] * both[1], Axis.Normalize(axis, both[0].Rank, "VecDot", both[0]));
    }

    /// <summary>A matrix times a vector.</summary>
    /// <param name="a">Numbers, [M, N].</param>
    /// <param name="b">Numbers of the same dtype, [N].</param>
    public static Node Mv(Node a, Node b) => Ranked("Mv", a, 2, b, 1) ?? MatMul(a, b);

    /// <summary>All products of an element of one vector and one of another: [M], [N] → [M, N].</summary>
    /// <param name="a">Numbers, [M].</param>
    /// <param name="b">Numbers of the same dtype, [N].</param>
    public static Node Outer(Node a, Node b) => Ranked("Outer", a, 1, b, 1) ?? Unsqueeze(a, 1) * b;

    /// <summary>Products summed over the last axes of both: […, K], [*, K] → […, *]. A scalar multiplies.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype.</param>
    public static Node Inner(Node a, Node b) => RequireNumber("Inner", a).Rank == 0 || NotNull(b).Rank == 0 ? a * b : TensorDot(a, b, [-1], [-1]);

    /// <summary>Every element of one tensor times the whole other one, in blocks: sizes multiply (PyTorch's kron).</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype; the one of fewer axes gains leading ones.</param>
    public static Node Kronecker(Node a, Node b)
    {
        int rank = Math.Max(RequireNumber("Kronecker", a).Rank, NotNull(b).Rank);
        Shape left = [.. Enumerable.Repeat(Dim.Of(1), rank - a.Rank), .. a.Shape];
        Shape right = [.. Enumerable.Repeat(Dim.Of(1), rank - b.Rank), .. b.Shape];
        Node blocks = Reshape(a, Shape.Of(left.SelectMany(d => (Dim[])[d, 1]))) * Reshape(b, Shape.Of(right.SelectMany(d => (Dim[])[1, d])));
        return Reshape(blocks, Shape.Of(left.Zip(right, (l, r) => l * r)));
    }

    /// <summary>x₁ᵀ·W·x₂ + b for each matrix W: […, I], […, J] → […, O].</summary>
    /// <param name="a">Floats, […, I].</param>
    /// <param name="b">Floats of the same dtype, […, J].</param>
    /// <param name="weight">The matrices, [O, I, J].</param>
    /// <param name="bias">Added to the result, [O]; null for none.</param>
    public static Node Bilinear(Node a, Node b, Node weight, Node? bias = null)
    {
        RequireNumber("Bilinear", a);
        Node product = Einsum("...i,oij,...j->...o", a, weight, b);
        return bias is null ? product : product + bias;
    }

    /// <summary>The product of several matrices, in the order that takes the fewest multiplications. The first and the last may be vectors.</summary>
    /// <param name="nodes">At least two.</param>
    public static Node MultiDot(params IReadOnlyList<Node> nodes)
    {
        Node[] chain = Some("MultiDot", nodes).ToArray();
        RequireOneNumberType("MultiDot", chain);
        int count = chain.Length;
        if (count < 2 || chain.Where((n, i) => n.Rank != 2 && !(n.Rank == 1 && (i == 0 || i == count - 1))).Any())
        {
            throw new ShapeException($"MultiDot: it takes at least two matrices, of which the first and the last may be vectors. Inputs: {string.Join(", ", chain.Select(n => n.Describe()))}.");
        }

        double[] sizes = [chain[0].Rank == 1 ? 1 : chain[0].Shape[0].Nominal, .. chain.Select((n, i) => n.Rank == 1 ? (i == 0 ? n.Shape[0].Nominal : 1) : n.Shape[1].Nominal)];
        var cost = new double[count, count];
        var cut = new int[count, count];
        for (int length = 1; length < count; length++)
        {
            for (int i = 0; i + length < count; i++)
            {
                int j = i + length;
                (cost[i, j], cut[i, j]) = Enumerable.Range(i, length).Select(k => (cost[i, k] + cost[k + 1, j] + (sizes[i] * sizes[k + 1] * sizes[j + 1]), k)).Min();
            }
        }

        return Build(0, count - 1);

        Node Build(int i, int j) => i == j ? chain[i] : MatMul(Build(i, cut[i, j]), Build(cut[i, j] + 1, j));
    }

    /// <summary>The cross product of vectors of three elements.</summary>
    /// <param name="a">Numbers.</param>
    /// <param name="b">Numbers of the same dtype. Both broadcast.</param>
    /// <param name="axis">The axis of size 3.</param>
    public static Node Cross(Node a, Node b, int axis = -1)
    {
        Node[] both = Broadcasting.Together("Cross", RequireNumber("Cross", a), NotNull(b));
        int along = Axis.Normalize(axis, both[0].Rank, "Cross", both[0]);
        return both[0].Shape[along].Constant == 3
            ? (Roll(both[0], -1, along) * Roll(both[1], 1, along)) - (Roll(both[0], 1, along) * Roll(both[1], -1, along))
            : throw new ShapeException($"Cross: axis {axis} must have the size 3, not {both[0].Shape[along]}. Inputs: {a.Describe()}, {b.Describe()}.");
    }

    /// <summary>Null if two inputs have the ranks that an operation asks for.</summary>
    private static Node? Ranked(string op, Node? a, int rankOfA, Node? b, int rankOfB, bool fits = true)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        RequireOneNumberType(op, a, b);
        return a.Rank == rankOfA && b.Rank == rankOfB && fits
            ? null
            : throw new ShapeException($"{op}: it takes {rankOfA} and {rankOfB} axes{(fits || a.Rank != rankOfA || b.Rank != rankOfB ? string.Empty : " over equal batches")}, not {a.Shape} and {b.Shape}; MatMul broadcasts. Inputs: {a.Describe()}, {b.Describe()}.");
    }

    private static void RequireOneNumberType(string op, params ReadOnlySpan<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            if (node.DType == DType.Bool || node.DType != nodes[0].DType)
            {
                throw new DTypeException($"{op}: it takes numbers of one dtype, not {nodes[0].DType.Display()} and {node.DType.Display()}; use Cast. Input: {node.Describe()}.");
            }
        }
    }
}

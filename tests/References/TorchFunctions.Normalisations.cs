using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddNormalisations()
    {
        Add("F.layer_norm", a => LayerNorm(a.Node(0), a.NodeOrNull(2, "weight"), a.NodeOrNull(3, "bias"), a.Double(4, "eps", 1e-5), a.Ints(1, "normalized_shape")!.Length));
        Add("F.batch_norm", a =>
        {
            Node x = a.Node(0);
            int[] others = [.. Enumerable.Range(0, x.Rank).Where(i => i != 1)];
            bool training = a.Flag(5, "training");
            Node mean = training ? Mean(x, others) : a.Node(1);
            Node variance = training ? Variance(x, others, correction: 0) : a.Node(2);
            Node normal = (x - Along(mean, x, 1)) * Along(Rsqrt(variance + a.Double(7, "eps", 1e-5)), x, 1);
            return Affine(normal, a.NodeOrNull(3, "weight"), a.NodeOrNull(4, "bias"));
        });
        Add("bn_stats", a =>
        {
            (Node x, double momentum) = (Detach(a.Node(0)), a.Double(3, "momentum", 0.1));
            return Two((((1 - momentum) * a.Node(1)) + (momentum * Mean(x, 0)), ((1 - momentum) * a.Node(2)) + (momentum * Variance(x, 0))));
        });
        Add("F.group_norm", a =>
        {
            (Node x, int groups) = (a.Node(0), a.Int(1, "num_groups"));
            Node normal = LayerNorm(Reshape(x, [x.Shape[0], groups, -1]), epsilon: a.Double(4, "eps", 1e-5));
            return Affine(Reshape(normal, x.Shape), a.NodeOrNull(2, "weight"), a.NodeOrNull(3, "bias"));
        });
        Add("F.instance_norm", a => Affine(LayerNorm(a.Node(0)), a.NodeOrNull(3, "weight"), a.NodeOrNull(4, "bias")));
        Add("F.local_response_norm", a =>
        {
            (Node x, int size) = (a.Node(0), a.Int(1, "size"));
            Node padded = Pad(x * x, 1, size / 2, (size - 1) / 2);
            Node mean = Enumerable.Range(0, size).Select(i => Slice(padded, 1, i, i + Size(x, 1))).Aggregate((total, part) => total + part) / size;
            return x / Pow((mean * a.Double(2, "alpha", 1e-4)) + a.Double(4, "k", 1), a.Double(3, "beta", 0.75));
        });
        Add("F.normalize", a =>
        {
            (Node x, double epsilon) = (a.Node(0), a.Double(3, "eps", 1e-12));
            return x / Clamp(Norm(x, a.Double(1, "p", 2), a.Int(2, "dim", 1), keepDims: true), epsilon);
        });
        Add("F.cosine_similarity", a => Cosine(a.Node(0), a.Node(1), a.Int(2, "dim", 1)));
    }

    private static Node Affine(Node x, Node? weight, Node? bias)
    {
        Node scaled = weight is null ? x : x * Along(weight, x, 1);
        return bias is null ? scaled : scaled + Along(bias, x, 1);
    }

    private static Node Cosine(Node x, Node y, int axis) => Sum(x * y, axis) / (Norm(x, 2, axis) * Norm(y, 2, axis));
}

using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddNormalisations()
    {
        Add("F.layer_norm", a => LayerNorm(a.Node(0), a.NodeOrNull(2, "weight"), a.NodeOrNull(3, "bias"), a.Double(4, "eps", 1e-5), a.Ints(1, "normalized_shape")!.Length));
        Add("F.batch_norm", a =>
        {
            (Node? weight, Node? bias, double epsilon) = (a.NodeOrNull(3, "weight"), a.NodeOrNull(4, "bias"), a.Double(7, "eps", 1e-5));
            return a.Flag(5, "training") ? BatchNormTraining(a.Node(0), weight, bias, epsilon) : BatchNorm(a.Node(0), a.Node(1), a.Node(2), weight, bias, epsilon);
        });
        Add("bn_stats", a =>
        {
            (Node _, Node mean, Node variance) = BatchNormTraining(a.Node(0), a.Node(1), a.Node(2), null, null, a.Double(3, "momentum", 0.1));
            return Two((mean, variance));
        });
        Add("F.group_norm", a => GroupNorm(a.Node(0), a.Int(1, "num_groups"), a.NodeOrNull(2, "weight"), a.NodeOrNull(3, "bias"), a.Double(4, "eps", 1e-5)));
        Add("F.instance_norm", a => InstanceNorm(a.Node(0), a.NodeOrNull(3, "weight"), a.NodeOrNull(4, "bias")));
        Add("F.local_response_norm", a => LocalResponseNorm(a.Node(0), a.Int(1, "size"), a.Double(2, "alpha", 1e-4), a.Double(3, "beta", 0.75), a.Double(4, "k", 1)));
        Add("F.normalize", a => Normalize(a.Node(0), a.Double(1, "p", 2), a.Int(2, "dim", 1), a.Double(3, "eps", 1e-12)));
        Add("F.cosine_similarity", a => CosineSimilarity(a.Node(0), a.Node(1), a.Int(2, "dim", 1)));
    }
}

using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddLosses()
    {
        Add("F.cross_entropy", a => CrossEntropy(a.Node(0), a.Node(1), Reduction(a), a.NodeOrNull(-1, "weight"), Ignored(a), a.Double(-1, "label_smoothing", 0)));
        Add("F.nll_loss", a => NllLoss(a.Node(0), a.Node(1), Reduction(a), a.NodeOrNull(-1, "weight"), Ignored(a)));
        Add("F.mse_loss", a => MeanSquaredError(a.Node(0), a.Node(1), Reduction(a)));
        Add("F.l1_loss", a => L1Loss(a.Node(0), a.Node(1), Reduction(a)));
        Add("F.smooth_l1_loss", a => SmoothL1Loss(a.Node(0), a.Node(1), a.Double(-1, "beta", 1), Reduction(a)));
        Add("F.huber_loss", a => HuberLoss(a.Node(0), a.Node(1), a.Double(-1, "delta", 1), Reduction(a)));
        Add("F.binary_cross_entropy", a => BinaryCrossEntropy(a.Node(0), a.Node(1), a.NodeOrNull(-1, "weight"), Reduction(a)));
        Add("F.binary_cross_entropy_with_logits", a => BinaryCrossEntropyWithLogits(
            a.Node(0), a.Node(1), a.NodeOrNull(-1, "weight"), a.NodeOrNull(-1, "pos_weight"), Reduction(a)));
        Add("F.kl_div", a => KLDivLoss(a.Node(0), a.Node(1), a.Flag(-1, "log_target"), Reduction(a)));
        Add("F.hinge_embedding_loss", a => HingeEmbeddingLoss(a.Node(0), a.Node(1), a.Double(-1, "margin", 1), Reduction(a)));
        Add("F.margin_ranking_loss", a => MarginRankingLoss(a.Node(0), a.Node(1), a.Node(2), a.Double(-1, "margin", 0), Reduction(a)));
        Add("F.triplet_margin_loss", a => TripletMarginLoss(a.Node(0), a.Node(1), a.Node(2), reduction: Reduction(a)));
        Add("F.cosine_embedding_loss", a => CosineEmbeddingLoss(a.Node(0), a.Node(1), a.Node(2), a.Double(-1, "margin", 0), Reduction(a)));
        Add("F.poisson_nll_loss", a => PoissonNllLoss(a.Node(0), a.Node(1), reduction: Reduction(a)));
        Add("F.gaussian_nll_loss", a => GaussianNllLoss(a.Node(0), a.Node(1), a.Node(2), reduction: Reduction(a)));
        Add("F.soft_margin_loss", a => SoftMarginLoss(a.Node(0), a.Node(1), Reduction(a)));
        Add("F.multi_margin_loss", a => MultiMarginLoss(a.Node(0), a.Node(1), reduction: Reduction(a)));
        Add("F.multilabel_soft_margin_loss", a => MultiLabelSoftMarginLoss(a.Node(0), a.Node(1), reduction: Reduction(a)));
        Add("F.ctc_loss", a => CtcLoss(a.Node(0), a.Node(1), Constant(a.Ints(2, "input_lengths")!), Constant(a.Ints(3, "target_lengths")!), reduction: Reduction(a)));
    }

    private static long? Ignored(PythonArguments a) => a.Has(-1, "ignore_index") ? a.Int(-1, "ignore_index") : null;

    private static LossReduction Reduction(PythonArguments a) => a.Text(-1, "reduction") switch
    {
        "sum" => LossReduction.Sum,
        "none" => LossReduction.None,
        "batchmean" => LossReduction.BatchMean,
        _ => LossReduction.Mean,
    };
}

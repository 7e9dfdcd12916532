using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddLosses()
    {
        Add("F.cross_entropy", a => a.Node(1).DType.IsFloat() ? Mean(-Sum(a.Node(1) * LogSoftmax(a.Node(0), 1), 1)) : ClassLoss(a));
        Add("F.nll_loss", a => Picked(a.Node(0), a));
        Add("F.mse_loss", a => MeanSquaredError(a.Node(0), a.Node(1), Reduction(a)));
        Add("F.l1_loss", a => Reduced(a, Abs(a.Node(0) - a.Node(1))));
        Add("F.smooth_l1_loss", a => Reduced(a, Huber(a.Node(0) - a.Node(1), a.Double(-1, "beta", 1)) / a.Double(-1, "beta", 1)));
        Add("F.huber_loss", a => Reduced(a, Huber(a.Node(0) - a.Node(1), a.Double(-1, "delta", 1))));
        Add("F.binary_cross_entropy", a =>
        {
            (Node p, Node y) = (a.Node(0), a.Node(1));
            return Reduced(a, -((y * Clamp(Log(p), -100)) + ((1 - y) * Clamp(Log1P(-p), -100))));
        });
        Add("F.binary_cross_entropy_with_logits", a =>
        {
            (Node x, Node y) = (a.Node(0), a.Node(1));
            Node positive = a.NodeOrNull(-1, "pos_weight") is { } scale ? scale * y : y;
            Node losses = (positive * Softplus(-x)) + ((1 - y) * Softplus(x));
            return Mean(a.NodeOrNull(-1, "weight") is { } weight ? weight * losses : losses);
        });
        Add("F.kl_div", a =>
        {
            (Node x, Node p) = (a.Node(0), a.Node(1));
            Node losses = a.Flag(-1, "log_target") ? Exp(p) * (p - x) : p * (Log(p) - x);
            return a.Text(-1, "reduction") == "batchmean" ? Sum(losses) / Size(x, 0) : Reduced(a, losses);
        });
        Add("F.hinge_embedding_loss", a => Reduced(a, Where(Equal(a.Node(1), 1), a.Node(0), Clamp(1 - a.Node(0), 0))));
        Add("F.margin_ranking_loss", a => Reduced(a, Clamp((a.Node(2) * (a.Node(1) - a.Node(0))) + a.Double(-1, "margin", 0), 0)));
        Add("F.triplet_margin_loss", a => Reduced(a, Clamp(Distance(a.Node(0), a.Node(1)) - Distance(a.Node(0), a.Node(2)) + 1, 0)));
        Add("F.cosine_embedding_loss", a =>
        {
            Node cosine = Cosine(a.Node(0), a.Node(1), 1);
            return Reduced(a, Where(Equal(a.Node(2), 1), 1 - cosine, Clamp(cosine - a.Double(-1, "margin", 0), 0)));
        });
        Add("F.poisson_nll_loss", a => Reduced(a, Exp(a.Node(0)) - (a.Node(1) * a.Node(0))));
        Add("F.gaussian_nll_loss", a => Reduced(a, 0.5 * (Log(a.Node(2)) + (Square(a.Node(0) - a.Node(1)) / a.Node(2)))));
        Add("F.soft_margin_loss", a => Reduced(a, Softplus(-a.Node(1) * a.Node(0))));
        Add("F.multi_margin_loss", a =>
        {
            (Node x, Node right) = (a.Node(0), Unsqueeze(a.Node(1), 1));
            Node margins = Clamp(1 - TakeAlongAxis(x, right, 1) + x, 0);
            return Mean(Sum(Where(Equal(right, Arange(Size(x, 1))), 0 * x, margins), 1) / Size(x, 1));
        });
        Add("F.multilabel_soft_margin_loss", a =>
        {
            (Node x, Node y) = (a.Node(0), a.Node(1));
            return Mean(Mean((y * Softplus(-x)) + ((1 - y) * Softplus(x)), 1));
        });
    }

    private static LossReduction Reduction(PythonArguments a) => a.Text(-1, "reduction") switch
    {
        "sum" => LossReduction.Sum,
        "none" => LossReduction.None,
        _ => LossReduction.Mean,
    };

    private static Node Reduced(PythonArguments a, Node losses) => Reduction(a) switch
    {
        LossReduction.Sum => Sum(losses),
        LossReduction.None => losses,
        _ => Mean(losses),
    };

    /// <summary>x²/2 up to a distance from 0, straight beyond it.</summary>
    private static Node Huber(Node x, double edge) => Where(Abs(x) < edge, 0.5 * (x * x), edge * (Abs(x) - (0.5 * edge)));

    /// <summary>PyTorch adds 1e-6 to each difference.</summary>
    private static Node Distance(Node x, Node y) => Norm(x - y + 1e-6, 2, 1);

    private static Node ClassLoss(PythonArguments a)
    {
        (Node x, Node classes) = (a.Node(0), a.Node(1));
        double smoothing = a.Double(-1, "label_smoothing", 0);
        bool plain = x.Rank == 2 && smoothing == 0 && a.NodeOrNull(-1, "weight") is null && !a.Has(-1, "ignore_index");
        if (plain)
        {
            return CrossEntropy(x, classes, Reduction(a));
        }

        Node logarithms = LogSoftmax(x, 1);
        Node picked = Picked(logarithms, a);
        if (smoothing == 0)
        {
            return picked;
        }

        // The rest of the label is spread over the classes, which have their weights too.
        Node? weight = a.NodeOrNull(-1, "weight");
        Node smooth = Sum(-(weight is null ? logarithms : weight * logarithms));
        Node count = weight is null ? Scalar(Size(x, 0), x.DType) : Sum(Take(weight, classes));
        return ((1 - smoothing) * picked) + (smoothing / Size(x, 1) * (smooth / count));
    }

    /// <summary>Minus the logarithm of the right class of each sample, weighted; the classes are axis 1.</summary>
    private static Node Picked(Node logarithms, PythonArguments a)
    {
        Node classes = a.Node(1);
        Node losses = -Squeeze(TakeAlongAxis(logarithms, Unsqueeze(classes, 1), 1), 1);
        Node weights = a.NodeOrNull(-1, "weight") is { } weight ? Take(weight, classes) : OnesLike(losses);
        if (a.Has(-1, "ignore_index"))
        {
            weights = Where(Equal(classes, a.Int(-1, "ignore_index")), 0 * weights, weights);
        }

        return Reduction(a) switch
        {
            LossReduction.Sum => Sum(weights * losses),
            LossReduction.None => weights * losses,
            _ => Sum(weights * losses) / Sum(weights),
        };
    }
}

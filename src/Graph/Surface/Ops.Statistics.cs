using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>The variance over axes: the mean squared distance from the mean, with <paramref name="correction"/> taken off the count.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="correction">1 for the unbiased estimate (the default, as in PyTorch), 0 for the population's variance.</param>
    public static Node Variance(Node x, Axes axes = default, bool keepDims = false, double correction = 1)
    {
        RequireFloat("Variance", x);
        EquatableArray<int> along = Axis.Normalize(axes, x, "Variance");
        Node squares = Create(new SquaresAboutMeanOp(along), x);
        Node count = DimValue(CountAlong(x, axes), x.DType);
        return (keepDims ? squares : Reshape(squares, x.Shape.Without(along))) / (correction == 0 ? count : Maximum(count - correction, Scalar(0, x.DType)));
    }

    /// <summary>The square root of the <see cref="Variance"/>; its gradient is 0 where the deviation is 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="correction">1 for the unbiased estimate (the default, as in PyTorch), 0 for the population's deviation.</param>
    public static Node StandardDeviation(Node x, Axes axes = default, bool keepDims = false, double correction = 1)
    {
        RequireFloat("StandardDeviation", x);
        Axis.Normalize(axes, x, "StandardDeviation");
        return Root(Variance(x, axes, keepDims, correction));
    }

    /// <summary>log Σexp(x) over axes, without overflow; −∞ of nothing, and where all elements are −∞, with the gradient NaN there, as in PyTorch.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node LogSumExp(Node x, Axes axes = default, bool keepDims = false)
    {
        RequireFloat("LogSumExp", x);
        EquatableArray<int> along = Axis.Normalize(axes, x, "LogSumExp");

        Node shift = Level(x, axes);
        Node result = Log(Sum(Exp(x - shift), axes, keepDims: true)) + shift;
        return keepDims ? result : Reshape(result, x.Shape.Without(along));
    }

    /// <summary>The sum over axes of what is not NaN; 0 of nothing. NaN gets the gradient 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node NaNSum(Node x, Axes axes = default, bool keepDims = false)
    {
        RequireFloat("NaNSum", x);
        Axis.Normalize(axes, x, "NaNSum");
        return Sum(Where(IsNaN(x), 0, x), axes, keepDims);
    }

    /// <summary>The mean over axes of what is not NaN; NaN of nothing. NaN gets the gradient 0.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    public static Node NaNMean(Node x, Axes axes = default, bool keepDims = false)
    {
        RequireFloat("NaNMean", x);
        Axis.Normalize(axes, x, "NaNMean");
        return NaNSum(x, axes, keepDims) / Sum(Cast(Equal(x, x), x.DType), axes, keepDims);
    }

    /// <summary>The <see cref="Variance"/> and the <see cref="Mean"/> over axes.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="correction">1 for the unbiased estimate (the default, as in PyTorch), 0 for the population's variance.</param>
    public static (Node Variance, Node Mean) VarMean(Node x, Axes axes = default, bool keepDims = false, double correction = 1)
    {
        RequireFloat("VarMean", x);
        Axis.Normalize(axes, x, "VarMean");
        return (Variance(x, axes, keepDims, correction), Mean(x, axes, keepDims));
    }

    /// <summary>The <see cref="StandardDeviation"/> and the <see cref="Mean"/> over axes.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="axes">The axes; all by default.</param>
    /// <param name="keepDims">Whether the axes stay with size 1.</param>
    /// <param name="correction">1 for the unbiased estimate (the default, as in PyTorch), 0 for the population's deviation.</param>
    public static (Node Deviation, Node Mean) StdMean(Node x, Axes axes = default, bool keepDims = false, double correction = 1)
    {
        RequireFloat("StdMean", x);
        Axis.Normalize(axes, x, "StdMean");
        return (StandardDeviation(x, axes, keepDims, correction), Mean(x, axes, keepDims));
    }

    /// <summary>
    /// The covariances of variables, which are rows, over observations, which are columns: Σw(xᵢ − meanᵢ)(xⱼ − meanⱼ)/c, where w are frequencies times weights, 1 by
    /// default, and c is Σw less the correction, which is multiplied by Σw·weight/Σw if there are weights.
    /// </summary>
    /// <param name="x">Floats, [variables, observations]; a vector or a number is one variable.</param>
    /// <param name="correction">1 for the unbiased estimate (the default, as in PyTorch), 0 for the mean of the products.</param>
    /// <param name="frequencies">How often each observation counts: int32 or int64, [observations], each at least 0; another is an error when the graph runs.</param>
    /// <param name="weights">How important each observation is: of x's dtype, [observations], each at least 0; another is an error when the graph runs.</param>
    /// <returns>[variables, variables]; the variance alone of one variable that is no matrix.</returns>
    public static Node Cov(Node x, double correction = 1, Node? frequencies = null, Node? weights = null)
    {
        if (RequireFloat("Cov", x).Rank > 2)
        {
            throw new ShapeException($"Cov: it takes [variables, observations], or a vector of observations, not {x.Shape}. Input: {x.Describe()}.");
        }

        Node rows = x.Rank == 2 ? x : Reshape(x, [1, x.Shape.ElementCount]);
        RequireObservations(frequencies is null || frequencies.DType.IsInteger(), "frequencies", "int32 or int64", frequencies);
        RequireObservations(weights is null || weights.DType == x.DType, "weights", x.DType.Display(), weights);
        Node? often = frequencies is null ? null : Within("Cov", "a frequency is at least 0", Cast(frequencies, x.DType), 0, double.PositiveInfinity);
        Node? important = weights is null ? null : Within("Cov", "a weight is at least 0", weights, 0, double.PositiveInfinity);
        Node products;
        Node count;
        if ((often is null ? important : important is null ? often : often * important) is { } weight)
        {
            Node total = Sum(weight);
            Node apart = rows - (Sum(rows * weight, 1, keepDims: true) / total);
            products = MatMul(apart * weight, Transpose(apart));
            count = total - (important is null ? Scalar(correction, x) : correction * Sum(weight * important) / total);
        }
        else
        {
            Node apart = Create(new CentreOp(EquatableArray.Create([1])), rows);
            products = MatMul(apart, Transpose(apart));
            count = DimValue(rows.Shape[1], x.DType) - correction;
        }

        Node result = products / Maximum(count, Scalar(0, x.DType));
        return x.Rank == 2 ? result : Reshape(result, []);

        void RequireObservations(bool isOfType, string what, string type, Node? given)
        {
            if (!isOfType)
            {
                throw new DTypeException($"Cov: the {what} must be {type}, not {given!.DType.Display()}; use Cast. Inputs: {x.Describe()}, {given.Describe()}.");
            }

            if (given is not null && given.Shape != Shape.Of([rows.Shape[1]]))
            {
                throw new ShapeException($"Cov: the {what} must be {Shape.Of([rows.Shape[1]])}, one for each observation, not {given.Shape}.{Broadcasting.Declare([rows.Shape[1]], given.Shape)} Inputs: {x.Describe()}, {given.Describe()}.");
            }
        }
    }

    /// <summary>The correlation coefficients of variables, which are rows: covariances over the products of deviations, cut to ±1. NaN where a variable does not vary.</summary>
    /// <param name="x">Floats, [variables, observations]; a vector or a number is one variable.</param>
    /// <returns>[variables, variables]; 1 alone of one variable that is no matrix.</returns>
    public static Node CorrCoef(Node x)
    {
        if (RequireFloat("CorrCoef", x).Rank > 2)
        {
            throw new ShapeException($"CorrCoef: it takes [variables, observations], or a vector of observations, not {x.Shape}. Input: {x.Describe()}.");
        }

        Node covariance = Cov(x, 0);
        if (x.Rank < 2)
        {
            return covariance / covariance;
        }

        Node deviations = Sqrt(Diagonal(covariance));
        return Clamp(covariance / Unsqueeze(deviations, 1) / deviations, -1, 1);
    }
}

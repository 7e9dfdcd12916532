using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    private const string ProbabilityRule = "a probability is from 0 to 1";

    /// <summary>True with a probability, anew at each call: 1 for numbers.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="p">The probability, from 0 to 1.</param>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">The dtype of the results, bool or a number.</param>
    /// <exception cref="GraphException">The probability is outside [0, 1].</exception>
    public static Node Bernoulli(Generator generator, double p, Shape shape, DType dtype = DType.Float32)
    {
        ArgumentNullException.ThrowIfNull(generator);
        CheckSizes("Bernoulli", shape);
        RequireProbability("Bernoulli", p);
        return p is 0 or 1 ? Full(shape, p, dtype) : Cast(IsBelow("Bernoulli", RandomStreamOp.Create(generator), p, shape, dtype), dtype);
    }

    /// <summary>1 with the probability p, else 0, anew at each call. No gradient.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="p">Floats from 0 to 1; another value is an error when the graph runs.</param>
    /// <param name="shape">The sizes, to which p broadcasts; null for its own.</param>
    public static Node Bernoulli(Generator generator, Node p, Shape? shape = null)
    {
        (Node[] parameters, Shape sizes) = Parameters("Bernoulli", shape, Probability("Bernoulli", p));
        return Cast(Uniform(generator, sizes, p.DType) < parameters[0], p.DType);
    }

    /// <summary>Uniform integers in [low, high), anew at each call. Of k integers none is likelier than another by more than a part of k/2^53.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="low">The least value.</param>
    /// <param name="high">The bound that is never reached, above <paramref name="low"/>, by at most 2^53.</param>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">int32 or int64.</param>
    /// <exception cref="GraphException">The bounds are not in order, too far apart, or not of the dtype.</exception>
    public static Node RandInt(Generator generator, long low, long high, Shape shape, DType dtype = DType.Int64)
    {
        ArgumentNullException.ThrowIfNull(generator);
        CheckSizes("RandInt", shape);
        RequireInteger("RandInt", dtype);
        if (low >= high || (UInt128)((Int128)high - low) > 1UL << 53 || low < dtype.Row().Least || high - 1 > dtype.Row().Most)
        {
            throw new GraphException($"RandInt: low < high is needed, at most 2^53 apart and within {dtype.Display()}; low is {low} and high is {high}.");
        }

        // The product stays below the width, however it is rounded: u is at most 1 − 2⁻⁵³.
        Node u = UniformOf("RandInt", RandomStreamOp.Create(generator), shape, DType.Float64);
        return Cast(Cast(Floor(u * (double)(high - low)), DType.Int64) + Constant(low), dtype);
    }

    /// <summary>The integers 0 to count − 1 in a random order, anew at each call: shape [count] (PyTorch's randperm).</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="count">How many; a symbol is allowed.</param>
    /// <param name="dtype">int32 or int64.</param>
    public static Node Permutation(Generator generator, Dim count, DType dtype = DType.Int64)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(count);
        CheckCount("Permutation", count);
        RequireInteger("Permutation", dtype);
        return Cast(ArgSort(RandomBits("Permutation", RandomStreamOp.Create(generator), [count], 0, 64, DType.Int64)), dtype);
    }

    /// <summary>
    /// Draws classes by their logits, anew at each call: int64 positions along an axis, class i with the probability softmax(logits)[i]. By the largest of
    /// logits + Gumbel numbers, so logits need not be normalised; a class of −∞ is never drawn beside others.
    /// </summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="logits">Floats.</param>
    /// <param name="axis">The axis of the classes, which the result lacks.</param>
    /// <param name="samples">How many independent draws, along a new first axis; null for one without that axis.</param>
    public static Node Categorical(Generator generator, Node logits, int axis = -1, Dim? samples = null)
    {
        RequireFloat("Categorical", logits);
        int along = Axis.Normalize(axis, logits.Rank, "Categorical", logits);
        Shape shape = samples is null ? logits.Shape : Shape.Of([samples, .. logits.Shape]);
        return ArgMax(Detach(logits) + Gumbel(generator, shape, logits.DType), samples is null ? along : along + 1);
    }

    /// <summary>
    /// Draws positions along the last axis by weights, anew at each call (PyTorch's multinomial): int64, the axis of size <paramref name="samples"/>. Without
    /// replacement positions differ, each drawn from those that are left.
    /// </summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="weights">Floats at least 0, of any sum above 0; a negative one is an error when the graph runs. A position of weight 0 is drawn only without replacement, when no other is left.</param>
    /// <param name="samples">How many.</param>
    /// <param name="replacement">Whether a position may be drawn again.</param>
    /// <exception cref="ShapeException">Without replacement there are fewer positions than samples.</exception>
    public static Node Multinomial(Generator generator, Node weights, int samples, bool replacement = false)
    {
        RequireFloat("Multinomial", weights);
        if (samples < 0 || weights.Rank == 0)
        {
            throw new ShapeException($"Multinomial: at least 0 samples are drawn along a last axis; there are {samples} to be drawn of {weights.Describe()}.");
        }

        Node from = replacement ? weights
            : Conditions.AtLeast("Multinomial", weights, weights.Shape[^1], samples, $"{InvariantText.Count(samples, "position")} cannot be drawn of {weights.Shape[^1]} without replacement.");
        Node logits = Log(Within("Multinomial", "a weight is at least 0", Detach(from), 0, double.PositiveInfinity));
        return replacement
            ? Moved(Categorical(generator, logits, -1, samples))
            : TopK(logits + Gumbel(generator, logits.Shape, logits.DType), samples).Indices;

        static Node Moved(Node drawn) => Permute(drawn, [.. Enumerable.Range(1, drawn.Rank - 1), 0]);
    }

    /// <summary>
    /// softmax((logits + g)/temperature) for Gumbel numbers g, anew at each call: nearly one-hot where the temperature is low, and with gradients (Jang, Gu
    /// and Poole, 2017; PyTorch's gumbel_softmax).
    /// </summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="logits">Floats.</param>
    /// <param name="temperature">Above 0.</param>
    /// <param name="hard">Whether the result is exactly one-hot, with the gradients of what is not.</param>
    /// <param name="axis">The axis.</param>
    /// <exception cref="GraphException">The temperature is not above 0.</exception>
    public static Node GumbelSoftmax(Generator generator, Node logits, double temperature = 1, bool hard = false, int axis = -1)
    {
        RequireFloat("GumbelSoftmax", logits);
        int along = Axis.Normalize(axis, logits.Rank, "GumbelSoftmax", logits);
        if (!(temperature > 0) || !double.IsFinite(temperature))
        {
            throw new GraphException($"GumbelSoftmax: the temperature must be finite and above 0; it is {temperature}.");
        }

        Node soft = Softmax((logits + Gumbel(generator, logits.Shape, logits.DType)) / temperature, along);
        return hard ? Cast(Equal(Iota(soft.Shape, along), Unsqueeze(ArgMax(soft, along), along)), soft.DType) - Detach(soft) + soft : soft;
    }

    /// <summary>Whether random bits are below a probability in (0, 1), in lanes as wide as those of a dtype: as signed integers, so that the bits of −2³¹ stand for 0.</summary>
    private static Node IsBelow(string op, Node stream, double p, Shape shape, DType beside) => beside.Row().Integer switch
    {
        DType.Int32 => RandomBits(op, stream, shape, 0, 32, DType.Int32) < Constant((int)Math.Min(Math.Round(Math.ScaleB(p - 0.5, 32)), int.MaxValue)),
        DType.Int64 => RandomBits(op, stream, shape, 0, 64, DType.Int64) < Constant((long)Math.Min(Math.ScaleB(p - 0.5, 64), Math.BitDecrement(Math.ScaleB(1, 63)))),
        var integer => throw DTypes.Unexpected(integer),
    };

    private static void RequireProbability(string op, double p)
    {
        if (!(p >= 0 && p <= 1))
        {
            throw new GraphException($"{op}: {ProbabilityRule}; it is {p}.");
        }
    }

    /// <summary>Probabilities that are looked at when the graph runs.</summary>
    private static Node Probability(string op, Node p) => Detach(Within(op, ProbabilityRule, RequireFloat(op, p), 0, 1));

    /// <summary>Values that must lie in an interval, which is looked at when the graph runs: what is checked of a number is checked of a node.</summary>
    private static Node Within(string op, string rule, Node x, double least, double most) => Create(new WithinOp(op, rule, least, most), x);

    private static void RequireInteger(string op, DType dtype)
    {
        if (!dtype.IsInteger())
        {
            throw new DTypeException($"{op}: it gives int32 or int64, not {dtype.Display()}; use Cast.");
        }
    }
}

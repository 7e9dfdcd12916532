using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// Dropout (Srivastava et al., 2014) is for training: a graph for evaluation is made without it, or with p = 0, or with p as an input that is 0 then.
/// </summary>
public static partial class Ops
{
    /// <summary>
    /// x·m/(1 − p), where each element of m is 0 with the probability p and 1 otherwise, anew at each call. Backward uses forward's m, which it draws again
    /// rather than keeps. For training: for evaluation make the graph without it, or with p = 0, which gives x itself.
    /// </summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="x">Floats.</param>
    /// <param name="p">The probability of 0, from 0 to 1; of 1 everything is 0.</param>
    /// <exception cref="GraphException">The probability is outside [0, 1].</exception>
    public static Node Dropout(Generator generator, Node x, double p)
    {
        RequireFloat("Dropout", x);
        return Dropout("Dropout", x, p, generator, 0);
    }

    /// <summary>The same with a probability that each call is given, so that one graph serves training and, with p = 0, evaluation.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="x">Floats.</param>
    /// <param name="p">A float of x's dtype, shape []; from 0 to 1: another value is an error when the graph runs. No gradient.</param>
    /// <exception cref="ShapeException">p is no scalar.</exception>
    public static Node Dropout(Generator generator, Node x, Node p)
    {
        RequireFloat("Dropout", x);
        RequireSameType("Dropout", x, NotNull(p));
        if (p.Rank != 0)
        {
            throw new ShapeException($"Dropout: the probability must be a scalar, of shape []. Inputs: {x.Describe()}, {p.Describe()}.");
        }

        ArgumentNullException.ThrowIfNull(generator);
        return Composite.Of("Dropout", x, RandomStreamOp.Create(generator), p, (x, stream, p) =>
        {
            Node drop = Probability("Dropout", p);
            Node scale = Where(drop < 1, 1 / (1 - drop), 0);
            return x * Where(UniformOf("Dropout", stream, x.Shape, x.DType) < drop, 0, BroadcastTo(scale, x.Shape));
        });
    }

    /// <summary>Dropout of whole channels of a line: [N, C, L], or [C, L] without a batch.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="x">Floats.</param>
    /// <param name="p">The probability of 0, from 0 to 1.</param>
    /// <exception cref="GraphException">The probability is outside [0, 1].</exception>
    /// <exception cref="ShapeException">The rank is another.</exception>
    public static Node Dropout1D(Generator generator, Node x, double p) => ChannelDropout("Dropout1D", "[N, C, L] or [C, L]", x, p, generator, 1);

    /// <summary>Dropout of whole channels of a picture: [N, C, H, W], or [C, H, W] without a batch.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="x">Floats.</param>
    /// <param name="p">The probability of 0, from 0 to 1.</param>
    /// <exception cref="GraphException">The probability is outside [0, 1].</exception>
    /// <exception cref="ShapeException">The rank is another.</exception>
    public static Node Dropout2D(Generator generator, Node x, double p) => ChannelDropout("Dropout2D", "[N, C, H, W] or [C, H, W]", x, p, generator, 2);

    /// <summary>Dropout of whole channels of a volume: [N, C, D, H, W], or [C, D, H, W] without a batch.</summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="x">Floats.</param>
    /// <param name="p">The probability of 0, from 0 to 1.</param>
    /// <exception cref="GraphException">The probability is outside [0, 1].</exception>
    /// <exception cref="ShapeException">The rank is another.</exception>
    public static Node Dropout3D(Generator generator, Node x, double p) => ChannelDropout("Dropout3D", "[N, C, D, H, W] or [C, D, H, W]", x, p, generator, 3);

    /// <summary>
    /// Dropout that keeps mean 0 and variance 1, for networks of <see cref="Selu"/> (Klambauer et al., 2017): what is dropped becomes that function's lower
    /// end, then all is scaled and moved.
    /// </summary>
    /// <param name="generator">Where the numbers come from.</param>
    /// <param name="x">Floats.</param>
    /// <param name="p">The probability to be dropped, from 0 to 1; of 1 everything is 0.</param>
    /// <exception cref="GraphException">The probability is outside [0, 1].</exception>
    public static Node AlphaDropout(Generator generator, Node x, double p)
    {
        const double Low = 1.7580993408473766;
        RequireFloat("AlphaDropout", x);
        ArgumentNullException.ThrowIfNull(generator);
        RequireProbability("AlphaDropout", p);
        if (p is 0 or 1)
        {
            return p == 0 ? x : x * 0;
        }

        double scale = 1 / Math.Sqrt((1 - p) * (1 + (p * Low * Low)));
        double shift = scale * Low * p;
        return Composite.Of(
            "AlphaDropout",
            x,
            RandomStreamOp.Create(generator),
            (x, stream) =>
            {
                Node dropped = IsBelow("AlphaDropout", stream, p, x.Shape, x.DType);
                return (x * Where(dropped, 0, Full(x.Shape, scale, x.DType))) + Where(dropped, shift - (scale * Low), Full(x.Shape, shift, x.DType));
            },
            ("P", p));
    }

    private static Node ChannelDropout(string op, string shapes, Node x, double p, Generator generator, int inner)
    {
        RequireFloat(op, x);
        return x.Rank == inner + 1 || x.Rank == inner + 2
            ? Dropout(op, x, p, generator, inner)
            : throw new ShapeException($"{op}: {shapes} is needed. Input: {x.Describe()}.");
    }

    /// <summary>Dropout by numbers that so many of the last axes have in common.</summary>
    private static Node Dropout(string op, Node x, double p, Generator generator, int inner)
    {
        ArgumentNullException.ThrowIfNull(generator);
        RequireProbability(op, p);
        return p switch
        {
            0 => x,
            1 => x * 0,
            _ => Composite.Of(op, x, RandomStreamOp.Create(generator), (x, stream) => Dropped(op, x, p, stream, inner), ("P", p)),
        };
    }

    private static Node Dropped(string op, Node x, double p, Node stream, int inner)
    {
        Shape mask = Shape.Of([.. x.Shape.SkipLast(inner), .. Enumerable.Repeat(Dim.Of(1), inner)]);
        return x * BroadcastTo(Where(IsBelow(op, stream, p, mask, x.DType), 0, Full(mask, 1 / (1 - p), x.DType)), x.Shape);
    }
}

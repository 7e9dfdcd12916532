using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Random numbers. What they mean, and what a call consumes, is in docs/semantics.md.</summary>
public static partial class Ops
{
    /// <summary>Uniform numbers in [0, 1), anew at each call: multiples of 2^−24 for float32, of 2^−53 for float64.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">float32 or float64.</param>
    public static Node Uniform(Generator generator, Shape shape, DType dtype = DType.Float32)
    {
        RequireRandom("Uniform", generator, shape, dtype);
        return UniformOf("Uniform", RandomStreamOp.Create(generator), shape, dtype);
    }

    /// <summary>Uniform numbers low + u·(high − low), anew at each call; rounding may reach high.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="low">The least value, finite.</param>
    /// <param name="high">The bound, finite and not below <paramref name="low"/>.</param>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">float32 or float64.</param>
    /// <exception cref="GraphException">The bounds are not finite, or not in order.</exception>
    public static Node Uniform(Generator generator, double low, double high, Shape shape, DType dtype = DType.Float32) =>
        double.IsFinite(high - low) && low <= high
            ? Uniform(generator, Scalar(low, dtype), Scalar(high, dtype), shape)
            : throw new GraphException($"Uniform: the bounds must be finite and in order; low is {low} and high is {high}.");

    /// <summary>Uniform numbers low + u·(high − low), anew at each call. Gradients flow into both bounds.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="low">Floats.</param>
    /// <param name="high">Floats of the same dtype, not below <paramref name="low"/>: that is an error when the graph runs.</param>
    /// <param name="shape">The sizes, to which both broadcast; null for what both broadcast to.</param>
    public static Node Uniform(Generator generator, Node low, Node high, Shape? shape = null)
    {
        (Node[] bounds, Shape sizes) = Parameters("Uniform", shape, low, high);
        Node width = Within("Uniform", "high − low is finite and at least 0", bounds[1] - bounds[0], 0, low.DType.Row().Largest);
        return bounds[0] + (Uniform(generator, sizes, low.DType) * width);
    }

    /// <summary>Standard normal numbers, anew at each call: √(−2·log u)·cos 2πv; magnitudes are below 6.7 for float32 and below 8.7 for float64.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">float32 or float64.</param>
    public static Node Normal(Generator generator, Shape shape, DType dtype = DType.Float32)
    {
        RequireRandom("Normal", generator, shape, dtype);
        Node stream = RandomStreamOp.Create(generator);
        Node turns = UniformOf("Normal", stream, shape, dtype, part: 1) - 0.5;
        return Sqrt(-2 * Log(OpenUniform("Normal", stream, shape, dtype))) * Cos((2 * Math.PI) * turns);
    }

    /// <summary>Normal numbers, anew at each call.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="mean">The mean, finite.</param>
    /// <param name="standardDeviation">The standard deviation, finite and at least 0.</param>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">float32 or float64.</param>
    /// <exception cref="GraphException">The mean or the standard deviation is outside its range.</exception>
    public static Node Normal(Generator generator, double mean, double standardDeviation, Shape shape, DType dtype = DType.Float32) =>
        double.IsFinite(mean) && double.IsFinite(standardDeviation) && standardDeviation >= 0
            ? Normal(generator, Scalar(mean, dtype), Scalar(standardDeviation, dtype), shape)
            : throw new GraphException($"Normal: the mean must be finite, and the standard deviation finite and at least 0; they are {mean} and {standardDeviation}.");

    /// <summary>Normal numbers mean + z·standardDeviation, anew at each call. Gradients flow into both parameters.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="mean">Floats.</param>
    /// <param name="standardDeviation">Floats of the same dtype, finite and at least 0: another value is an error when the graph runs.</param>
    /// <param name="shape">The sizes, to which both broadcast; null for what both broadcast to.</param>
    public static Node Normal(Generator generator, Node mean, Node standardDeviation, Shape? shape = null)
    {
        const string Name = "Normal";
        RequireFloat(Name, mean);
        RequireSameType(Name, mean, NotNull(standardDeviation));
        Node deviation = Within(Name, "a standard deviation is finite and at least 0", standardDeviation, 0, mean.DType.Row().Largest);
        (Node[] parameters, Shape sizes) = Parameters(Name, shape, mean, deviation);
        return parameters[0] + (Normal(generator, sizes, mean.DType) * parameters[1]);
    }

    /// <summary>Exponential numbers of rate 1, −log u, anew at each call; never 0.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">float32 or float64.</param>
    public static Node Exponential(Generator generator, Shape shape, DType dtype = DType.Float32)
    {
        RequireRandom("Exponential", generator, shape, dtype);
        return -Log(BelowOne(OpenUniform("Exponential", RandomStreamOp.Create(generator), shape, dtype)));
    }

    /// <summary>Exponential numbers, −log u over the rate, anew at each call. Gradients flow into the rate.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="rate">Floats, finite and above 0; another is an error when the graph runs.</param>
    /// <param name="shape">The sizes, to which the rate broadcasts; null for its own.</param>
    public static Node Exponential(Generator generator, Node rate, Shape? shape = null)
    {
        (Node[] parameters, Shape sizes) = Parameters("Exponential", shape, rate);
        return Exponential(generator, sizes, rate.DType) / Positive("Exponential", "rate", parameters[0]);
    }

    /// <summary>
    /// Standard Gumbel numbers, −log E for an exponential E, anew at each call: what is added to logits draws from their distribution by its largest element.
    /// </summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">float32 or float64.</param>
    public static Node Gumbel(Generator generator, Shape shape, DType dtype = DType.Float32)
    {
        RequireRandom("Gumbel", generator, shape, dtype);

        // Of −log(1 − u), what is small is exact: the long tail has all its numbers.
        return -Log(-Log1P(-BelowOne(OpenUniform("Gumbel", RandomStreamOp.Create(generator), shape, dtype))));
    }

    /// <summary>Gumbel numbers location + scale·g, anew at each call. Gradients flow into both parameters.</summary>
    /// <param name="generator">Where they come from.</param>
    /// <param name="location">Floats.</param>
    /// <param name="scale">Floats of the same dtype, finite and above 0; another is an error when the graph runs.</param>
    /// <param name="shape">The sizes, to which both broadcast; null for what both broadcast to.</param>
    public static Node Gumbel(Generator generator, Node location, Node scale, Shape? shape = null)
    {
        (Node[] parameters, Shape sizes) = Parameters("Gumbel", shape, location, scale);
        return parameters[0] + (Gumbel(generator, sizes, location.DType) * Positive("Gumbel", "scale", parameters[1]));
    }

    /// <summary>The random numbers of a stream: u in [0, 1).</summary>
    private static Node UniformOf(string op, Node stream, Shape shape, DType dtype, int part = 0)
    {
        int bits = dtype.OfFloat(24, 53);
        return Cast(RandomBits(op, stream, shape, part, bits, dtype.Row().Integer), dtype) * (1.0 / (1L << bits));
    }

    /// <summary>
    /// u in (0, 1] with as many small numbers as a float has room for: a logarithm takes it. The middle of one of 2^31 or 2^53 intervals, rounded.
    /// </summary>
    private static Node OpenUniform(string op, Node stream, Shape shape, DType dtype)
    {
        int bits = dtype.OfFloat(31, 53);
        return (Cast(RandomBits(op, stream, shape, 0, bits, dtype.Row().Integer), dtype) + 0.5) * (1.0 / (1L << bits));
    }

    private static Node BelowOne(Node u) => Minimum(u, Scalar(1 - (u.DType.Row().Epsilon / 2), u.DType));

    /// <summary>Random bits, named for the operation that asks for them: messages about the shape speak of it.</summary>
    private static Node RandomBits(string op, Node stream, Shape shape, int part, int bits, DType type) =>
        new(new RandomBitsOp(shape, part, bits, type), [stream], name: op);

    /// <summary>A parameter that must be finite and above 0, which is checked when the graph runs.</summary>
    private static Node Positive(string op, string what, Node x) =>
        Within(op, $"a {what} is finite and above 0", x, x.DType.Row().Smallest, x.DType.Row().Largest);

    private static void RequireRandom(string op, Generator generator, Shape shape, DType dtype)
    {
        ArgumentNullException.ThrowIfNull(generator);
        CheckSizes(op, shape);
        if (!dtype.IsFloat())
        {
            throw new DTypeException($"{op}: random numbers are float32 or float64, not {dtype.Display()}; use Cast.");
        }
    }

    /// <summary>Parameters of a distribution, repeated to the shape of what is drawn.</summary>
    private static (Node[] Parameters, Shape Shape) Parameters(string op, Shape? shape, params Node[] parameters)
    {
        foreach (Node parameter in parameters)
        {
            RequireFloat(op, parameter);
            RequireSameType(op, parameters[0], parameter);
        }

        if (shape is not { } sizes)
        {
            Node[] together = Broadcasting.Together(op, parameters);
            return (together, together[0].Shape);
        }

        CheckSizes(op, sizes);
        foreach (Node parameter in parameters)
        {
            if (Broadcasting.Join($"{op}: a parameter and what is drawn", parameter.Shape, sizes, parameter) != sizes)
            {
                throw new ShapeException($"{op}: {parameter.Describe()} does not broadcast to the shape {sizes}; leave the shape out, or make it larger.");
            }
        }

        return ([.. parameters.Select(p => BroadcastTo(p, sizes))], sizes);
    }
}

using System.Numerics.Tensors;
using GraphCompiler.Operations;

namespace GraphCompiler.GradientChecking;

/// <summary>The sizes of symbols and the values of leaves at which a check is made.</summary>
internal sealed class CheckPoint
{
    private readonly Dictionary<string, long> sizes = [];

    private CheckPoint()
    {
    }

    /// <summary>A value a leaf, in its own dtype or in double.</summary>
    public Dictionary<Node, TensorValue> Values { get; } = [];

    public long SizeOf(string symbol) => sizes.TryGetValue(symbol, out long size) ? size : throw new BindingException($"The size {symbol} is not known.");

    /// <summary>Given values win, then parameters' own and what a call draws; other leaves get random ones.</summary>
    public static CheckPoint Of(
        IReadOnlyList<Node> nodes, IReadOnlyDictionary<Node, Tensor<double>> given, GradientCheckOptions options, CheckRandom random, RandomDraws draws)
    {
        var point = new CheckPoint();
        foreach ((string name, long size) in options.Sizes)
        {
            point.sizes[name] = size >= 0 ? size : throw new GraphException($"GradientCheck: the size {name} is {size}; it must be at least 0.");
        }

        HashSet<Node> leaves = [.. nodes.Where(n => n.Op.IsLeaf)];
        foreach ((Node leaf, Tensor<double> value) in given)
        {
            if (!leaf.Op.IsLeaf)
            {
                throw new BindingException($"GradientCheck: {leaf.Describe()} is computed and cannot be given a value; give values to inputs and parameters.");
            }

            if (!leaves.Contains(leaf))
            {
                throw new BindingException($"GradientCheck: {leaf.Describe()} was given a value, and neither the loss nor a target depends on it.");
            }

            point.Bind(leaf, [.. value.Lengths.ToArray().Select(l => (long)l)]);
        }

        long next = 2;
        foreach (string symbol in nodes.SelectMany(n => n.Results).SelectMany(r => r.Shape.Symbols))
        {
            if (point.sizes.TryAdd(symbol, next))
            {
                next++;
            }
        }

        foreach (Node leaf in leaves)
        {
            long[] shape = leaf.Shape.Evaluate(point.SizeOf);
            point.Values[leaf] = given.TryGetValue(leaf, out Tensor<double>? value) ? Convert(leaf, shape, value)
                : leaf is Parameter parameter ? parameter.Snapshot()
                : leaf.Op is RandomStreamOp stream ? draws.ValueOf(stream)
                : Draw(leaf.DType, shape, options, random);
        }

        return point;
    }

    private void Bind(Node leaf, long[] shape)
    {
        if (leaf.Rank == 0 && shape is [1])
        {
            return;
        }

        bool fits = shape.Length == leaf.Rank;
        for (int axis = 0; fits && axis < leaf.Rank; axis++)
        {
            fits = leaf.Shape[axis].Constant is not { } size || size == shape[axis];
            if (leaf.Shape[axis].Symbol is { } name && !sizes.TryAdd(name, shape[axis]) && sizes[name] != shape[axis])
            {
                throw new BindingException($"GradientCheck: the symbol {name} is {sizes[name]} and {shape[axis]} at once, in {leaf.Describe()}.");
            }
        }

        if (!fits)
        {
            throw new BindingException($"GradientCheck: {leaf.Describe()} was given a value of shape {InvariantText.List(shape)}.");
        }
    }

    private static TensorValue Convert(Node leaf, long[] shape, Tensor<double> value)
    {
        double[] numbers = new double[value.FlattenedLength];
        value.FlattenTo(numbers);
        if (numbers.Length != TensorValue.CountOf(shape))
        {
            throw new BindingException($"GradientCheck: {leaf.Describe()} was given {InvariantText.Count(numbers.Length, "element")} for the shape {InvariantText.List(shape)}.");
        }

        if (leaf.DType.IsFloat())
        {
            return TensorValue.OfReals(DType.Float64, shape, numbers);
        }

        return numbers.All(n => n == Math.Floor(n))
            ? TensorValue.OfIntegers(leaf.DType, shape, [.. numbers.Select(n => (long)n)])
            : throw new BindingException($"GradientCheck: {leaf.Describe()} was given numbers that are not whole.");
    }

    private static TensorValue Draw(DType dtype, long[] shape, GradientCheckOptions options, CheckRandom random)
    {
        long count = TensorValue.CountOf(shape);
        if (!dtype.IsFloat())
        {
            long[] whole = new long[count];
            for (long i = 0; i < count; i++)
            {
                whole[i] = random.Below(2);
            }

            return TensorValue.OfIntegers(dtype, shape, whole);
        }

        double[] reals = new double[count];
        for (long i = 0; i < count; i++)
        {
            reals[i] = random.Uniform(options.Low, options.High);
        }

        return TensorValue.OfReals(DType.Float64, shape, reals);
    }
}

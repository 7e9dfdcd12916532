using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Surface;

/// <summary>
/// Every overload as a newcomer writes it: with literals, lists in brackets, arrays and numbers of any kind. That this file compiles is the test: no call is
/// ambiguous, none needs a cast.
/// </summary>
public class NewcomerCallsTests
{
    private static readonly Node X = Input("x", ["N", 4], requiresGrad: true);
    private static readonly Node D = Input<double>("d", [3, 4]);
    private static readonly Node D2 = Input("other", ["N", 4]);
    private static readonly Node I = Input<int>("i", [2, 2]);
    private static readonly Generator Rng = new(1);

    [Test]
    public void Tensors_of_numbers()
    {
        int rows = 2;
        nint columns = 3;
        Tensor<float> given = Tensors.Zeros<float>(2, 3);
        Tensor<float>[] floats =
        [
            Tensors.Full<float>([], 3f), Tensors.Full([], 3f), Tensors.Full([2, 3], 3f), Tensors.Full<float>([2, 3], 3), Tensors.Full([rows, 3], 3f), Tensors.Full([rows, columns], 3f), Tensors.Full(given.Lengths, 3f),
            Tensors.Zeros<float>(), Tensors.Zeros<float>([]), Tensors.Zeros<float>(2), Tensors.Zeros<float>(2, 3), Tensors.Zeros<float>([2, 3]), Tensors.Zeros<float>([rows, columns]), Tensors.Zeros<float>(given.Lengths), Tensors.Zeros<float>(new int[] { 2, 3 }),
            Tensors.Ones<float>(), Tensors.Ones<float>([]), Tensors.Ones<float>(2, 3), Tensors.Ones<float>([2, 3]), Tensors.Ones<float>(given.Lengths),
            Tensors.Arange(3f), Tensors.Arange(0f, 3f), Tensors.Arange(0f, 3f, 0.5f), Tensors.Of(1f, 2f), Tensors.Of<float>([1, 2]), Tensors.Of(new float[] { 1, 2 }),
            Tensors.From([1f, 2f, 3f, 4f], 2, 2), Tensors.From<float>([1, 2, 3, 4], [2, 2]), Tensors.From(new float[] { 1, 2, 3, 4 }, 2, 2), Tensors.From(new float[4]), Tensors.From(new float[,] { { 1, 2 }, { 3, 4 } }), Tensors.From(new float[1, 2, 3]),
            Rng.Normal(2, 3), Rng.Normal([2, 3]), Rng.Normal(), Rng.Normal(0, 1, [2, 3]), Rng.Uniform(2), Rng.Uniform(-1, 1, [2]), Rng.Normal<float>(2, 3),
        ];
        Tensor<double> doubles = Rng.Uniform<double>(0, 1, [3]);
        Tensor<long> longs = Rng.Integers(0L, 10, 3);
        Tensor<int> ints = Rng.Integers<int>(0, 10, [3]);
        Tensor<long> order = Rng.Permutation(3);
        Tensor<bool> bools = Tensors.Full([2], true);
        Assert.That((floats.All(t => t is not null), doubles.Rank, longs.Rank, ints.Rank, order.Rank, bools.Rank), Is.EqualTo((true, 1, 1, 1, 1, 1)));
        Assert.That((Tensors.Full<float>([], 3f).FlattenedLength, Tensors.Full<float>([], 3f)[0]), Is.EqualTo(((nint)1, 3f)));
    }

    [Test]
    public void Leaves_and_constants()
    {
        Node[] inputs = [Input("a", []), Input("a", [2, 3]), Input("a", ["N", 4]), Input("a", ["N", X.Shape[1] * 2]), Input<double>("a", []), Input<long>("a", ["M"]), Input<bool>("a", [1]), Input("a", [2], requiresGrad: true), Input("a", X.Shape)];
        Parameter<float>[] parameters =
        [
            Parameter("w", 1f), Parameter("w", new float[4]), Parameter("w", [1f, 2f]), Parameter<float>("w", [1, 2]), Parameter("w", new float[6], [2, 3]), Parameter("w", [1f, 2f], [2, 1]), Parameter("w", new float[2, 3]),
            Parameter("w", [2, 3], 0f), Parameter<float>("w", [2, 3], 0), Parameter("w", [], 0f), Parameter("w", [2, 3], 1f, requiresGrad: false), Parameter("w", new float[4], requiresGrad: false), Parameter("w", new float[4], false),
            Parameter("w", Tensors.Zeros<float>(2, 3)), Parameter("w", Rng.Normal(2, 3), false), Parameter("w", 1f, requiresGrad: false),
        ];
        Node[] others = [Parameter("w", 1.0), Parameter("w", new double[2]), Parameter("w", 3), Parameter("w", new long[2]), Parameter("w", new bool[2]), Parameter("w", true), Parameter("w", new int[] { 4, 3 })];
        Node[] constants =
        [
            Constant(1), Constant(1f), Constant(1.0), Constant(1L), Constant(true), Constant([1, 2]), Constant([1f, 2f]), Constant(new float[2]), Constant(new long[2]), Constant(new bool[2]), Constant<float>([]), Constant<float>([1, 2]),
            Constant([1f, 2f], [2, 1]), Constant(new float[4], [2, 2]), Constant(new float[,] { { 1, 2 } }), Constant(Tensors.Zeros<float>(2)),
            Full([], 1), Full([2, 3], 0.5), Full(["N", 2], 1, DType.Int64), Zeros([]), Zeros([2]), Ones(["N"], DType.Bool), ZerosLike(X), OnesLike(X), Arange(3), Arange("N"), Arange(X.Shape[0]), Arange(3, 1, 2), Arange(3, dtype: DType.Float32), Iota([2, 3], 1), DimValue("N"), DimValue(3),
        ];
        Assert.That((inputs.Length, parameters.Select(p => p.Values.Length), others.Length, constants.Length), Is.EqualTo((9, new[] { 1, 4, 2, 2, 6, 2, 6, 6, 6, 1, 6, 4, 4, 6, 6, 1 }, 7, 32)).Using<(int, IEnumerable<int>, int, int)>((a, b) => a.Item1 == b.Item1 && a.Item2.SequenceEqual(b.Item2) && a.Item3 == b.Item3 && a.Item4 == b.Item4));
        Assert.That((Parameter("w", [2, 3], 2f).Shape.ToString(), Parameter("w", [2, 3], 2f).Values.ToArray(), Parameter("w", new float[,] { { 1, 2 } }).Shape.ToString()), Is.EqualTo(("[2, 3]", new[] { 2f, 2f, 2f, 2f, 2f, 2f }, "[1, 2]")));
        Parameter<float> set = Parameter("w", [2], 0f);
        set.Set([1, 2]);
        set.Set(new float[] { 1, 2 });
        set.Set(Tensors.Of(1f, 2f));
        set.Fill(3);
        Assert.That(set.Values.ToArray(), Is.EqualTo(new[] { 3f, 3f }));
    }

    [Test]
    public void Arithmetic_with_numbers() => Assert.That(
        ((Node[])[
            X + 1, 1 + X, X - 0.5f, 2 * X, X / 2L, -X, X * X, X > 0, X >= D2, X < 1, X <= 1, Equal(X, 0), NotEqual(X, X), Greater(X, 1), GreaterEqual(X, 1), Less(X, 1), LessEqual(X, 1), Pow(X, 2), Pow(X, X), X.Pow(2), X.Pow(X), Remainder(I, Constant(2)), Clamp(X, 0), Clamp(X, 0, 1), Clamp(X, high: 1), Clamp(X, X, X), X.Clamp(0, 1),
            Where(X > 0, X, 0), Where(X > 0, 0, X), Where(X > 0, X, -X), Lerp(X, X, 0.5), Lerp(X, X, X), Softplus(X), Softplus(X, 2), MaskedFill(X, X > 0, 0), MaskedFill(X, X > 0, Constant(0f)), Dropout(Rng, X, 0.5), Dropout(Rng, X, Constant(0.5f)), IsClose(X, X), HardTanh(X, -1, 1), LeakyRelu(X, 0.1), NaNToNumber(X, 0, 1), Polygamma(1, X),
            Map(X, v => v * v), Map(X, v => (v * 2) + 1), Map(X, v => v * 0.5f), Map(X, v => v * 0.5), Map(X, v => MathF.Exp(v)), Map(X, v => Math.Exp(v)), Map(D, v => v * v), Map(X, (float v) => v + 1), Map(X, (double v) => v + 1), Map(X, X, (a, b) => a * b), Map(D, D, (a, b) => Math.Max(a, b)), CumulativeScan(X, 1, (a, b) => a + b), CumulativeScan(D, 0, (a, b) => a * b),
        ]).All(n => n is not null));

    [Test]
    public void Axes_shapes_and_parts() => Assert.That(
        ((Node[])[
            X.Sum(), X.Sum(0), X.Sum(-1), X.Sum([0, 1]), X.Sum([]), X.Sum(0, keepDims: true), Sum(X, new int[] { 0, 1 }), Mean(X, 1), Max(X, [-1]), X.ArgMax(1), Variance(X, 0, correction: 0), Norm(X), Norm(X, 1), Norm(X, 2, 1), Norm(X, double.PositiveInfinity, [1]), LogSumExp(X, 1), Any(X > 0), All(X > 0, 1), CountNonZero(X), Flip(X), Flip(X, 1), Flip(X, [0, 1]), Squeeze(X), Squeeze(X, 0), X.Squeeze([0]),
            X.Reshape([-1, 2]), X.Reshape(["N", 2, 2]), X.Reshape([X.Shape[0], -1]), Reshape(D, [12]), X.Flatten(), X.Unsqueeze(0), X.Transpose(), X.Transpose(0, 1), X.Permute(1, 0), X.Permute([1, 0]), Permute(X, new int[] { 1, 0 }), BroadcastTo(X, ["N", 4]), X.BroadcastTo([2, -1, -1]),
            Slice(X, 1, 1), Slice(X, 1, 1, 3), Slice(X, 1, 0, -1, 2), Slice(X, 1, 1..3), Slice(X, 1, ..^1), Slice(X, 1, null, 2), X.Slice(1, 1..), Select(X, 0, 0), X[0], X[0, 1], X[^1], X[..2, 1..^1], X[AxisIndex.Rest, 0], X[I], X[0, I], Narrow(X, 1, 0, 2), Split(X, 2, 1)[0], Split(X, [1, 3], 1)[0], Split(D, [1, 2])[0], Chunk(X, 2, 1)[0], Unbind(D)[0],
            Concat([X, X]), Concat([X, X], 1), Concat(new Node[] { X, X }), Stack([X, X]), HStack(X, X), HStack([X, X]), VStack(X, X), DStack(X, X), BroadcastTensors(X, X)[0], MeshGrid([Arange(2), Arange(3)])[0], Einsum("ij->ji", X), Einsum("ij,ij->i", X, X), Einsum("ij,ij->i", [X, X]), MultiDot(D, Transpose(D), D), TensorDot(D, D), TensorDot(D, D, 2), TensorDot(D, D, [1], [1]),
            Pad(X, 1, 1, 1), Pad(X, 1, 1, 1, 0.5), Pad(X, [(1, 1)]), Pad(X, [(0, 0), (1, 2)]), Pad(X, [(1, 1)], PaddingMode.Reflect), Tile(X, 2), Tile(X, 2, 2), Tile(X, [2, 2]), Tile(X, "M"), Repeat(X, 2, 2), Repeat(X, [2, 2]), RepeatInterleave(X, 2), RepeatInterleave(X, 2, 1), RepeatInterleave(X, [1, 2, 0, 1], 1), RepeatInterleave(X, "M", 0), Roll(X, 1), Roll(X, 1, 1), Roll(X, [1, 1], [0, 1]), MoveAxis(X, 0, 1), MoveAxis(X, [0, 1], [1, 0]), Windows(X, 1, 2), Trapezoid(X), Trapezoid(X, 0.5), Trapezoid(X, X), OneHot(I, 5), OneHot(I, "C"),
            Take(X, I, 1), Gather(D, 1, Constant(new long[3, 1])), Scatter(D, 1, Constant(new long[3, 1]), 0), Scatter(D, 1, Constant(new long[3, 1]), Zeros([3, 1], DType.Float64)), IndexFill(D, 1, Constant([0, 1]), 0), IndexFill(D, 1, Constant([0, 1]), Constant(0.0)), IndexPut(D, [Constant([0, 1]), Constant([0, 1])], Constant([1.0, 2.0])),
        ]).All(n => n is not null));

    [Test]
    public void Layers_and_random_numbers()
    {
        Node image = Input("image", ["N", 3, 8, 8]);
        Node kernel = Parameter("kernel", Rng.Normal(4, 3, 3, 3));
        Assert.That(
            ((Node[])[
                Conv2D(image, kernel), Conv2D(image, kernel, padding: 1), Conv2D(image, kernel, padding: (1, 2)), Conv2D(image, kernel, padding: Padding.Same), Conv2D(image, kernel, stride: 2), Conv2D(image, kernel, stride: (2, 1)), Conv2D(image, kernel, stride: [2, 1]), Conv2D(image, kernel, Zeros([4])), MaxPool2D(image, 2), MaxPool2D(image, (2, 2)), MaxPool2D(image, [2, 2], 1), AvgPool2D(image, 2), AdaptiveAvgPool2D(image, 1), AdaptiveAvgPool2D(image, [2, 2]), Resize(image, [4, 4]), ResizeBy(image, 2), Unfold(image, 2), PixelUnshuffle(image, 2),
                BatchNormTraining(image), BatchNormTraining(image, Ones([3]), Zeros([3])), BatchNormTraining(image, Zeros([3]), Ones([3]), null, null).Result, BatchNorm(image, Zeros([3]), Ones([3])), LayerNorm(X), LayerNorm(X, Ones([4])), GroupNorm(image, 3), InstanceNorm(image), Linear(X, Ones([2, 4])), Linear(X, Ones([2, 4]), Zeros([2])), Embedding(I, Ones([5, 3])), Embedding(I, Ones([5, 3]), 0), Softmax(X), X.Softmax(0),
                CrossEntropy(D, Constant([0, 1, 2])), CrossEntropy(D, Constant([0, 1, 2]), LossReduction.Sum), CrossEntropy(D, Constant([0, 1, 2]), ignoreIndex: -100, labelSmoothing: 0.1), MeanSquaredError(X, X), HuberLoss(X, X, 0.5),
                Normal(Rng, []), Normal(Rng, [2, 3]), Normal(Rng, ["N"]), Normal(Rng, 0, 1, [2]), Normal(Rng, X, X), Normal(Rng, X, X, X.Shape), Uniform(Rng, [2]), Uniform(Rng, -1, 1, [2]), Uniform(Rng, X, X), Bernoulli(Rng, 0.5, [2]), Bernoulli(Rng, X), Exponential(Rng, [2]), Exponential(Rng, X), Gumbel(Rng, [2]), Gumbel(Rng, X, X), RandInt(Rng, 0, 10, [2]), Permutation(Rng, 3), Permutation(Rng, "N"), Categorical(Rng, X), Categorical(Rng, X, samples: 3), Multinomial(Rng, X, 2),
            ]).All(n => n is not null));
    }

    [Test]
    public void Gradients_and_compiling()
    {
        Parameter<float> w = Parameter("w", [4], 1f);
        Parameter<float> b = Parameter("b", 0f);
        Parameter<float>[] both = [w, b];
        Node loss = ((X * w) + b).Square().Mean();
        (Node dw, Node db) = Gradients(loss, w, b);
        Node[] gradients = [dw, db, .. Gradients(loss, w), .. Gradients(loss, [w, b]), .. Gradients(loss, both), .. Gradients(loss, [w], Unreached.Zeros), .. Gradients(loss, new List<Node> { w }), .. Gradients(loss, new Node[] { w }), .. Gradients(loss, [])];
        using CompiledGraph one = GraphCompiler.Compiler.Compile([X], loss);
        using CompiledGraph list = GraphCompiler.Compiler.Compile([X], [loss]);
        using CompiledGraph train = GraphCompiler.Compiler.Compile([X], [loss], [(w, w - (0.1 * dw)), (b, b - (0.1 * db))]);
        using CompiledGraph adam = GraphCompiler.Compiler.Compile([X], [loss], new Adam(1e-3).Minimize(loss, [w, b]));
        using CompiledGraph sgd = GraphCompiler.Compiler.Compile([X], loss, new CompileOptions { Threads = 1 });
        using CompiledGraph nothing = GraphCompiler.Compiler.Compile([], Arange(3));
        Func<float[], float> typed = GraphCompiler.Compiler.Compile<Func<float[], float>>([X], loss);
        Func<float[,], Argument> argument = a => a;
        Assert.That(gradients, Has.Length.EqualTo(10));
        Assert.That(one.Run(new float[8]).Scalar<float>(), Is.EqualTo(0));
        Assert.That(one.Run(new float[2, 4]).Scalar<float>(), Is.EqualTo(0));
        Assert.That(one.Run(Tensors.Zeros<float>(2, 4)).Scalar<float>(), Is.EqualTo(0));
        Assert.That(one.Run(argument(new float[2, 4])).Scalar<float>(), Is.EqualTo(0));
        Assert.That(typed([1, 1, 1, 1]), Is.EqualTo(1));
        Assert.That(nothing.Run().GetArray<long>(), Is.EqualTo(new long[] { 0, 1, 2 }));
    }
}

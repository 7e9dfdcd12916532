using GraphCompiler.Operations;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>What a newcomer gets wrong: the message says it in the newcomer's own words, and what would be right.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class NewcomerMessagesTests
{
    private static readonly Input<float> X = Input("x", ["N", 4]);
    private static readonly Input<long> I = Input<long>("i", ["M"]);
    private static readonly Input<float> T = Input("t", ["N"]);
    private static readonly Input<float> P = Input("p", ["N", 1], requiresGrad: true);
    private static readonly Node Binary = BinaryCrossEntropyWithLogits(X.Sum(1), T);

    [Test]
    public void AClashOfSizesNamesTheSizesThatClash()
    {
        ShapeException error = Assert.Throws<ShapeException>(() => _ = X + Input("y", [3]))!;
        Assert.That(error.Message, Does.Contain("[N, 4] and [3]").And.Contain("4 stands against 3").And.Contain("'y'"));
        Assert.That(error.Message, Does.Not.Contain("A symbol"), "N has nothing to do with it");
        Assert.That(() => X + Input("y", ["M", 4]), Throws.TypeOf<ShapeException>().With.Message.Contains("N stands against M").And.Message.Contains("A symbol never stands for 1"));
        Assert.That(() => BroadcastTo(X, ["N", 3]), Throws.TypeOf<ShapeException>().With.Message.Contains("4 stands against 3").And.Message.Not.Contains("A symbol"));
    }

    [Test]
    public void AnElementThatIsNotThereIsNamedByTheUsersAxis()
    {
        Node z = Input("z", [2, 4, 5]);
        Assert.That(() => z[0, 7], Throws.TypeOf<ShapeException>().With.Message.StartsWith("At: there is no element 7 along axis 1 of size 4"));
        Assert.That(() => z[AxisIndex.NewAxis, 0, 1..2, -6], Throws.TypeOf<ShapeException>().With.Message.Contains("no element -6 along axis 2 of size 5"));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([X, Input("w", ["K", 2])], X[0, 2]);
        Node s = Input("s", [2, "N"]);
        using CompiledGraph symbolic = GraphCompiler.Compiler.Compile([s], s[1, 7]);
        Assert.That(() => symbolic.Run(Tensors.Zeros<float>(2, 4)), Throws.TypeOf<BindingException>().With.Message.StartsWith("At: there is no element 7 along axis 1 of size N").And.Message.Contains("N is 4"));
    }

    private static IEnumerable<TestCaseData> Indices()
    {
        Parameter<float> table = Parameter("table", [5, 4], 0.5f);
        yield return new TestCaseData(Embedding(I, table), "Take 'Embedding'", "axis 0 of size 5 of Parameter 'table'", "[2] of Input 'i'").SetArgDisplayNames("embedding");
        yield return new TestCaseData(Embedding(I, table).Named("words"), "Take 'words'", "axis 0 of size 5", "[2] of Input 'i'").SetArgDisplayNames("named embedding");
        yield return new TestCaseData(Embedding(I, table, 1).Named("words", "encoder"), "Take 'encoder/words'", "axis 0 of size 5", "[2] of Input 'i'").SetArgDisplayNames("embedding with padding");
        yield return new TestCaseData(EmbeddingBag(Reshape(I, [1, -1]), table), "Take 'EmbeddingBag'", "axis 0 of size 5", "[2] of Input 'i'").SetArgDisplayNames("bag");
        yield return new TestCaseData(table[I], "Take 'At'", "axis 0 of size 5", "[2] of Input 'i'").SetArgDisplayNames("index");
        yield return new TestCaseData(Constant(new float[30], [2, 3, 5])[0, 1, I], "Take 'At'", "axis 2 of size 5", "[2] of Input 'i'").SetArgDisplayNames("index behind others");
        yield return new TestCaseData(Constant(new float[50], [2, 5, 5])[1, I, I], "Take 'At'", "axis 1 of size 5", "[2] of Input 'i'").SetArgDisplayNames("indices of two axes");
        yield return new TestCaseData(Gather(Constant(new float[20], [5, 4]), 0, Unsqueeze(I, 1)).Named("picked"), "Gather 'picked'", "axis 0 of size 5", "[2] of Input 'i'").SetArgDisplayNames("gather");
        yield return new TestCaseData(CrossEntropy(Constant(new float[15], [3, 5]), Reshape(I, [3])), "'CrossEntropy'", "axis 1 of size 5", "[2] of Input 'i'").SetArgDisplayNames("cross-entropy");
    }

    [TestCaseSource(nameof(Indices))]
    public void AnIndexErrorNamesWhatWasLookedUpWhereAndHowLargeItIs(Node y, string name, string size, string place)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([I], y);
        Assert.That(() => graph.Run((long[])[1, 0, 9]), Throws.TypeOf<ExecutionException>().With.Message.Contains(name).And.Message.Contains("index 9").And.Message.Contains(size).And.Message.Contains(place));
        Assert.That(() => graph.Run((long[])[1, 0, 4]), Throws.Nothing);
    }

    [Test]
    public void ARowOfPaddingHasNoGradientOfAnyOrder()
    {
        Input<double> table = Input<double>("table", [3, 2], requiresGrad: true);
        Node picked = Embedding(Constant((long[])[0, 2, 2, 1]), table, -1);
        Node first = Gradients((picked * picked * picked).Sum(), table)[0];
        Node second = Gradients(first.Sum(), table)[0];
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([table], [first, second, Jvp([picked], [table], [OnesLike(table)])[0]]);
        RunResults results = graph.Run((double[])[1, 2, 3, 4, 5, 6]);
        Assert.That(results.GetArray<double>(0), Is.EqualTo((double[])[3, 12, 27, 48, 0, 0]));
        Assert.That(results.GetArray<double>(1), Is.EqualTo((double[])[6, 12, 18, 24, 0, 0]));
        Assert.That(results.GetArray<double>(2), Is.EqualTo((double[])[1, 1, 0, 0, 0, 0, 1, 1]));
    }

    private static readonly IReadOnlyList<(string Name, Func<object?> Make, Type Error, string[] Parts)> Table =
    [
        ("a size that nobody knows", () => Compile([], Normal(new Generator(1), ["K"])), typeof(CompileException), ["the size K", "'Normal'", "x.Shape[0]"]),
        ("a size of dropout that nobody knows", () => Compile([], Bernoulli(new Generator(1), 0.5, ["K"])), typeof(CompileException), ["the size K", "'Bernoulli'"]),
        ("a size as a number that nobody knows", () => Compile([X], X * DimValue("K", DType.Float32)), typeof(CompileException), ["the size K of DimValue", "x.Shape[0]"]),
        ("a size in a condition alone that nobody knows", () => Compile([X], Node.Create(new ConditionOp("Mine", "K", 2, IsEquality: false, "two are wanted"), X)), typeof(CompileException), ["the size K of Mine"]),
        ("channels last", () => Conv2D(Input("x", ["N", 32, 32, 3]), Input("w", [8, 3, 3, 3])), typeof(ShapeException), ["Conv2D:", "32 channels", "seem to stand last", "Permute(x, [0, 3, 1, 2])"]),
        ("channels last without a batch", () => Conv2D(Input("x", [32, 32, 3]), Input("w", [8, 3, 3, 3])), typeof(ShapeException), ["Permute(x, [2, 0, 1])"]),
        ("channels last, transposed", () => ConvTranspose1D(Input("x", ["N", 9, 3]), Input("w", [3, 2, 2])), typeof(ShapeException), ["Permute(x, [0, 2, 1])"]),
        ("channels last of a batch norm", () => BatchNormTraining(Input("x", ["N", 8, 8, 3]), Input("w", [3])), typeof(ShapeException), ["8 channels", "Permute(x, [0, 3, 1, 2])"]),
        ("too few channels", () => Conv2D(Input("x", ["N", 4, 32, 32]), Input("w", [8, 3, 3, 3])), typeof(ShapeException), ["4 channels", "is for 3."]),
        ("bytes", () => Input<byte>("x", [2]), typeof(DTypeException), ["byte is not an element type", "float, double, int, long or bool"]),
        ("a delegate of bytes", () => GraphCompiler.Compiler.Compile<Func<byte[], float[]>>([X], X), typeof(CompileException), ["is byte[]", "float[]"]),
        ("a delegate of longs", () => GraphCompiler.Compiler.Compile<Func<long[], float[]>>([X], X), typeof(CompileException), ["is long[]", "'x'"]),
        ("a result of shorts", () => GraphCompiler.Compiler.Compile<Func<float[], short[]>>([X], X), typeof(CompileException), ["returns short[]", "float[] or Tensor<float>"]),
        ("a matrix as a result", () => GraphCompiler.Compiler.Compile<Func<float[], float[,]>>([X], X), typeof(CompileException), ["returns float[,]"]),
        ("two results of one", () => GraphCompiler.Compiler.Compile<Func<float[], (float[], double)>>([X], X), typeof(CompileException), ["(float[], double)", "2 values", "1 output"]),
        ("a symbol in a parameter", () => Parameter("w", ["N", 2], 0f), typeof(ShapeException), ["'w'", "must be numbers", "[N, 2]"]),
        ("numbers as arguments", () => GraphCompiler.Compiler.Compile([X], X.Sum()).Run([1f, 2f, 3f, 4f]), typeof(BindingException), ["4 arguments", "1 input", "an array is one"]),
        ("two dtypes", () => X + Input<double>("d", [4]), typeof(DTypeException), ["Input 'x' float32[N, 4], Input 'd' float64[4]", "use Cast"]),
        ("a bool as a factor", () => (X > 0) * X, typeof(DTypeException), ["bool and float32", "'x'"]),
        ("half an integer", () => Clamp(I, 0.5, 1), typeof(DTypeException), ["The number 0.5 beside Input 'i' int64[M] is no int64", "Cast"]),
        ("half a label", () => Where(Equal(I, 0.5), I, 1), typeof(DTypeException), ["0.5 beside Input 'i'"]),
        ("a weight in the other order", () => Linear(X, Input("w", [4, 3])), typeof(ShapeException), ["Linear:", "[4, 3]", "Transpose(weight)"]),
        ("a weight of another size", () => Linear(X, Input("w", [3, 5])), typeof(ShapeException), ["same I, not [N, 4] and [3, 5]. Inputs"]),
        ("a table before its indices", () => Embedding(Input("table", [5, 4]), I), typeof(DTypeException), ["Embedding:", "come before the table", "'table'"]),
        ("one-hot classes as integers", () => CrossEntropy(X, Input<long>("t", ["N", 4])), typeof(ShapeException), ["[N, C] and classes [N]", "same N. Inputs"]),
        ("a column against a vector", () => MeanSquaredError(Input("p", ["N", 1]), Input("t", ["N"])), typeof(ShapeException), ["[N, 1] and [N] differ", "belong together. Inputs"]),
        ("a batch of -1", () => Input("q", [-1, 4]), typeof(ShapeException), ["[-1, 4]", "a symbol, such as \"N\""]),
        ("a null size", () => Input("q", [null!, 4]), typeof(ShapeException), ["is null"]),
        ("fewer axes", () => BroadcastTo(X, [4]), typeof(ShapeException), ["[4] has fewer axes than [N, 4]"]),
        ("a negative number of classes", () => OneHot(I, -1), typeof(ShapeException), ["OneHot:", "below 0"]),
        ("an output that is not there", () => GraphCompiler.Compiler.Compile([], Ones([2])).Run().Get<float>(3), typeof(ArgumentOutOfRangeException), ["outputs are 0 to 0"]),
        ("one parameter too many", () => GraphCompiler.Compiler.Compile<Func<float[], float[], float>>([X], X.Sum()), typeof(CompileException), ["has 2 parameters; for 1 input and 1 output"]),
        ("a result of another type", () => GraphCompiler.Compiler.Compile<Func<float[], double>>([X], X.Sum()), typeof(CompileException), ["returns double", "comes as float, float[] or Tensor<float>"]),
        ("too few values", () => Parameter("w", new float[5], [2, 3]), typeof(ShapeException), ["'w'", "[2, 3] has 6 elements", "5 values"]),
        ("a batch that was flattened too", () => Linear(Flatten(X), Input("w", [3, 4])), typeof(ShapeException), ["same I, not [4*N] and [3, 4]. Inputs"]),
        ("a size made of a symbol beside another of the same", () => Slice(X, 0, 1) + X, typeof(ShapeException), ["N - 1 stands against N. Inputs"]),
        ("too few running means", () => BatchNorm(Input("x", ["N", 16, 7]), Input("m", [15]), Input("v", [16])), typeof(ShapeException), ["16 channels of axis 1 is needed, not [15]. Inputs"]),
        ("too few weights of classes", () => CrossEntropy(X, Input<long>("t", ["N"]), weight: Input("w", [3])), typeof(ShapeException), ["4 classes is needed, not [3]. Inputs"]),
        ("too few slopes", () => PRelu(X, Input("a", [3])), typeof(ShapeException), ["one for each of the 4 of axis 1 is needed. Inputs"]),
        ("one group", () => Conv2D(Input("x", ["N", 4, 8, 8]), Input("w", [8, 3, 3, 3])), typeof(ShapeException), ["with 1 group is for 3"]),
        ("a pooled batch", () => Linear(MaxPool2D(Input("x", ["N", 3, 8, 8]), 2), Input("w", [3, 5])), typeof(ShapeException), ["Inputs: Result 0 of MaxPool float32[N, 3, 4, 4]"]),
        ("too few labels", () => Compile([X, T], Binary).Run(new float[12], new float[2]), typeof(BindingException), ["'t' float32[N] has 2 elements; its shape is [3], 3 elements, since the one for Input 'x' float32[N, 4] makes N = 3."]),
        ("a backward behind Detach", () => Backward(X.Detach().Sum()), typeof(GradientException), ["Sum float32[]", "nothing that it depends on does; make an input with requiresGrad: true"]),
        ("a backward behind a parameter's Detach", () => Backward((X * Parameter("w", 2f).Detach()).Sum()), typeof(GradientException), ["Sum float32[]", "Detach float32[] cuts them off"]),
        ("a backward of a frozen parameter", () => Backward((X * Parameter("f", 2f, requiresGrad: false)).Sum()), typeof(GradientException), ["Sum float32[]", "Parameter 'f' float32[] has requiresGrad: false"]),
        ("a backward of a whole parameter", () => Backward((X + Cast(Parameter("b", 0), DType.Float32)).Sum()), typeof(GradientException), ["Parameter 'b' int32[] is int32 and cannot have one, write 0f instead of 0"]),
        ("a minimum over a frozen parameter", () => new Sgd(0.1).Minimize((X * P * Parameter("f", 2f, requiresGrad: false)).Sum(), [Parameter("f", 2f, requiresGrad: false)]), typeof(GradientException), ["The target Parameter 'f' float32[]", "make it with requiresGrad: true"]),
        ("no input at a place", () => Call("f", [X, null!], v => v[0]), typeof(ArgumentNullException), ["'inputs[1]'"]),
        ("no gradient at a place", () => GradientClipping.ByNorm([X, null!], 1), typeof(ArgumentNullException), ["'gradients[1]'"]),
        ("no target at a place", () => Gradients(P.Sum(), [P, null!]), typeof(ArgumentNullException), ["'targets[1]'"]),
        ("no update at a place", () => GraphCompiler.Compiler.Compile([X], [X], [null!]), typeof(ArgumentNullException), ["'updates[0]'"]),
        ("a backward of positions", () => Backward(ArgMax(X * Parameter("w", 2f), 1).Sum()), typeof(GradientException), ["Sum int64[]", "int64 has no gradients"]),
        ("the second derivative of something linear", () => Gradients(Gradients((P * 3).Sum(), P)[0].Sum(), P), typeof(GradientException), ["depends on no input and no parameter; a derivative of something linear is such a constant."]),
        ("too many values of a constant", () => Constant(new int[5], [2, 2]), typeof(ShapeException), ["Constant", "[2, 2] has 4 elements", "5 values"]),
    ];

    private static IEnumerable<TestCaseData> Cases() => Enumerable.Range(0, Table.Count).Select(i => new TestCaseData(i).SetArgDisplayNames(Table[i].Name));

    [TestCaseSource(nameof(Cases))]
    public void AMistakeIsNamedWithWhatWouldBeRight(int number)
    {
        (_, Func<object?> make, Type type, string[] parts) = Table[number];
        Exception error = Assert.Throws(type, () => make())!;
        Assert.That(parts.Where(p => !error.Message.Contains(p, StringComparison.Ordinal)), Is.Empty, error.Message);
    }

    private static object? Backward(Node output)
    {
        using CompiledGraph graph = Compile([X], output);
        graph.Forward(new float[4]);
        graph.Backward();
        return null;
    }

    private static CompiledGraph Compile(IReadOnlyList<Node> inputs, Node output) => GraphCompiler.Compiler.Compile(inputs, output);
}

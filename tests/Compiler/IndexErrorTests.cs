using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>An index error speaks of the function as the user named it, of the size and of the index's place, whatever the function is made of.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class IndexErrorTests
{
    private static readonly Input<float> X = Input("x", [3, 5], requiresGrad: true);

    /// <summary>Functions of x and three indices in [0, 5).</summary>
    private static readonly IReadOnlyList<(string Name, Func<Node, Node, Node> Make, string Size)> Table =
    [
        ("Embedding", (x, i) => Embedding(i, Transpose(x)), "size 5"),
        ("Embedding with padding", (x, i) => Embedding(i, Transpose(x), 1), "size 5"),
        ("EmbeddingBag", (x, i) => EmbeddingBag(Reshape(i, [1, 3]), Transpose(x)), "size 5"),
        ("EmbeddingBag, sum", (x, i) => EmbeddingBag(Reshape(i, [1, 3]), Transpose(x), BagReduction.Sum), "size 5"),
        ("EmbeddingBag, max", (x, i) => EmbeddingBag(Reshape(i, [1, 3]), Transpose(x), BagReduction.Max), "size 5"),
        ("EmbeddingBag with offsets and padding", (x, i) => EmbeddingBag(i, Transpose(x), offsets: Constant((long[])[0, 1]), paddingIndex: -1), "size 5"),
        ("Take", (x, i) => Take(x, i, 1), "size 5 of Input 'x'"),
        ("Gather", (x, i) => Gather(x, 1, Unsqueeze(i, 1)), "size 5 of Input 'x'"),
        ("Gather", (x, i) => Gather(x, 1, Unsqueeze(i, 1)), "size 5 of Input 'x'"),
        ("At one", (x, i) => x[1, i], "axis 1 of size 5"),
        ("At two", (x, i) => Stack([x, x])[i * 0, 1, i], "axis 2 of size 5"),
        ("At apart", (x, i) => Stack([x, x])[i * 0, 1.., i], "axis 2 of size 5"),
        ("IndexPut", (x, i) => IndexPut(x, [Constant((long[])[0, 1, 2]), i], Constant(1f)), "axis 1 of size 5"),
        ("IndexPut, added", (x, i) => IndexPut(x, [Constant((long[])[0, 1, 2]), i], Constant(1f), accumulate: true), "axis 1 of size 5"),
        ("IndexAdd", (x, i) => IndexAdd(x, 1, i, Constant(new float[9], [3, 3])), "size 5 of Input 'x'"),
        ("IndexCopy", (x, i) => IndexCopy(x, 1, i, Constant(new float[9], [3, 3])), "size 5 of Input 'x'"),
        ("IndexFill", (x, i) => IndexFill(x, 1, i, 2), "size 5 of Input 'x'"),
        ("Scatter", (x, i) => Scatter(x, 1, Unsqueeze(i, 1), 2), "size 5 of Input 'x'"),
        ("ScatterAdd", (x, i) => ScatterAdd(x, 1, Unsqueeze(i, 1), Ones([3, 1])), "size 5 of Input 'x'"),
        .. from reduction in Enum.GetValues<ScatterReduction>()
           from includeSelf in (bool[])[true, false]
           select ($"ScatterReduce, {reduction}, {includeSelf}", (Func<Node, Node, Node>)((x, i) => ScatterReduce(x, 1, Unsqueeze(i, 1), 2 * Ones([3, 1]), reduction, includeSelf)), "size 5"),
        ("OneHot", (x, i) => OneHot(i, 5, DType.Float32), "size 5"),
        ("CrossEntropy", (x, i) => CrossEntropy(x, i), "size 5"),
        ("CrossEntropy, each", (x, i) => CrossEntropy(x, i, LossReduction.None), "size 5"),
        ("CrossEntropy of places", (x, i) => CrossEntropy(Unsqueeze(Transpose(x), 0), Unsqueeze(i, 0)), "size 5"),
        ("CrossEntropy, weighed and smoothed", (x, i) => CrossEntropy(x, i, weight: Ones([5]), ignoreIndex: -100, labelSmoothing: 0.1), "size 5"),
        ("NllLoss", (x, i) => NllLoss(x, i), "size 5"),
        ("NllLoss, weighed", (x, i) => NllLoss(x, i, weight: Ones([5]), ignoreIndex: -1), "size 5"),
        ("MultiMarginLoss", (x, i) => MultiMarginLoss(x, i, weight: Ones([5])), "size 5"),
        ("MultiLabelMarginLoss", (x, i) => MultiLabelMarginLoss(x, Concat([Unsqueeze(i, 1), Full([3, 4], -1, i.DType)], 1)), "size 5"),
        ("CtcLoss", (x, i) => CtcLoss(Unsqueeze(LogSoftmax(x, 1), 1), Unsqueeze(i, 0), Constant((long[])[3]), Constant((long[])[3])), "[0, 5)"),
        ("CtcLoss of one", (x, i) => CtcLoss(LogSoftmax(x, 1), i, Constant(3L), Constant(3L)), "[0, 5)"),
        ("MaxUnpool1D", (x, i) => MaxUnpool1D(Reshape(x[0, ..3], [1, 1, 3]), Reshape(i, [1, 1, 3]), [5]), "size 5"),
    ];

    private static IEnumerable<TestCaseData> Cases() =>
        from row in Enumerable.Range(0, Table.Count)
        from wide in (bool[])[true, false]
        select new TestCaseData(row, wide).SetArgDisplayNames(Table[row].Name, wide ? "int64" : "int32");

    private static IEnumerable<TestCaseData> Subscripts() => Rows(name => IsSubscript(name));

    /// <summary>Where a negative number is no mark, as of a class that does not count.</summary>
    private static IEnumerable<TestCaseData> Functions() => Rows(name => !IsSubscript(name) && name is not ("NllLoss, weighed" or "MultiLabelMarginLoss"));

    private static bool IsSubscript(string name) => name.StartsWith("At ", StringComparison.Ordinal) || name.StartsWith("IndexPut", StringComparison.Ordinal);

    private static IEnumerable<TestCaseData> Rows(Predicate<string> isIn) =>
        from row in Enumerable.Range(0, Table.Count) where isIn(Table[row].Name) select new TestCaseData(row).SetArgDisplayNames(Table[row].Name);

    [TestCaseSource(nameof(Functions))]
    public void AFunctionCountsFromTheBeginning(int row)
    {
        Node indices = Input<long>("i", [3]);
        Node y = Table[row].Make(X, indices);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([X, indices], y);
        string message = Assert.Throws<ExecutionException>(() => graph.Run(new float[15], (long[])[1, 0, -1]))!.Message;
        Assert.That(message, Does.Contain(" -1 is outside").And.Contain("[0, 5)").And.Contain($"It stands at [2] of {indices.Describe()}."));
        Assert.That(() => Evaluated(y, indices, -1), Throws.TypeOf<ExecutionException>().With.Message.Contains(" -1 is outside"));
    }

    [TestCaseSource(nameof(Subscripts))]
    public void ASubscriptMayCountFromTheEnd(int row)
    {
        Node indices = Input<long>("i", [3]);
        Node y = Table[row].Make(X, indices);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([X, indices], [y, Gradients(Sum(y * y), X)[0]]);
        float[] x = [.. Enumerable.Range(0, 15).Select(i => (float)i)];
        RunResults fromEnd = graph.Run(x, (long[])[1, 0, -1]);
        RunResults fromBeginning = graph.Run(x, (long[])[1, 0, 4]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(fromEnd.GetArray<float>(0), Is.EqualTo(fromBeginning.GetArray<float>(0)));
            Assert.That(fromEnd.GetArray<float>(1), Is.EqualTo(fromBeginning.GetArray<float>(1)));
            Assert.That(() => graph.Run(x, (long[])[1, 0, -6]), Throws.TypeOf<ExecutionException>().With.Message.Contains("index -6 is outside").And.Message.Contains("[-5, 5)"));
            Assert.That(() => Evaluated(y, indices, -6), Throws.TypeOf<ExecutionException>().With.Message.Contains("[-5, 5)"));
        }
    }

    private static void Evaluated(Node y, Node indices, long last) => Interpreter.Evaluate(
        [y], new Dictionary<Node, TensorValue> { [X] = TensorValue.Full(DType.Float32, [3, 5], 0), [indices] = TensorValue.OfIntegers(DType.Int64, [3], [1, 0, last]) });

    [TestCaseSource(nameof(Cases))]
    public void TheNameIsTheUsersOwn(int row, bool wide)
    {
        (string name, Func<Node, Node, Node> make, string size) = Table[row];
        Node indices = wide ? Input<long>("i", [3]) : Input<int>("i", [3]);
        Node y = make(X, indices);
        Argument bad = wide ? (long[])[1, 0, 9] : (int[])[1, 0, 9];
        Argument good = wide ? (long[])[1, 2, 4] : (int[])[1, 2, 4];
        string function = name.Split(' ', ',')[0];
        string[] parts = [size[0] == '[' ? "target 9" : "index 9", size, $"It stands at [2] of {indices.Describe()}."];
        Fails(y, [function, .. parts]);
        Fails(y.Named("mine", "model"), ["'model/mine'", .. parts]);
        Fails(y.Named("other").Named("mine") * 2, ["'mine'", .. parts]);
        Fails(Call("block", [X, indices], inputs => make(inputs[0], inputs[1]).Named("mine")), ["'mine'", .. parts]);
        Node loss = Sum(y.Named("mine"));
        if (loss.RequiresGrad)
        {
            // Where the gradient looks anything up.
            using CompiledGraph gradient = GraphCompiler.Compiler.Compile([X, indices], Gradients(loss, X)[0]);
            Exception? error = null;
            try
            {
                gradient.Run(new float[15], bad);
            }
            catch (ExecutionException e)
            {
                error = e;
            }

            Assert.That(error?.Message ?? "'mine'", Does.Contain("'mine'"));
        }

        Assert.That(
            () => Interpreter.Evaluate([y.Named("mine")], new Dictionary<Node, TensorValue> { [X] = TensorValue.Full(DType.Float32, [3, 5], 0), [indices] = TensorValue.OfIntegers(indices.DType, [3], [1, 0, 9]) }),
            Throws.TypeOf<ExecutionException>().With.Message.Contains("'mine'").And.Message.Contains("9"));

        void Fails(Node node, string[] wanted)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([X, indices], node);
            Assert.That(() => graph.Run(new float[15], good), Throws.Nothing);
            string message = Assert.Throws<ExecutionException>(() => graph.Run(new float[15], bad))!.Message;
            foreach (string part in wanted)
            {
                Assert.That(message, Does.Contain(part));
            }
        }
    }
}

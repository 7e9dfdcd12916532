using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>What factorisations do with what they cannot factor, in batches, on several threads, and between forward and backward.</summary>
internal sealed class LinearAlgebraTests
{
    private static readonly float[] TwoMatrices = [4, 1, 1, 3, 1, 2, 2, 1];

    [Test]
    public void A_matrix_that_is_not_positive_definite_is_named()
    {
        Input<float> a = Input("a", ["B", 2, 2]);
        Node factor = Cholesky(a).Named("factor");
        foreach (CompileOptions options in (CompileOptions[])[new(), new() { Checked = true }, new() { Verify = true }, new() { Threads = 2, Chunking = Chunking.Finest }])
        {
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile([a], [factor], null, options);
            Assert.That(
                () => compiled.Run(System.Numerics.Tensors.Tensor.Create(TwoMatrices, [2, 2, 2])),
                Throws.TypeOf<ExecutionException>().With.Message.EqualTo(
                    "Cholesky 'factor' float32[B, 2, 2]: matrix 1 of the batch is not positive definite (pivot 2 is not above 0)."));
        }
    }

    [Test]
    public void Results_that_only_the_backward_part_takes_come_from_the_forward_kernel()
    {
        Parameter<double> a = Parameter("a", System.Numerics.Tensors.Tensor.Create((double[])[1, 2, 3, 4], [2, 2]));
        (Node factors, Node rows) = LUFactor(a);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([], factors.Square().Sum());
        model.Forward([]);
        model.Backward();
        Assert.That(model.Executor.Program.Kernels.Count(k => k.Kernel.Name.StartsWith("Output", StringComparison.Ordinal)), Is.LessThanOrEqualTo(1));

        Node gradient = Gradients(factors.Square().Sum(), a)[0];
        TensorValue expected = Interpreter.Evaluate([gradient], new Dictionary<Node, TensorValue> { [a] = TensorValue.OfReals(DType.Float64, [2, 2], [1, 2, 3, 4]) })[0];
        Assert.That(a.Grad!.ToArray(), Is.EqualTo(expected.Reals).Within(1e-12));
    }

    [Test]
    public void A_singular_matrix_is_named()
    {
        Input<double> a = Input<double>("a", ["B", 2, 2]);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([a], Inverse(a));
        Assert.That(
            () => compiled.Run(System.Numerics.Tensors.Tensor.Create((double[])[1, 0, 0, 1, 1, 2, 2, 4], [2, 2, 2])),
            Throws.TypeOf<ExecutionException>().With.Message.Contains("matrix 1 of the batch is singular or not finite (pivot 2 is 0 or no number)"));
    }

    [Test]
    public void What_is_not_finite_is_named_and_changes_nothing()
    {
        Input<float> a = Input("a", [2, 2]);
        Parameter<float> w = Parameter("w", Tensors.Of(1f, 2f));
        foreach (Node values in (Node[])[EighValues(a), SvdValues(a)])
        {
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile([a], [values], [(w, w + values)]);
            Assert.That(
                () => compiled.Run(System.Numerics.Tensors.Tensor.Create((float[])[1, 0, float.NaN, 1], [2, 2])),
                Throws.TypeOf<ExecutionException>().With.Message.Contains("of the matrix do not converge; it holds NaN or infinity"));
            Assert.That(w.ToTensor().ToArray(), Is.EqualTo((float[])[1, 2]));
        }
    }

    /// <summary>Residuals of what the compiled decompositions give, relative to the matrix: random, of low rank, with equal values, tiny and huge.</summary>
    [Test]
    public void Factors_make_up_the_matrix(
        [Values(1, 2, 5, 24, 40)] int n, [Values("random", "low rank", "equal", "zero", "tiny", "huge", "graded")] string kind, [Values] bool isDouble)
    {
        double bound = isDouble ? 2e-13 : 1e-4;
        var random = new Random(n);
        double[,] x = new double[n, n];
        double scale = kind switch { "tiny" => 1e-30, "huge" => 1e30, _ => 1 };
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                x[i, j] = scale * kind switch
                {
                    "low rank" => (i % 3) - (j % 2),
                    "equal" => i == j ? 2 : 0,
                    "zero" => 0,
                    "graded" => Math.Pow(10, -0.3 * (i + j)) * (random.NextDouble() + 0.1),
                    _ => random.NextDouble() - 0.5,
                };
            }
        }

        double[] flat = [.. x.Cast<double>().Select(v => v / scale)];
        double most = flat.Max(Math.Abs);
        Input<double> input = Input<double>("a", [n, n]);
        Node a = Cast(input, isDouble ? DType.Float64 : DType.Float32);
        Node unscaled = a / scale;
        Node symmetric = (unscaled + Transpose(unscaled)) / 2;
        Node given = (a + Transpose(a)) / 2;
        (Node q, Node r) = QR(a);
        (Node u, Node s, Node vh) = Svd(a);
        (Node w, Node v) = Eigh(given);
        Node identity = GraphCompiler.Operations.Matrices.IdentityLike(a);
        Node tall = Concat([a, a]);
        (Node tallU, Node tallS, Node tallVh) = Svd(tall);
        Node[] residuals =
        [
            MatMul(q, r / scale) - unscaled, MatMul(Transpose(q), q) - identity,
            MatMul(u * Unsqueeze(s / scale, 0), vh) - unscaled, MatMul(Transpose(u), u) - identity, MatMul(vh, Transpose(vh)) - identity,
            MatMul(v * Unsqueeze(w / scale, 0), Transpose(v)) - symmetric, MatMul(Transpose(v), v) - identity,
            MatMul(tallU * Unsqueeze(tallS / scale, 0), tallVh) - Concat([unscaled, unscaled]), MatMul(Transpose(tallU), tallU) - identity,
        ];
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([input], [Cast(Stack([.. residuals.Select(e => Max(Abs(e)))]), DType.Float64)]);
        double[] result = new double[residuals.Length];
        compiled.Run([System.Numerics.Tensors.Tensor.Create([.. x.Cast<double>()], [n, n])], [result]);
        Assert.That(result, Is.All.LessThanOrEqualTo(bound * Math.Max(1, most)), string.Join(", ", result));
    }

    [Test]
    public void Warm_calls_allocate_nothing()
    {
        Assume.That(CompileOptions.Default.Verify, Is.False, "the interpreter, which verifies, allocates");
        Input<double> a = Input<double>("a", ["B", 4, 4]);
        Node definite = MatMul(a, Transpose(a)) + GraphCompiler.Operations.Matrices.IdentityLike(a);
        Node all = Sum(Cholesky(definite)) + Sum(Inverse(definite)) + Sum(QR(a).R) + Sum(EighValues(definite)) + Sum(SvdValues(a)) + Sum(MatrixExp(a)) + Sum(Det(a));
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([a], all);
        double[] values = new double[48];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Math.Sin(i);
        }

        var x = System.Numerics.Tensors.Tensor.Create(values, [3, 4, 4]);
        double[] result = new double[1];
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 200; i++)
            {
                compiled.Run([x], [result]);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.That(least, Is.Zero);
    }

    private static IEnumerable<TestCaseData> Mistakes()
    {
        Input<float> wide = Input("wide", [2, 3]);
        Input<float> square = Input("square", [3, 3]);
        Input<float> vector = Input("vector", [3]);
        Input<long> whole = Input<long>("whole", [3, 3]);
        yield return Case("square", () => Cholesky(wide), "Cholesky: square matrices […, N, N] are needed, not [2, 3].", "'wide'");
        yield return Case("integers", () => Cholesky(whole), "Cholesky: it takes float32 or float64, not int64", "'whole'");
        yield return Case("vector", () => Det(vector), "matrices […, M, N] are needed, not [3]", "'vector'");
        yield return Case("right side", () => Solve(square, wide), "[3, 3] and [2, 3]", "'wide'");
        yield return Case("solve wide", () => TriangularSolve(wide, square), "square matrices […, N, N] are needed, not [2, 3]");
        yield return Case("batches", () => Solve(Input("b2", [2, 3, 3]), Input("b4", [4, 3, 1])), "Solve:", "do not broadcast");
        yield return Case("least squares", () => LeastSquares(wide, square), "LeastSquares:", "[2, 3] and [3, 3]");
        yield return Case("power", () => MatrixPower(wide, 2), "MatrixPower: square matrices", "'wide'");
        yield return Case("inverse of integers", () => Inverse(whole), "Inverse: it takes float32 or float64, not int64");
        static TestCaseData Case(string name, Func<object> make, params string[] parts) => new TestCaseData(make, parts).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Mistakes))]
    public void Mistakes_are_named(Func<object> make, string[] parts)
    {
        string message = Assert.Catch<GraphException>(() => make())!.Message;
        foreach (string part in parts)
        {
            Assert.That(message, Does.Contain(part));
        }
    }

    [Test]
    public void A_symbolic_matrix_that_turns_out_wide_is_refused_when_sizes_are_bound()
    {
        Input<float> a = Input("a", ["M", "N"]);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([a], SvdValues(a));
        Assert.That(() => compiled.Run(new float[2, 3]), Throws.TypeOf<BindingException>().With.Message.Contains("transpose wide matrices"));
    }
}

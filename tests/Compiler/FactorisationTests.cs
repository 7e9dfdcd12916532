using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Blocked factorisations, and small ones in batches, against the interpreter: sizes about those of blocks, both types, what cannot be factored.</summary>
internal sealed class FactorisationTests
{
    private static readonly int[] Sizes = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129];

    private static IEnumerable<TestCaseData> EachSize() =>
        from size in Sizes.Append(257)
        from type in (DType[])[DType.Float32, DType.Float64]
        select new TestCaseData(size, type);

    private static IEnumerable<TestCaseData> EachSmallBatch() =>
        from size in (int[])[1, 2, 3, 8, 15, 16, 17]
        from batch in (int[])[1, 3, 16, 17, 33]
        from type in (DType[])[DType.Float32, DType.Float64]
        select new TestCaseData(batch, size, type);

    [TestCaseSource(nameof(EachSize))]
    public void One_matrix(int size, DType type) => Verify([size, size], type);

    [TestCaseSource(nameof(EachSmallBatch))]
    public void Batches_of_small_ones(int batch, int size, DType type) => Verify([batch, size, size], type);

    [Test]
    public void Sizes_that_are_bound_late([Values(1, 8, 17, 40)] int size) => Verify([3, size, size], DType.Float32, ["B", "N", "N"]);

    /// <summary>All of them, by a run that is verified against the interpreter within the bounds of rounding.</summary>
    private static void Verify(int[] shape, DType type, Shape? symbolic = null)
    {
        int n = shape[^1];
        var random = new Random(n + shape[0]);
        double[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (x, y) => x * y)).Select(_ => random.NextDouble() - 0.5)];
        Input<double> x = Input<double>("x", symbolic ?? Shape.Of([.. shape.Select(s => Dim.Of(s))]));
        Node identity = GraphCompiler.Operations.Matrices.IdentityLike(x);
        Node a = Cast(x, type);

        // Far from singular, yet rows are exchanged.
        Node regular = Cast(Flip(x + (identity * (2 + Math.Sqrt(n))), -2), type);
        Node definite = Cast(((x + Transpose(x)) / 2) + (identity * (2 + Math.Sqrt(n))), type);
        (Node factors, Node rows) = LUFactor(regular);
        Node lower = Cholesky(definite);
        List<Node> results = [lower, factors, rows, Det(regular / (2 + Math.Sqrt(n)))];
        foreach (int columns in (int[])[1, 2, 3, 20, 40])
        {
            Shape of = Shape.Of([.. shape.Length == 3 ? a.Shape.Take(1) : [], a.Shape[^1], columns]);
            Node right = Cast(Cos(Iota(of, of.Rank - 2, DType.Float64) + (3 * Iota(of, of.Rank - 1, DType.Float64))), type);
            results.AddRange([Solve(regular, right), CholeskySolve(right, lower), TriangularSolve(definite, right), TriangularSolve(definite, right, upper: true, unitTriangular: true, transposed: true)]);
        }

        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [.. results], options: new CompileOptions { Verify = true });
        Assert.That(() => compiled.Run(System.Numerics.Tensors.Tensor.Create(values, [.. shape.Select(s => (nint)s)])), Throws.Nothing);
    }

    [TestCaseSource(nameof(EachSize))]
    public void Orthogonal_and_triangular_factors_of_square_tall_and_wide_ones(int size, DType type)
    {
        var random = new Random(size);
        Input<double> x = Input<double>("x", [size, size]);
        Node square = Cast(x + (GraphCompiler.Operations.Matrices.IdentityLike(x) * (2 + Math.Sqrt(size))), type);
        Node tall = Concat([square, Cast(x, type)]);
        List<Node> results = [];
        foreach (Node a in (Node[])[square, tall, Transpose(tall)])
        {
            (Node q, Node r) = QR(a);
            results.AddRange([q, r]);
        }

        double[] values = [.. Enumerable.Range(0, size * size).Select(_ => random.NextDouble() - 0.5)];
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [.. results], options: new CompileOptions { Verify = true });
        Assert.That(() => compiled.Run(System.Numerics.Tensors.Tensor.Create(values, [size, size])), Throws.Nothing);
    }

    [Test]
    public void The_first_pivot_that_is_no_good_is_named([Values(3, 8, 16, 20, 70)] int size, [Values(1, 40)] int batch, [Values] bool isDefinite)
    {
        foreach (int bad in (int[])[0, size / 2, size - 1])
        {
            int item = batch / 2;
            double[] values = new double[batch * size * size];
            for (int k = 0; k < values.Length; k++)
            {
                (int i, int row, int column) = (k / (size * size), k / size % size, k % size);
                values[k] = i >= item && (row == bad || column == bad) ? 0 : row == column ? 2 : 0.01;
            }

            Input<double> x = Input<double>("x", [batch, size, size]);
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [isDefinite ? Cholesky(x) : Inverse(x)]);
            string message = isDefinite ? $"matrix {item} of the batch is not positive definite (pivot {bad + 1} is not" : $"matrix {item} of the batch is singular or not finite (pivot {bad + 1} is";
            Assert.That(
                () => compiled.Run(System.Numerics.Tensors.Tensor.Create(values, [batch, size, size])),
                Throws.TypeOf<ExecutionException>().With.Message.Contains(message));
        }
    }

    /// <summary>What is not finite stays in the rows and columns that it reaches, as in the interpreter, which multiplies infinities by the zeros of a singular matrix, too.</summary>
    [TestCase(double.NaN, false)]
    [TestCase(double.NaN, true)]
    [TestCase(double.PositiveInfinity, false)]
    public void What_is_not_finite_goes_where_it_went(double bad, bool isSingular)
    {
        foreach ((int size, int batch) in ((int, int)[])[(5, 1), (12, 20), (40, 1), (40, 20)])
        {
            AssertAsInterpreted(size, batch, bad, isSingular);
        }
    }

    private static void AssertAsInterpreted(int size, int batch, double bad, bool isSingular)
    {
        double[] values = new double[batch * size * size];
        var random = new Random(size);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = isSingular && i % size == 1 ? 0 : random.NextDouble() - 0.5;
        }

        values[(size * size / 2) + 2] = bad;
        values[^2] = bad;
        Input<double> x = Input<double>("x", [batch, size, size]);
        (Node factors, Node rows) = LUFactor(x);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [factors, rows, Det(x), TriangularSolve(x, x), TriangularSolve(x, x, upper: true)], options: new CompileOptions { Verify = true });
        Assert.That(() => compiled.Run(System.Numerics.Tensors.Tensor.Create(values, [batch, size, size])), Throws.Nothing);
    }
}

using FastExpressionCompiler;
using GraphCompiler.Emit;
using GraphCompiler.Loops;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Emit;

/// <summary>Kernels of every shape the lowering makes, at every width, through both compilers, against the evaluator.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class KernelTests
{
    private static readonly long[][] Sizes = [[0], [1], [2], [3], [4], [5], [7], [8], [9], [15], [16], [17], [35], [61], [64], [131], [257]];
    private static readonly long[][] Pairs = [.. from rows in new long[] { 0, 1, 3, 4 } from columns in new long[] { 0, 1, 7, 16, 19, 37, 64 } select new[] { rows, columns }];
    private static readonly LoopValue M = new Extent(1);

    private static IEnumerable<TestCaseData> Reductions() =>
        from function in Enum.GetValues<BinaryFunction>().Where(f => ScalarFunction.Of(f).Identity is not null)
        from type in new[] { DType.Float32, DType.Float64, DType.Int32, DType.Int64 }
        select new TestCaseData(function, type);

    [TestCaseSource(nameof(Reductions))]
    public void Reduction(object function, DType type)
    {
        var reduce = (BinaryFunction)function;
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Output("y", type, Int(1));
        Kernel kernel = ReduceKernel("reduce", x, y, reduce, value => value);

        // Sums are in another order, which for small numbers of a few digits costs a few ulps; products of integers wrap alike in any order.
        KernelRun.AssertAgrees(kernel, Sizes, ulps: reduce is BinaryFunction.Add or BinaryFunction.Multiply ? 4000 : 0);
    }

    [Test]
    public void Reduction_of_many_values_in_one_loop_is_not_unrolled_but_right()
    {
        LoopBuffer x = Input("x", DType.Float32);
        LoopBuffer y = Output("y", DType.Float32, Int(1));
        Kernel kernel = ReduceKernel("poly", x, y, BinaryFunction.Maximum, value =>
        {
            for (int i = 0; i < 30; i++)
            {
                value = new FmaValue(value, Literal.Of(0.5f), Literal.Of((float)i));
            }

            return value;
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [Test]
    public void Two_reductions_and_a_store_share_a_loop()
    {
        LoopBuffer x = Input("x", DType.Int32);
        LoopBuffer y = Output("y", DType.Int32);
        LoopBuffer z = Output("z", DType.Int32, Int(2));
        Kernel kernel = Kernel("two", [x, y, z], (begin, end) =>
        {
            var sum = new Local("sum", DType.Int32);
            var most = new Local("most", DType.Int32);
            Local i = Index("i");
            var value = new Load(x, i);
            return Sequence(
                new Let(sum, Literal.Of(5)),
                new Let(most, Literal.Of(-3)),
                new For(i, begin, end, LoopKind.Vector, Sequence(
                    new Assign(sum, Add(sum, value)),
                    new Assign(most, new BinaryValue(BinaryFunction.Maximum, Multiply(value, value), most)),
                    new Store(y, i, Add(value, Literal.Of(1)))))
                {
                    Reductions = [new(sum, BinaryFunction.Add), new(most, BinaryFunction.Maximum)],
                },
                new Store(z, Int(0), sum),
                new Store(z, Int(1), most));
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [Test]
    public void A_serial_loop_ends_where_its_variable_is_false()
    {
        LoopBuffer x = Input("x", DType.Float32);
        LoopBuffer y = Output("y", DType.Float32);
        Kernel kernel = Kernel("while", [x, y], (begin, end) =>
        {
            Local i = Index("i");
            var goesOn = new Local("goes_on", DType.Bool);
            return Sequence(
                new Let(goesOn, Literal.Of(true)),
                new For(i, begin, end, LoopKind.Serial, Sequence(new Store(y, i, new Load(x, i)), new Assign(goesOn, Less(i, Int(6))))) { While = goesOn });
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    /// <summary>The last vector of a row touches nothing of the next one, and counts in no sum, whatever the row holds.</summary>
    [Test]
    public void Rows_of_a_known_length_end_in_a_masked_vector(
        [Values(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 70)] int length, [Values(DType.Float32, DType.Float64, DType.Int32)] DType type)
    {
        LoopBuffer x = Input("x", type, Multiply(N, Int(2 * length)));
        LoopBuffer y = Output("y", type, Multiply(N, Int(length)));
        LoopBuffer spread = Output("spread", type, Multiply(N, Int(3 * length)));
        LoopBuffer large = Output("large", DType.Bool, Multiply(N, Int(length)));
        LoopBuffer sums = Output("sums", type);
        Kernel kernel = Kernel("rows", [x, y, spread, large, sums], (begin, end) =>
        {
            Local row = Index("row");
            Local i = Index("i");
            var sum = new Local("sum", type);
            LoopValue at = Add(Multiply(row, Int(length)), i);
            LoopValue value = Add(new Load(x, at), new Load(x, Multiply(at, Int(2))));
            return new For(row, begin, end, LoopKind.Serial, Sequence(
                new Let(sum, Literal.Of(type, 1)),
                new For(i, Int(0), Int(length), LoopKind.Vector, Sequence(
                    new Assign(sum, Add(sum, Add(value, Literal.Of(type, 1)))),
                    new Store(y, at, value),
                    new Store(spread, Multiply(at, Int(3)), value),
                    new Store(large, at, Less(Literal.Of(type, 3), value))))
                {
                    Reductions = [new(sum, BinaryFunction.Add)],
                },
                new Store(sums, row, sum)));
        });
        KernelRun.AssertAgrees(kernel, [[0], [1], [2], [5]], ulps: type == DType.Int32 ? 0 : 4000);
    }

    [Test]
    public void Stores_past_the_cache_begin_where_they_are_aligned(
        [Values(DType.Float32, DType.Float64, DType.Int32, DType.Int64)] DType type, [Values(0, 1, 3, 8)] int offset, [Values] bool isPastCache)
    {
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Output("y", type, Add(N, Int(offset)));
        Kernel kernel = Kernel("past", [x, y], (begin, end) =>
        {
            Local i = Index("i");
            var value = new Load(x, i);
            return new For(i, begin, end, LoopKind.Vector, Sequence(
                new Prefetch(x, Add(i, Int(1000))),
                new Store(y, Add(i, Int(offset)), Add(value, Multiply(value, value)))))
            {
                // Told when it runs.
                PastCache = isPastCache ? Less(Int(-1), N) : Less(N, Int(0)),
            };
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [Test]
    public void Rows_are_reduced_and_scaled()
    {
        // The shape of softmax: a maximum a row, then a loop that uses it.
        LoopBuffer x = Input("x", DType.Float32, Multiply(N, M));
        LoopBuffer y = Output("y", DType.Float32, Multiply(N, M));
        Kernel kernel = Kernel("rows", [x, y], (begin, end) =>
        {
            Local row = Index("row");
            Local i = Index("i");
            Local j = Index("j");
            var most = new Local("most", DType.Float32);
            LoopValue At(Local column) => Add(Multiply(row, M), column);
            return new For(row, begin, end, LoopKind.Parallel, Sequence(
                new Let(most, Literal.Of(float.NegativeInfinity)),
                new For(i, Int(0), M, LoopKind.Vector, new Assign(most, new BinaryValue(BinaryFunction.Maximum, most, new Load(x, At(i)))))
                {
                    Reductions = [new(most, BinaryFunction.Maximum)],
                },
                new For(j, Int(0), M, LoopKind.Vector, new Store(y, At(j), new BinaryValue(
                    BinaryFunction.Divide,
                    new Load(x, At(j)),
                    Add(most, new Load(x, Multiply(row, M))))))));
        }, extents: 2);
        KernelRun.AssertAgrees(kernel, Pairs);
    }

    [Test]
    public void Matrix_product_with_four_accumulators_and_an_epilogue()
    {
        const int K = 5;
        LoopBuffer a = Input("a", DType.Float32, Multiply(Multiply(N, Int(4)), Int(K)));
        LoopBuffer b = Input("b", DType.Float32, Multiply(Int(K), M));
        LoopBuffer bias = Input("bias", DType.Float32, M);
        LoopBuffer c = Output("c", DType.Float32, Multiply(Multiply(N, Int(4)), M));
        Kernel kernel = Kernel("matmul", [a, b, bias, c], (begin, end) =>
        {
            Local tile = Index("tile");
            Local n = Index("n");
            Local k = Index("k");
            var right = new Local("right", DType.Float32);
            Local[] sums = [.. Enumerable.Range(0, 4).Select(i => new Local($"sum{i}", DType.Float32))];
            LoopValue Row(int i) => Add(Multiply(tile, Int(4)), Int(i));
            return new For(tile, begin, end, LoopKind.Parallel, new For(n, Int(0), M, LoopKind.Vector, Sequence([
                .. sums.Select(sum => new Let(sum, Literal.Of(0f))),
                new For(k, Int(0), Int(K), LoopKind.Serial, Sequence([
                    new Let(right, new Load(b, Add(Multiply(k, M), n))),
                    .. sums.Select((sum, i) => new Assign(sum, new FmaValue(new Load(a, Add(Multiply(Row(i), Int(K)), k)), right, sum))),
                ])),
                .. sums.Select((sum, i) => new Store(
                    c,
                    Add(Multiply(Row(i), M), n),
                    new BinaryValue(BinaryFunction.Maximum, Add(sum, new Load(bias, n)), Literal.Of(0f)))),
            ])));
        }, extents: 2);
        KernelRun.AssertAgrees(kernel, Pairs);
    }

    [TestCase(DType.Float32, DType.Int64)]
    [TestCase(DType.Float32, DType.Int32)]
    [TestCase(DType.Float64, DType.Int64)]
    [TestCase(DType.Float64, DType.Int32)]
    [TestCase(DType.Bool, DType.Int64)]
    public void Gather_and_scatter(DType type, DType indexType)
    {
        LoopBuffer index = Input("index", indexType);
        LoopBuffer table = Input("table", type, Int(16 * 3));
        LoopBuffer target = Output("target", type, Int(16 * 3));
        LoopBuffer y = Output("y", type);
        Kernel kernel = Elementwise("gather", [index, table, target, y], i =>
        {
            var at = new Local("at", DType.Int64);
            return Sequence(
                new Let(at, Add(new ConvertValue(DType.Int64, new Load(index, i)), Int(8))),
                new Store(y, i, new Load(table, Add(Multiply(at, Int(3)), Int(1)))),
                new Store(target, Add(Multiply(at, Int(3)), Int(2)), new Load(table, at)));
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [Test]
    public void Gather_by_a_vector_that_is_also_a_number()
    {
        LoopBuffer index = Input("index", DType.Int32);
        LoopBuffer table = Input("table", DType.Float32, Int(64));
        LoopBuffer y = Output("y", DType.Float32);
        LoopBuffer z = Output("z", DType.Int32);
        Kernel kernel = Elementwise("gather", [index, table, y, z], i =>
        {
            var at = new Local("at", DType.Int32);
            return Sequence(
                new Let(at, new Load(index, i)),
                new Assign(at, Add(Multiply(at, Literal.Of(2)), Literal.Of(20))),
                new Store(z, i, at),
                new Store(y, i, new Load(table, new ConvertValue(DType.Int64, at))));
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [Test]
    public void Strided_reversed_and_shifted_indices()
    {
        LoopBuffer x = Input("x", DType.Float32, Add(Multiply(N, Int(3)), Int(5)));
        LoopBuffer y = Output("y", DType.Float32, Multiply(N, Int(2)));
        LoopBuffer z = Output("z", DType.Float32);
        Kernel kernel = Elementwise("strided", [x, y, z], i => Sequence(
            new Store(y, Multiply(i, Int(2)), new Load(x, Add(Multiply(i, Int(3)), Int(2)))),
            new Store(z, Subtract(Subtract(N, Int(1)), i), Add(new Load(x, Add(i, Int(3))), new Load(x, Int(4))))));
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [TestCase(DType.Float32)]
    [TestCase(DType.Int32)]
    [TestCase(DType.Float64)]
    public void Every_second_element(DType type)
    {
        // The first is the buffer's first, the last its last.
        LoopBuffer x = Input("x", type, Multiply(N, Int(2)));
        LoopBuffer y = Output("y", type, Multiply(N, Int(2)));
        LoopBuffer z = Output("z", type, Multiply(N, Int(2)));
        Kernel kernel = Elementwise("alternate", [x, y, z], i =>
        {
            LoopValue even = new Load(x, Multiply(i, Int(2)));
            LoopValue odd = new Load(x, Add(Multiply(i, Int(2)), Int(1)));
            return Sequence(
                new Store(y, Multiply(i, Int(2)), Add(even, odd)),
                new Store(y, Add(Multiply(i, Int(2)), Int(1)), Subtract(even, odd)),
                new Store(z, Add(Multiply(i, Int(2)), Int(1)), even));
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [Test]
    public void Transpose()
    {
        LoopBuffer x = Input("x", DType.Float64, Multiply(N, M));
        LoopBuffer y = Output("y", DType.Float64, Multiply(N, M));
        Kernel kernel = Kernel("transpose", [x, y], (begin, end) =>
        {
            Local row = Index("row");
            Local column = Index("column");
            return new For(row, begin, end, LoopKind.Parallel, new For(column, Int(0), M, LoopKind.Vector, new Store(
                y,
                Add(Multiply(row, M), column),
                new Load(x, Add(Multiply(column, N), row)))));
        }, extents: 2);
        KernelRun.AssertAgrees(kernel, Pairs);
    }

    [TestCase(DType.Int32)]
    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    [TestCase(DType.Int64)]
    public void Iota(DType type)
    {
        LoopBuffer y = Output("y", type);
        Kernel kernel = Elementwise("iota", [y], i => new Store(y, i, new ConvertValue(type, Subtract(Multiply(i, Int(3)), Int(40)))));
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [TestCase(BinaryFunction.Equal, DType.Float32)]
    [TestCase(BinaryFunction.NotEqual, DType.Float32)]
    [TestCase(BinaryFunction.Less, DType.Float64)]
    [TestCase(BinaryFunction.LessEqual, DType.Float32)]
    [TestCase(BinaryFunction.Greater, DType.Float64)]
    [TestCase(BinaryFunction.GreaterEqual, DType.Float32)]
    public void Positions_are_compared_in_lanes_of_any_size(object function, DType type)
    {
        // A causal mask, with a limit that the lanes are far below or beyond in some rows.
        LoopBuffer x = Input("x", type, Multiply(N, M));
        LoopBuffer y = Output("y", type, Multiply(N, M));
        Kernel kernel = Kernel("causal", [x, y], (begin, end) =>
        {
            Local row = Index("row");
            Local column = Index("column");
            LoopValue at = Add(Multiply(row, M), column);
            var far = new BinaryValue(BinaryFunction.Less, Add(column, Multiply(row, Int(1L << 40))), Int(12));
            var near = new BinaryValue((BinaryFunction)function, column, Multiply(row, Int(6)));
            return new For(row, begin, end, LoopKind.Parallel, new For(column, Int(0), M, LoopKind.Vector, new Store(
                y,
                at,
                new SelectValue(new BinaryValue(BinaryFunction.Xor, far, near), new Load(x, at), Literal.Of(type, -7)))));
        }, extents: 2);
        KernelRun.AssertAgrees(kernel, Pairs);
    }

    [Test]
    public void Branches_and_mutable_vectors_inside_a_vector_loop()
    {
        LoopBuffer x = Input("x", DType.Float32);
        LoopBuffer flags = Input("flags", DType.Bool, Int(4));
        LoopBuffer y = Output("y", DType.Float32);
        Kernel kernel = Elementwise("branches", [x, flags, y], i =>
        {
            var value = new Local("value", DType.Float32);
            Local step = Index("step");
            return Sequence(
                new Let(value, Literal.Of(1f)),
                new If(
                    new Load(flags, Int(1)),
                    new Assign(value, new Load(x, i)),
                    new Assign(value, Add(value, new SelectValue(new Load(flags, Int(2)), Literal.Of(3f), Literal.Of(4f))))),
                new For(step, Int(0), Int(3), LoopKind.Serial, new If(
                    Less(step, Int(2)),
                    new Assign(value, Add(value, new ConvertValue(DType.Float32, step))))),
                new Store(y, i, value));
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [Test]
    public void Failure_ends_the_kernel_and_tells_where()
    {
        LoopBuffer index = Input("index", DType.Int64);
        LoopBuffer y = Output("y", DType.Int64);
        Kernel kernel = Kernel("fail", [index, y], (begin, end) =>
        {
            Local i = Index("i");
            Local j = Index("j");
            return Sequence(
                new For(i, begin, end, LoopKind.Serial, Sequence(
                    new If(new BinaryValue(BinaryFunction.Greater, new Load(index, i), Int(5)), new Fail(3, i)),
                    new Store(y, i, new Load(index, i)))),
                new For(j, begin, end, LoopKind.Vector, new Store(y, j, Add(new Load(y, j), Int(100)))));
        });
        KernelRun.AssertAgrees(kernel, Sizes);
        byte[][] data = KernelRun.Data(kernel, [257]);
        Assert.That(KernelRun.Run(KernelRun.Evaluated(kernel), kernel, [257], data).Result, Is.EqualTo(3), "the data holds no failure to test");
    }

    [Test]
    public void Part_of_the_range_with_constant_extents()
    {
        LoopBuffer x = Input("x", DType.Float32, Multiply(N, Int(40)));
        LoopBuffer y = Output("y", DType.Float32, Multiply(N, Int(40)));
        foreach (int extent in new[] { 3, 16, 20, 32, 40 })
        {
            Kernel kernel = Kernel("constant", [x, y], (begin, end) =>
            {
                Local row = Index("row");
                Local column = Index("column");
                LoopValue at = Add(Multiply(row, Int(40)), column);
                return new For(row, begin, end, LoopKind.Parallel, new For(column, Int(0), Int(extent), LoopKind.Vector, new Store(
                    y, at, Multiply(new Load(x, at), new Load(x, Multiply(row, Int(40)))))))
                { Step = 2 };
            });
            KernelRun.AssertAgrees(kernel, [[0], [1], [3], [6]]);
        }
    }

    [Test]
    public void Shared_values_are_computed_once()
    {
        // Squaring the same object 60 times over would be 2^60 multiplications if each reference were emitted.
        LoopBuffer x = Input("x", DType.Float32);
        LoopBuffer y = Output("y", DType.Float32);
        Kernel kernel = Elementwise("shared", [x, y], i =>
        {
            LoopValue value = new Load(x, i);
            for (int step = 0; step < 60; step++)
            {
                value = Subtract(Multiply(value, value), Literal.Of(0.25f));
            }

            return new Store(y, i, value);
        });
        KernelRun.AssertAgrees(kernel, [[0], [1], [17], [35]]);
    }

    [Test]
    public void Deep_chains_are_cut_into_assignments()
    {
        LoopBuffer x = Input("x", DType.Float64);
        LoopBuffer y = Output("y", DType.Float64);
        Kernel kernel = Elementwise("deep", [x, y], i =>
        {
            LoopValue value = new Load(x, i);
            for (int step = 0; step < 1000; step++)
            {
                value = Add(value, Literal.Of((double)(step % 3)));
            }

            return new Store(y, i, value);
        });
        KernelRun.AssertAgrees(kernel, [[0], [1], [17], [35]]);
    }

    [Test]
    public void Mixed_lane_sizes_run_scalar_and_say_why()
    {
        LoopBuffer x = Input("x", DType.Float32);
        LoopBuffer y = Output("y", DType.Float64);
        Kernel kernel = Elementwise("mixed", [x, y], i => new Store(y, i, new ConvertValue(DType.Float64, new Load(x, i))));
        KernelRun.AssertAgrees(kernel, Sizes, mayBeScalar: true);
        Assume.That(VectorWidths.Best, Is.Not.EqualTo(VectorWidth.Scalar));
        Assert.That(KernelCompiler.Compile(kernel, new(VectorWidths.Best)).ScalarLoops, Is.EqualTo(new[] { "i: mixes lanes of 4 and of 8 bytes" }));
    }

    [Test]
    public void Checked_code_throws_where_an_index_is_outside_its_buffer()
    {
        LoopBuffer x = Input("x", DType.Float32);
        LoopBuffer y = Output("y", DType.Float32);
        Kernel good = Elementwise("good", [x, y], i => new Store(y, i, new Load(x, i)));
        Kernel badLoad = Elementwise("load", [x, y], i => new Store(y, i, new Load(x, Add(i, Int(1)))));
        Kernel badStore = Elementwise("store", [x, y], i => new Store(y, Subtract(i, Int(1)), new Load(x, i)));
        EmitOptions[] options = [new(VectorWidths.Best, Checked: true, Verify: true), new(VectorWidths.Best, Checked: true, UseFec: false)];
        KernelRun.AssertAgrees(good, Sizes, options: options);
        foreach (EmitOptions option in options)
        {
            byte[][] data = KernelRun.Data(good, [20]);
            Assert.That(
                () => KernelRun.Run(KernelCompiler.Compile(badLoad, option).Entry, badLoad, [20], data),
                Throws.TypeOf<IndexOutOfRangeException>().With.Message.EqualTo("Buffer 0: index 20 is outside [0, 20)."));
            Assert.That(
                () => KernelRun.Run(KernelCompiler.Compile(badStore, option).Entry, badStore, [20], data),
                Throws.TypeOf<IndexOutOfRangeException>().With.Message.EqualTo("Buffer 1: index -1 is outside [0, 20)."));
        }
    }

    [Test]
    public void Timings_and_csharp_are_given()
    {
        LoopBuffer y = Output("y", DType.Float32);
        Kernel kernel = Elementwise("fill", [y], i => new Store(y, i, Literal.Of(1f)));
        CompiledKernel compiled = KernelCompiler.Compile(kernel, new(VectorWidths.Best));
        Assert.That(compiled.UsedFec);
        Assert.That(compiled.JitTime, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(KernelCompiler.Express(kernel, new(VectorWidths.Best)).ToCSharpString(), Does.Contain("Store"));
    }

    private static Kernel ReduceKernel(string name, LoopBuffer x, LoopBuffer y, BinaryFunction function, Func<LoopValue, LoopValue> map) =>
        Kernel(name, [x, y], (begin, end) =>
        {
            var total = new Local("total", x.Storage);
            Local i = Index("i");
            return Sequence(
                new Let(total, Literal.Of(x.Storage, function == BinaryFunction.Multiply ? 1 : 0)),
                new For(i, begin, end, LoopKind.Vector, new Assign(total, new BinaryValue(function, total, map(new Load(x, i)))))
                {
                    Reductions = [new(total, function)],
                },
                new Store(y, Int(0), total));
        });
}

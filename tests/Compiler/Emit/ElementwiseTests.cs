using System.Runtime.InteropServices;
using GraphCompiler.Emit;
using GraphCompiler.Loops;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Emit;

/// <summary>Every function on every dtype it takes, at every width, through both compilers, against the evaluator.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class ElementwiseTests
{
    private static readonly long[][] Sizes = [[0], [1], [2], [3], [4], [5], [7], [8], [9], [15], [16], [17], [35], [61], [64], [131]];
    private static readonly DType[] Types = Enum.GetValues<DType>();

    private static IEnumerable<TestCaseData> UnaryCases() =>
        from function in Enum.GetValues<UnaryFunction>()
        from type in Types
        where ScalarFunction.Of(function).Accepts(type)
        select new TestCaseData(function, type);

    private static IEnumerable<TestCaseData> BinaryCases() =>
        from function in Enum.GetValues<BinaryFunction>()
        from type in Types
        where ScalarFunction.Of(function).Accepts(type)
        select new TestCaseData(function, type);

    private static IEnumerable<TestCaseData> ConvertCases() => from source in Types from target in Types select new TestCaseData(source, target);

    [TestCaseSource(nameof(UnaryCases))]
    public void Unary(object function, DType type)
    {
        var unary = (UnaryFunction)function;
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Output("y", new UnaryValue(unary, new Local("x", type)).Type);
        Kernel kernel = Elementwise("unary", [x, y], i => new Store(y, i, new UnaryValue(unary, new Load(x, i))));

        KernelRun.AssertAgrees(kernel, Sizes, Ulps(unary, type));
    }

    [TestCaseSource(nameof(BinaryCases))]
    public void Binary(object function, DType type)
    {
        var binary = (BinaryFunction)function;
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Input("y", type);
        LoopBuffer z = Output("z", new BinaryValue(binary, new Local("x", type), new Local("y", type)).Type);
        bool isShift = binary is BinaryFunction.ShiftLeft or BinaryFunction.ShiftRight;
        Kernel kernel = Elementwise("binary", [x, y, z], i =>
            new Store(z, i, new BinaryValue(binary, new Load(x, i), isShift ? Literal.Of(type, 3) : new Load(y, i))));
        KernelRun.AssertAgrees(kernel, Sizes, Ulps(binary), !IsAlwaysVector(binary, type, hasLiteralCount: true));
    }

    [TestCaseSource(nameof(UnaryCases))]
    public void Unary_at_singular_points(object function, DType type)
    {
        var unary = (UnaryFunction)function;
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Output("y", new UnaryValue(unary, new Local("x", type)).Type);
        Kernel kernel = Elementwise("unary", [x, y], i => new Store(y, i, new UnaryValue(unary, new Load(x, i))));
        byte[] points = Points(type);
        KernelRun.AssertAgrees(kernel, [[points.Length / type.Size()]], Ulps(unary, type), given: [points, new byte[points.Length / type.Size() * y.Storage.Size()]]);
    }

    [TestCaseSource(nameof(BinaryCases))]
    public void Binary_at_singular_points(object function, DType type)
    {
        var binary = (BinaryFunction)function;
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Input("y", type);
        LoopBuffer z = Output("z", new BinaryValue(binary, new Local("x", type), new Local("y", type)).Type);
        Kernel kernel = Elementwise("binary", [x, y, z], i => new Store(z, i, new BinaryValue(binary, new Load(x, i), new Load(y, i))));
        byte[] points = Points(type);
        int count = points.Length / type.Size();
        byte[] each = [.. Enumerable.Range(0, count).SelectMany(_ => points)];
        byte[] all = [.. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat(points[(i * type.Size())..((i + 1) * type.Size())], count).SelectMany(one => one))];
        KernelRun.AssertAgrees(kernel, [[count * count]], Ulps(binary), !IsAlwaysVector(binary, type, hasLiteralCount: false), given: [all, each, new byte[count * count * z.Storage.Size()]]);
    }

    [Test]
    public void Shifts_by_counts_that_vary_may_shift_everything_out([Values] bool left, [Values(DType.Int32, DType.Int64)] DType type)
    {
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Input("y", type);
        LoopBuffer z = Output("z", type);
        Kernel kernel = Elementwise("shift", [x, y, z], i =>
            new Store(z, i, new BinaryValue(left ? BinaryFunction.ShiftLeft : BinaryFunction.ShiftRight, new Load(x, i), new Load(y, i))));
        KernelRun.AssertAgrees(kernel, Sizes, mayBeScalar: true);
    }

    [TestCaseSource(nameof(BinaryCases))]
    public void Binary_with_a_constant_on_either_side(object function, DType type)
    {
        var binary = (BinaryFunction)function;
        LoopBuffer x = Input("x", type);
        DType result = new BinaryValue(binary, new Local("x", type), new Local("y", type)).Type;
        LoopBuffer y = Output("y", result);
        LoopBuffer z = Output("z", result);
        bool isShift = binary is BinaryFunction.ShiftLeft or BinaryFunction.ShiftRight;
        Kernel kernel = Elementwise("constants", [x, y, z], i => Sequence(
            new Store(y, i, new BinaryValue(binary, new Load(x, i), Literal.Of(type, 2))),
            new Store(z, i, isShift ? Literal.Of(type, 1) : new BinaryValue(binary, Literal.Of(type, 3), new Load(x, i)))));
        KernelRun.AssertAgrees(kernel, Sizes, Ulps(binary), !IsAlwaysVector(binary, type, hasLiteralCount: true));
    }

    [TestCaseSource(nameof(ConvertCases))]
    public void Conversion(DType source, DType target)
    {
        LoopBuffer x = Input("x", source);
        LoopBuffer y = Output("y", target);
        Kernel kernel = Elementwise("convert", [x, y], i => new Store(y, i, new ConvertValue(target, new Load(x, i))));
        bool sameLanes = source == DType.Bool || target == DType.Bool || source.Size() == target.Size();
        KernelRun.AssertAgrees(kernel, Sizes, mayBeScalar: !sameLanes);
    }

    [TestCase(DType.Float32, DType.Int32)]
    [TestCase(DType.Int32, DType.Float32)]
    [TestCase(DType.Float64, DType.Int64)]
    [TestCase(DType.Int64, DType.Float64)]
    public void Bitcast(DType source, DType target)
    {
        LoopBuffer x = Input("x", source);
        LoopBuffer y = Output("y", target);
        Kernel kernel = Elementwise("bitcast", [x, y], i => new Store(y, i, new BitcastValue(target, new Load(x, i))));
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    public void Fma_rounds_once(DType type)
    {
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Input("y", type);
        LoopBuffer z = Output("z", type);
        Kernel kernel = Elementwise("fma", [x, y, z], i =>
        {
            var product = new BinaryValue(BinaryFunction.Multiply, new Load(x, i), new Load(y, i));
            return new Store(z, i, new FmaValue(new Load(x, i), new Load(y, i), new UnaryValue(UnaryFunction.Negate, product)));
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    [TestCase(DType.Int32)]
    [TestCase(DType.Int64)]
    [TestCase(DType.Bool)]
    public void Select_and_masks(DType type)
    {
        LoopBuffer mask = Input("mask", DType.Bool);
        LoopBuffer x = Input("x", type);
        LoopBuffer y = Input("y", type);
        LoopBuffer z = Output("z", type);
        LoopBuffer both = Output("both", DType.Bool);
        Kernel kernel = Elementwise("select", [mask, x, y, z, both], i =>
        {
            var different = new Local("different", DType.Bool);
            return Sequence(
                new Let(different, new BinaryValue(BinaryFunction.NotEqual, new Load(x, i), new Load(y, i))),
                new Store(both, i, new BinaryValue(BinaryFunction.And, new Load(mask, i), different)),
                new Store(z, i, new SelectValue(new BinaryValue(BinaryFunction.Or, new Load(mask, i), different), new Load(x, i), new Load(y, i))));
        });
        KernelRun.AssertAgrees(kernel, Sizes);
    }

    private static bool IsAlwaysVector(BinaryFunction function, DType type, bool hasLiteralCount) => function switch
    {
        BinaryFunction.Power => false,
        BinaryFunction.Divide => type.IsFloat(),
        BinaryFunction.ShiftLeft or BinaryFunction.ShiftRight => hasLiteralCount,
        _ => true,
    };

    /// <summary>Numbers where functions begin, end or break, an odd number of them.</summary>
    private static byte[] Points(DType type)
    {
        double[] reals =
        [
            0, -0.0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.5, -0.5, 0.9999, 2, 2.5, -2.5, 3, 7, 40.25, -103, 88.5, 1e5, 2e5, -2e5,
            1e-8, -1e-8, 1e-40, -1e-40, 1e-310, -1e-310, 1.1754943508222875e-38, 2.2250738585072014e-308, 1e30, -1e30,
        ];
        long[] integers = [0, 1, -1, 2, 3, 7, -7, 31, 32, 33, 63, 64, -64, int.MinValue, int.MaxValue, long.MinValue, long.MaxValue];
        return type switch
        {
            DType.Float32 => MemoryMarshal.AsBytes<float>([.. reals.Select(x => (float)x)]).ToArray(),
            DType.Float64 => MemoryMarshal.AsBytes<double>(reals).ToArray(),
            DType.Int32 => MemoryMarshal.AsBytes<int>([.. integers.Select(x => unchecked((int)x))]).ToArray(),
            DType.Int64 => MemoryMarshal.AsBytes<long>(integers).ToArray(),
            DType.Bool => [0, 1, 1],
            _ => throw DTypes.Unexpected(type),
        };
    }

    private static double Ulps(UnaryFunction function, DType type) =>
        ScalarFunction.Of(function).Kind != FunctionKind.Runtime ? 0
        : type == DType.Float64 ? 16
        : MathExpansion.Expand(function, new Local("x", type)) is null ? 1 : 0;

    private static double Ulps(BinaryFunction function) => function == BinaryFunction.Atan2 ? 4 : 0;
}

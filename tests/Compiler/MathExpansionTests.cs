using GraphCompiler.Emit;
using GraphCompiler.Loops;

namespace GraphCompiler.Tests;

/// <summary>Float32 expansions against double precision, which VectorMathTests holds against 60-digit references.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed class MathExpansionTests
{
    private const int PositiveInfinityBits = 0x7F800000;
    private static readonly UnaryFunction[] _functions =
    [
        .. Enum.GetValues<UnaryFunction>().Where(f => MathExpansion.Expand(f, new Local("x", DType.Float32)) is not null),
    ];

    // What the expansions reach over all floats, rounded up, and their sizes: neither may grow unnoticed.
    private static IEnumerable<TestCaseData> Bounds()
    {
        yield return new TestCaseData("Exp", 1.71, 18);
        yield return new TestCaseData("Exp2", 0.98, 20);
        yield return new TestCaseData("ExpM1", 1.55, 19);
        yield return new TestCaseData("Log", 0.94, 28);
        yield return new TestCaseData("Log2", 1.5, 29);
        yield return new TestCaseData("Log10", 1.57, 31);
        yield return new TestCaseData("Log1P", 1.48, 31);
        yield return new TestCaseData("Tanh", 1.86, 21);
        yield return new TestCaseData("Sigmoid", 1.65, 22);
        yield return new TestCaseData("Sin", 1.71, 20);
        yield return new TestCaseData("Cos", 1.93, 21);
        yield return new TestCaseData("Erf", 1.32, 28);
        yield return new TestCaseData("NormalCdf", 7.05, 38);
    }

    [TestCaseSource(nameof(Bounds))]
    public void An_expansion_is_within_its_bound(string function, double bound, int operations)
    {
        var evaluator = Evaluator(Parse(function), out var reference);
        var worst = Sweep(evaluator, reference, 1021);
        foreach (var point in CriticalPoints())
        {
            worst = Worse(worst, SweepRange(evaluator, reference, point - 1000, 2000, 1));
        }

        TestContext.Out.WriteLine($"{function}: {worst.Ulps:F3} ulp at {worst.Argument:R}, {evaluator.OperationCount} operations");
        Assert.That(worst.Ulps, Is.LessThanOrEqualTo(bound), $"at {worst.Argument:R}");
        Assert.That(evaluator.OperationCount, Is.EqualTo(operations));
    }

    [TestCaseSource(nameof(Bounds)), Category("Slow")]
    public void An_expansion_is_within_its_bound_in_a_dense_sweep(string function, double bound, int operations)
    {
        var worst = DenseSweep.Run(Parse(function), Evaluator(Parse(function), out _), 17);
        TestContext.Out.WriteLine($"{function}: {worst.Ulps:F3} ulp at {worst.Argument:R}, {operations} operations");
        Assert.That(worst.Ulps, Is.LessThanOrEqualTo(bound), $"at {worst.Argument:R}");
    }

    [TestCase("Exp", 0f, 1f)]
    [TestCase("Exp", float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase("Exp", float.NegativeInfinity, 0f)]
    [TestCase("Exp", 88.73f, float.PositiveInfinity)]
    [TestCase("Exp", -103.9f, float.Epsilon)]
    [TestCase("Exp", -104f, 0f)]
    [TestCase("Log", 0f, float.NegativeInfinity)]
    [TestCase("Log", -0f, float.NegativeInfinity)]
    [TestCase("Log", -1f, float.NaN)]
    [TestCase("Log", -float.Epsilon, float.NaN)]
    [TestCase("Log", float.NegativeInfinity, float.NaN)]
    [TestCase("Log", float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase("Log", 1f, 0f)]
    [TestCase("Exp2", 128f, float.PositiveInfinity)]
    [TestCase("Exp2", 127f, 1.7014118e38f)]
    [TestCase("Exp2", -149f, float.Epsilon)]
    [TestCase("Exp2", -151f, 0f)]
    [TestCase("Exp2", 10f, 1024f)]
    [TestCase("Exp2", float.NegativeInfinity, 0f)]
    [TestCase("Exp2", float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase("ExpM1", -0f, -0f)]
    [TestCase("ExpM1", float.Epsilon, float.Epsilon)]
    [TestCase("ExpM1", float.NegativeInfinity, -1f)]
    [TestCase("ExpM1", 88.73f, float.PositiveInfinity)]
    [TestCase("ExpM1", float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase("Log2", 8f, 3f)]
    [TestCase("Log2", float.Epsilon, -149f)]
    [TestCase("Log2", 0f, float.NegativeInfinity)]
    [TestCase("Log2", -1f, float.NaN)]
    [TestCase("Log2", float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase("Log10", 1000f, 3f)]
    [TestCase("Log10", -0f, float.NegativeInfinity)]
    [TestCase("Log10", float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase("Log1P", -0f, -0f)]
    [TestCase("Log1P", 0f, 0f)]
    [TestCase("Log1P", -1f, float.NegativeInfinity)]
    [TestCase("Log1P", -1.0000001f, float.NaN)]
    [TestCase("Log1P", float.NegativeInfinity, float.NaN)]
    [TestCase("Log1P", float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase("Log1P", -float.Epsilon, -float.Epsilon)]
    [TestCase("Tanh", -0f, -0f)]
    [TestCase("Tanh", 0f, 0f)]
    [TestCase("Tanh", 9.1f, 1f)]
    [TestCase("Tanh", float.PositiveInfinity, 1f)]
    [TestCase("Tanh", float.NegativeInfinity, -1f)]
    [TestCase("Tanh", -1e30f, -1f)]
    [TestCase("Sigmoid", 0f, 0.5f)]
    [TestCase("Sigmoid", float.PositiveInfinity, 1f)]
    [TestCase("Sigmoid", float.NegativeInfinity, 0f)]
    [TestCase("Sigmoid", -float.MaxValue, 0f)]
    [TestCase("Sigmoid", 100f, 1f)]
    [TestCase("Sigmoid", -103.9f, float.Epsilon)]
    [TestCase("Sin", -0f, -0f)]
    [TestCase("Sin", 0f, 0f)]
    [TestCase("Sin", float.PositiveInfinity, float.NaN)]
    [TestCase("Sin", float.NegativeInfinity, float.NaN)]
    [TestCase("Cos", 0f, 1f)]
    [TestCase("Cos", -0f, 1f)]
    [TestCase("Cos", float.PositiveInfinity, float.NaN)]
    [TestCase("Erf", -0f, -0f)]
    [TestCase("Erf", 0f, 0f)]
    [TestCase("Erf", 3.93f, 1f)]
    [TestCase("Erf", float.PositiveInfinity, 1f)]
    [TestCase("Erf", float.NegativeInfinity, -1f)]
    [TestCase("NormalCdf", 0f, 0.5f)]
    [TestCase("NormalCdf", -0f, 0.5f)]
    [TestCase("NormalCdf", 6f, 1f)]
    [TestCase("NormalCdf", -15f, 0f)]
    [TestCase("NormalCdf", float.PositiveInfinity, 1f)]
    [TestCase("NormalCdf", float.NegativeInfinity, 0f)]
    public void An_expansion_is_right_at_a_special_value(string function, float argument, float expected)
    {
        var result = Evaluator(Parse(function), out _).Evaluate(argument);
        Assert.That(Identity(result), Is.EqualTo(Identity(expected)), $"{function}({argument:R}) = {result:R}");
    }

    [Test]
    public void NaN_stays_NaN([ValueSource(nameof(_functions))] object function)
    {
        var result = Evaluator((UnaryFunction)function, out _).Evaluate(float.NaN);
        Assert.That(result, Is.NaN);
    }

    [Test]
    public void Bounded_functions_never_leave_their_range()
    {
        foreach (var function in (UnaryFunction[])[UnaryFunction.Sin, UnaryFunction.Cos, UnaryFunction.Tanh, UnaryFunction.Sigmoid, UnaryFunction.Erf])
        {
            var evaluator = Evaluator(function, out _);
            var arguments = Enumerable.Range(0, 2_000_000).Select(i => BitConverter.Int32BitsToSingle(0x3C000000 + (i * 40))).ToArray();
            var results = new float[arguments.Length];
            evaluator.Evaluate(arguments, results);
            Assert.That(results.Max(MathF.Abs), Is.LessThanOrEqualTo(1f), function.ToString());
        }
    }

    [Test]
    public void An_expansion_is_refused_where_there_is_none()
    {
        Assert.That(MathExpansion.Expand(UnaryFunction.Sqrt, new Local("x", DType.Float32)), Is.Null);
        Assert.That(() => MathExpansion.Expand(UnaryFunction.Exp, new Local("x", DType.Float64)), Throws.ArgumentException);
    }

    private static UnaryFunction Parse(string name) => Enum.Parse<UnaryFunction>(name);

    private static int Identity(float value) => float.IsNaN(value) ? int.MinValue + 1 : BitConverter.SingleToInt32Bits(value);

    private static LoopValueEvaluator Evaluator(UnaryFunction function, out Func<double, double> reference)
    {
        reference = function switch
        {
            UnaryFunction.Exp => Math.Exp,
            UnaryFunction.Exp2 => VectorMath.Apply<Functions.Exp2>,
            UnaryFunction.ExpM1 => VectorMath.Apply<Functions.ExpM1>,
            UnaryFunction.Log => Math.Log,
            UnaryFunction.Log2 => VectorMath.Apply<Functions.Log2>,
            UnaryFunction.Log10 => VectorMath.Apply<Functions.Log10>,
            UnaryFunction.Log1P => VectorMath.Log1P,
            UnaryFunction.Tanh => Math.Tanh,
            UnaryFunction.Sigmoid => VectorMath.Sigmoid,
            UnaryFunction.Sin => Math.Sin,
            UnaryFunction.Cos => Math.Cos,
            UnaryFunction.NormalCdf => VectorMath.Apply<Functions.NormalCdf>,
            _ => VectorMath.Erf,
        };
        var x = new Local("x", DType.Float32);
        return new LoopValueEvaluator(x, MathExpansion.Expand(function, x)!);
    }

    // Ends of binades and of the expansions' own ranges, saturation points, zeros of sine and cosine, the unit's neighbourhood.
    private static IEnumerable<int> CriticalPoints() =>
        from value in (float[])
        [
            1e-40f, 1.1754944e-38f, 1e-8f, 5.9604645e-8f, 1.1920929e-7f, 0.3465736f, 0.41421357f, 0.6931472f, 0.70710677f, 1f, 1.0397208f, 1.1f, 1.4142135f,
            1.5707964f, 2f, 3.1415927f, 3.92f, 3.95f, 4.712389f, 6.2831855f, 8.7f, 9.01f, 10f, 17.32868f, 20f, 87.33655f, 88.02969f, 88.72284f, 89f,
            103.97208f, 104f, 126f, 127f, 128f, 149f, 150f, 710f, 66771.41f, 131072f, 8388608f, 2.4e38f, 3.4e38f,
        ]
        select BitConverter.SingleToInt32Bits(value);

    private static (double Ulps, float Argument) Sweep(LoopValueEvaluator evaluator, Func<double, double> reference, int step) =>
        SweepRange(evaluator, reference, 0, (PositiveInfinityBits / step) + 1, step);

    private static (double Ulps, float Argument) Worse((double Ulps, float Argument) a, (double Ulps, float Argument) b) => a.Ulps >= b.Ulps ? a : b;

    private static (double Ulps, float Argument) SweepRange(LoopValueEvaluator evaluator, Func<double, double> reference, int first, int count, int step)
    {
        var arguments = new float[4096];
        var results = new float[4096];
        var worst = (Ulps: 0.0, Argument: 0f);
        for (var start = 0; start < count; start += arguments.Length / 2)
        {
            var filled = 0;
            for (var i = start; i < Math.Min(count, start + (arguments.Length / 2)); i++)
            {
                var bits = Math.Min(first + ((long)i * step), PositiveInfinityBits);
                arguments[filled++] = BitConverter.Int32BitsToSingle((int)bits);
                arguments[filled++] = BitConverter.Int32BitsToSingle((int)bits | int.MinValue);
            }

            evaluator.Evaluate(arguments.AsSpan(0, filled), results);
            for (var i = 0; i < filled; i++)
            {
                var ulps = UlpDistance.Of(results[i], reference(arguments[i]));
                if (ulps > worst.Ulps)
                {
                    worst = (ulps, arguments[i]);
                }
            }
        }

        return worst;
    }
}

using System.Runtime.Intrinsics;
using GraphCompiler.Loops;

namespace GraphCompiler.Tests;

/// <summary>
/// An expansion against double precision at a seventeenth of all floats or so, vectors at a time. The double functions are our own, which
/// VectorMathTests holds against references of 60 digits; the coarser sweep compares with the platform's.
/// </summary>
internal static class DenseSweep
{
    private const int PositiveInfinityBits = 0x7F800000;
    private const int Half = 512;

    // From here on, a double rounds to an infinite float.
    private const double Overflow = 3.4028235677973366e38;

    private delegate void Reference(ReadOnlySpan<double> arguments, Span<double> results);

    public static (double Ulps, float Argument) Run(UnaryFunction function, LoopValueEvaluator evaluator, int step) => function switch
    {
        UnaryFunction.Exp => Run(evaluator, Apply<Functions.Exp>, mirrored: null, step),
        UnaryFunction.Exp2 => Run(evaluator, Apply<Functions.Exp2>, mirrored: null, step),
        UnaryFunction.ExpM1 => Run(evaluator, Apply<Functions.ExpM1>, mirrored: null, step),
        UnaryFunction.Log => Run(evaluator, Apply<Functions.Log>, mirrored: null, step),
        UnaryFunction.Log2 => Run(evaluator, Apply<Functions.Log2>, mirrored: null, step),
        UnaryFunction.Log10 => Run(evaluator, Apply<Functions.Log10>, mirrored: null, step),
        UnaryFunction.Log1P => Run(evaluator, Apply<Functions.Log1P>, mirrored: null, step),
        UnaryFunction.Tanh => Run(evaluator, Apply<Functions.Tanh>, mirrored: -1, step),
        UnaryFunction.Sigmoid => Run(evaluator, Apply<Functions.Sigmoid>, mirrored: null, step),
        UnaryFunction.Sin => Run(evaluator, Apply<Functions.Sin>, mirrored: -1, step, VectorMath.AngleLimit),
        UnaryFunction.Cos => Run(evaluator, Apply<Functions.Cos>, mirrored: 1, step, VectorMath.AngleLimit),
        UnaryFunction.Erf => Run(evaluator, Apply<Functions.Erf>, mirrored: -1, step),
        UnaryFunction.NormalCdf => Run(evaluator, Apply<Functions.NormalCdf>, mirrored: null, step),
        _ => throw new NotSupportedException(function.ToString()),
    };

    /// <summary>
    /// A block holds arguments and their negatives; where the truth of those is known by symmetry, it is not computed. From a limit on, where the
    /// expansion is the platform's function, which is slow there and its own reference, a sixteenth of the points will do.
    /// </summary>
    private static (double Ulps, float Argument) Run(LoopValueEvaluator evaluator, Reference reference, double? mirrored, int step, float limit = float.PositiveInfinity)
    {
        var arguments = new float[2 * Half];
        var results = new float[2 * Half];
        var exact = new double[2 * Half];
        var truths = new double[2 * Half];
        var worst = (Ulps: 0.0, Argument: 0f);
        for (long first = 0; first <= PositiveInfinityBits; first += (long)Half * step)
        {
            if (first > BitConverter.SingleToInt32Bits(limit))
            {
                (step, limit) = (16 * step, float.PositiveInfinity);
            }

            for (var i = 0; i < Half; i++)
            {
                var bits = (int)Math.Min(first + ((long)i * step), PositiveInfinityBits);
                arguments[i] = BitConverter.Int32BitsToSingle(bits);
                arguments[Half + i] = BitConverter.Int32BitsToSingle(bits | int.MinValue);
                exact[i] = arguments[i];
                exact[Half + i] = -exact[i];
            }

            evaluator.Evaluate(arguments, results);
            if (mirrored is { } sign)
            {
                reference(exact.AsSpan(0, Half), truths);
                for (var i = 0; i < Half; i++)
                {
                    truths[Half + i] = sign * truths[i];
                }
            }
            else
            {
                reference(exact, truths);
            }

            for (var i = 0; i < results.Length; i += Vector256<float>.Count)
            {
                var (low, high) = Vector256.Widen(Vector256.Create(results, i));
                if (!Within(low, Vector256.Create(truths, i), worst.Ulps) || !Within(high, Vector256.Create(truths, i + Vector256<double>.Count), worst.Ulps))
                {
                    for (var j = i; j < i + Vector256<float>.Count; j++)
                    {
                        var ulps = UlpDistance.Of(results[j], truths[j]);
                        worst = ulps > worst.Ulps ? (ulps, arguments[j]) : worst;
                    }
                }
            }
        }

        return worst;
    }

    private static void Apply<TFunction>(ReadOnlySpan<double> arguments, Span<double> results)
        where TFunction : struct, ILanesFunction
    {
        for (var i = 0; i < arguments.Length; i += Vector256<double>.Count)
        {
            VectorMath.Apply<TFunction>(Vector256.Create(arguments[i..])).CopyTo(results[i..]);
        }
    }

    /// <summary>Whether no result is surely further from the truth than that; what this leaves open, <see cref="UlpDistance"/> decides.</summary>
    private static bool Within(Vector256<double> results, Vector256<double> truths, double ulps)
    {
        // The power of two below the truth, but that of the smallest normal float at least.
        var power = Vector256.Max((truths.AsInt64() & Vector256.Create(0x7FF0000000000000)).AsDouble(), Vector256.Create(1.1754943508222875e-38));
        var near = Vector256.LessThanOrEqual(Vector256.Abs(results - truths), power * Vector256.Create(ulps / 8388608))
            & Vector256.LessThan(Vector256.Abs(truths), Vector256.Create(Overflow));
        var agrees = near | Vector256.Equals(results, truths) | (Vector256.IsNaN(results) & Vector256.IsNaN(truths));
        return Vector256.EqualsAll(agrees.AsInt64(), Vector256<long>.AllBitsSet);
    }
}

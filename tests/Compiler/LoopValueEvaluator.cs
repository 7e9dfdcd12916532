using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GraphCompiler.Loops;

namespace GraphCompiler.Tests;

/// <summary>
/// Evaluates a Float32 expression of the Loop IR over many arguments. Every object of the expression is computed once, as the emitter does,
/// one loop an object: a sweep over hundreds of millions of floats takes seconds.
/// </summary>
internal sealed class LoopValueEvaluator
{
    private const int Block = 1024;
    private readonly List<LoopValue> _order = [];
    private readonly Dictionary<LoopValue, int[]> _values = new(ReferenceEqualityComparer.Instance);
    private readonly Local _argument;

    public LoopValueEvaluator(Local argument, LoopValue result)
    {
        _argument = argument;
        _values[argument] = new int[Block];
        Visit(result);
    }

    /// <summary>Operations an element: everything but constants and reinterpreted bits.</summary>
    public int OperationCount => _order.Count(value => value is not (Literal or BitcastValue));

    public void Evaluate(ReadOnlySpan<float> arguments, Span<float> results)
    {
        for (var start = 0; start < arguments.Length; start += Block)
        {
            var count = Math.Min(Block, arguments.Length - start);
            MemoryMarshal.Cast<float, int>(arguments.Slice(start, count)).CopyTo(_values[_argument]);
            foreach (var value in _order)
            {
                Compute(value, count);
            }

            Floats(_order[^1])[..count].CopyTo(results[start..]);
        }
    }

    public float Evaluate(float argument)
    {
        var result = 0f;
        Evaluate([argument], new Span<float>(ref result));
        return result;
    }

    private static IEnumerable<LoopValue> Inputs(LoopValue value) => value switch
    {
        UnaryValue unary => [unary.X],
        BinaryValue binary => [binary.X, binary.Y],
        SelectValue select => [select.Condition, select.X, select.Y],
        FmaValue fma => [fma.X, fma.Y, fma.Z],
        ConvertValue convert => [convert.X],
        BitcastValue bitcast => [bitcast.X],
        _ => [],
    };

    private void Visit(LoopValue value)
    {
        if (!_values.TryAdd(value, new int[Block]))
        {
            return;
        }

        foreach (var input in Inputs(value))
        {
            Visit(input);
        }

        if (value is Literal literal)
        {
            Array.Fill(_values[value], (int)literal.Bits);
        }

        _order.Add(value);
    }

    private int[] Bits(LoopValue value) => _values[value];

    private Span<float> Floats(LoopValue value) => MemoryMarshal.Cast<int, float>(_values[value].AsSpan());

    private void Compute(LoopValue value, int count)
    {
        var result = Bits(value);
        switch (value)
        {
            case Literal:
                break;
            case BitcastValue bitcast:
                Bits(bitcast.X).AsSpan(0, count).CopyTo(result);
                break;
            case ConvertValue { To: DType.Float32, X.Type: DType.Int32 } convert:
                TensorPrimitives.ConvertSaturating<int, float>(Bits(convert.X).AsSpan(0, count), Floats(value));
                break;
            case FmaValue fma:
                TensorPrimitives.FusedMultiplyAdd<float>(
                    Floats(fma.X)[..count], Floats(fma.Y)[..count], Floats(fma.Z)[..count], Floats(value));
                break;
            case SelectValue select:
                Select(Bits(select.Condition), Bits(select.X), Bits(select.Y), result);
                break;
            case UnaryValue unary:
                ComputeUnary(unary, count);
                break;
            case BinaryValue { X.Type: DType.Float32 } binary:
                ComputeFloats(binary, count);
                break;
            case BinaryValue { X.Type: DType.Int32 } binary:
                ComputeInts(binary.Function, Bits(binary.X).AsSpan(0, count), Bits(binary.Y).AsSpan(0, count), Bits(value));
                break;
            default:
                throw new NotSupportedException(value.ToString());
        }
    }

    private void ComputeUnary(UnaryValue unary, int count)
    {
        var (bits, result) = (Bits(unary.X), Bits(unary));
        var x = Floats(unary.X);
        var floats = Floats(unary);
        switch (unary.Function)
        {
            case UnaryFunction.Round: TensorPrimitives.Round<float>(x[..count], floats); break;
            case UnaryFunction.Abs: TensorPrimitives.Abs<float>(x[..count], floats); break;
            case UnaryFunction.Not when unary.Type is DType.Int32: TensorPrimitives.OnesComplement<int>(bits.AsSpan(0, count), result); break;
            case UnaryFunction.SinLarge or UnaryFunction.CosLarge:
                var isSin = unary.Function is UnaryFunction.SinLarge;
                for (var i = 0; i < count; i++)
                {
                    floats[i] = isSin ? VectorMath.SinLarge(x[i]) : VectorMath.CosLarge(x[i]);
                }

                break;
            default: throw new NotSupportedException(unary.ToString());
        }
    }

    private void ComputeFloats(BinaryValue binary, int count)
    {
        var x = Floats(binary.X)[..count];
        var y = Floats(binary.Y)[..count];
        var bits = Bits(binary);
        var result = Floats(binary);
        switch (binary.Function)
        {
            case BinaryFunction.Add: TensorPrimitives.Add<float>(x, y, result); break;
            case BinaryFunction.Subtract: TensorPrimitives.Subtract<float>(x, y, result); break;
            case BinaryFunction.Multiply: TensorPrimitives.Multiply<float>(x, y, result); break;
            case BinaryFunction.Divide: TensorPrimitives.Divide<float>(x, y, result); break;
            case BinaryFunction.Maximum: TensorPrimitives.Max<float>(x, y, result); break;
            case BinaryFunction.Minimum: TensorPrimitives.Min<float>(x, y, result); break;
            case BinaryFunction.Equal or BinaryFunction.Less or BinaryFunction.Greater: Compare(binary.Function, Floats(binary.X), Floats(binary.Y), bits); break;
            default: throw new NotSupportedException(binary.ToString());
        }
    }

    // Both of these take whole blocks, which are whole vectors; what lies beyond the count is never read.
    private static void Select(int[] condition, int[] chosen, int[] other, int[] result)
    {
        for (var i = 0; i < Block; i += Vector<int>.Count)
        {
            Vector.ConditionalSelect(Vector.Equals(new Vector<int>(condition, i), Vector<int>.Zero), new Vector<int>(other, i), new Vector<int>(chosen, i)).CopyTo(result, i);
        }
    }

    private static void Compare(BinaryFunction function, ReadOnlySpan<float> x, ReadOnlySpan<float> y, int[] result)
    {
        for (var i = 0; i < Block; i += Vector<float>.Count)
        {
            var (left, right) = (new Vector<float>(x[i..]), new Vector<float>(y[i..]));
            var holds = function switch
            {
                BinaryFunction.Equal => Vector.Equals(left, right),
                BinaryFunction.Less => Vector.LessThan(left, right),
                _ => Vector.GreaterThan(left, right),
            };
            (holds & Vector<int>.One).CopyTo(result, i);
        }
    }

    private static void ComputeInts(BinaryFunction function, ReadOnlySpan<int> x, ReadOnlySpan<int> y, Span<int> result)
    {
        switch (function)
        {
            case BinaryFunction.Add: TensorPrimitives.Add(x, y, result); break;
            case BinaryFunction.Subtract: TensorPrimitives.Subtract(x, y, result); break;
            case BinaryFunction.And: TensorPrimitives.BitwiseAnd(x, y, result); break;
            case BinaryFunction.Or: TensorPrimitives.BitwiseOr(x, y, result); break;
            case BinaryFunction.Xor: TensorPrimitives.Xor(x, y, result); break;
            case BinaryFunction.Maximum: TensorPrimitives.Max(x, y, result); break;
            case BinaryFunction.ShiftLeft: TensorPrimitives.ShiftLeft(x, y[0], result); break;
            case BinaryFunction.ShiftRight: TensorPrimitives.ShiftRightArithmetic(x, y[0], result); break;
            default: throw new NotSupportedException(function.ToString());
        }
    }
}

using GraphCompiler.Execution;

namespace GraphCompiler.Loops;

/// <summary>
/// Runs a kernel on a frame, slowly and plainly, one element at a time with every index checked: what compiled code is held against.
/// Values are bits, as in <see cref="Literal"/>.
/// </summary>
internal sealed unsafe class LoopEvaluator
{
    private readonly Kernel kernel;
    private readonly long* frame;
    private readonly Dictionary<Local, long> locals = [];

    // The values of the statement at hand: what is shared is evaluated once.
    private readonly Dictionary<LoopValue, long> known = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<For, LoopStatement> bodies = new(ReferenceEqualityComparer.Instance);
    private int site;

    private LoopEvaluator(Kernel kernel, nint frame)
    {
        this.kernel = kernel;
        this.frame = (long*)frame;
    }

    /// <summary>Runs the part [begin, end) of a kernel's parallel range, as its compiled entry would.</summary>
    /// <returns>0, or the error site of the <see cref="Fail"/> that ended it.</returns>
    /// <exception cref="IndexOutOfRangeException">A load or store is outside its buffer.</exception>
    public static int Run(Kernel kernel, nint frame, nint begin, nint end)
    {
        var evaluator = new LoopEvaluator(kernel, frame);
        evaluator.locals[kernel.Begin] = begin;
        evaluator.locals[kernel.End] = end;
        evaluator.Run(kernel.Body);
        return evaluator.site;
    }

    private void Run(LoopStatement statement)
    {
        if (site != 0)
        {
            return;
        }

        known.Clear();
        switch (statement)
        {
            case Block block:
                foreach (LoopStatement child in block.Statements)
                {
                    Run(child);
                }

                break;
            case Let let:
                locals[let.Variable] = Evaluate(let.Value);
                break;
            case Assign assign:
                locals[assign.Variable] = Evaluate(assign.Value);
                break;
            case For loop:
                long begin = Evaluate(loop.Begin);
                long end = Evaluate(loop.End);
                LoopStatement body = BodyOf(loop);
                for (long i = begin; i < end && site == 0; i += loop.Step)
                {
                    locals[loop.Variable] = i;
                    Run(body);
                }

                break;
            case If branch:
                if (Evaluate(branch.Condition) != 0)
                {
                    Run(branch.Then);
                }
                else if (branch.Else is not null)
                {
                    Run(branch.Else);
                }

                break;
            case Store store:
                Write(store.Buffer, Evaluate(store.Index), Evaluate(store.Value));
                break;
            case Invoke invoke:
                locals[invoke.Result] = Run(invoke);
                break;
            case Fail fail:
                frame[kernel.FrameSlots - 1] = Evaluate(fail.Detail);
                site = fail.Site;
                break;
        }
    }

    private LoopStatement BodyOf(For loop)
    {
        if (!bodies.TryGetValue(loop, out LoopStatement? body))
        {
            body = LongSum.WrittenOut(loop).Body;
            bodies.Add(loop, body);
        }

        return body;
    }

    /// <summary>The routine itself runs, on parts whose two ends are checked.</summary>
    private long Run(Invoke invoke)
    {
        List<object> arguments = [];
        foreach (BufferPart part in invoke.Parts)
        {
            int ordinal = kernel.Buffers.IndexOf(part.Buffer);
            long offset = Memory.CheckPart(Evaluate(part.Offset), Evaluate(part.Count), Evaluate(part.Buffer.Length), ordinal);
            arguments.Add((nint)frame[ordinal] + (nint)(offset * part.Buffer.Type.Size()));
        }

        arguments.AddRange(invoke.Sizes.Select(s => (object)Evaluate(s)));
        return (long)invoke.Routine.Method.Invoke(null, System.Reflection.BindingFlags.DoNotWrapExceptions, null, [.. arguments], null)!;
    }

    private long Evaluate(LoopValue value)
    {
        if (value is Local local)
        {
            return locals[local];
        }

        if (!known.TryGetValue(value, out long bits))
        {
            bits = value switch
            {
                Literal literal => literal.Bits,
                Extent extent => frame[kernel.Buffers.Length + extent.Slot],
                Load load => Read(load.Buffer, Evaluate(load.Index)),
                UnaryValue unary => Unary(unary.Function, unary.X.Type, Evaluate(unary.X)),
                BinaryValue binary => Binary(binary.Function, binary.X.Type, Evaluate(binary.X), Evaluate(binary.Y)),
                SelectValue select => Select(Evaluate(select.Condition), Evaluate(select.X), Evaluate(select.Y)),
                FmaValue { Type: DType.Float32 } fma => Bits(MathF.FusedMultiplyAdd(Single(Evaluate(fma.X)), Single(Evaluate(fma.Y)), Single(Evaluate(fma.Z)))),
                FmaValue fma => Bits(Math.FusedMultiplyAdd(Double(Evaluate(fma.X)), Double(Evaluate(fma.Y)), Double(Evaluate(fma.Z)))),
                ConvertValue convert => Convert(convert.X.Type, convert.To, Evaluate(convert.X)),
                BitcastValue bitcast => Evaluate(bitcast.X),
                RandomBlock => 0,
                RandomPart part => Random(part),
                _ => throw new CompileException($"Kernel {kernel.Name}: {value.GetType().Name} is no value the evaluator knows."),
            };
            known.Add(value, bits);
        }

        return bits;
    }

    private long Random(RandomPart part)
    {
        int[] words = [.. LoopTree.Arguments(part.Block).Skip(1).Select(w => (int)Evaluate(w))];
        PhiloxBlock block = RandomStream.Block(words, Evaluate(part.Block.Index));
        return part.Type == DType.Int64
            ? (long)(part.Part == 0 ? block.Low : block.High)
            : (int)(part.Part switch { 0 => block.Word0, 1 => block.Word1, 2 => block.Word2, _ => block.Word3 });
    }

    private nint AddressOf(LoopBuffer buffer, long index)
    {
        // A length holds sizes and numbers only, so the values kept for the statement stay right.
        long length = Evaluate(buffer.Length);
        int ordinal = kernel.Buffers.IndexOf(buffer);
        return (nint)frame[ordinal] + (nint)(Memory.CheckIndex(index, length, ordinal) * buffer.Type.Size());
    }

    private long Read(LoopBuffer buffer, long index)
    {
        nint address = AddressOf(buffer, index);
        return buffer.Type switch
        {
            DType.Float32 or DType.Int32 => *(int*)address,
            DType.Float64 or DType.Int64 => *(long*)address,
            _ => *(byte*)address != 0 ? 1 : 0,
        };
    }

    private void Write(LoopBuffer buffer, long index, long bits)
    {
        nint address = AddressOf(buffer, index);
        switch (buffer.Type)
        {
            case DType.Float32 or DType.Int32:
                *(int*)address = (int)bits;
                break;
            case DType.Float64 or DType.Int64:
                *(long*)address = bits;
                break;
            default:
                *(byte*)address = (byte)bits;
                break;
        }
    }

    private static long Select(long condition, long x, long y) => condition != 0 ? x : y;

    private static long Unary(UnaryFunction function, DType type, long x) => type switch
    {
        DType.Float32 => UnarySingle(function, Single(x)),
        DType.Float64 => UnaryDouble(function, Double(x)),
        DType.Bool => 1 - x,
        _ => Wrap(type, function switch
        {
            UnaryFunction.Negate => unchecked(-x),
            UnaryFunction.Abs => x < 0 ? unchecked(-x) : x,
            _ => ~x,
        }),
    };

    private static long UnarySingle(UnaryFunction function, float x) => function switch
    {
        UnaryFunction.IsNaN => float.IsNaN(x) ? 1 : 0,
        _ => Bits(function switch
        {
            UnaryFunction.Negate => -x,
            UnaryFunction.Abs => MathF.Abs(x),
            UnaryFunction.Sqrt => MathF.Sqrt(x),
            UnaryFunction.Floor => MathF.Floor(x),
            UnaryFunction.Round => MathF.Round(x),
            UnaryFunction.SinLarge => MathF.Abs(x) > VectorMath.AngleLimit ? (float)Math.Sin(x) : x,
            UnaryFunction.CosLarge => MathF.Abs(x) > VectorMath.AngleLimit ? (float)Math.Cos(x) : x,
            _ => (float)Transcendental(function, x),
        }),
    };

    private static long UnaryDouble(UnaryFunction function, double x) => function switch
    {
        UnaryFunction.IsNaN => double.IsNaN(x) ? 1 : 0,
        _ => Bits(function switch
        {
            UnaryFunction.Negate => -x,
            UnaryFunction.Abs => Math.Abs(x),
            UnaryFunction.Sqrt => Math.Sqrt(x),
            UnaryFunction.Floor => Math.Floor(x),
            UnaryFunction.Round => Math.Round(x),
            _ => Transcendental(function, x),
        }),
    };

    private static double Transcendental(UnaryFunction function, double x) => function switch
    {
        UnaryFunction.Exp => Math.Exp(x),
        UnaryFunction.Exp2 => Math.Pow(2, x),
        UnaryFunction.ExpM1 => Math.Abs(x) < 1e-5 ? x * (1 + (x / 2)) : Math.Exp(x) - 1,
        UnaryFunction.Log => Math.Log(x),
        UnaryFunction.Log2 => Math.Log2(x),
        UnaryFunction.Log10 => Math.Log10(x),
        UnaryFunction.Log1P => x == 0 ? x : double.LogP1(x),
        UnaryFunction.Tanh => Math.Tanh(x),
        UnaryFunction.Sigmoid => 1 / (1 + Math.Exp(-x)),
        UnaryFunction.Sin => Math.Sin(x),
        UnaryFunction.Cos => Math.Cos(x),
        UnaryFunction.Erf => ErrorFunction.Evaluate(x),
        UnaryFunction.Sinh => Math.Sinh(x),
        UnaryFunction.Cosh => Math.Cosh(x),
        UnaryFunction.Asinh => Math.Asinh(x),
        UnaryFunction.Acosh => Math.Acosh(x),
        UnaryFunction.Atanh => Math.Atanh(x),
        UnaryFunction.Cbrt => Math.Cbrt(x),
        UnaryFunction.Tan => Math.Tan(x),
        UnaryFunction.Asin => Math.Asin(x),
        UnaryFunction.Acos => Math.Acos(x),
        UnaryFunction.Atan => Math.Atan(x),

        // .NET has none of these; the runtime's are held against references of 60 digits.
        UnaryFunction.Erfc => VectorMath.Apply<Functions.Erfc>(x),
        UnaryFunction.NormalCdf => VectorMath.Apply<Functions.NormalCdf>(x),
        UnaryFunction.ErfInv => VectorMath.Apply<Functions.ErfInv>(x),
        UnaryFunction.BesselI0 => VectorMath.Apply<Functions.BesselI0>(x),
        UnaryFunction.BesselI1 => VectorMath.Apply<Functions.BesselI1>(x),
        UnaryFunction.LogGamma => GammaFunctions.LogGamma(x),
        _ => GammaFunctions.Digamma(x),
    };

    private static long Binary(BinaryFunction function, DType type, long x, long y) => function switch
    {
        >= BinaryFunction.Equal => Compare(function, type, x, y) ? 1 : 0,
        BinaryFunction.And => x & y,
        BinaryFunction.Or => x | y,
        BinaryFunction.Xor => x ^ y,
        _ => type switch
        {
            DType.Float32 => Bits(BinarySingle(function, Single(x), Single(y))),
            DType.Float64 => Bits(BinaryDouble(function, Double(x), Double(y))),
            _ => Wrap(type, BinaryInteger(function, 8 * type.Size(), x, y)),
        },
    };

    private static float BinarySingle(BinaryFunction function, float x, float y) => function switch
    {
        BinaryFunction.Add => x + y,
        BinaryFunction.Subtract => x - y,
        BinaryFunction.Multiply => x * y,
        BinaryFunction.Divide => x / y,
        BinaryFunction.Maximum => MathF.Max(x, y),
        BinaryFunction.Minimum => MathF.Min(x, y),
        BinaryFunction.Power => MathF.Pow(x, y),
        BinaryFunction.Remainder => x % y,
        _ => (float)BinaryDouble(function, x, y),
    };

    private static double BinaryDouble(BinaryFunction function, double x, double y) => function switch
    {
        BinaryFunction.Add => x + y,
        BinaryFunction.Subtract => x - y,
        BinaryFunction.Multiply => x * y,
        BinaryFunction.Divide => x / y,
        BinaryFunction.Maximum => Math.Max(x, y),
        BinaryFunction.Minimum => Math.Min(x, y),
        BinaryFunction.Power => Math.Pow(x, y),
        BinaryFunction.Remainder => x % y,
        BinaryFunction.Atan2 => Math.Atan2(x, y),
        BinaryFunction.GammaSlope => GammaSlopes.Slope(x, y),
        BinaryFunction.GammaCurvature => GammaSlopes.Curvature(x, y),
        _ => GammaFunctions.Polygamma(x, y),
    };

    private static long BinaryInteger(BinaryFunction function, int width, long x, long y) => unchecked(function switch
    {
        BinaryFunction.Add => x + y,
        BinaryFunction.Subtract => x - y,
        BinaryFunction.Multiply => x * y,
        BinaryFunction.Divide => FloorDivide(x, y),
        BinaryFunction.Maximum => Math.Max(x, y),
        BinaryFunction.Minimum => Math.Min(x, y),
        BinaryFunction.Power => ScalarMath.Power(x, y),
        BinaryFunction.ShiftLeft => y >= 0 && y < width ? x << (int)y : 0,
        _ => x >> (int)(y >= 0 && y < width ? y : width - 1),
    });

    // By way of Int128, which neither overflows nor shares code with what generated code calls.
    private static long FloorDivide(long x, long y)
    {
        if (y == 0)
        {
            return 0;
        }

        (Int128 quotient, Int128 remainder) = Int128.DivRem(x, y);
        return unchecked((long)(remainder != 0 && (remainder < 0) != (y < 0) ? quotient - 1 : quotient));
    }

    private static bool Compare(BinaryFunction function, DType type, long x, long y)
    {
        if (type is DType.Float32 or DType.Float64)
        {
            double a = type == DType.Float32 ? Single(x) : Double(x);
            double b = type == DType.Float32 ? Single(y) : Double(y);
            return function switch
            {
                BinaryFunction.Equal => a == b,
                BinaryFunction.NotEqual => a != b,
                BinaryFunction.Less => a < b,
                BinaryFunction.LessEqual => a <= b,
                BinaryFunction.Greater => a > b,
                _ => a >= b,
            };
        }

        return function switch
        {
            BinaryFunction.Equal => x == y,
            BinaryFunction.NotEqual => x != y,
            BinaryFunction.Less => x < y,
            BinaryFunction.LessEqual => x <= y,
            BinaryFunction.Greater => x > y,
            _ => x >= y,
        };
    }

    private static long Convert(DType from, DType to, long x) => (from, to) switch
    {
        _ when from == to => x,
        (DType.Float32, DType.Float64) => Bits((double)Single(x)),
        (DType.Float32, DType.Int32) => (int)Single(x),
        (DType.Float32, DType.Int64) => (long)Single(x),
        (DType.Float32, _) => Single(x) != 0 ? 1 : 0,
        (DType.Float64, DType.Float32) => Bits((float)Double(x)),
        (DType.Float64, DType.Int32) => (int)Double(x),
        (DType.Float64, DType.Int64) => (long)Double(x),
        (DType.Float64, _) => Double(x) != 0 ? 1 : 0,
        (_, DType.Float32) => Bits((float)x),
        (_, DType.Float64) => Bits((double)x),
        (_, DType.Bool) => x != 0 ? 1 : 0,
        _ => Wrap(to, x),
    };

    private static long Wrap(DType type, long x) => type == DType.Int32 ? unchecked((int)x) : x;

    private static float Single(long bits) => BitConverter.Int32BitsToSingle(unchecked((int)bits));

    private static double Double(long bits) => BitConverter.Int64BitsToDouble(bits);

    private static long Bits(float x) => BitConverter.SingleToInt32Bits(x);

    private static long Bits(double x) => BitConverter.DoubleToInt64Bits(x);
}

using System.Collections.Immutable;
using static GraphCompiler.Loops.ScalarEvaluator;

namespace GraphCompiler.Loops;

/// <summary>
/// Runs a kernel on a frame, slowly and plainly, one element at a time with every index checked: what compiled code is held against, and what runs
/// where none can be compiled. Values are bits, as in <see cref="Literal"/>, each in a register of its own.
/// </summary>
internal sealed unsafe class LoopEvaluator
{
    private readonly Kernel kernel;
    private readonly Dictionary<LoopValue, int> registers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LoopBuffer, int> ordinals = [];

    // The values of each statement, arguments before what is made of them: what is shared is evaluated once.
    private readonly Dictionary<LoopStatement, Step[]> steps = new(ReferenceEqualityComparer.Instance);
    private readonly LoopStatement body;
    private readonly Step[] lengths;
    private readonly long[] constants;

    private LoopEvaluator(Kernel kernel)
    {
        this.kernel = kernel;
        body = LongSum.AllWrittenOut(kernel.Body);
        for (int i = 0; i < kernel.Buffers.Length; i++)
        {
            ordinals.Add(kernel.Buffers[i], i);
        }

        RegisterOf(kernel.Begin);
        RegisterOf(kernel.End);
        lengths = StepsOf(kernel.Buffers.Select(b => b.Length));
        foreach (LoopStatement statement in LoopTree.Statements(body))
        {
            steps.TryAdd(statement, StepsOf(statement switch
            {
                Prefetch => [],
                For loop => [loop.Begin, loop.End],
                _ => LoopTree.Values(statement),
            }));
            if (LoopTree.Target(statement) is { } variable)
            {
                RegisterOf(variable);
            }
        }

        // A step reads three registers, of which a load names a buffer in one.
        constants = new long[Math.Max(registers.Count, kernel.Buffers.Length)];
        foreach ((LoopValue value, int register) in registers)
        {
            constants[register] = value is Literal literal ? literal.Bits : 0;
        }
    }

    /// <summary>Runs a part of the kernel's parallel range, as its compiled entry would: 0, or the error site of the <see cref="Fail"/> that ended it.</summary>
    /// <exception cref="IndexOutOfRangeException">When it runs: a load or store is outside its buffer.</exception>
    public static KernelEntry Prepare(Kernel kernel)
    {
        if (HostEntry.Of(kernel) is { } host)
        {
            return host;
        }

        var evaluator = new LoopEvaluator(kernel);
        return (frame, begin, end) => new Call(evaluator, (long*)frame).Run(begin, end);
    }

    private int RegisterOf(LoopValue value)
    {
        if (!registers.TryGetValue(value, out int register))
        {
            register = registers.Count;
            registers.Add(value, register);
        }

        return register;
    }

    private Step[] StepsOf(IEnumerable<LoopValue> values)
    {
        List<Step> order = [];
        HashSet<LoopValue> seen = new(ReferenceEqualityComparer.Instance);
        foreach (LoopValue value in values)
        {
            Visit(value);
        }

        return [.. order];

        void Visit(LoopValue value)
        {
            if (!seen.Add(value))
            {
                return;
            }

            ImmutableArray<LoopValue> arguments = LoopTree.Arguments(value);
            foreach (LoopValue argument in arguments)
            {
                Visit(argument);
            }

            int Argument(int index) => index < arguments.Length ? RegisterOf(arguments[index]) : 0;
            int target = RegisterOf(value);
            if (value is not (Literal or Local or RandomBlock))
            {
                order.Add(new Step(value, target, Argument(0), value is Load load ? ordinals[load.Buffer] : Argument(1), Argument(2)));
            }
        }
    }

    /// <summary>A value to be evaluated, the register that takes it, and those of its arguments; a load has its buffer in place of the second.</summary>
    private readonly record struct Step(LoopValue Value, int Target, int X, int Y, int Z);

    /// <summary>One run, with registers of its own.</summary>
    private sealed class Call(LoopEvaluator evaluator, long* frame)
    {
        private readonly long[] registers = [.. evaluator.constants];
        private readonly long[] lengths = new long[evaluator.kernel.Buffers.Length];
        private int site;

        public int Run(long begin, long end)
        {
            Evaluate(evaluator.lengths);
            for (int i = 0; i < lengths.Length; i++)
            {
                lengths[i] = ValueOf(evaluator.kernel.Buffers[i].Length);
            }

            registers[evaluator.registers[evaluator.kernel.Begin]] = begin;
            registers[evaluator.registers[evaluator.kernel.End]] = end;
            Run(evaluator.body);
            return site;
        }

        private void Run(LoopStatement statement)
        {
            if (statement is Block block)
            {
                foreach (LoopStatement child in block.Statements)
                {
                    if (site == 0)
                    {
                        Run(child);
                    }
                }

                return;
            }

            Evaluate(evaluator.steps[statement]);
            switch (statement)
            {
                case Let let:
                    registers[evaluator.registers[let.Variable]] = ValueOf(let.Value);
                    break;
                case Assign assign:
                    registers[evaluator.registers[assign.Variable]] = ValueOf(assign.Value);
                    break;
                case For loop:
                    long end = ValueOf(loop.End);
                    int variable = evaluator.registers[loop.Variable];
                    for (long i = ValueOf(loop.Begin); i < end && site == 0 && (loop.While is null || ValueOf(loop.While) != 0); i += loop.Step)
                    {
                        registers[variable] = i;
                        Run(loop.Body);
                    }

                    break;
                case If branch when ValueOf(branch.Condition) != 0:
                    Run(branch.Then);
                    break;
                case If { Else: { } otherwise }:
                    Run(otherwise);
                    break;
                case Store store:
                    Write(store.Buffer.Storage, AddressOf(evaluator.ordinals[store.Buffer], store.Buffer.Storage, ValueOf(store.Index)), ValueOf(store.Value));
                    break;
                case Invoke invoke:
                    registers[evaluator.registers[invoke.Result]] = Run(invoke);
                    break;
                case Fail fail:
                    frame[evaluator.kernel.FrameSlots - 1] = ValueOf(fail.Detail);
                    site = fail.Site;
                    break;
                case If or Prefetch:
                    break;
                default:
                    throw LoopTree.Unknown(statement);
            }
        }

        /// <summary>The routine itself runs, on parts whose two ends are checked.</summary>
        private long Run(Invoke invoke)
        {
            List<object> arguments = [];
            foreach (BufferPart part in invoke.Parts)
            {
                int ordinal = evaluator.ordinals[part.Buffer];
                long offset = Memory.CheckPart(ValueOf(part.Offset), ValueOf(part.Count), lengths[ordinal], ordinal);
                arguments.Add((nint)frame[ordinal] + (nint)(offset * part.Buffer.Storage.Size()));
            }

            arguments.AddRange(invoke.Sizes.Select(s => (object)ValueOf(s)));
            return (long)invoke.Routine.Method.Invoke(null, System.Reflection.BindingFlags.DoNotWrapExceptions, null, [.. arguments], null)!;
        }

        private long ValueOf(LoopValue value) => registers[evaluator.registers[value]];

        private void Evaluate(Step[] steps)
        {
            foreach (ref readonly Step step in steps.AsSpan())
            {
                (long x, long y, long z) = (registers[step.X], registers[step.Y], registers[step.Z]);
                registers[step.Target] = step.Value switch
                {
                    BinaryValue binary => Binary(binary.Function, binary.X.Type, x, y),
                    Load load => Read(load.Buffer.Storage, AddressOf(step.Y, load.Buffer.Storage, x)),
                    FmaValue => Fma(step.Value.Type, x, y, z),
                    UnaryValue unary => Unary(unary.Function, unary.X.Type, x),
                    SelectValue => x != 0 ? y : z,
                    ConvertValue convert => Convert(convert.X.Type, convert.To, x),
                    BitcastValue => x,
                    RandomPart part => Random(part),
                    Extent extent => frame[evaluator.kernel.Buffers.Length + extent.Slot],
                    _ => throw LoopTree.Unknown(step.Value),
                };
            }
        }

        private long Random(RandomPart part)
        {
            int[] words = [.. LoopTree.Arguments(part.Block).Skip(1).Select(w => (int)ValueOf(w))];
            PhiloxBlock block = RandomStream.Block(words, ValueOf(part.Block.Index));
            return part.Type switch
            {
                DType.Int64 => (long)(part.Part == 0 ? block.Low : block.High),
                DType.Int32 => (int)(part.Part switch { 0 => block.Word0, 1 => block.Word1, 2 => block.Word2, _ => block.Word3 }),
                _ => throw DTypes.Unexpected(part.Type),
            };
        }

        private nint AddressOf(int ordinal, DType storage, long index) =>
            (nint)frame[ordinal] + (nint)(Memory.CheckIndex(index, lengths[ordinal], ordinal) * storage.Size());
    }

    private static long Read(DType storage, nint address) => storage switch
    {
        DType.Float32 or DType.Int32 => *(int*)address,
        DType.Float64 or DType.Int64 => *(long*)address,
        DType.Bool => *(byte*)address != 0 ? 1 : 0,
        _ => throw DTypes.Unexpected(storage),
    };

    private static void Write(DType storage, nint address, long bits)
    {
        switch (storage)
        {
            case DType.Float32 or DType.Int32:
                *(int*)address = (int)bits;
                break;
            case DType.Float64 or DType.Int64:
                *(long*)address = bits;
                break;
            case DType.Bool:
                *(byte*)address = (byte)bits;
                break;
            default:
                throw DTypes.Unexpected(storage);
        }
    }
}

using System.Runtime.InteropServices;
using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// The structure of a kernel and how it is to be emitted, written down as numbers: two kernels with equal keys compile to the same code. Names do not
/// matter; locals, buffers and shared values are numbered in the order in which they appear, so the key grows with the number of distinct values
/// and not with the number of paths to them. The range is left out, and the lengths of buffers too unless they are checked: code does not depend on them.
/// </summary>
internal sealed class KernelKey : IEquatable<KernelKey>
{
    private readonly int[] numbers;
    private readonly int hash;

    private KernelKey(int[] numbers, EmitOptions options)
    {
        this.numbers = numbers;
        Options = options;
        var code = default(HashCode);
        code.AddBytes(MemoryMarshal.AsBytes(numbers.AsSpan()));
        code.Add(options);
        hash = code.ToHashCode();
    }

    public EmitOptions Options { get; }

    public static KernelKey Of(Kernel kernel, EmitOptions options) => new(new Writer(kernel, options.Checked).Write(), options);

    public bool Equals(KernelKey? other) => other is not null && hash == other.hash && Options == other.Options && numbers.AsSpan().SequenceEqual(other.numbers);

    public override bool Equals(object? obj) => Equals(obj as KernelKey);

    public override int GetHashCode() => hash;

    // What a record of the key describes; how many numbers follow is determined by it, or by a count among them.
    private enum Record
    {
        Literal,
        Local,
        Extent,
        Load,
        Unary,
        Binary,
        Select,
        Fma,
        Convert,
        Bitcast,
        RandomBlock,
        RandomPart,
        Block,
        Let,
        Assign,
        For,
        If,
        Store,
        Prefetch,
        Fail,
        Invoke,
        CallHost,
    }

    private sealed class Writer(Kernel kernel, bool withLengths)
    {
        private readonly List<int> output = [];
        private readonly Dictionary<LoopValue, int> values = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<LoopBuffer, int> buffers = [];

        public int[] Write()
        {
            Add(kernel.Buffers.Length, kernel.Extents, Number(kernel.Begin), Number(kernel.End));
            foreach (LoopBuffer buffer in kernel.Buffers)
            {
                buffers.Add(buffer, buffers.Count);
                int length = withLengths ? Number(buffer.Length) : -1;
                Add((int)buffer.Storage, buffer.Writable ? 1 : 0, length);
            }

            Write(kernel.Body);
            return [.. output];
        }

        private void Write(LoopStatement statement)
        {
            switch (statement)
            {
                case Block block:
                    Add(Record.Block, block.Statements.Length);
                    break;
                case Let let:
                    Add(Record.Let, Number(let.Value), Number(let.Variable));
                    break;
                case Assign assign:
                    Add(Record.Assign, Number(assign.Value), Number(assign.Variable));
                    break;
                case For loop:
                    int pastCache = loop.PastCache is null ? -1 : Number(loop.PastCache);
                    int condition = loop.While is null ? -1 : Number(loop.While);
                    Add(Record.For, Number(loop.Begin), Number(loop.End), Number(loop.Variable), (int)loop.Kind, loop.Vectors, loop.IsMasked ? 1 : 0, pastCache, condition);
                    Add(loop.Step);
                    Add(loop.Reductions.Length);
                    foreach (Reduction reduction in loop.Reductions)
                    {
                        Add(Number(reduction.Accumulator), (int)reduction.Function, reduction.Lost is null ? -1 : Number(reduction.Lost));
                    }

                    break;
                case If branch:
                    Add(Record.If, Number(branch.Condition), branch.Else is null ? 0 : 1);
                    break;
                case Store store:
                    Add(Record.Store, buffers[store.Buffer], Number(store.Index), Number(store.Value));
                    break;
                case Prefetch prefetch:
                    Add(Record.Prefetch, buffers[prefetch.Buffer], Number(prefetch.Index));
                    break;
                case Fail fail:
                    Add(Record.Fail, fail.Site, Number(fail.Detail));
                    break;
                case Invoke invoke:
                    Add(Record.Invoke, invoke.Routine.Number, Number(invoke.Result));
                    foreach (BufferPart part in invoke.Parts)
                    {
                        Add(buffers[part.Buffer], Number(part.Offset), withLengths ? Number(part.Count) : -1);
                    }

                    Add([.. invoke.Sizes.Select(Number)]);
                    break;
                case CallHost call:
                    Add(Record.CallHost, call.Routine.Number, call.Site);
                    Add([.. call.Buffers.Select(b => buffers[b]), .. call.Lengths.Select(Number)]);
                    break;
                default:
                    throw LoopTree.Unknown(statement);
            }

            foreach (LoopStatement child in LoopTree.Children(statement))
            {
                Write(child);
            }
        }

        /// <summary>The number of a value, which is written out where it first appears, after its arguments.</summary>
        private int Number(LoopValue value)
        {
            if (values.TryGetValue(value, out int number))
            {
                return number;
            }

            int[] arguments = [.. LoopTree.Arguments(value).Select(Number)];
            (Record record, long field) = value switch
            {
                Literal literal => (Record.Literal, literal.Bits),
                Local => (Record.Local, 0),
                Extent extent => (Record.Extent, extent.Slot),
                Load load => (Record.Load, buffers[load.Buffer]),
                UnaryValue unary => (Record.Unary, (long)unary.Function),
                BinaryValue binary => (Record.Binary, (long)binary.Function),
                SelectValue => (Record.Select, 0),
                FmaValue => (Record.Fma, 0),
                ConvertValue convert => (Record.Convert, (long)convert.To),
                BitcastValue => (Record.Bitcast, 0),
                RandomBlock => (Record.RandomBlock, 0),
                RandomPart part => (Record.RandomPart, part.Part),
                _ => throw LoopTree.Unknown(value),
            };
            Add(record, (int)value.Type);
            Add(field);
            Add(arguments);
            number = values.Count;
            values.Add(value, number);
            return number;
        }

        // Arguments are evaluated, and so written, before the record that refers to them.
        private void Add(Record record, params ReadOnlySpan<int> fields)
        {
            output.Add(-1 - (int)record);
            Add(fields);
        }

        private void Add(params ReadOnlySpan<int> fields) => output.AddRange(fields);

        private void Add(long bits) => Add((int)bits, (int)(bits >> 32));
    }
}

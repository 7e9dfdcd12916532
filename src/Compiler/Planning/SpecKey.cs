using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>
/// The structure of what a kernel computes, written down as numbers: two specs with equal keys are lowered to the same loops, on other memory. Nodes are
/// numbered in the order in which they appear, and so are the places at which views begin where code does not depend on them. Of what lies in memory the
/// key holds the type and the name of the operation, which names buffers; of what is computed the operation as well.
/// </summary>
internal sealed class SpecKey
{
    private readonly Dictionary<object, int> words;
    private readonly List<int> output = [];
    private readonly Dictionary<Node, int> numbers = [];
    private readonly List<Node> nodes = [];
    private readonly List<Dim> offsets = [];
    private Func<Dim, bool> isArgument = _ => false;

    /// <param name="spec">What a kernel computes.</param>
    /// <param name="words">Numbers of all that is compared by value, for keys that are to be compared with each other.</param>
    public SpecKey(KernelSpec spec, Dictionary<object, int> words)
    {
        this.words = words;
        Write(spec);
        Numbers = [.. output];
    }

    /// <summary>The key itself.</summary>
    public EquatableArray<int> Numbers { get; }

    /// <summary>The nodes by their numbers.</summary>
    public IReadOnlyList<Node> Nodes => nodes;

    /// <summary>Where views begin, by number.</summary>
    public IReadOnlyList<Dim> Offsets => offsets;

    /// <summary>The number of a node that the spec has to do with.</summary>
    public int NumberOf(Node node) => numbers[node];

    private void Write(KernelSpec spec)
    {
        WriteEach(spec.Nodes, Computed);
        WriteEach(spec.Stored, Number);
        switch (spec)
        {
            case FusedSpec fused:
                IReadOnlySet<Dim> near = LowerGroup.NearOffsets(fused);
                isArgument = offset => !near.Contains(offset);
                Word(fused.Domain.Shape);
                Word(fused.Domain.Inner);
                WriteEach(fused.Nodes, node => Write(fused.Work[node]));
                break;
            case ProductSpec product:
                isArgument = _ => true;
                Write(product.Choice);
                break;
            case OperationSpec operation:
                Computed(operation.Operation);
                WriteEach(operation.Operands, Write);
                break;
            default:
                throw new InvalidOperationException($"{spec.GetType().Name} has no key.");
        }
    }

    private void Write(NodeWork work)
    {
        WriteIf(work.Expression, Write);
        WriteIf(work.Index, Write);
        WriteIf(work.Table, Write);
    }

    private void Write(PointwiseExpression expression)
    {
        Number(expression.Root);
        WriteEach(expression.Operations, Computed);
        WriteEach(expression.Leaves, leaf =>
        {
            Number(leaf.Key);
            Write(leaf.Value);
        });
    }

    private void Write(Read read)
    {
        output.Add(read.Buffer is null ? 0 : 1);
        Write(read.View);
    }

    private void Write(View view)
    {
        Source(view.Source);
        Offset(view.Offset);
        Word(view.Strides);
    }

    private void Write(MatMulChoice choice)
    {
        MatMulProblem problem = choice.Problem;
        Number(problem.Root);
        Word(problem.Batch);
        Word(problem.M);
        Word(problem.N);
        Word(problem.K);
        Write(problem.A);
        Write(problem.B);
        Write(problem.C);
        WriteIf(problem.Windows, Word);
        WriteIf(problem.Epilogue, Write);
        WriteIf(problem.Further, Write);
        output.Add(problem.KeepsRoot ? 1 : 0);
        WriteEach(problem.Roots, Number);
        WriteEach(choice.Variants, Word);
        output.Add(choice.KeepsRight ? 1 : 0);
        output.Add(choice.IsColumn ? 1 : 0);
    }

    private void Write(Matrix matrix)
    {
        Source(matrix.Source);
        Offset(matrix.Offset);
        Word(matrix.Batch);
        Word(matrix.Row);
        Word(matrix.Column);
        WriteIf(matrix.Joined, Word);
        WriteIf(matrix.Prologue, prologue =>
        {
            Write(prologue.Expression);
            WriteEach(prologue.Leaves, leaf =>
            {
                Write(leaf.Key);
                Write(leaf.Value);
            });
        });
    }

    private void Write(Epilogue epilogue)
    {
        output.Add(epilogue.IsCheap ? 1 : 0);
        Number(epilogue.Product);
        WriteEach(epilogue.Operations, operation =>
        {
            Computed(operation);
            WriteEach(operation.Inputs, Reshaped);
        });
        WriteEach(epilogue.Roots, Number);
        WriteEach(epilogue.Leaves, leaf =>
        {
            Number(leaf.Key);
            output.Add(epilogue.Drawn.Contains(leaf.Key) ? 1 : 0);
            Write(leaf.Value);
        });

        // What is computed may be read under other shapes.
        void Reshaped(Node node)
        {
            for (; node.Op is ReshapeOp && !epilogue.Leaves.ContainsKey(node); node = node.Inputs[0])
            {
                Computed(node);
            }
        }
    }

    /// <summary>A node that is computed. What a movement does is told by views.</summary>
    private void Computed(Node node)
    {
        Number(node);
        Word(node.Op is MovementOp ? node.Op.Kind : node.Op);
        WriteEach(InputsOf(node), Number);
    }

    /// <summary>A node that is read from memory, or known on the spot: then it is the operation that tells what is read.</summary>
    private void Source(Node node)
    {
        Number(node);
        if (node.Op is ConstantOp or DimValueOp or IotaOp or RandomBitsOp)
        {
            Word(node.Op);
            WriteEach(InputsOf(node), Source);
        }
        else
        {
            Word(node.Op.Name);
        }
    }

    private static NodeList InputsOf(Node node) => node.Op is RandomBitsOp ? [RandomRules.StreamOf(node)] : node.Inputs;

    private void Number(Node node)
    {
        if (numbers.TryGetValue(node, out int number))
        {
            output.Add(number);
            return;
        }

        output.Add(nodes.Count);
        numbers.Add(node, nodes.Count);
        nodes.Add(node);
        WriteEach(node.Results, type => Word(type));
    }

    /// <summary>Where a view begins. That is an argument of the kernel, unless it is 0 or written into the code.</summary>
    private void Offset(Dim offset)
    {
        if (offset.Constant is null or 0 || !isArgument(offset))
        {
            Word(offset);
            return;
        }

        int number = offsets.IndexOf(offset);
        if (number < 0)
        {
            number = offsets.Count;
            offsets.Add(offset);
        }

        output.Add(-1 - number);
    }

    private void Word(object value)
    {
        if (!words.TryGetValue(value, out int word))
        {
            words.Add(value, word = words.Count);
        }

        output.Add(word);
    }

    private void WriteIf<T>(T? part, Action<T> write)
        where T : class
    {
        output.Add(part is null ? 0 : 1);
        if (part is not null)
        {
            write(part);
        }
    }

    private void WriteEach<T>(IReadOnlyCollection<T> parts, Action<T> write)
    {
        output.Add(parts.Count);
        foreach (T part in parts)
        {
            write(part);
        }
    }
}

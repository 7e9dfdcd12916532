using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Pointwise expressions as values of the Loop IR.</summary>
internal static class PointwiseValues
{
    extension(PointwiseExpression expression)
    {
        /// <summary>The value, given what is read; each node's is made once.</summary>
        public LoopValue Evaluate(Func<Read, LoopValue> load)
        {
            Dictionary<Node, LoopValue> values = [];
            return expression.Evaluate(load, (node, compute) => values.TryGetValue(node, out LoopValue? value) ? value : values[node] = compute());
        }

        /// <summary>The value, given what is read and how to keep the values of the nodes in it.</summary>
        public LoopValue Evaluate(Func<Read, LoopValue> load, Func<Node, Func<LoopValue>, LoopValue> keep)
        {
            return Value(expression.Root);

            LoopValue Value(Node node) => keep(node, () => expression.Leaves.TryGetValue(node, out Read? read)
                ? load(read)
                : Scalars.Apply(node, [.. node.Inputs.Select(Value)]));
        }
    }

    extension(Read read)
    {
        /// <summary>What is read where a nest's variables stand, stepped through so: an element, or a number that is known on the spot.</summary>
        public LoopValue Load(EquatableArray<Dim> strides, LoopNest nest, KernelBuilder kernel) =>
            read.Load(() => nest.Position(kernel, read.View.Offset, strides), kernel);

        /// <summary>What is read, given the position where memory is read or counted from.</summary>
        public LoopValue Load(Func<LoopValue> position, KernelBuilder kernel) => read.View.Source.Op switch
        {
            _ when read.Buffer is { } buffer => new Load(kernel.Input(buffer), position()),
            ConstantOp constant => Scalars.Literal(constant),
            DimValueOp size => LoopMath.Convert(size.Type, kernel.Size(size.Dim)),
            IotaOp iota => LoopMath.Convert(iota.Type, position()),
            RandomBitsOp bits => LowerRandom.Bits(bits, kernel.Input(RandomRules.StreamOf(read.View.Source)), position()),
            _ => throw new InvalidOperationException($"{read.View.Source.Describe()} has neither a buffer nor a value of its own."),
        };
    }
}

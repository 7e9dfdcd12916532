using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Pointwise expressions as values of the Loop IR.</summary>
internal static class PointwiseValues
{
    extension(PointwiseExpression expression)
    {
        /// <summary>The value, given how to read; each node's is made once.</summary>
        public LoopValue Evaluate(Func<View, LoopValue> read)
        {
            Dictionary<Node, LoopValue> values = [];
            return expression.Evaluate(read, (node, compute) => values.TryGetValue(node, out LoopValue? value) ? value : values[node] = compute());
        }

        /// <summary>The value, given how to read and how to keep the values of the nodes in it.</summary>
        public LoopValue Evaluate(Func<View, LoopValue> read, Func<Node, Func<LoopValue>, LoopValue> keep)
        {
            return Value(expression.Root);

            LoopValue Value(Node node) => keep(node, () => expression.Leaves.TryGetValue(node, out View? view)
                ? read(view)
                : Scalars.Apply(node, [.. node.Inputs.Select(Value)]));
        }

        /// <summary>Reads what a view is over: memory, or a number that is known on the spot.</summary>
        public LoopValue Read(View view, EquatableArray<Dim> strides, LoopNest nest, KernelBuilder kernel) =>
            expression.Read(view, () => nest.Position(kernel, view.Offset, strides), kernel);

        /// <summary>Reads what a view is over, given the position where memory is read or counted from.</summary>
        public LoopValue Read(View view, Func<LoopValue> position, KernelBuilder kernel) => view.Source.Op switch
        {
            _ when expression.IsRead(view) => new Load(kernel.Input(view.Source), position()),
            ConstantOp constant => Scalars.Literal(constant),
            DimValueOp size => LoopMath.Convert(size.Type, kernel.Size(size.Dim)),
            IotaOp iota => LoopMath.Convert(iota.Type, position()),
            RandomBitsOp bits => LowerRandom.Bits(bits, kernel.Input(view.Source.Inputs[0]), position()),
            _ => throw new InvalidOperationException($"{view.Source.Describe()} has neither a buffer nor a value of its own."),
        };
    }
}

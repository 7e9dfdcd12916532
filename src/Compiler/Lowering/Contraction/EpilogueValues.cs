using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>Elementwise work on the results of a matrix product as values of the Loop IR.</summary>
internal static class EpilogueValues
{
    extension(Epilogue epilogue)
    {
        /// <summary>Loads the operands that are the same for every row, once a tile; they go into <paramref name="known"/>.</summary>
        public IEnumerable<LoopStatement> LoadShared(KernelBuilder kernel, LoopNest batch, LoopValue column, Dictionary<Node, LoopValue> known)
        {
            foreach ((Node node, Matrix matrix) in epilogue.Leaves)
            {
                if (matrix.Source.Op is not ConstantOp { Data.Value.Count: 1 } && matrix.Row.Constant == 0 && matrix.Column.Constant == 1)
                {
                    var local = new Local("operand", node.DType);
                    known.Add(node, local);
                    yield return new Let(local, epilogue.Read(kernel, batch, node, matrix, LoopMath.Int(0), column));
                }
            }
        }

        /// <summary>The only root's value at an element, given the product's.</summary>
        public LoopValue Apply(KernelBuilder kernel, LoopNest batch, LoopValue sum, LoopValue row, LoopValue column, IReadOnlyDictionary<Node, LoopValue> known)
        {
            Dictionary<Node, LoopValue> values = new(known) { [epilogue.Product] = sum };
            return epilogue.Value(kernel, batch, epilogue.Roots[0], row, column, values, (_, value) => value);
        }

        /// <summary>The values of all roots at an element, given the product's; what is used several times goes into locals.</summary>
        public LoopValue[] ApplyAll(KernelBuilder kernel, LoopNest batch, LoopValue sum, LoopValue row, LoopValue column, List<LoopStatement> statements)
        {
            Dictionary<Node, LoopValue> values = new() { [epilogue.Product] = sum };
            return [.. epilogue.Roots.Select(root => epilogue.Value(kernel, batch, root, row, column, values, (node, value) =>
            {
                if (value is Literal or Local)
                {
                    return value;
                }

                var local = new Local($"v{values.Count}", value.Type);
                statements.Add(new Let(local, value));
                return local;
            }))];
        }

        private LoopValue Value(
            KernelBuilder kernel, LoopNest batch, Node node, LoopValue row, LoopValue column, Dictionary<Node, LoopValue> values, Func<Node, LoopValue, LoopValue> keep)
        {
            if (node.Op is ReshapeOp && !epilogue.Leaves.ContainsKey(node))
            {
                return epilogue.Value(kernel, batch, node.Inputs[0], row, column, values, keep);
            }

            if (!values.TryGetValue(node, out LoopValue? value))
            {
                values[node] = value = keep(node, !epilogue.Leaves.TryGetValue(node, out Matrix? matrix)
                    ? Scalars.Apply(node, [.. node.Inputs.Select(i => epilogue.Value(kernel, batch, i, row, column, values, keep))])
                    : matrix.Source.Op is ConstantOp { Data.Value.Count: 1 } constant ? Scalars.Literal(constant)
                    : epilogue.Read(kernel, batch, node, matrix, row, column));
            }

            return value;
        }

        private LoopValue Read(KernelBuilder kernel, LoopNest batch, Node node, Matrix matrix, LoopValue row, LoopValue column) => epilogue.Drawn.Contains(node)
            ? LowerRandom.Bits((RandomBitsOp)matrix.Source.Op, kernel.Input(RandomRules.StreamOf(matrix.Source)), matrix.Position(kernel, batch, row, column))
            : matrix.At(kernel, batch, row, column);
    }
}

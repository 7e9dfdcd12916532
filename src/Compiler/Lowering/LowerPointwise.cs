using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>Elementwise operations, movements, counts and constants: one value an element of the result.</summary>
internal static class LowerPointwise
{
    public static LoweredKernel Run(Node root, IMaterialization materialization)
    {
        var expression = new PointwiseExpression(root, materialization, expandRoot: true);
        var kernel = new KernelBuilder(root);
        EquatableArray<Dim> rowMajor = View.RowMajor(root.Shape);
        var nest = new LoopNest(root.Shape, [.. expression.Accesses, rowMajor]);
        LoopValue value = expression.At(nest, kernel);
        var store = new Store(kernel.Output(root), nest.Position(kernel, 0, rowMajor), value);
        return kernel.Build(nest.Sizes[0], Loops(nest, kernel, store));
    }

    /// <summary>The body inside all loops of the nest: the outermost shared out among threads, the innermost vectorised.</summary>
    public static LoopStatement Loops(LoopNest nest, KernelBuilder kernel, LoopStatement body)
    {
        for (int loop = nest.Variables.Count - 1; loop >= 0; loop--)
        {
            bool innermost = loop == nest.Variables.Count - 1;
            body = new For(
                nest.Variables[loop],
                loop == 0 ? kernel.Begin : LoopMath.Int(0),
                loop == 0 ? kernel.End : kernel.Size(nest.Sizes[loop]),
                innermost ? LoopKind.Vector : loop == 0 ? LoopKind.Parallel : LoopKind.Serial,
                body);
        }

        return body;
    }
}

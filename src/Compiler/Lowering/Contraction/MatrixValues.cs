using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>Elements of the matrices of a product as values of the Loop IR.</summary>
internal static class MatrixValues
{
    extension(MatMulProblem problem)
    {
        /// <summary>The loops over the batch axes.</summary>
        public LoopNest Batches(params ReadOnlySpan<EquatableArray<Dim>> accesses) =>
            new(problem.Batch, [.. accesses, problem.C.Batch, .. problem.Epilogue?.Batches ?? [], .. problem.Further?.Batches ?? []]);

        /// <summary>What is stored for a sum.</summary>
        public LoopValue Finish(KernelBuilder kernel, LoopNest batch, LoopValue sum, LoopValue row, LoopValue column, IReadOnlyDictionary<Node, LoopValue> known) =>
            problem.Epilogue is null ? sum : problem.Epilogue.Apply(kernel, batch, sum, row, column, known);
    }

    extension(Matrix matrix)
    {
        /// <summary>Where the matrix begins for the current values of the batch loops.</summary>
        public LoopValue Start(KernelBuilder kernel, LoopNest batch) => batch.Position(kernel, matrix.Offset, matrix.Batch);

        /// <summary>Where an element lies.</summary>
        public LoopValue Position(KernelBuilder kernel, LoopNest batch, LoopValue row, LoopValue column) => LoopMath.Sum(
            matrix.Start(kernel, batch), LoopMath.Times(row, kernel.Size(matrix.Row)), LoopMath.Times(column, kernel.Size(matrix.Column)));

        /// <summary>The value of an element.</summary>
        public LoopValue At(KernelBuilder kernel, LoopNest batch, LoopValue row, LoopValue column) => matrix.Prologue is { } prologue
            ? prologue.Expression.Evaluate(read => read.Load(() => prologue.Leaves[read].Position(kernel, batch, row, column), kernel))
            : new Load(kernel.Input(matrix.Source), matrix.Position(kernel, batch, row, column));
    }
}

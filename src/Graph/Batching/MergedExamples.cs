namespace GraphCompiler.Batching;

/// <summary>The batch axis joined with another one, for operations that have a batch of their own, and taken out of it again.</summary>
internal static class MergedExamples
{
    /// <summary>An input whose axis has the elements of all examples, those of the first one first.</summary>
    /// <param name="context">The examples.</param>
    /// <param name="input">The input.</param>
    /// <param name="axis">The axis, as one example has it.</param>
    public static Node Merged(this BatchContext context, int input, int axis) => Ops.Flatten(Ops.MoveAxis(context.Batched(input), 0, axis), axis, axis + 1);

    /// <summary>A result of such inputs, with the batch axis in front.</summary>
    /// <param name="context">The examples.</param>
    /// <param name="merged">The result.</param>
    /// <param name="axis">The axis that has the elements of all.</param>
    /// <param name="result">Which result of the operation it is.</param>
    public static Node Split(this BatchContext context, Node merged, int axis, int result = 0)
    {
        Shape shape = context.Node.Results[result].Shape;
        return Ops.MoveAxis(Ops.Reshape(merged, Shape.Of([.. shape.Take(axis), context.Size, .. shape.Skip(axis)])), axis, 0);
    }
}

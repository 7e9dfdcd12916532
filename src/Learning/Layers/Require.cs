namespace GraphCompiler.Learning.Layers;

/// <summary>What layers ask of what they are applied to. Errors get the layer's name where it is defined.</summary>
internal static class Require
{
    /// <summary>A last axis of a size.</summary>
    public static void LastAxis(Node x, int size)
    {
        Float(x);
        if (x.Rank == 0 || x.Shape[^1] != size)
        {
            throw new ShapeException($"takes a tensor whose last axis has size {size}, and was given {x.Shape}.");
        }
    }

    /// <summary>The element type of layers.</summary>
    public static void Float(Node x)
    {
        if (x.DType != DType.Float32)
        {
            throw new DTypeException($"takes Float32, and was given {x.DType}; Cast converts.");
        }
    }
}

namespace GraphCompiler.Learning.Files;

/// <summary>A tensor that is to be saved.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Shape">Its sizes, numbers.</param>
/// <param name="CopyTo">Writes its elements, row-major.</param>
internal sealed record TensorSource(string Name, DType DType, Shape Shape, Action<Stream> CopyTo)
{
    /// <summary>The sizes of the axes.</summary>
    public long[] Sizes { get; } = [.. Shape.Select(d => d.Constant!.Value)];

    /// <summary>The bytes that its elements take.</summary>
    public long ByteCount => Sizes.Aggregate((long)DType.Size(), (product, size) => product * size);

    public static TensorSource Of(string name, ParameterValues values)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(values);
        return new(name, values.DType, values.Shape, stream => stream.Write(values.Bytes.Span));
    }

    public static TensorSource Of(string name, Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(parameter);
        return new(name, parameter.DType, parameter.Shape, parameter.CopyTo);
    }
}

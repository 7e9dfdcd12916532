using System.Numerics.Tensors;

namespace GraphCompiler;

// C# has no generic conversion operators: one for each element type and source.
public readonly partial struct Argument
{
    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(float[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; a strided one is copied when the function is called.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Argument(Tensor<float>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(Memory<float> memory) => new(Storage.OfMemory<float>(memory));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(ReadOnlyMemory<float> memory) => new(Storage.OfMemory(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(float[,]? array) => new(Storage.OfMultiDimensional<float>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(float[,,]? array) => new(Storage.OfMultiDimensional<float>(array));

    /// <summary>A single value, of rank 0.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator Argument(float value) => new(Storage.OfScalar(value));

    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(double[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; a strided one is copied when the function is called.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Argument(Tensor<double>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(Memory<double> memory) => new(Storage.OfMemory<double>(memory));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(ReadOnlyMemory<double> memory) => new(Storage.OfMemory(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(double[,]? array) => new(Storage.OfMultiDimensional<double>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(double[,,]? array) => new(Storage.OfMultiDimensional<double>(array));

    /// <summary>A single value, of rank 0.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator Argument(double value) => new(Storage.OfScalar(value));

    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(int[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; a strided one is copied when the function is called.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Argument(Tensor<int>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(Memory<int> memory) => new(Storage.OfMemory<int>(memory));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(ReadOnlyMemory<int> memory) => new(Storage.OfMemory(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(int[,]? array) => new(Storage.OfMultiDimensional<int>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(int[,,]? array) => new(Storage.OfMultiDimensional<int>(array));

    /// <summary>A single value, of rank 0.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator Argument(int value) => new(Storage.OfScalar(value));

    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(long[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; a strided one is copied when the function is called.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Argument(Tensor<long>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(Memory<long> memory) => new(Storage.OfMemory<long>(memory));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(ReadOnlyMemory<long> memory) => new(Storage.OfMemory(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(long[,]? array) => new(Storage.OfMultiDimensional<long>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(long[,,]? array) => new(Storage.OfMultiDimensional<long>(array));

    /// <summary>A single value, of rank 0.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator Argument(long value) => new(Storage.OfScalar(value));

    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(bool[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; a strided one is copied when the function is called.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Argument(Tensor<bool>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(Memory<bool> memory) => new(Storage.OfMemory<bool>(memory));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Argument(ReadOnlyMemory<bool> memory) => new(Storage.OfMemory(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(bool[,]? array) => new(Storage.OfMultiDimensional<bool>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Argument(bool[,,]? array) => new(Storage.OfMultiDimensional<bool>(array));

    /// <summary>A single value, of rank 0.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator Argument(bool value) => new(Storage.OfScalar(value));
}

using System.Numerics.Tensors;

namespace GraphCompiler;

// C# has no generic conversion operators: one for each element type and source.
public readonly partial struct Destination
{
    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(float[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; it must be dense.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Destination(Tensor<float>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Destination(Memory<float> memory) => new(Storage.OfMemory<float>(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(float[,]? array) => new(Storage.OfMultiDimensional<float>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(float[,,]? array) => new(Storage.OfMultiDimensional<float>(array));

    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(double[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; it must be dense.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Destination(Tensor<double>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Destination(Memory<double> memory) => new(Storage.OfMemory<double>(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(double[,]? array) => new(Storage.OfMultiDimensional<double>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(double[,,]? array) => new(Storage.OfMultiDimensional<double>(array));

    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(int[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; it must be dense.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Destination(Tensor<int>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Destination(Memory<int> memory) => new(Storage.OfMemory<int>(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(int[,]? array) => new(Storage.OfMultiDimensional<int>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(int[,,]? array) => new(Storage.OfMultiDimensional<int>(array));

    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(long[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; it must be dense.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Destination(Tensor<long>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Destination(Memory<long> memory) => new(Storage.OfMemory<long>(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(long[,]? array) => new(Storage.OfMultiDimensional<long>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(long[,,]? array) => new(Storage.OfMultiDimensional<long>(array));

    /// <summary>An array: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(bool[]? array) => new(Storage.OfArray(array));

    /// <summary>A tensor, its shape included; it must be dense.</summary>
    /// <param name="tensor">Any tensor; null is reported when the function is called.</param>
    public static implicit operator Destination(Tensor<bool>? tensor) => new(Storage.OfTensor(tensor));

    /// <summary>Memory: a count and no shape; it takes any declared shape of as many elements.</summary>
    /// <param name="memory">The elements.</param>
    public static implicit operator Destination(Memory<bool> memory) => new(Storage.OfMemory<bool>(memory));

    /// <summary>An array of rank 2, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(bool[,]? array) => new(Storage.OfMultiDimensional<bool>(array));

    /// <summary>An array of rank 3, its shape included.</summary>
    /// <param name="array">The elements; null is reported when the function is called.</param>
    public static implicit operator Destination(bool[,,]? array) => new(Storage.OfMultiDimensional<bool>(array));
}

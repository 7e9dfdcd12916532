using System.Numerics.Tensors;

namespace GraphCompiler.Learning;

// C# has no generic conversion operators: one for each element type and source.
public abstract partial class Column
{
    /// <summary>A number for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(float[] array) => OfArray<float>(array);

    /// <summary>A vector for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(float[,] array) => OfArray<float>(array);

    /// <summary>A matrix for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(float[,,] array) => OfArray<float>(array);

    /// <summary>A tensor for each row; one that does not lie dense is copied.</summary>
    /// <param name="tensor">The rows.</param>
    public static implicit operator Column(Tensor<float> tensor) => OfTensor(tensor);

    /// <summary>A sequence for each row, of any length: <see cref="Rows.Pad"/> makes those of a batch equally long.</summary>
    /// <param name="sequences">The rows.</param>
    public static implicit operator Column(float[][] sequences) => OfSequences(sequences);

    /// <summary>A number for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(double[] array) => OfArray<double>(array);

    /// <summary>A vector for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(double[,] array) => OfArray<double>(array);

    /// <summary>A matrix for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(double[,,] array) => OfArray<double>(array);

    /// <summary>A tensor for each row; one that does not lie dense is copied.</summary>
    /// <param name="tensor">The rows.</param>
    public static implicit operator Column(Tensor<double> tensor) => OfTensor(tensor);

    /// <summary>A sequence for each row, of any length: <see cref="Rows.Pad"/> makes those of a batch equally long.</summary>
    /// <param name="sequences">The rows.</param>
    public static implicit operator Column(double[][] sequences) => OfSequences(sequences);

    /// <summary>A number for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(int[] array) => OfArray<int>(array);

    /// <summary>A vector for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(int[,] array) => OfArray<int>(array);

    /// <summary>A matrix for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(int[,,] array) => OfArray<int>(array);

    /// <summary>A tensor for each row; one that does not lie dense is copied.</summary>
    /// <param name="tensor">The rows.</param>
    public static implicit operator Column(Tensor<int> tensor) => OfTensor(tensor);

    /// <summary>A sequence for each row, of any length: <see cref="Rows.Pad"/> makes those of a batch equally long.</summary>
    /// <param name="sequences">The rows.</param>
    public static implicit operator Column(int[][] sequences) => OfSequences(sequences);

    /// <summary>A number for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(long[] array) => OfArray<long>(array);

    /// <summary>A vector for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(long[,] array) => OfArray<long>(array);

    /// <summary>A matrix for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(long[,,] array) => OfArray<long>(array);

    /// <summary>A tensor for each row; one that does not lie dense is copied.</summary>
    /// <param name="tensor">The rows.</param>
    public static implicit operator Column(Tensor<long> tensor) => OfTensor(tensor);

    /// <summary>A sequence for each row, of any length: <see cref="Rows.Pad"/> makes those of a batch equally long.</summary>
    /// <param name="sequences">The rows.</param>
    public static implicit operator Column(long[][] sequences) => OfSequences(sequences);

    /// <summary>A bool for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(bool[] array) => OfArray<bool>(array);

    /// <summary>A vector for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(bool[,] array) => OfArray<bool>(array);

    /// <summary>A matrix for each row.</summary>
    /// <param name="array">The rows.</param>
    public static implicit operator Column(bool[,,] array) => OfArray<bool>(array);

    /// <summary>A tensor for each row; one that does not lie dense is copied.</summary>
    /// <param name="tensor">The rows.</param>
    public static implicit operator Column(Tensor<bool> tensor) => OfTensor(tensor);

    /// <summary>A sequence for each row, of any length: <see cref="Rows.Pad"/> makes those of a batch equally long.</summary>
    /// <param name="sequences">The rows.</param>
    public static implicit operator Column(bool[][] sequences) => OfSequences(sequences);
}

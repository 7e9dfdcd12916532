using System.Numerics.Tensors;
using GraphCompiler.Learning.Files;
using Microsoft.Win32.SafeHandles;

namespace GraphCompiler.Learning;

/// <summary>Single arrays as NumPy's <c>load</c> and <c>save</c> read and write them (npy): versions 1.0 to 3.0, either order of bytes and of axes, numbers and bools alone.</summary>
public static class Npy
{
    /// <summary>Reads an array.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="InvalidDataException">It is no npy file, or damaged; the message says what is wrong.</exception>
    /// <exception cref="DTypeException">It is of no numbers, or no dtype has all its values (<see cref="StoredTensor.DType"/>).</exception>
    /// <exception cref="SizeException">There are more bytes than an array may have.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ParameterValues Read(string path) => Read(path, tensor => tensor.ToValues());

    /// <summary>Reads an array; a scalar gives shape [1].</summary>
    /// <typeparam name="T">The C# element type: that of the file, or of what that is widened to (<see cref="StoredTensor.DType"/>).</typeparam>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="InvalidDataException">It is no npy file, or damaged; the message says what is wrong.</exception>
    /// <exception cref="DTypeException">It has other elements.</exception>
    /// <exception cref="SizeException">There are more bytes than an array may have.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Tensor<T> Read<T>(string path)
        where T : unmanaged => Read(path, tensor => tensor.ToTensor<T>());

    /// <summary>Saves an array, row-major. The file is there as a whole or, if that fails, the old one still.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="values">The array.</param>
    /// <exception cref="IOException">The file cannot be written; the old one is as it was.</exception>
    public static void Save(string path, ParameterValues values)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var source = TensorSource.Of(path, values);
        AtomicFile.Write(path, stream => NpyFormat.Write(stream, source));
    }

    private static T Read<T>(string path, Func<StoredTensor, T> read)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using SafeFileHandle file = File.OpenHandle(path, share: FileShare.Read | FileShare.Delete);
        long length = RandomAccess.GetLength(file);
        var header = NpyHeader.Read($"'{path}'", new RangeStream(file, 0, length));
        return read(NpyFormat.Describe(path, Path.GetFileName(path), header, length, new Lock(), () => new RangeStream(file, 0, length)));
    }
}

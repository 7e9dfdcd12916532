namespace GraphCompiler.Learning.Files;

/// <summary>NumPy's arrays: a header, then elements.</summary>
internal static class NpyFormat
{
    /// <summary>An array, its header checked against the bytes that there are.</summary>
    /// <param name="file">The path of the file.</param>
    /// <param name="name">The name of the array in it.</param>
    /// <param name="header">Its header.</param>
    /// <param name="length">The bytes of all, header included.</param>
    /// <param name="gate">What is held while it is read.</param>
    /// <param name="open">All its bytes.</param>
    /// <param name="isChecked">Whether reading them may find them wrong.</param>
    public static StoredTensor Describe(string file, string name, NpyHeader header, long length, Lock gate, Func<Stream> open, bool isChecked = false)
    {
        StoredType type = TypeOf(header.Descr, out bool isBigEndian);
        long left = length - header.Length;
        if (type.Bits > 0 && type.BytesOf(header.Sizes) != left)
        {
            string described = $"{header.Descr}[{string.Join(", ", header.Sizes.Select(s => $"{s}"))}]";
            throw new InvalidDataException($"The array '{name}' of '{file}' is damaged: behind its header are {left} bytes, and {described} has {(type.BytesOf(header.Sizes) is { } bytes ? $"{bytes}" : "more than there can be")}.");
        }

        return new(file, name, type, header.Descr, header.Sizes, gate, Elements) { IsBigEndian = isBigEndian, IsColumnMajor = header.IsColumnMajor, IsChecked = isChecked };

        Stream Elements()
        {
            Stream stream = open();
            stream.ReadExactly(new byte[header.Length]);
            return stream;
        }
    }

    public static void Write(Stream stream, TensorSource tensor)
    {
        NpyHeader.Write(stream, tensor.DType, tensor.Sizes);
        tensor.CopyTo(stream);
    }

    /// <summary>The type of a description such as <c>&lt;f4</c>; one of no size that cannot be read where it is of no numbers.</summary>
    private static StoredType TypeOf(string descr, out bool isBigEndian)
    {
        isBigEndian = descr.StartsWith('>');
        StoredType? type = descr is ['<' or '>' or '=' or '|', .. var rest] ? StoredType.OfNumpy(rest) : null;
        isBigEndian &= type is { Size: > 1 };
        return type is null || (type.Size > 1 && descr[0] == '|') ? StoredType.Other : type;
    }
}

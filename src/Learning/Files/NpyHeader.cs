using System.Buffers.Binary;
using System.Text;

namespace GraphCompiler.Learning.Files;

/// <summary>
/// What an npy file says before its elements: a magic string, a version, the length of what follows, and a literal of Python,
/// <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (2, 3), }</c>. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
/// </summary>
/// <param name="Descr">The element type and its order of bytes, such as <c>&lt;f4</c>.</param>
/// <param name="IsColumnMajor">Whether the first axis is innermost.</param>
/// <param name="Sizes">The sizes of the axes.</param>
/// <param name="Length">The bytes of all this.</param>
internal sealed record NpyHeader(string Descr, bool IsColumnMajor, long[] Sizes, int Length)
{
    /// <summary>What NumPy aligns elements to.</summary>
    private const int Alignment = 64;

    /// <summary>Far more than the text of any array of numbers has.</summary>
    private const int LongestText = ushort.MaxValue;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Whether a file begins as one of NumPy's arrays.</summary>
    public static bool IsMagic(ReadOnlySpan<byte> begin) => begin.StartsWith(Magic);

    /// <summary>Reads a header.</summary>
    /// <param name="where">The file and array, for errors.</param>
    /// <param name="stream">Its bytes; the elements are what comes next.</param>
    /// <exception cref="InvalidDataException">It is wrong.</exception>
    public static NpyHeader Read(string where, Stream stream)
    {
        try
        {
            Span<byte> begin = stackalloc byte[Magic.Length + 2];
            stream.ReadExactly(begin);
            if (!IsMagic(begin))
            {
                throw new InvalidDataException($"{where} is no npy file: it does not begin as one.");
            }

            (byte major, byte minor) = (begin[^2], begin[^1]);
            if (minor != 0 || major is < 1 or > 3)
            {
                throw new InvalidDataException($"{where} is an npy file of version {major}.{minor}; 1.0, 2.0 and 3.0 are known.");
            }

            Span<byte> number = stackalloc byte[major == 1 ? sizeof(ushort) : sizeof(uint)];
            stream.ReadExactly(number);
            uint length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(number) : BinaryPrimitives.ReadUInt32LittleEndian(number);
            if (length > LongestText)
            {
                throw new InvalidDataException($"{where} has a header of {length} bytes, and that of an array of numbers has {LongestText} at most.");
            }

            byte[] text = new byte[length];
            stream.ReadExactly(text);
            return new NpyLiteral(where, major < 3 ? Encoding.Latin1.GetString(text) : Encoding.UTF8.GetString(text)).ReadHeader(begin.Length + number.Length + text.Length);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{where} is no npy file, or cut off: it ends within the header.", e);
        }
    }

    /// <summary>Writes the header of an array, and behind it come its elements.</summary>
    public static void Write(Stream stream, DType dtype, ReadOnlySpan<long> sizes)
    {
        var text = new StringBuilder($"{{'descr': '{DescrOf(dtype)}', 'fortran_order': False, 'shape': (");
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            text.Append(axis == 0 ? string.Empty : " ").Append($"{sizes[axis]}").Append(axis < sizes.Length - 1 || axis == 0 ? "," : string.Empty);
        }

        text.Append("), }");
        int before = Magic.Length + 2 + sizeof(ushort);
        text.Append(' ', Alignment - 1 - ((before + text.Length) % Alignment)).Append('\n');
        Span<byte> number = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(number, checked((ushort)text.Length));
        stream.Write(Magic);
        stream.Write([1, 0]);
        stream.Write(number);
        stream.Write(Encoding.ASCII.GetBytes(text.ToString()));
    }

    private static string DescrOf(DType dtype)
    {
        var type = StoredType.Of(dtype);
        return $"{(type.Size == 1 ? '|' : '<')}{type.Numpy}";
    }
}

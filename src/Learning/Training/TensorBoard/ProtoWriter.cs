using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace GraphCompiler.Learning.Training.TensorBoard;

/// <summary>Writes fields of protocol buffers.</summary>
/// <param name="output">Where they go.</param>
internal readonly struct ProtoWriter(IBufferWriter<byte> output)
{
    private const int VarInt = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    public void Integer(int field, long value)
    {
        Key(field, VarInt);
        Number((ulong)value);
    }

    public void Double(int field, double value)
    {
        Key(field, Fixed64);
        Raw(value);
    }

    public void Float(int field, float value)
    {
        Key(field, Fixed32);
        BinaryPrimitives.WriteSingleLittleEndian(output.GetSpan(sizeof(float)), value);
        output.Advance(sizeof(float));
    }

    public void Text(int field, string value)
    {
        Length(field, Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, output);
    }

    /// <summary>Several numbers in one field.</summary>
    public void Doubles(int field, ReadOnlySpan<double> values)
    {
        Length(field, values.Length * sizeof(double));
        foreach (double value in values)
        {
            Raw(value);
        }
    }

    /// <summary>The beginning of a field of so many bytes, which follow.</summary>
    public void Length(int field, int bytes)
    {
        Key(field, Bytes);
        Number((ulong)bytes);
    }

    /// <summary>How many bytes a text takes with its field's key and length.</summary>
    public static int SizeOfText(string value)
    {
        int bytes = Encoding.UTF8.GetByteCount(value);
        return 1 + SizeOfNumber((ulong)bytes) + bytes;
    }

    /// <summary>How many bytes a number takes.</summary>
    public static int SizeOfNumber(ulong value) => 1 + (System.Numerics.BitOperations.Log2(value | 1) / 7);

    private void Key(int field, int kind) => Number((ulong)((field << 3) | kind));

    private void Number(ulong value)
    {
        Span<byte> to = output.GetSpan(10);
        int count = 0;
        while (value >= 0x80)
        {
            to[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        to[count++] = (byte)value;
        output.Advance(count);
    }

    private void Raw(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(output.GetSpan(sizeof(double)), value);
        output.Advance(sizeof(double));
    }
}

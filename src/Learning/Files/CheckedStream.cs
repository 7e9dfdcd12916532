namespace GraphCompiler.Learning.Files;

/// <summary>A stream that is known to have so many bytes and a checksum, that of zip archives (CRC-32), read forward; who reads the last byte is told if they are others.</summary>
/// <param name="stream">The stream.</param>
/// <param name="length">Its bytes.</param>
/// <param name="checksum">Their checksum.</param>
internal sealed class CheckedStream(Stream stream, long length, uint checksum) : Stream
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(i => Shift((uint)i, 8))];
    private uint sum = uint.MaxValue;
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int read = stream.Read(buffer[..(int)Math.Min(buffer.Length, length - position)]);
        foreach (byte value in buffer[..read])
        {
            sum = (sum >> 8) ^ Table[(byte)(sum ^ value)];
        }

        position += read;
        return position < length || read == 0 || (~sum == checksum && stream.ReadByte() < 0) ? read
            : throw new InvalidDataException($"it has other bytes than those that were written (its checksum is {~sum:x8} and should be {checksum:x8})");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
        }

        base.Dispose(disposing);
    }

    private static uint Shift(uint value, int bits) => bits == 0 ? value : Shift((value >> 1) ^ ((value & 1) * 0xEDB88320), bits - 1);
}

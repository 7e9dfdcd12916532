using Microsoft.Win32.SafeHandles;

namespace GraphCompiler.Learning.Files;

/// <summary>A part of a file, read forward, by any number of readers at once.</summary>
/// <param name="file">The file, which is not closed.</param>
/// <param name="begin">Where the part begins.</param>
/// <param name="length">Its bytes.</param>
internal sealed class RangeStream(SafeFileHandle file, long begin, long length) : Stream
{
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
        int read = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, length - position)], begin + position);
        position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;

namespace GraphCompiler.Learning.Training.TensorBoard;

/// <summary>
/// A file of events as TensorBoard reads it: records of a length, its checksum, a message of event.proto in protocol buffers' encoding, and the checksum of that (TensorFlow's
/// <c>record_writer.h</c>). Others may read it while it is written.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private static int made;

    private readonly FileStream stream;
    private readonly ArrayBufferWriter<byte> message = new();
    private readonly byte[] header = new byte[12];
    private long flushed = Stopwatch.GetTimestamp();

    /// <summary>A new file in a folder, which is made if it is not there.</summary>
    public EventFile(string folder)
    {
        Directory.CreateDirectory(folder);
        string name = FormattableString.Invariant($"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{Interlocked.Increment(ref made) - 1}");
        stream = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        ProtoWriter writer = Begin(0);
        writer.Text(EventFields.FileVersion, "brain.Event:2");
        End();
    }

    /// <summary>Begins an event of a step; what is written then is in it until <see cref="End"/>.</summary>
    public ProtoWriter Begin(long step)
    {
        message.ResetWrittenCount();
        var writer = new ProtoWriter(message);
        writer.Double(EventFields.WallTime, (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds);
        writer.Integer(EventFields.Step, step);
        return writer;
    }

    /// <summary>Writes the event; to the file at the latest after some seconds, where there are further ones.</summary>
    public void End()
    {
        ReadOnlySpan<byte> data = message.WrittenSpan;
        BinaryPrimitives.WriteInt64LittleEndian(header, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Checksum(header.AsSpan(0, 8)));
        stream.Write(header);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Checksum(data));
        stream.Write(header, 0, 4);
        if (Stopwatch.GetElapsedTime(flushed).TotalSeconds > 5)
        {
            Flush();
        }
    }

    public void Flush()
    {
        stream.Flush();
        flushed = Stopwatch.GetTimestamp();
    }

    public void Dispose() => stream.Dispose();

    /// <summary>CRC-32C, turned and moved so that the checksum of what holds checksums is a good one.</summary>
    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        while (data.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (byte b in data)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return unchecked(BitOperations.RotateRight(~crc, 15) + 0xA282EAD8);
    }
}

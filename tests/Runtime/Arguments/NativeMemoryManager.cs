using System.Buffers;

namespace GraphCompiler.Tests.Binding;

/// <summary>Memory that is no array.</summary>
internal sealed unsafe class NativeMemoryManager<T>(int length) : MemoryManager<T>
    where T : unmanaged
{
    private readonly AlignedBuffer buffer = new(length * sizeof(T), clear: true);

    public override Span<T> GetSpan() => new((void*)buffer.Address, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new((T*)buffer.Address + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => buffer.Dispose();
}

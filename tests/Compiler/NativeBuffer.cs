using System.Runtime.InteropServices;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Native memory of an exact size, 64-byte aligned, between guard bytes that show writes outside it.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int Guard = 128;
    private const byte GuardValue = 0xA5;
    private readonly byte* memory;

    public NativeBuffer(byte[] contents)
    {
        Size = contents.Length;
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)(Size + (2 * Guard)), 64);
        new Span<byte>(memory, Size + (2 * Guard)).Fill(GuardValue);
        contents.CopyTo(new Span<byte>(memory + Guard, Size));
    }

    public int Size { get; }

    public nint Address => (nint)(memory + Guard);

    public byte[] Contents => new ReadOnlySpan<byte>(memory + Guard, Size).ToArray();

    public bool IsGuardIntact =>
        !new ReadOnlySpan<byte>(memory, Guard).ContainsAnyExcept(GuardValue)
        && !new ReadOnlySpan<byte>(memory + Guard + Size, Guard).ContainsAnyExcept(GuardValue);

    public void Dispose() => NativeMemory.AlignedFree(memory);
}

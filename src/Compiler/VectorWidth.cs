using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace GraphCompiler;

/// <summary>How wide the vectors of generated loops are.</summary>
public enum VectorWidth
{
    /// <summary>One element at a time.</summary>
    Scalar,

    /// <summary>128 bits: 4 floats.</summary>
    Bits128,

    /// <summary>256 bits: 8 floats.</summary>
    Bits256,

    /// <summary>512 bits: 16 floats.</summary>
    Bits512,
}

/// <summary>What this machine runs.</summary>
internal static class VectorWidths
{
    /// <summary>
    /// The widest that is fast here. Vector512.IsHardwareAccelerated is false on machines that merely prefer 256 bits for general code, where
    /// dense arithmetic still gains from 512: the instruction sets decide.
    /// </summary>
    public static VectorWidth Best { get; } =
        IsSupported(VectorWidth.Bits512) ? VectorWidth.Bits512
        : IsSupported(VectorWidth.Bits256) ? VectorWidth.Bits256
        : IsSupported(VectorWidth.Bits128) ? VectorWidth.Bits128
        : VectorWidth.Scalar;

    public static bool IsSupported(VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => Vector512.IsHardwareAccelerated
            || (Avx512F.IsSupported && Avx512F.VL.IsSupported && Avx512DQ.IsSupported && Avx512BW.IsSupported),
        VectorWidth.Bits256 => Vector256.IsHardwareAccelerated || Avx2.IsSupported,
        VectorWidth.Bits128 => Vector128.IsHardwareAccelerated,
        _ => true,
    };

    /// <summary>
    /// How many vectors the registers hold where no 512 bits are asked for; tests set those of other machines. AVX-512 has more of the narrower ones, too,
    /// but who asks for these asks for what a machine without it does.
    /// </summary>
    public static int NarrowRegisters { get; set; } = AdvSimd.IsSupported ? 32 : 16;

    /// <summary>How many vectors the registers hold.</summary>
    public static int Registers(this VectorWidth width) => width == VectorWidth.Bits512 ? 32 : NarrowRegisters;

    /// <summary>Every width this machine runs, narrowest first.</summary>
    public static IEnumerable<VectorWidth> Supported => Enum.GetValues<VectorWidth>().Where(IsSupported).OrderBy(Bits);

    /// <summary>Vectors half as wide; the narrowest have no half.</summary>
    public static VectorWidth? Half(this VectorWidth width) => width switch
    {
        VectorWidth.Bits512 => VectorWidth.Bits256,
        VectorWidth.Bits256 => VectorWidth.Bits128,
        _ => null,
    };

    /// <summary>Bits in a vector; 0 for scalar.</summary>
    public static int Bits(this VectorWidth width) => width switch
    {
        VectorWidth.Bits128 => 128,
        VectorWidth.Bits256 => 256,
        VectorWidth.Bits512 => 512,
        _ => 0,
    };
}

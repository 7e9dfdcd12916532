using System.Runtime.CompilerServices;

namespace GraphCompiler;

/// <summary>The element type of a node or tensor.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary32, C# <c>float</c>.</summary>
    Float32,

    /// <summary>IEEE 754 binary64, C# <c>double</c>.</summary>
    Float64,

    /// <summary>Signed 32-bit integer, C# <c>int</c>.</summary>
    Int32,

    /// <summary>Signed 64-bit integer, C# <c>long</c>.</summary>
    Int64,

    /// <summary>Boolean, C# <c>bool</c>, one byte an element.</summary>
    Bool,
}

/// <summary>Facts about <see cref="DType"/>s.</summary>
public static class DTypes
{
    /// <summary>The dtype of a C# element type: float, double, int, long or bool.</summary>
    /// <typeparam name="T">The C# element type.</typeparam>
    /// <exception cref="DTypeException">There is no such dtype.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DType Of<T>() =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(int) ? DType.Int32
        : typeof(T) == typeof(long) ? DType.Int64
        : typeof(T) == typeof(bool) ? DType.Bool
        : Of(typeof(T));

    /// <summary>The dtype of a C# element type: float, double, int, long or bool.</summary>
    /// <param name="type">The C# element type.</param>
    /// <exception cref="DTypeException">There is no such dtype.</exception>
    public static DType Of(Type type) => TryOf(type)
        ?? throw new DTypeException($"{TypeNames.Display(type)} is not an element type; use float, double, int, long or bool.");

    private static DTypeException Undefined(DType dtype) =>
        new($"{(int)dtype} is not a dtype; use DType.Float32, DType.Float64, DType.Int32, DType.Int64 or DType.Bool.");

    internal static DType? TryOf(Type type) =>
        type == typeof(float) ? DType.Float32
        : type == typeof(double) ? DType.Float64
        : type == typeof(int) ? DType.Int32
        : type == typeof(long) ? DType.Int64
        : type == typeof(bool) ? DType.Bool
        : null;

    /// <summary>Whether the dtype is a floating-point type: only these can require gradients.</summary>
    /// <param name="dtype">A dtype.</param>
    public static bool IsFloat(this DType dtype) => dtype is DType.Float32 or DType.Float64;

    /// <summary>Whether the dtype is a signed integer.</summary>
    /// <param name="dtype">A dtype.</param>
    public static bool IsInteger(this DType dtype) => dtype is DType.Int32 or DType.Int64;

    /// <summary>Bytes an element.</summary>
    /// <param name="dtype">A dtype.</param>
    public static int Size(this DType dtype) => dtype switch
    {
        DType.Float32 or DType.Int32 => 4,
        DType.Float64 or DType.Int64 => 8,
        DType.Bool => 1,
        _ => throw Undefined(dtype),
    };

    /// <summary>The C# element type.</summary>
    /// <param name="dtype">A dtype.</param>
    public static Type ClrType(this DType dtype) => dtype switch
    {
        DType.Float32 => typeof(float),
        DType.Float64 => typeof(double),
        DType.Int32 => typeof(int),
        DType.Int64 => typeof(long),
        DType.Bool => typeof(bool),
        _ => throw Undefined(dtype),
    };

    /// <summary>The name in printed graphs and messages: float32, float64, int32, int64, bool.</summary>
    /// <param name="dtype">A dtype.</param>
    public static string Display(this DType dtype) => dtype switch
    {
        DType.Float32 => "float32",
        DType.Float64 => "float64",
        DType.Int32 => "int32",
        DType.Int64 => "int64",
        DType.Bool => "bool",
        _ => throw Undefined(dtype),
    };
}

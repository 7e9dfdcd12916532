using System.Diagnostics;
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
    private static readonly DTypeRow[] Rows =
    [
        new(DType.Float32, "float32", typeof(float), sizeof(float), DTypeKind.Float, DType.Int32)
        {
            Epsilon = 1.0 / (1 << 23), Smallest = float.Epsilon, Largest = float.MaxValue,
        },
        new(DType.Float64, "float64", typeof(double), sizeof(double), DTypeKind.Float, DType.Int64)
        {
            Epsilon = 1.0 / (1L << 52), Smallest = double.Epsilon, Largest = double.MaxValue,
        },
        new(DType.Int32, "int32", typeof(int), sizeof(int), DTypeKind.Integer, DType.Int32) { Least = int.MinValue, Most = int.MaxValue },
        new(DType.Int64, "int64", typeof(long), sizeof(long), DTypeKind.Integer, DType.Int64) { Least = long.MinValue, Most = long.MaxValue },
        new(DType.Bool, "bool", typeof(bool), sizeof(bool), DTypeKind.Bool, DType.Int32) { Most = 1 },
    ];

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
        ?? throw new DTypeException($"{TypeNames.Display(type)} is not an element type; use {OneOf(row => TypeNames.Display(row.ClrType))}.");

    /// <summary>Whether the dtype is a floating-point type: only these can require gradients.</summary>
    /// <param name="dtype">A dtype.</param>
    public static bool IsFloat(this DType dtype) => Row(dtype).Kind == DTypeKind.Float;

    /// <summary>Whether the dtype is a signed integer.</summary>
    /// <param name="dtype">A dtype.</param>
    public static bool IsInteger(this DType dtype) => Row(dtype).Kind == DTypeKind.Integer;

    /// <summary>Bytes an element.</summary>
    /// <param name="dtype">A dtype.</param>
    public static int Size(this DType dtype) => Row(dtype).Size;

    /// <summary>The C# element type.</summary>
    /// <param name="dtype">A dtype.</param>
    public static Type ClrType(this DType dtype) => Row(dtype).ClrType;

    /// <summary>The name in printed graphs and messages: float32, float64, int32, int64, bool.</summary>
    /// <param name="dtype">A dtype.</param>
    public static string Display(this DType dtype) => Row(dtype).Name;

    internal static DType? TryOf(Type type) => Array.Find(Rows, row => row.ClrType == type)?.DType;

    /// <summary>All that is known of a dtype.</summary>
    internal static DTypeRow Row(this DType dtype) => (uint)dtype < (uint)Rows.Length ? Rows[(int)dtype] : throw Undefined(dtype);

    /// <summary>One of two things, of which each float has its own.</summary>
    internal static T OfFloat<T>(this DType dtype, T float32, T float64) => dtype switch
    {
        DType.Float32 => float32,
        DType.Float64 => float64,
        _ => throw Unexpected(dtype),
    };

    /// <summary>What a choice by dtype throws at one that it was not told of.</summary>
    internal static Exception Unexpected(DType dtype) => new UnreachableException($"{dtype.Display()} has no place here.");

    private static DTypeException Undefined(DType dtype) => new($"{(int)dtype} is not a dtype; use {OneOf(row => $"DType.{row.DType}")}.");

    private static string OneOf(Func<DTypeRow, string> name) => $"{string.Join(", ", Rows.SkipLast(1).Select(name))} or {name(Rows[^1])}";
}

namespace GraphCompiler.Types;

/// <summary>What there is to know of a dtype: a row of <see cref="DTypes"/>' table.</summary>
/// <param name="DType">Which dtype.</param>
/// <param name="Name">The name in printed graphs and messages.</param>
/// <param name="ClrType">The C# element type.</param>
/// <param name="Size">Bytes an element in memory.</param>
/// <param name="Kind">What an element is.</param>
/// <param name="Integer">The integers as wide as what an element is computed with: they share its lanes, and hold a float's bits.</param>
internal sealed record DTypeRow(DType DType, string Name, Type ClrType, int Size, DTypeKind Kind, DType Integer)
{
    /// <summary>What an element is computed with: a load gives it, a store narrows it to what memory holds.</summary>
    public DType ComputedAs { get; init; } = DType;

    /// <summary>Bytes of a lane that an element is computed in; 0 for bools, whose masks are as wide as what they stand beside.</summary>
    public int LaneSize => Kind == DTypeKind.Bool ? 0 : DTypes.Row(ComputedAs).Size;

    /// <summary>Whether memory holds an element as it is computed with, so that a vector is written as it is.</summary>
    public bool IsStoredAsComputed => Size == LaneSize;

    /// <summary>Of floats: from 1 to the next number above it.</summary>
    public double Epsilon { get; init; } = double.NaN;

    /// <summary>Of floats: the least number above 0.</summary>
    public double Smallest { get; init; } = double.NaN;

    /// <summary>Of floats: the least number above 0 that has all its digits.</summary>
    public double SmallestNormal => Smallest / Epsilon;

    /// <summary>Of floats: the greatest finite number.</summary>
    public double Largest { get; init; } = double.NaN;

    /// <summary>Of integers and bools: the least.</summary>
    public long Least { get; init; }

    /// <summary>Of integers and bools: the greatest.</summary>
    public long Most { get; init; }
}

internal enum DTypeKind
{
    Float,
    Integer,
    Bool,
}

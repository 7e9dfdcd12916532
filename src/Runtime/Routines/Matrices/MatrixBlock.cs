using System.Runtime.CompilerServices;

namespace GraphCompiler.Routines.Matrices;

/// <summary>A part of a matrix in memory that somebody else owns: element (i, j) lies at i·<see cref="RowStep"/> + j·<see cref="ColumnStep"/> from the first.</summary>
internal readonly unsafe struct MatrixBlock<T>(T* first, nint rowStep, nint columnStep, int rows, int columns)
    where T : unmanaged
{
    /// <summary>A dense row-major matrix.</summary>
    public MatrixBlock(nint address, int rows, int columns)
        : this((T*)address, columns, 1, rows, columns)
    {
    }

    public T* First { get; } = first;

    public nint RowStep { get; } = rowStep;

    public nint ColumnStep { get; } = columnStep;

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public MatrixBlock<T> Transposed => new(First, ColumnStep, RowStep, Columns, Rows);

    public ref T this[int row, int column]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref First[(row * RowStep) + (column * ColumnStep)];
    }

    public MatrixBlock<T> Part(int row, int column, int height, int width) =>
        new(First + (row * RowStep) + (column * ColumnStep), RowStep, ColumnStep, height, width);

    /// <summary>A row of a block whose rows lie dense.</summary>
    public Span<T> Row(int row) => new(First + (row * RowStep), Columns);

    public void SwapRows(int i, int j)
    {
        Span<T> x = Row(i);
        Span<T> y = Row(j);
        for (int k = 0; k < x.Length; k++)
        {
            (x[k], y[k]) = (y[k], x[k]);
        }
    }

    /// <summary>How far apart to lay rows of so many numbers, so that those below each other do not fight for the same lines of a cache.</summary>
    public static int Apart(int columns) => (((columns + 15) / 16) | 1) * 16;

    /// <summary>Writes this block to another, tile by tile, so that both are read and written by whole lines.</summary>
    public void CopyTo(MatrixBlock<T> target)
    {
        const int Tile = 16;
        for (int top = 0; top < Rows; top += Tile)
        {
            int bottom = Math.Min(Rows, top + Tile);
            for (int left = 0; left < Columns; left += Tile)
            {
                int right = Math.Min(Columns, left + Tile);
                for (int i = top; i < bottom; i++)
                {
                    T* from = First + (i * RowStep) + (left * ColumnStep);
                    T* to = target.First + (i * target.RowStep) + (left * target.ColumnStep);
                    for (int j = left; j < right; j++)
                    {
                        *to = *from;
                        from += ColumnStep;
                        to += target.ColumnStep;
                    }
                }
            }
        }
    }
}

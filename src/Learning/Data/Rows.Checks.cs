using System.Numerics;

namespace GraphCompiler.Learning;

/// <content>What is asked of the data before anything is trained on it.</content>
public sealed partial class Rows
{
    /// <summary>Looks at every number of every column of floats, as they were given.</summary>
    /// <returns>These rows.</returns>
    /// <exception cref="InvalidDataException">One is NaN or infinite: the first, with its column and its row in what <c>Rows.Of</c> was given.</exception>
    public Rows RequireFinite()
    {
        foreach (Column column in Columns)
        {
            if (column is Column<float> singles)
            {
                RequireFinite(singles);
            }
            else if (column is Column<double> doubles)
            {
                RequireFinite(doubles);
            }
        }

        return this;
    }

    /// <summary>Looks at every label of a column.</summary>
    /// <param name="column">A column of one int, long or bool a row.</param>
    /// <param name="classes">How many classes there are, at least 1: labels are from 0 to one less.</param>
    /// <returns>These rows.</returns>
    /// <exception cref="ArgumentException">There is no such column, or a row of it is no single number.</exception>
    /// <exception cref="DTypeException">The column holds floats.</exception>
    /// <exception cref="InvalidDataException">A label is out of range: the first, with its row in what <c>Rows.Of</c> was given.</exception>
    public Rows RequireLabels(string column, int classes)
    {
        CountLabels(column, classes);
        return this;
    }

    /// <summary>A weight for each class by which all weigh alike in a loss, however rare: rows / (classes · rows of the class).</summary>
    /// <param name="column">A column of one int, long or bool a row.</param>
    /// <param name="classes">How many classes there are, at least 1.</param>
    /// <exception cref="ArgumentException">There is no such column, or a row of it is no single number.</exception>
    /// <exception cref="DTypeException">The column holds floats.</exception>
    /// <exception cref="InvalidDataException">A label is out of range, or a class has no rows.</exception>
    public float[] ClassWeights(string column, int classes)
    {
        int[] counts = CountLabels(column, classes);
        int missing = Array.IndexOf(counts, 0);
        return missing < 0
            ? [.. counts.Select(c => (float)((double)Count / ((double)classes * c)))]
            : throw new InvalidDataException($"Column '{column}' has no row of class {missing}, which can have no weight.");
    }

    /// <summary>Means and deviations of each place of the last axis of a column's rows; of all together where a row is one number, whose width is null.</summary>
    internal (int? Width, Moments Moments) MomentsOf(string name)
    {
        Column column = Columns[Find.Column(Columns, name)];
        int? width = column.RowShape is [.., var last] ? last : null;
        if (column.RowShape.Contains(-1))
        {
            throw new ArgumentException($"The rows of column {column} have different lengths, and their places no mean of their own.", nameof(name));
        }

        Moments moments = new(width ?? 1);
        switch (column)
        {
            case Column<float> singles:
                AddTo(moments, singles, width ?? 1);
                break;
            case Column<double> doubles:
                AddTo(moments, doubles, width ?? 1);
                break;
            default:
                throw new DTypeException($"Column {column} holds no floats, of which alone there are means.");
        }

        return (width, moments);
    }

    private int[] CountLabels(string column, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        int[] counts = new int[classes];
        foreach ((int row, long label) in LabelsOf(column).Index())
        {
            if ((ulong)label >= (ulong)classes)
            {
                throw new InvalidDataException($"Row {SourceOf(row)} of column '{column}' has the label {label}: there are {classes} classes, 0 to {classes - 1}.");
            }

            counts[label]++;
        }

        return counts;
    }

    /// <summary>The labels of these rows.</summary>
    private long[] LabelsOf(string column)
    {
        Column labels = Columns[Find.Column(Columns, column)];
        if (labels.RowShape.Length > 0)
        {
            throw new ArgumentException($"Column {labels} is none of labels, which are one number a row.", nameof(column));
        }

        return labels switch
        {
            Column<long> longs => Read(longs, label => label),
            Column<int> ints => Read(ints, label => label),
            Column<bool> bools => Read(bools, label => label ? 1 : 0),
            _ => throw new DTypeException($"Column {labels} is none of labels, which are int, long or bool."),
        };
    }

    private long[] Read<T>(Column<T> labels, Func<T, long> convert)
        where T : unmanaged
    {
        long[] read = new long[Count];
        T[] memory = [];
        for (int row = 0; row < read.Length; row++)
        {
            read[row] = convert(labels.Read(SourceOf(row), ref memory)[0]);
        }

        return read;
    }

    private void AddTo<T>(Moments moments, Column<T> column, int width)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] memory = [];
        double[] values = new double[width];
        for (int row = 0; row < Count; row++)
        {
            ReadOnlySpan<T> read = column.Read(SourceOf(row), ref memory);
            RequireFinite(column, SourceOf(row), read);
            for (int start = 0; start < read.Length; start += width)
            {
                for (int i = 0; i < width; i++)
                {
                    values[i] = double.CreateChecked(read[start + i]);
                }

                moments.Add(values);
            }
        }
    }

    private void RequireFinite<T>(Column<T> column)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] memory = [];
        for (int row = 0; row < Count; row++)
        {
            RequireFinite(column, SourceOf(row), column.Read(SourceOf(row), ref memory));
        }
    }

    private static void RequireFinite<T>(Column<T> column, int row, ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!T.IsFinite(values[i]))
            {
                string where = values.Length > 1 ? $", element {i}," : string.Empty;
                throw new InvalidDataException($"Row {row} of column '{column.Name}'{where} is {values[i]}: numbers must be finite.");
            }
        }
    }
}

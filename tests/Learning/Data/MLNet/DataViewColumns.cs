using Microsoft.ML;
using Microsoft.ML.Data;

namespace GraphCompiler.Learning.Tests.Data.MLNet;

/// <summary>Columns of a data view of ML.NET as columns of rows: <c>Rows.Of(("x", view.ToColumn("Features")), ("y", view.ToColumn("Label")))</c>. To be copied by who needs it.</summary>
internal static class DataViewColumns
{
    /// <summary>
    /// A column of numbers, truths or keys, or of vectors of numbers, of one size or of several. Keys, which count from 1 with 0 for a missing one, become labels from 0.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such column, or it holds something else.</exception>
    /// <exception cref="InvalidDataException">A key is missing.</exception>
    public static Column ToColumn(this IDataView view, string name)
    {
        DataViewSchema.Column column = view.Schema.GetColumnOrNull(name) ?? throw new ArgumentException($"The view has no column '{name}'; there are {string.Join(", ", view.Schema.Select(c => $"'{c.Name}'"))}.", nameof(name));
        return column.Type switch
        {
            KeyDataViewType { RawType: var raw } when raw == typeof(uint) =>
                Read<uint, long>(view, column, (key, row) => key > 0 ? key - 1 : throw new InvalidDataException($"Row {row} of column '{name}' has no key.")),
            NumberDataViewType { RawType: var raw } when raw == typeof(float) => Read<float, float>(view, column, (value, _) => value),
            NumberDataViewType { RawType: var raw } when raw == typeof(double) => Read<double, double>(view, column, (value, _) => value),
            NumberDataViewType { RawType: var raw } when raw == typeof(int) => Read<int, int>(view, column, (value, _) => value),
            NumberDataViewType { RawType: var raw } when raw == typeof(long) => Read<long, long>(view, column, (value, _) => value),
            BooleanDataViewType => Read<bool, bool>(view, column, (value, _) => value),
            VectorDataViewType { Size: var size, ItemType: NumberDataViewType { RawType: var raw } } when raw == typeof(float) => ReadVectors<float>(view, column, size),
            VectorDataViewType { Size: var size, ItemType: NumberDataViewType { RawType: var raw } } when raw == typeof(double) => ReadVectors<double>(view, column, size),
            VectorDataViewType { Size: var size, ItemType: NumberDataViewType { RawType: var raw } } when raw == typeof(int) => ReadVectors<int>(view, column, size),
            VectorDataViewType { Size: var size, ItemType: NumberDataViewType { RawType: var raw } } when raw == typeof(long) => ReadVectors<long>(view, column, size),
            var other => throw new ArgumentException($"Column '{name}' holds {other}, which is no number and no vector of numbers.", nameof(name)),
        };
    }

    /// <summary>A column of texts, which a <see cref="OneHotEncoder"/> makes numbers of.</summary>
    public static string[] ToTexts(this IDataView view, string name) =>
        [.. Values<ReadOnlyMemory<char>, string>(view, view.Schema[name], (text, _) => text.ToString())];

    private static Column Read<TStored, T>(IDataView view, DataViewSchema.Column column, Func<TStored, int, T> convert)
        where T : unmanaged => Column.Of<T>([.. Values(view, column, convert)]);

    private static Column ReadVectors<T>(IDataView view, DataViewSchema.Column column, int size)
        where T : unmanaged
    {
        T[][] vectors = [.. Values<VBuffer<T>, T[]>(view, column, (vector, _) => [.. vector.DenseValues()])];
        return size > 0 ? Column.Of([.. vectors.SelectMany(v => v)], size) : Sequences(vectors);
    }

    private static Column Sequences<T>(T[][] vectors) => vectors switch
    {
        float[][] floats => floats,
        double[][] doubles => doubles,
        int[][] ints => ints,
        _ => (long[][])(object)vectors,
    };

    private static IEnumerable<T> Values<TStored, T>(IDataView view, DataViewSchema.Column column, Func<TStored, int, T> convert)
    {
        using DataViewRowCursor cursor = view.GetRowCursor([column]);
        ValueGetter<TStored> read = cursor.GetGetter<TStored>(column);
        TStored value = default!;
        for (int row = 0; cursor.MoveNext(); row++)
        {
            read(ref value);
            yield return convert(value, row);
        }
    }
}

using Microsoft.ML;
using Microsoft.ML.Data;

namespace GraphCompiler.Learning.Tests.Data.MLNet;

/// <summary>Data views of ML.NET become rows, and rows data views.</summary>
internal sealed class DataViewTests
{
    [Test]
    public void There_and_back_the_numbers_are_the_same()
    {
        float[,] points = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
        float[] weight = [1, float.NaN, 3];
        double[] price = [0.1, 0.2, 0.3];
        int[] age = [7, 8, 9];
        long[] label = [1L << 40, 0, 2];
        bool[] isNew = [true, false, true];
        Rows given = Rows.Of(("points", points), ("weight", weight), ("price", price), ("age", age), ("label", label), ("isNew", isNew));
        var view = new RowsView(given);
        Assert.That((view.GetRowCount(), view.Schema["points"].Type), Is.EqualTo(((long?)3, new VectorDataViewType(NumberDataViewType.Single, 2))));
        Rows back = Rows.Of([.. given.Columns.Select(c => (c.Name, view.ToColumn(c.Name)))]);
        Assert.That(back.Columns.Select(c => c.ToString()), Is.EqualTo(given.Columns.Select(c => c.ToString())));
        Batch read = back.Batch(3).Batches(0).Single();
        Assert.That(read.Get<float>("points").ToArray(), Is.EqualTo(points.Cast<float>()));
        Assert.That(read.Get<float>("weight").ToArray(), Is.EqualTo(weight));
        Assert.That(read.Get<double>("price").ToArray(), Is.EqualTo(price));
        Assert.That(read.Get<int>("age").ToArray(), Is.EqualTo(age));
        Assert.That(read.Get<long>("label").ToArray(), Is.EqualTo(label));
        Assert.That(read.Get<bool>("isNew").ToArray(), Is.EqualTo(isNew));
    }

    [Test]
    public void Keys_are_labels_and_texts_are_encoded()
    {
        var view = new MadeView(("kind", new KeyDataViewType(typeof(uint), 3), (uint[])[1, 3, 2]), ("name", TextDataViewType.Instance, (ReadOnlyMemory<char>[])["b".AsMemory(), "a".AsMemory(), "b".AsMemory()]));
        Assert.That(Rows.Of(("y", view.ToColumn("kind"))).Batch(3).Batches(0).Single().Get<long>("y").ToArray(), Is.EqualTo((long[])[0, 2, 1]));
        Assert.That(view.ToTexts("name"), Is.EqualTo((string[])["b", "a", "b"]));
        Assert.That(() => view.ToColumn("name"), Throws.ArgumentException.With.Message.StartsWith("Column 'name' holds String"));
        Assert.That(() => view.ToColumn("names"), Throws.ArgumentException.With.Message.StartsWith("The view has no column 'names'; there are 'kind', 'name'."));
        view = new MadeView(("kind", new KeyDataViewType(typeof(uint), 3), (uint[])[1, 0]));
        Assert.That(() => view.ToColumn("kind"), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("Row 1 of column 'kind' has no key."));
    }

    [Test]
    public void Vectors_of_different_sizes_are_sequences()
    {
        // Sparse ones have their zeros.
        VBuffer<float>[] vectors = [new(3, [1, 2, 3]), new(4, 1, [5], [2]), new(0, [])];
        var view = new MadeView(("words", new VectorDataViewType(NumberDataViewType.Single), vectors));
        Batch read = Rows.Of(("words", view.ToColumn("words"))).Pad("words", -1f).Batch(3).Batches(0).Single();
        Assert.That(read.Get<float>("words").ToArray(), Is.EqualTo((float[])[1, 2, 3, -1, 0, 0, 5, 0, -1, -1, -1, -1]));
    }

    /// <summary>A view of columns that rows have not.</summary>
    private sealed class MadeView : IDataView
    {
        private readonly Array[] values;

        public MadeView(params (string Name, DataViewType Type, Array Values)[] columns)
        {
            var builder = new DataViewSchema.Builder();
            Array.ForEach(columns, c => builder.AddColumn(c.Name, c.Type));
            (Schema, values) = (builder.ToSchema(), [.. columns.Select(c => c.Values)]);
        }

        public bool CanShuffle => false;

        public DataViewSchema Schema { get; }

        public long? GetRowCount() => values[0].Length;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this);

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [new Cursor(this)];

        private sealed class Cursor(MadeView view) : DataViewRowCursor
        {
            private long position = -1;

            public override long Position => position;

            public override long Batch => 0;

            public override DataViewSchema Schema => view.Schema;

            public override bool IsColumnActive(DataViewSchema.Column column) => true;

            public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)position, 0);

            public override bool MoveNext() => ++position < view.values[0].Length;

            public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => (ref TValue value) => value = ((TValue[])view.values[column.Index])[position];
        }
    }
}

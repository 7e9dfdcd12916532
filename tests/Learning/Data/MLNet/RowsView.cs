using Microsoft.ML;
using Microsoft.ML.Data;

namespace GraphCompiler.Learning.Tests.Data.MLNet;

/// <summary>Rows as a data view of ML.NET, in their order; their columns are numbers, truths, or vectors of floats. To be copied by who needs it.</summary>
internal sealed class RowsView : IDataView
{
    private readonly Rows rows;

    public RowsView(Rows rows)
    {
        this.rows = rows;
        var builder = new DataViewSchema.Builder();
        foreach (Column column in rows.Columns)
        {
            builder.AddColumn(column.Name, TypeOf(column));
        }

        Schema = builder.ToSchema();
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => rows.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [new Cursor(this)];

    private static DataViewType TypeOf(Column column) => (column.DType, column.RowShape.ToArray()) switch
    {
        (DType.Float32, []) => NumberDataViewType.Single,
        (DType.Float64, []) => NumberDataViewType.Double,
        (DType.Int32, []) => NumberDataViewType.Int32,
        (DType.Int64, []) => NumberDataViewType.Int64,
        (DType.Bool, []) => BooleanDataViewType.Instance,
        (DType.Float32, [> 0 and var size]) => new VectorDataViewType(NumberDataViewType.Single, size),
        (DType.Float32, [_]) => new VectorDataViewType(NumberDataViewType.Single),
        _ => throw new ArgumentException($"Column {column} has no place in a data view.", nameof(column)),
    };

    /// <summary>One row after the other.</summary>
    private sealed class Cursor(RowsView view) : DataViewRowCursor
    {
        private readonly IEnumerator<Batch> batches = view.rows.Batch(1).Batches(0).GetEnumerator();
        private long position = -1;

        public override long Position => position;

        public override long Batch => 0;

        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)position, 0);

        public override bool MoveNext()
        {
            bool isThere = batches.MoveNext();
            position = isThere ? position + 1 : -1;
            return isThere;
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => (Delegate)(column.Type.RawType switch
        {
            var raw when raw == typeof(float) => Numbers<float>(column.Index),
            var raw when raw == typeof(double) => Numbers<double>(column.Index),
            var raw when raw == typeof(int) => Numbers<int>(column.Index),
            var raw when raw == typeof(long) => Numbers<long>(column.Index),
            var raw when raw == typeof(bool) => Numbers<bool>(column.Index),
            _ => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
            {
                float[] numbers = batches.Current.Get<float>(column.Index).ToArray();
                value = new VBuffer<float>(numbers.Length, numbers);
            }),
        }) as ValueGetter<TValue> ?? throw new InvalidOperationException($"Column '{column.Name}' holds {column.Type}, not {typeof(TValue)}.");

        protected override void Dispose(bool disposing)
        {
            batches.Dispose();
            base.Dispose(disposing);
        }

        private Delegate Numbers<T>(int column)
            where T : unmanaged => (ValueGetter<T>)((ref T value) => value = batches.Current.Get<T>(column)[[0]]);
    }
}

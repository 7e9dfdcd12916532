using System.Numerics.Tensors;
using CsCheck;

namespace GraphCompiler.Learning.Tests.Data;

/// <summary>Which rows there are, in which order and in which batches they come.</summary>
internal sealed class RowsTests
{
    private static readonly float[,] Points = Matrix(10, 3);
    private static readonly long[] Labels = [.. Enumerable.Range(0, 10).Select(i => (long)i % 3)];

    [Test]
    public void Columns_are_called_as_the_variables_they_come_from()
    {
        var data = (Values: new double[10], Labels);
        var rows = Rows.Of(Points, data.Labels, data.Values, new int[10, 2, 2]);
        Assert.That(rows.Columns.Select(c => c.ToString()), Is.EqualTo((string[])["'Points' float32 [10, 3]", "'Labels' int64 [10]", "'Values' float64 [10]", "'3' int32 [10, 2, 2]"]));
        Assert.That((rows.Count, rows.Columns[0].DType, rows.Columns[3].RowShape.ToArray()), Is.EqualTo((10, DType.Float32, (int[])[2, 2])));
        Assert.That(Rows.Of(Points, firstName: "x").Columns[0].Name, Is.EqualTo("x"));
    }

    [Test]
    public void Everything_with_rows_is_a_column()
    {
        Column[] columns =
        [
            new float[2], new float[2, 1], new float[2, 1, 1], Tensors.Zeros<float>(2, 1, 1, 1), new float[][] { [1], [] },
            new double[2], new double[2, 1], new double[2, 1, 1], Tensors.Zeros<double>(2, 1, 1, 1), new double[][] { [1], [] },
            new int[2], new int[2, 1], new int[2, 1, 1], Tensors.Zeros<int>(2, 1, 1, 1), new int[][] { [1], [] },
            new long[2], new long[2, 1], new long[2, 1, 1], Tensors.Zeros<long>(2, 1, 1, 1), new long[][] { [1], [] },
            new bool[2], new bool[2, 1], new bool[2, 1, 1], Tensors.Zeros<bool>(2, 1, 1, 1), new bool[][] { [true], [] },
        ];
        Rows rows = Rows.Of([.. columns.Select((c, i) => ($"{i}", c))]);
        Assert.That(rows.Columns.Select(c => c.DType), Is.EqualTo(columns.Select(c => c.DType)));
        Assert.That(rows.Columns.Take(5).Select(c => c.ToString()), Is.EqualTo((string[])["'0' float32 [2]", "'1' float32 [2, 1]", "'2' float32 [2, 1, 1]", "'3' float32 [2, 1, 1, 1]", "'4' float32 [2, *]"]));
    }

    [Test]
    public void A_batch_has_a_tensor_for_each_column()
    {
        var pixels = Enumerable.Range(0, 24).Select(i => (float)i).ToArray();
        Tensor<int> turned = Tensor.PermuteDimensions(Tensors.From([1, 2, 3, 4, 5, 6, 7, 8], 2, 4), [1, 0]);
        Batch batch = Rows.Of(("pixels", Column.Of(pixels, 1, 2, 3)), ("turned", turned), ("label", (long[])[3, 2, 1, 0])).Batch(3).Batches(0).First();
        Assert.That((batch.Count, batch.Indices.ToArray(), batch.Columns.Count, batch.Next), Is.EqualTo((3, (int[])[0, 1, 2], 3, new Place(0, 3))));
        Assert.That(batch.Get<float>("pixels").Lengths.ToArray(), Is.EqualTo((nint[])[3, 1, 2, 3]));
        Assert.That(batch.Get<float>(0).ToArray(), Is.EqualTo(pixels[..18]));
        Assert.That(batch.Get<int>("turned").ToArray(), Is.EqualTo((int[])[1, 5, 2, 6, 3, 7]));
        Assert.That((batch["label"].ToString(), batch[0].ToString(), batch.Arguments.Length), Is.EqualTo(("int64 [3]", "float32 [3, 1, 2, 3]", 3)));
    }

    [Test]
    public void Batches_are_what_a_compiled_function_takes()
    {
        var (x, y) = (Ops.Input("x", ["N", 3]), Ops.Input<long>("y", ["N"]));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], [Ops.Sum(x, [1]) + Ops.Cast(y, DType.Float32)]);
        List<float> results = [];
        foreach (Batch batch in Rows.Of(Points, Labels).Batch(4).Batches(0))
        {
            RunResults run = graph.Run(batch.Arguments);
            results.AddRange(run.Get<float>(0).ToArray());
        }

        Assert.That(results, Is.EqualTo(Enumerable.Range(0, 10).Select(i => (9f * i) + 3 + (i % 3))));
    }

    [Test]
    public void An_epoch_is_a_permutation_of_its_own()
    {
        Rows rows = Rows.Of(Points, Labels).Shuffle(seed: 4).Batch(4);
        int[] first = Order(rows, 0);
        Assert.That(first, Is.EquivalentTo(Enumerable.Range(0, 10)).And.Not.EqualTo(Order(rows, 1)).And.Not.EqualTo(Enumerable.Range(0, 10)));
        Assert.That(Order(Rows.Of(Labels).Shuffle(seed: 4).Batch(3), 0), Is.EqualTo(first), "neither the columns nor the batches matter");
        Assert.That(Order(Rows.Of(Labels).Shuffle(seed: 5).Batch(3), 0), Is.Not.EqualTo(first));
        Assert.That(rows.Batches(0).Select(b => b.Count), Is.EqualTo((int[])[4, 4, 2]));
        Assert.That(Rows.Of(Points).Batch(4, dropRemainder: true).Batches(0).Select(b => b.Count), Is.EqualTo((int[])[4, 4]));
        Assert.That((rows.BatchCount, Rows.Of(Points).Batch(4, dropRemainder: true).BatchCount), Is.EqualTo((3, 2)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Reading_goes_on_at_a_place(bool bucketed)
    {
        float[][] words = [.. Enumerable.Range(0, 10).Select(i => new float[i % 4])];
        Rows rows = Rows.Of(words, Labels).Pad("words", 0f).Shuffle(1).Batch(3);
        rows = bucketed ? rows.Bucket("words", 1) : rows;
        for (int epoch = 0; epoch < 2; epoch++)
        {
            (int[] Rows, Place Next)[] all = [.. rows.Batches(epoch).Select(b => (b.Indices.ToArray(), b.Next))];
            Assert.That((all[^1].Next, all[0].Next.Epoch, all[0].Next.Row), Is.EqualTo((new Place(epoch + 1, 0), epoch, all[0].Rows.Length)));
            for (int read = 1; read < all.Length; read++)
            {
                Assert.That(rows.Batches(all[read - 1].Next).SelectMany(b => b.Indices.ToArray()), Is.EqualTo(all[read..].SelectMany(a => a.Rows)));
            }
        }

        if (bucketed)
        {
            Assert.That(() => rows.Batches(new Place(0, 2)), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Epoch 0 cannot go on at row 2: no batch begins there"));
        }

        Assert.That(() => rows.Batches(new Place(0, 10)), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => rows.Batches(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Rows_are_chosen_by_number()
    {
        Rows rows = Rows.Of(Labels).Batch(20);
        Assert.That(Order(Rows.Of(Labels).Skip(2).Take(3).Batch(20), 0), Is.EqualTo((int[])[2, 3, 4]));
        Assert.That(Order(Rows.Of(Labels).Skip(2).Select(7, 0, 0).Batch(20), 0), Is.EqualTo((int[])[9, 2, 2]));
        Assert.That(() => Rows.Of(Labels).Take(11), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Rows.Of(Labels).Take(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Rows.Of(Labels).Skip(10), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Rows.Of(Labels).Select(), Throws.ArgumentException.With.Message.Contains("No rows are selected"));
        Assert.That(() => Rows.Of(Labels).Select(1, 10), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("There is no row 10, which is asked for at 1: there are 0 to 9."));
        Assert.That(() => rows.Take(2), Throws.InvalidOperationException.With.Message.Contains("say Take before Batch"));
        Assert.That(() => Rows.Of(Labels).Shuffle().Split(0.5, 0.5), Throws.InvalidOperationException.With.Message.Contains("Split after Shuffle would choose other rows in each epoch"));
    }

    [Test]
    public void Parts_of_a_split_are_all_rows_each_once()
    {
        long[] labels = [.. Enumerable.Range(0, 1000).Select(i => (long)(i % 50 == 0 ? 2 : i % 2))];
        var (train, validation, test) = Rows.Of(labels).Split(0.8, 0.15, 0.05, seed: 3, by: "labels");
        int[][] parts = [.. new[] { train, validation, test }.Select(All)];
        Assert.That(parts.SelectMany(p => p), Is.EquivalentTo(Enumerable.Range(0, 1000)));
        Assert.That(parts.Select(p => p.Length), Is.EqualTo((int[])[800, 150, 50]));
        Assert.That(parts.Select(p => p.Count(r => labels[r] == 2)), Is.EqualTo((int[])[16, 3, 1]).Within(2));
        Assert.That(All(Rows.Of(labels).Split(0.8, 0.15, 0.05, seed: 3, by: "labels").Test), Is.EqualTo(parts[2]));
        Assert.That(All(Rows.Of(labels).Split(0.8, 0.15, 0.05, seed: 4, by: "labels").Test), Is.Not.EqualTo(parts[2]));
        var (most, rest) = Rows.Of(labels).Split(0.9, 0.1);
        Assert.That((most.Count, rest.Count), Is.EqualTo((900, 100)));
        Assert.That(() => Rows.Of(labels).Split(0.8, 0.1), Throws.ArgumentException.With.Message.Contains("1 together: 0.8, 0.1 are 0.9"));
        Assert.That(() => Rows.Of(labels).Split(double.NaN, 1), Throws.ArgumentException);
        Assert.That(() => Rows.Of(labels).Take(3).Split(0.9, 0.1), Throws.ArgumentException.With.Message.Contains("0.1 of 3 rows is no row"));
    }

    [Test]
    public void Each_row_is_tested_by_one_fold()
    {
        bool[] isRare = [.. Enumerable.Range(0, 103).Select(i => i < 10)];
        var folds = Rows.Of(isRare).KFold(5, seed: 1, by: "isRare");
        Assert.That(folds.SelectMany(f => All(f.Test)), Is.EquivalentTo(Enumerable.Range(0, 103)));
        foreach ((Rows train, Rows test) in folds)
        {
            Assert.That(All(train).Concat(All(test)), Is.EquivalentTo(Enumerable.Range(0, 103)));
            Assert.That(test.Count, Is.EqualTo(20.6).Within(1));
            Assert.That(All(test).Count(r => r < 10), Is.EqualTo(2).Within(1));
        }

        Assert.That(() => Rows.Of(isRare).KFold(1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Each_part_has_its_share_to_within_one_row() => Gen.Double[0.01, 1].Array[3].Sample(
        weights =>
        {
            double[] shares = [.. weights.Select(w => w / weights.Sum())];
            var (first, second, third) = Rows.Of(new float[300]).Split(shares[0], shares[1], shares[2]);
            Assert.That((int[])[first.Count, second.Count, third.Count], Is.EqualTo(shares.Select(s => 300 * s)).Within(1));
        },
        iter: 200);

    [Test]
    public void What_is_wrong_is_said()
    {
        float[] prices = new float[3];
        Assert.That(() => Rows.Of(prices, Labels), Throws.ArgumentException.With.Message.StartsWith("Column 'Labels' has 10 rows, and 'prices' 3: all columns have equally many."));
        Assert.That(() => Rows.Of(prices, prices), Throws.ArgumentException.With.Message.StartsWith("Two columns have the name 'prices'"));
        Assert.That(() => Rows.Of([]), Throws.ArgumentException.With.Message.StartsWith("Rows have at least one column"));
        Assert.That(() => Rows.Of(("x", new float[0, 3])), Throws.ArgumentException.With.Message.StartsWith("Column 'x' has no rows"));
        Assert.That(() => Rows.Of((float[])null!), Throws.ArgumentNullException);
        Assert.That(() => Rows.Of(("x", new float[][] { [1], null! })), Throws.ArgumentException.With.Message.Contains("Row 1 of the sequences is null"));
        Assert.That(() => Column.Of(new float[10], 3), Throws.ArgumentException.With.Message.StartsWith("10 numbers are no whole number of rows [3], of 3 each."));
        Assert.That(() => Rows.Of(prices).Batches(0), Throws.InvalidOperationException.With.Message.Contains("say Batch(size) first"));
        Assert.That(() => Rows.Of(prices).Batch(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Rows.Of(prices).Batch(4, dropRemainder: true).Batches(0), Throws.InvalidOperationException.With.Message.Contains("3 rows fill no batch of 4"));
        Assert.That(() => Rows.Of(prices).Batch(1).Batch(2), Throws.InvalidOperationException.With.Message.Contains("in batches already: Batch is said once"));
        Assert.That(() => Rows.Of(prices).Shuffle().Shuffle(), Throws.InvalidOperationException);
        Assert.That(() => Rows.Of(prices).Prefetch(1).Prefetch(2), Throws.InvalidOperationException);
        Batch batch = Rows.Of(prices).Batch(2).Batches(0).First();
        Assert.That(() => batch["price"], Throws.ArgumentException.With.Message.StartsWith("There is no column 'price'; there are 'prices'."));
        Assert.That(() => batch[1], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => batch.Get<long>(0), Throws.TypeOf<DTypeException>().With.Message.EqualTo("Column 'prices' holds float32, not int64."));
    }

    /// <summary>Rows that need not be in memory are those of an array otherwise, with what came before in their place forgotten.</summary>
    [Test]
    public void Rows_may_be_read_when_they_are_asked_for()
    {
        float[,] squares = new float[10, 2];
        for (int i = 0; i < 10; i++)
        {
            squares[i, 1] = i % 3 == 0 ? 0 : i * i;
        }

        var read = Column.Of<float>(10, [2], (row, to) =>
        {
            if (row % 3 > 0)
            {
                to[1] = row * row;
            }
        });
        Rows there = Rows.Of(("x", squares)).Split(0.7, 0.3, seed: 1).Train.Shuffle(2).Batch(3);
        Rows asked = Rows.Of(("x", read)).Split(0.7, 0.3, seed: 1).Train.Shuffle(2).Batch(3).Prefetch(1);
        Assert.That(asked.Batches(1).Select(b => b.Get<float>(0).ToArray()).ToArray(), Is.EqualTo(there.Batches(1).Select(b => b.Get<float>(0).ToArray()).ToArray()));
        Assert.That(Standardizer.Of(Rows.Of(("x", read)), "x").Constants, Is.EqualTo((int[])[0]));
        Assert.That(Rows.Of(("y", Column.Of<long>(3, [], (row, to) => to[0] = row % 2))).ClassWeights("y", 2), Is.EqualTo((float[])[0.75f, 1.5f]));
        Assert.That(() => Column.Of<float>(1, [0], (_, _) => { }), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Column.Of<float>(-1, [1], (_, _) => { }), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>The numbers of an epoch's rows, in their order.</summary>
    internal static int[] Order(Rows rows, int epoch) => [.. rows.Batches(epoch).SelectMany(b => b.Indices.ToArray())];

    private static int[] All(Rows rows) => Order(rows.Batch(7), 0);

    private static float[,] Matrix(int rows, int columns)
    {
        float[,] matrix = new float[rows, columns];
        for (int i = 0; i < matrix.Length; i++)
        {
            matrix[i / columns, i % columns] = i;
        }

        return matrix;
    }
}

using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace Tabular;

/// <summary>What is said of some rows, in MPa: a strength for each, and an interval that it lies in nine times of ten.</summary>
internal sealed record Forecast(float[] Strengths, float[] Lows, float[] Highs);

/// <summary>
/// An ensemble whose members say a strength and how sure they are of it. The rows are divided into parts, and each member leaves out one part: what those say of a row who have not
/// seen it tells how far predictions are off, although all rows are learned from.
/// </summary>
internal sealed class ConcreteModel
{
    private const int Parts = 8;
    private const int Members = 4 * Parts;
    private const int Bins = 32;
    private const int BatchSize = 128;
    private const double Coverage = 0.9;
    private const long NoPart = -1;

    private static readonly CompileOptions OneThread = new() { Threads = 1 };

    private readonly int width;
    private readonly Rows train;
    private readonly Generator random;
    private readonly Standardizer scale;
    private readonly Ensemble net;
    private readonly Input<float> x;
    private readonly Input<float> y = Input("y", ["N", 1]);
    private readonly Input<long> part = Input<long>("part", ["N"]);

    /// <summary>A model that has learned nothing yet.</summary>
    public ConcreteModel(Rows rows, ulong seed)
    {
        random = new Generator(seed);
        long[] parts = [.. random.Permutation(rows.Count).ToArray().Select(p => p % Parts)];
        float[] features = Tables.Column<float>(rows, "x");
        width = features.Length / rows.Count;
        train = Rows.Of(("x", Column.Of(features, width)), ("y", Column.Of(Tables.Column<float>(rows, "y"), 1)), ("part", parts));
        scale = Standardizer.Of(train, "y");
        net = new Ensemble(PiecewiseLinearEncoding.Of(train, "x", Bins), new EnsembleSize(Members, width * Bins, Hidden: 64, Outputs: 2), random);
        x = Input("x", ["N", width]);
    }

    /// <summary>Trains all members. Strengths make the squared error small, and deviations the likelihood of what is left of it.</summary>
    public async Task Train(int epochs)
    {
        Rows batches = train.Shuffle(seed: 1).Batch(BatchSize);
        using var trainer = new Trainer(
            net,
            [x, y, part],
            () =>
            {
                (Node mean, Node logDeviation) = Say();
                Node error = scale.Forward(y).Transpose(0, 1) - mean;
                Node surprise = (0.5 * Square(Detach(error) * Exp(-logDeviation))) + logDeviation;
                return Objective.Mean(Square(error) + (0.1 * surprise), 1 - IsLeftOut());
            },
            random)
        {
            Optimizers = Ensemble.Optimizers(rate: 4e-3, decay: 0.01, (long)epochs * batches.BatchCount),
            ClipNorm = 1,
            Options = OneThread,
        };
        await trainer.Fit(batches, validation: null, epochs).LastAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Forecasts for new rows. Their intervals are as many deviations wide as nine tenths of the training rows' errors are (conformal prediction, Vovk et al., 2005), each by those who
    /// left the row out.
    /// </summary>
    public Forecast Predict(float[] rows)
    {
        var errors = net.Compile<Func<float[], float[], long[], float[]>>(
            [x, y, part],
            () =>
            {
                (Node mean, Node deviation) = Pool();
                return Abs(scale.Forward(y).Squeeze(1) - mean) / deviation;
            },
            OneThread);
        float[] sorted = [.. errors(Tables.Column<float>(train, "x"), Tables.Column<float>(train, "y"), Tables.Column<long>(train, "part")).Order()];
        float widths = sorted[Math.Min(sorted.Length, (int)Math.Ceiling(Coverage * (sorted.Length + 1))) - 1];

        Input<float> factor = Input("factor", []);
        var predict = net.Compile<Func<float[], long[], float, (float[], float[], float[])>>(
            [x, part, factor],
            () =>
            {
                (Node mean, Node deviation) = Pool();
                Node half = factor * deviation;
                return (Node[])[Restored(mean), Restored(mean - half), Restored(mean + half)];
            },
            OneThread);
        long[] unseen = new long[rows.Length / width];
        Array.Fill(unseen, NoPart);
        (float[] strengths, float[] lows, float[] highs) = predict(rows, unseen, widths);
        return new Forecast(strengths, lows, highs);
    }

    /// <summary>What each member says of each row, [members, N], the strength being standardised.</summary>
    private (Node Mean, Node LogDeviation) Say()
    {
        Node said = net.Forward(x);
        return (said.Slice(2, 0..1).Squeeze(2), said.Slice(2, 1..2).Squeeze(2));
    }

    /// <summary>1 where a member has left out the row, [members, N]; also where the row is in no part.</summary>
    private Node IsLeftOut()
    {
        Node own = Remainder(Arange(Members), Constant((long)Parts)).Unsqueeze(1);
        return Cast(LogicalOr(Equal(part, own), Equal(part, NoPart)), DType.Float32);
    }

    /// <summary>What those say together who have not seen a row, [N]. The mean of a few members is less sure than that of many, by their variance over their number.</summary>
    private (Node Mean, Node Deviation) Pool()
    {
        (Node said, Node logDeviation) = Say();
        Node isHeard = IsLeftOut();
        Node count = isHeard.Sum(0);
        Node mean = (isHeard * said).Sum(0) / count;
        Node noise = (isHeard * Exp(2 * logDeviation)).Sum(0) / count;
        Node spread = (isHeard * Square(said - mean)).Sum(0) / (count * (count - 1));
        return (mean, Sqrt(noise + spread));
    }

    private Node Restored(Node standardised) => scale.Restore(standardised.Unsqueeze(1)).Squeeze(1);
}

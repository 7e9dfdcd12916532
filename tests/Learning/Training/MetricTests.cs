using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>Metrics over uneven batches are those of all examples at once, each held against its definition.</summary>
internal sealed class MetricTests
{
    private const int Classes = 3;
    private static readonly int[] Sizes = [5, 1, 7, 3];
    private static readonly Input<float> Logits = Input("logits", ["N", Classes]);
    private static readonly Input<long> Target = Input<long>("target", ["N"]);
    private static readonly Input<float> Score = Input("score", ["N"]);
    private static readonly Input<float> Truth = Input("truth", ["N"]);

    [Test]
    public void Classes_are_measured()
    {
        (float[] logits, long[] target) = Data();
        int n = target.Length;
        long[] predicted = [.. Enumerable.Range(0, n).Select(i => (long)Enumerable.Range(0, Classes).MaxBy(c => logits[(i * Classes) + c]))];
        double Count(Func<int, bool> of) => Enumerable.Range(0, n).Count(of);
        double[] precision = [.. Enumerable.Range(0, Classes).Select(c => Count(i => predicted[i] == c && target[i] == c) / Count(i => predicted[i] == c)).Where(v => !double.IsNaN(v))];
        double[] recall = [.. Enumerable.Range(0, Classes).Select(c => Count(i => predicted[i] == c && target[i] == c) / Count(i => target[i] == c)).Where(v => !double.IsNaN(v))];
        double[] f1 = [.. Enumerable.Range(0, Classes).Select(c => 2 * Count(i => predicted[i] == c && target[i] == c) / (Count(i => target[i] == c) + Count(i => predicted[i] == c))).Where(v => !double.IsNaN(v))];
        double top2 = Count(i => Enumerable.Range(0, Classes).Count(c => logits[(i * Classes) + c] > logits[(i * Classes) + target[i]]) < 2) / n;
        Metric[] metrics =
        [
            Metric.Accuracy(Logits, Target), Metric.TopK(Logits, Target, 2), Metric.Precision(Logits, Target), Metric.Recall(Logits, Target), Metric.F1(Logits, Target), Metric.ConfusionMatrix(Logits, Target),
            Metric.Accuracy(Logits, Target, ignoreIndex: 1),
        ];
        MetricTotal[] totals = Run([Logits, Target], metrics, (at, size) => [logits[(at * Classes)..((at + size) * Classes)], target[at..(at + size)]]);
        double accuracy = Count(i => predicted[i] == target[i]) / n;
        Assert.That(
            totals.Select(t => t.Value),
            Is.EqualTo((double[])[accuracy, top2, precision.Average(), recall.Average(), f1.Average(), accuracy, Count(i => predicted[i] == target[i] && target[i] != 1) / Count(i => target[i] != 1)]).Within(1e-12));
        Assert.That(totals[5].Table, Is.EqualTo(from t in Enumerable.Range(0, Classes) from p in Enumerable.Range(0, Classes) select Count(i => target[i] == t && predicted[i] == p)));
        Assert.That((totals[0].Table, totals[0].Batches), Is.EqualTo(((IReadOnlyList<double>?)null, Sizes.Length)));
    }

    [Test]
    public void Scores_are_measured()
    {
        var random = new Generator(4);
        int n = Sizes.Sum();
        float[] score = [.. random.Normal(n).ToArray().Select(s => MathF.Round(s * 2) / 2)];
        float[] truth = [.. random.Uniform(n).ToArray().Select(u => u < 0.4f ? 1f : 0f)];
        int[] ones = [.. Enumerable.Range(0, n).Where(i => truth[i] == 1)];
        int[] zeros = [.. Enumerable.Range(0, n).Where(i => truth[i] == 0)];
        double auc = ones.Sum(i => zeros.Sum(j => score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0)) / ones.Length / zeros.Length;
        double mean = truth.Average(t => (double)t);
        double errors = Enumerable.Range(0, n).Sum(i => Math.Pow((double)truth[i] - score[i], 2));
        Metric[] metrics =
        [
            Metric.Auc(Score, Truth), Metric.BinaryAccuracy(Score, Truth), Metric.MeanAbsoluteError(Score, Truth), Metric.RootMeanSquaredError(Score, Truth), Metric.R2(Score, Truth),
            Metric.Perplexity(Objective.BinaryCrossEntropy(Score, Truth)), Metric.Mean("scores", Score), Metric.Mean("ratio", Score.Sum(), Truth.Sum()),
        ];
        MetricTotal[] totals = Run([Score, Truth], metrics, (at, size) => [score[at..(at + size)], truth[at..(at + size)]]);
        double nats = Enumerable.Range(0, n).Average(i => Math.Log(1 + Math.Exp(truth[i] == 1 ? -score[i] : score[i])));
        Assert.That(totals[0].Value, Is.EqualTo(auc).Within(1e-12));
        Assert.That(totals[1].Value, Is.EqualTo(Enumerable.Range(0, n).Average(i => (score[i] > 0) == (truth[i] == 1) ? 1.0 : 0)).Within(1e-12));
        Assert.That(totals[2].Value, Is.EqualTo(Enumerable.Range(0, n).Average(i => Math.Abs((double)truth[i] - score[i]))).Within(1e-12));
        Assert.That(totals[3].Value, Is.EqualTo(Math.Sqrt(errors / n)).Within(1e-12));
        Assert.That(totals[4].Value, Is.EqualTo(1 - (errors / truth.Sum(t => Math.Pow(t - mean, 2)))).Within(1e-12));
        Assert.That(totals[5].Value, Is.EqualTo(Math.Exp(nats)).Within(1e-5));
        Assert.That(totals[6].Value, Is.EqualTo(score.Average(s => (double)s)).Within(1e-12));
        Assert.That(totals[7].Value, Is.EqualTo(score.Sum(s => (double)s) / ones.Length).Within(1e-5));
    }

    [Test]
    public void R2_keeps_its_digits_far_from_zero()
    {
        Input<double> y = Input<double>("y", ["N"]);
        double[] values = [.. Enumerable.Range(0, 10).Select(i => 1e9 + i)];
        MetricTotal total = Metric.R2(y + 0.5, y).Begin();
        CompiledGraph graph = Compiler.Compile([y], Metric.R2(y + 0.5, y).Parts);
        foreach (double[] batch in values.Chunk(3))
        {
            RunResults parts = graph.Run(batch);
            total.Add(parts.GetArray<double>(0), parts.GetArray<double>(1), parts.GetArray<double>(2), parts.GetArray<double>(3));
        }

        Assert.That(total.Value, Is.EqualTo(1 - (10 * 0.25 / 82.5)).Within(1e-9));
    }

    [Test]
    public void What_measures_nothing_is_no_number_and_mistakes_are_named()
    {
        Assert.That(Metric.Accuracy(Logits, Target).Begin().Value, Is.NaN);
        Assert.That(Metric.Auc(Score, Truth).Begin().Value, Is.NaN);
        Assert.That(Metric.R2(Score, Truth).Begin().Value, Is.NaN);
        Assert.That(() => Metric.Accuracy(Input("l", ["N", 4, 3]), Target), Throws.TypeOf<ShapeException>().With.Message.Contains("Logits are [N, C] and targets [N]"));
        Assert.That(() => Metric.ConfusionMatrix(Input("l", ["N", "C"]), Target), Throws.TypeOf<ShapeException>().With.Message.Contains("wants their number"));
        Assert.That(() => Metric.Mean("m", Score, Truth), Throws.TypeOf<ShapeException>().With.Message.Contains("is a scalar"));
        Assert.That(() => Metric.MeanAbsoluteError(Logits, Truth), Throws.TypeOf<ShapeException>().With.Message.Contains("must have one shape"));
        MetricTotal total = Metric.Accuracy(Logits, Target).Begin();
        total.Add([1], [2]);
        Assert.That(() => total.Add([1]), Throws.ArgumentException.With.Message.Contains("has 2 parts, and 1 were given"));
        Assert.That(() => total.Add([1, 2], [1]), Throws.ArgumentException.With.Message.Contains("Part 0 has 2 numbers"));
        Assert.That(total.Value, Is.EqualTo(0.5));
    }

    private static (float[] Logits, long[] Target) Data()
    {
        var random = new Generator(3);
        int n = Sizes.Sum();
        return (random.Normal(n, Classes).ToArray(), random.Integers(0L, Classes, n).ToArray());
    }

    private static MetricTotal[] Run(IReadOnlyList<Node> inputs, Metric[] metrics, Func<int, int, Array[]> batch)
    {
        MetricTotal[] totals = [.. metrics.Select(m => m.Begin())];
        CompiledGraph graph = Compiler.Compile(inputs, [.. metrics.SelectMany(m => m.Parts)]);
        int at = 0;
        foreach (int size in Sizes)
        {
            Array[] values = batch(at, size);
            Argument Of(int i) => values[i] is long[] l ? l : values[i] is float[] f && inputs[i].Rank == 2 ? Matrix(f, size) : (float[])values[i];
            RunResults results = graph.Run(Of(0), Of(1));
            int next = 0;
            for (int i = 0; i < metrics.Length; i++)
            {
                totals[i].Add([.. metrics[i].Parts.Select(_ => results.Get<double>(next++).ToArray())]);
            }

            at += size;
        }

        return totals;
    }

    private static float[,] Matrix(float[] values, int rows)
    {
        float[,] matrix = new float[rows, values.Length / rows];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(float));
        return matrix;
    }
}

using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>A trainer makes the steps that optimisers would, and none of those that would spoil the model.</summary>
internal sealed class TrainerTests
{
    private static readonly Input<float> X = Input("x", ["N", 3]);
    private static readonly Input<float> Y = Input("y", ["N", 1]);
    private static readonly float[,] Batch = { { 1, 2, 3 }, { -1, 0, 2 }, { 0.5f, -1, 1 }, { 2, 1, -1 } };
    private static readonly float[,] Targets = { { 1 }, { 0 }, { 2 }, { -1 } };

    [Test]
    public void Steps_are_those_of_the_optimiser_by_hand()
    {
        Linear net = Net();
        Linear other = Net();
        using Trainer trainer = Of(net, new AdamW { LearningRate = Schedule.Linear(0.1, 10, 2), WeightDecay = 0.1 });
        Input<float> rate = Input("rate", []);
        Node loss = MeanSquaredError(other.Forward(X), Y);
        CompiledGraph hand = Compiler.Compile([X, Y, rate], [loss], new AdamW(rate) { WeightDecay = 0.1 }.Minimize(loss, other.Parameters()));
        for (int step = 0; step < 5; step++)
        {
            StepReport report = trainer.Step(Batch, Targets);
            Assert.That(report.Loss, Is.EqualTo(hand.Run(Batch, Targets, (float)Schedule.Linear(0.1, 10, 2).At(step)).Scalar<float>()).Within(1e-5));
            Assert.That((report.Step, report.Weight, trainer.StepCount), Is.EqualTo(((long)step, 4.0, step + 1L)));
            Assert.That(net.Weight.Values.ToArray(), Is.EqualTo(other.Weight.Values.ToArray()).Within(1e-5));
        }
    }

    [Test]
    public void The_first_group_whose_predicate_holds_trains_a_parameter()
    {
        Linear net = Net();
        float[] bias = net.Bias!.Values.ToArray();
        float[] weight = net.Weight.Values.ToArray();
        using Trainer trainer = Of(net, new(new Sgd(0), p => p.Path == "bias"), new Sgd(0.1));
        trainer.Step(Batch, Targets);
        Assert.That(net.Bias!.Values.ToArray(), Is.EqualTo(bias));
        Assert.That(net.Weight.Values.ToArray(), Is.Not.EqualTo(weight));
        Assert.That(() => Of(Net(), new OptimizerGroup(new Sgd(0.1), p => p.Rank > 1)).Step(Batch, Targets), Throws.ArgumentException.With.Message.Contains("the parameter 'bias' [1]"));
        Assert.That(() => Of(Net(), new Sgd(0.1), new Sgd(0.1)).Step(Batch, Targets), Throws.ArgumentException.With.Message.Contains("No parameter is left for group 1"));
    }

    [Test]
    public void Gradients_are_clipped_and_their_norm_is_told()
    {
        Linear net = Net();
        float[] before = [.. net.Weight.Values, .. net.Bias!.Values];
        using var trainer = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X), Y), new Generator(1)) { Optimizers = [new Sgd(1)], ClipNorm = 0.5 };
        double norm = trainer.Step(Batch, Targets).GradientNorm;
        float[] after = [.. net.Weight.Values, .. net.Bias!.Values];
        Assert.That(norm, Is.GreaterThan(0.5));
        Assert.That(Math.Sqrt(before.Zip(after, (b, a) => (double)(b - a) * (b - a)).Sum()), Is.EqualTo(0.5).Within(1e-4));

        Linear cut = Net();
        using var other = new Trainer(cut, [X, Y], () => Objective.MeanSquaredError(cut.Forward(X), Y), new Generator(1)) { Optimizers = [new Sgd(1)], ClipValue = 0.01 };
        other.Step(Batch, Targets);
        Assert.That(before.Zip([.. cut.Weight.Values, .. cut.Bias!.Values], (b, a) => Math.Abs(b - a)).Max(), Is.EqualTo(0.01).Within(1e-6));
    }

    [Test]
    public void Averages_follow()
    {
        Linear net = Net();
        double average = net.Bias!.Values[0];
        using var trainer = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X), Y), new Generator(1)) { Optimizers = [new Sgd(0.1)], Average = new Ema(0.75) };
        for (int step = 0; step < 4; step++)
        {
            trainer.Step(Batch, Targets);
            average = (0.75 * average) + (0.25 * net.Bias.Values[0]);
        }

        Assert.That(((Parameter<float>)trainer.AverageOf(net.Bias)).Values[0], Is.EqualTo(average).Within(1e-6));
        Assert.That(() => Of(net, new Sgd(0.1)).AverageOf(net.Bias), Throws.InvalidOperationException.With.Message.Contains("keeps no averages"));
        Assert.That(new Ema(0.5).Decay, Is.EqualTo(0.5));
        Assert.That(() => new Ema(1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_step_that_diverges_changes_nothing()
    {
        Linear net = Net();
        using Trainer trainer = Of(net, new Adam(0.1));
        trainer.Step(Batch, Targets);
        float[] before = net.Weight.Values.ToArray();
        float[,] bad = (float[,])Batch.Clone();
        bad[2, 1] = float.NaN;
        Assert.That(() => trainer.Step(bad, Targets), Throws.TypeOf<DivergenceException>().With.Message.EqualTo("The loss is NaN at step 1, which has changed nothing. Row 2 of input 'x', element 1, is NaN."));
        float[,] infinite = { { 1 }, { float.NegativeInfinity }, { 2 }, { -1 } };
        Assert.That(() => trainer.Step(Batch, infinite), Throws.TypeOf<DivergenceException>().With.Message.EndsWith("Row 1 of input 'y' is -Infinity."));
        Input<double> scale = Input<double>("scale", []);
        using var scaled = new Trainer(net, [X, scale], () => Objective.Mean(net.Forward(X) * Cast(scale, DType.Float32)), new Generator(1)) { Optimizers = [new Sgd(0.1)] };
        Assert.That(() => scaled.Step(Batch, double.NaN), Throws.TypeOf<DivergenceException>().With.Message.EndsWith("Input 'scale' is NaN."));
        Assert.That(() => trainer.Step(bad, infinite), Throws.TypeOf<DivergenceException>().With.Message.EndsWith("Row 2 of input 'x', element 1, is NaN."));
        Assert.That(() => trainer.Step(new float[0, 3], new float[0, 1]), Throws.TypeOf<DivergenceException>().With.Message.StartsWith("The batch counts for nothing"));
        Assert.That((net.Weight.Values.ToArray(), trainer.StepCount), Is.EqualTo((before, 1L)));
        trainer.Step(Batch, Targets);
        Assert.That(trainer.StepCount, Is.EqualTo(2));
    }

    [Test]
    public void A_step_that_would_write_what_is_not_finite_changes_nothing()
    {
        Linear net = Net();
        using Trainer far = Of(net, new Sgd(3e38));
        float[] before = net.Weight.Values.ToArray();
        Assert.That(() => far.Step(Batch, Targets), Throws.TypeOf<DivergenceException>().With.Message.Contains("'weight' would no longer be finite at step 0, which has changed nothing").And.Property("Step").Zero.And.Property("Loss").GreaterThan(0));
        Assert.That((net.Weight.Values.ToArray(), far.StepCount), Is.EqualTo((before, 0L)));

        // The squares of gradients overflow before anything else does: Adam would not move from then on.
        using var large = new Trainer(net, [X, Y], () => Objective.Mean(net.Forward(X) * 1e21f), new Generator(1)) { Optimizers = [new Adam(0.1)], ClipNorm = null };
        Assert.That(() => large.Step(Batch, Targets), Throws.TypeOf<DivergenceException>().With.Message.Contains("All numbers of the batch are finite"));
        Assert.That(net.Weight.Values.ToArray(), Is.EqualTo(before));
    }

    [Test]
    public void A_report_tells_the_rate_and_how_far_the_loss_is_from_those_before()
    {
        Linear net = Net();
        using Trainer trainer = Of(net, new Sgd { LearningRate = Schedule.Linear(1e-3, 40) });
        List<StepReport> reports = [];
        for (int step = 0; step < 30; step++)
        {
            reports.Add(trainer.Step(Batch, step == 25 ? new float[,] { { 90 }, { 90 }, { 90 }, { 90 } } : Targets));
        }

        Assert.That(reports.Select(r => r.LearningRate), Is.EqualTo(Enumerable.Range(0, 30).Select(i => Schedule.Linear(1e-3, 40).At(i))).Within(1e-12));
        Assert.That(reports.Take(10).Select(r => r.Spike), Is.All.Zero);
        Assert.That(reports.Where(r => r.Spike >= 6).Select(r => r.Step), Is.EqualTo((long[])[25]));
    }

    [Test]
    public void Batches_of_other_sizes_measure_the_same()
    {
        Linear net = Net();
        using var trainer = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X), Y).With(Metric.RootMeanSquaredError(net.Forward(X), Y)), new Generator(1)) { Optimizers = [new Sgd(0.1)] };
        Measurement whole = trainer.Measure();
        whole.Add(Batch, Targets);
        Measurement parts = trainer.Measure();
        Assert.That(parts.Result.Loss, Is.NaN);
        for (int i = 0; i < 4; i += 3)
        {
            int size = i == 0 ? 3 : 1;
            float[,] x = new float[size, 3];
            float[,] y = new float[size, 1];
            Array.Copy(Batch, i * 3, x, 0, size * 3);
            Array.Copy(Targets, i, y, 0, size);
            parts.Add(x, y);
        }

        Evaluation one = whole.Result;
        Assert.That((parts.Result.Loss, parts.Result["rmse"]), Is.EqualTo((one.Loss, one["rmse"])).Using<(double, double)>((a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-6 && Math.Abs(a.Item2 - b.Item2) < 1e-6));
        Assert.That((one.Weight, one["rmse"], one.Metrics.Count), Is.EqualTo((4.0, Math.Sqrt(one.Loss), 1)).Using<(double, double, int)>((a, b) => a.Item1 == b.Item1 && Math.Abs(a.Item2 - b.Item2) < 1e-5 && a.Item3 == b.Item3));
        Assert.That(() => one["mae"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("there are 'rmse'"));
    }

    [Test]
    public void A_training_goes_on_from_a_file_to_the_same_bits()
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.safetensors");
        try
        {
            float[] average;
            (Sequential net, Trainer trainer) = Made();
            using (trainer)
            {
                Steps(trainer, 3);
                trainer.Save(path);
                Steps(trainer, 4);
                average = ((Parameter<float>)trainer.AverageOf(net.Parameters()[0])).Values.ToArray();
            }

            // Another process, as it were: objects made anew, and numbers that are no longer as they were.
            (Sequential other, Trainer second) = Made();
            using (second)
            {
                Steps(second, 1);
                second.Load(path);
                Assert.That(second.StepCount, Is.EqualTo(3));
                Steps(second, 4);
                Assert.That(Values(other), Is.EqualTo(Values(net)));
                Assert.That(((Parameter<float>)second.AverageOf(other.Parameters()[0])).Values.ToArray(), Is.EqualTo(average));
            }

            // Others read the weights, and nothing else is taken for a training.
            Assert.That(new Sequential(new Linear(3, 4, new Generator(5)), Activation.Relu, Activation.Relu, new Linear(4, 1, new Generator(5))).Load(path, unexpected: "*").Loaded, Has.Count.EqualTo(4));
            using Trainer plain = Of(Net(), new AdamW(0.1));
            Assert.That(() => plain.Load(path), Throws.TypeOf<LoadException>().With.Message.Contains("optimizer"));
            net.Save(path);
            Assert.That(() => plain.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("is no checkpoint of a training"));
        }
        finally
        {
            File.Delete(path);
        }

        static (Sequential, Trainer) Made()
        {
            var random = new Generator(5);
            var net = new Sequential(new Linear(3, 4, random), Activation.Relu, new Noise(), new Linear(4, 1, random));
            return (net, new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X), Y), random)
            {
                Optimizers = [new(new Sgd(0.01) { Momentum = 0.9 }, p => p.Rank == 1), new AdamW { LearningRate = Schedule.Cosine(0.01, 10) }],
                Average = new Ema(0.9),
            });
        }

        static void Steps(Trainer trainer, int count)
        {
            for (int i = 0; i < count; i++)
            {
                trainer.Step(Batch, Targets);
            }
        }

        static byte[] Values(Module module) => [.. module.NamedParameters().SelectMany(p => p.Parameter.Bytes.ToArray())];
    }

    [Test]
    public void A_warm_step_allocates_nothing()
    {
        Linear net = Net();
        using Trainer trainer = Of(net, new AdamW { LearningRate = Schedule.Cosine(0.01, 10_000, 10) });
        for (int i = 0; i < 50; i++)
        {
            trainer.Step(Batch, Targets);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            trainer.Step(Batch, Targets);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Objectives_are_the_means_of_the_core()
    {
        Input<float> logits = Input("logits", ["N", 4]);
        Input<long> target = Input<long>("target", ["N"]);
        Input<float> weight = Input("weight", [4]);
        Node[] ours =
        [
            Objective.CrossEntropy(logits, target).Loss, Objective.CrossEntropy(logits, target, weight).Loss, Objective.CrossEntropy(logits, target, ignoreIndex: -1).Loss,
            Objective.CrossEntropy(logits, target, weight, -1, 0.1).Loss, Objective.Mean(logits, Square(logits)).Loss, Objective.Of(logits.Sum(), Constant(2f)).Plus(weight.Sum()).Loss,
        ];
        Node[] theirs =
        [
            CrossEntropy(logits, target), CrossEntropy(logits, target, weight: weight), CrossEntropy(logits, target, ignoreIndex: -1), CrossEntropy(logits, target, LossReduction.Mean, weight, -1, 0.1),
            (logits * Square(logits)).Sum() / Square(logits).Sum(), (logits.Sum() / 2) + weight.Sum(),
        ];
        // Where a target is ignored, only those that may ignore it.
        var random = new Generator(2);
        foreach ((int first, long ignorable) in ((int, long)[])[(0, 1), (2, -1)])
        {
            RunResults results = Compiler.Compile([logits, target, weight], [.. ours[first..], .. theirs[first..]]).Run(random.Normal(5, 4), (long[])[0, 3, ignorable, 2, 2], random.Uniform(4));
            for (int i = first; i < ours.Length; i++)
            {
                Assert.That(results.Scalar<float>(i - first), Is.EqualTo(results.Scalar<float>(i - first + ours.Length - first)).Within(1e-5), $"{i}");
            }
        }
    }

    [Test]
    public void Patience_ends_and_counts_anew()
    {
        var patience = new Patience(2, 0.1);
        Assert.That(((double[])[3, 2, 1.95, 1.5, double.NaN, 1.45]).Select(patience.IsOver), Is.EqualTo((bool[])[false, false, false, false, false, true]));
        Assert.That((patience.Best, patience.Waited, patience.Epochs, patience.Least), Is.EqualTo((1.5, 2, 2, 0.1)));
        Assert.That(() => new Patience(0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void What_is_no_objective_is_refused()
    {
        Assert.That(() => Objective.Of(X, X.Sum()), Throws.TypeOf<ShapeException>().With.Message.Contains("Objective.Mean takes losses"));
        Assert.That(() => Objective.Of(X.Sum(), Constant(1.0)), Throws.TypeOf<DTypeException>());
        Assert.That(() => Objective.Mean(X, Y), Throws.TypeOf<ShapeException>().With.Message.Contains("must have one shape"));
        Metric metric = Metric.Mean("loss", X);
        Assert.That(() => Objective.Mean(X).With(metric, metric), Throws.ArgumentException.With.Message.Contains("Two metrics are called 'loss'"));
        Assert.That(Objective.Mean(X).With(metric, metric.Called("other")).Metrics.Select(m => m.Name), Is.EqualTo((string[])["loss", "other"]));
        Linear net = Net();
        net.Frozen = true;
        Assert.That(() => Of(net, new Sgd(0.1)).Step(Batch, Targets), Throws.ArgumentException.With.Message.Contains("has nothing to train"));
        Assert.That(() => new Trainer(net, [X, Y], () => Objective.Mean(X), new Generator(1)) { Optimizers = [] }, Throws.ArgumentException);
        using var other = new Trainer(Net(), [X, Y], () => Objective.Mean(X), new Generator(1)) { Optimizers = [new Sgd(0.1)] };
        Assert.That(() => other.Step(Batch, Targets), Throws.ArgumentException.With.Message.Contains("depends on none of the parameters"));
        other.Dispose();
        Assert.That(() => other.Step(Batch, Targets), Throws.TypeOf<ObjectDisposedException>());
    }

    private sealed class Noise : Layer
    {
        protected override Node Define(Node x) => Pass.For(this) is { IsTraining: true } pass ? Dropout(pass.Random, x, 0.5) : x;
    }

    private static Linear Net() => new(3, 1, new Generator(1));

    private static Trainer Of(Linear net, params OptimizerGroup[] groups) => new(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X), Y), new Generator(1)) { Optimizers = groups };
}

using System.Globalization;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>Epochs over rows: the loop is the caller's, and what was interrupted goes on to the same bits.</summary>
internal sealed class FitTests
{
    private static readonly Input<float> X = Input("x", ["N", 3]);
    private static readonly Input<float> Y = Input("y", ["N"]);
    private static readonly Rows All = Data();
    private string folder = string.Empty;

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("run").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public async Task A_model_learns_and_its_best_is_kept()
    {
        (Rows train, Rows validation) = All.Split(0.75, 0.25, seed: 1);
        (Layer net, Trainer trainer) = Made();
        using (trainer)
        {
            List<Epoch> epochs = [];
            await foreach (Epoch epoch in trainer.Fit(train.Shuffle(2).Batch(8).Prefetch(2), validation.Batch(7), 6))
            {
                epochs.Add(epoch);
            }

            Assert.That(epochs.Select(e => e.Number), Is.EqualTo(Enumerable.Range(0, 6)));
            Assert.That(epochs[^1].Loss, Is.LessThan(epochs[0].Loss / 2));
            Assert.That((epochs[2].Weight, epochs[2].Step, epochs[2].Validation!.Weight), Is.EqualTo((30.0, 12L, 10.0)));
            Epoch best = epochs.MinBy(e => e.Validation!.Loss)!;
            Assert.That((best.IsBest, trainer.Best.Loss, trainer.Best.Step), Is.EqualTo((true, best.Validation!.Loss, best.Step)));
            Assert.That(epochs.All(e => e.Duration > TimeSpan.Zero));
            net.NamedParameters()[0].Parameter.Set(new float[4, 3]);
            trainer.Best.Restore();
            Assert.That(trainer.Evaluate(validation.Batch(7)).Loss, Is.EqualTo(best.Validation.Loss));
        }
    }

    [Test]
    public void A_number_that_is_not_finite_is_named_by_its_row([Values(1, 3)] int shards)
    {
        float[,] features = new float[20, 3];
        features[13, 2] = float.NaN;
        (_, Trainer trainer) = Made(shards: shards);
        using (trainer)
        {
            Rows rows = Rows.Of(("features", features), ("prices", new float[20])).Skip(4).Shuffle(1).Batch(8);
            Assert.That(() => trainer.Steps(rows, 1).Count(), Throws.TypeOf<DivergenceException>().With.Message.EndsWith("which has changed nothing. Row 13 of column 'features', element 2, is NaN."));
        }
    }

    [Test]
    public void A_checkpoint_that_cannot_be_written_leaves_the_one_before()
    {
        Rows rows = All.Shuffle(2).Batch(8);
        (Layer whole, Trainer undisturbed) = Made();
        using (undisturbed)
        {
            _ = undisturbed.Steps(rows, 1).Count();
        }

        string taken = Directory.CreateDirectory(Path.Combine(folder, "step-000000003.safetensors")).FullName;
        (_, Trainer first) = Made();
        using (first)
        {
            Assert.That(() => first.Steps(rows, 1, folder).Count(), Throws.InstanceOf<IOException>().With.Message.Contains(taken));
        }

        Assert.That(Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(), Is.EqualTo((string[])["step-000000001.safetensors", "step-000000002.safetensors"]));
        Directory.Delete(taken);
        (Layer net, Trainer second) = Made();
        using (second)
        {
            Assert.That(second.Steps(rows, 1, folder).Count(), Is.EqualTo(3));
        }

        Assert.That(Bits(net), Is.EqualTo(Bits(whole)));
    }

    [Test]
    public async Task What_was_interrupted_goes_on_to_the_same_bits()
    {
        (Rows train, Rows validation) = All.Split(0.75, 0.25, seed: 1);
        train = train.Shuffle(2).Batch(8);
        (Layer whole, Trainer undisturbed) = Made();
        List<(double, double, long)> expected = [];
        using (undisturbed)
        {
            await foreach (Epoch e in undisturbed.Fit(train, validation.Batch(7), 4))
            {
                expected.Add((e.Loss, e.Validation!.Loss, e.Step));
            }
        }

        // Interrupted after any number of steps, each time with objects made anew, as another process would make them.
        List<(double, double, long)> met = [];
        Layer? last = null;
        for (int round = 0; met.Count < 4; round++)
        {
            using var stop = new CancellationTokenSource();
            int left = 1 + (round * 5 % 7);
            (last, Trainer trainer) = Made(_ =>
            {
                if (--left == 0)
                {
                    stop.Cancel();
                }
            });
            using (trainer)
            {
                try
                {
                    await foreach (Epoch e in trainer.Fit(train.Prefetch(1 + (round % 2)), validation.Batch(7), 4, folder, stop.Token))
                    {
                        met.Add((e.Loss, e.Validation!.Loss, e.Step));
                    }
                }
                catch (OperationCanceledException)
                {
                }

                if (met.Count == 4)
                {
                    trainer.Best.Restore();
                    undisturbed.Best.Restore();
                }
            }

            Assert.That(round, Is.LessThan(40));
        }

        Assert.That(met, Is.EqualTo(expected));
        Assert.That(last!.NamedParameters().SelectMany(p => p.Parameter.Bytes.ToArray()), Is.EqualTo(whole.NamedParameters().SelectMany(p => p.Parameter.Bytes.ToArray())));
        Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName), Has.Exactly(4).Items, "the last two, the best, and the log");
    }

    [Test]
    public async Task An_epoch_whose_end_was_cancelled_is_measured_and_reported_when_it_goes_on()
    {
        using var stop = new CancellationTokenSource();
        (_, Trainer trainer) = Made(report =>
        {
            if (report.Step == 4)
            {
                stop.Cancel();
            }
        });
        using (trainer)
        {
            Assert.That(async () => { await foreach (Epoch _ in trainer.Fit(All.Batch(8), null, 2, cancellation: stop.Token)) { } }, Throws.InstanceOf<OperationCanceledException>());
            List<Epoch> left = [];
            await foreach (Epoch epoch in trainer.Fit(All.Batch(8), null, 2))
            {
                left.Add(epoch);
            }

            Assert.That(left.Select(e => (e.Number, e.Weight, e.Step)), Is.EqualTo(((int, double, long)[])[(0, 40.0, 5), (1, 40.0, 10)]));
        }
    }

    [TestCase(1)]
    [TestCase(3)]
    public async Task What_an_epoch_measured_in_training_is_exact_over_interruptions(int shards)
    {
        List<string> met = [];
        foreach (int each in (int[])[100, 1, 2])
        {
            string at = Path.Combine(folder, $"{each}");
            string told = string.Empty;
            for (bool isOver = false; !isOver;)
            {
                int left = each;
                using var stop = new CancellationTokenSource();
                using Trainer trainer = Measured(shards, TrainingListener.Of(_ =>
                {
                    if (--left == 0)
                    {
                        stop.Cancel();
                    }
                }));
                try
                {
                    await foreach (Epoch e in trainer.Fit(All.Shuffle(1).Batch(11), All.Batch(20), 2, at, stop.Token))
                    {
                        told += string.Create(CultureInfo.InvariantCulture, $"{e.Number}: {e.Training.Loss:R} {e.Training["mae"]:R} {e.Training["r2"]:R} {e.GradientNorm:R} {e.LargestGradientNorm:R} {e.Spikes} {e.Training.Metrics.Count} {e.Validation!.Metrics.Count}; ");
                    }

                    isOver = true;
                }
                catch (OperationCanceledException)
                {
                }
            }

            met.Add(told);
        }

        Assert.That(met, Is.All.EqualTo(met[0]));
        Assert.That(met[0], Does.EndWith(" 0 2 3; "), "areas are measured of validation alone");

        static Trainer Measured(int shards, TrainingListener listener)
        {
            var random = new Generator(5);
            var net = new Sequential(new Linear(3, 4, random), Activation.Tanh, new Dropout(0.2), new Linear(4, 1, random));
            return new Trainer(
                net,
                [X, Y],
                () =>
                {
                    Node prediction = net.Forward(X).Squeeze(-1);
                    return Objective.MeanSquaredError(prediction, Y).With(Metric.MeanAbsoluteError(prediction, Y), Metric.R2(prediction, Y), Metric.Auc(prediction, Cast(Greater(Y, 0), DType.Float32)));
                },
                random)
            {
                Optimizers = [new Adam(0.05)],
                SaveEvery = 1,
                Shards = shards,
                Listeners = [listener],
            };
        }
    }

    [Test]
    public async Task A_plateau_hears_of_validation_and_goes_on_with_the_training()
    {
        List<string> met = [];
        foreach (int each in (int[])[6, 1])
        {
            string at = Path.Combine(folder, $"{each}");
            string told = string.Empty;
            for (int end = each; end <= 6; end += each)
            {
                var net = new Linear(3, 1, new Generator(5));
                List<double> rates = [];
                var plateau = new Plateau(Schedule.Constant(1e-3).AfterWarmUp(2)) { Factor = 0.5, Patience = 1, Threshold = 0.5 };
                using var trainer = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X).Squeeze(-1), Y), new Generator(1)) { Optimizers = [new Sgd { LearningRate = plateau }], Listeners = [TrainingListener.Of(s => rates.Add(s.LearningRate))] };
                Assert.That(() => trainer.Fit(All.Batch(20), null, end, at), Throws.ArgumentException.With.Message.Contains("there is nothing to validate by"));
                await foreach (Epoch e in trainer.Fit(All.Batch(20), All.Batch(40), end, at))
                {
                    told += string.Create(CultureInfo.InvariantCulture, $"{e.Loss:R} {plateau.Scale:R} {rates[^2]} {rates[^1]}; ");
                }
            }

            met.Add(told);
        }

        Assert.That(met[1], Is.EqualTo(met[0]));
        Assert.That(met[0], Does.Contain(" 1 0.0005 0.001; ").And.EndsWith(" 0.03125 6.25E-05 6.25E-05; "));
    }

    [Test]
    public void A_run_of_other_shards_or_rows_is_refused()
    {
        (_, Trainer trainer) = Made();
        using (trainer)
        {
            Assert.That(trainer.Steps(All.Batch(40), 1, folder).Count(), Is.EqualTo(1));
        }

        (Layer net, Trainer other) = Made();
        using (other)
        {
            byte[] before = net.NamedParameters()[0].Parameter.Bytes.ToArray();
            Assert.That(() => other.Fit(All.Take(30).Batch(10), null, 2, folder), Throws.TypeOf<InvalidDataException>().With.Message.Contains("is of a training on 40 rows, and these are 30"));
            Assert.That(net.NamedParameters()[0].Parameter.Bytes.ToArray(), Is.EqualTo(before));
        }

        using var cut = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X).Squeeze(-1), Y), new Generator(1)) { Optimizers = [new AdamW { LearningRate = Schedule.Cosine(0.05, 40) }], Average = new Ema(0.9), Shards = 2 };
        Assert.That(() => cut.Fit(All.Batch(40), null, 2, folder), Throws.TypeOf<InvalidDataException>().With.Message.Contains("is of a training with 1 shards, and this has 2"));
    }

    [Test]
    public void Steps_are_a_stream_too()
    {
        (_, Trainer trainer) = Made();
        using (trainer)
        {
            StepReport[] reports = [.. trainer.Steps(All.Batch(16), 2, folder)];
            Assert.That(reports.Select(r => r.Step), Is.EqualTo(Enumerable.Range(0, 6)));
            Assert.That(reports.Take(3).Sum(r => r.Weight), Is.EqualTo(40));
            Assert.That(trainer.Steps(All.Batch(16), 2), Is.Empty, "both epochs are over");
            Assert.That(trainer.Steps(All.Batch(16), 3).Count(), Is.EqualTo(3));
        }
    }

    [Test]
    public void What_does_not_fit_is_refused_before_anything_is_done()
    {
        (Layer net, Trainer trainer) = Made();
        using (trainer)
        {
            Assert.That(() => trainer.Fit(Rows.Of((float[])[1, 2]).Batch(1), null, 1), Throws.ArgumentException.With.Message.Contains("The rows have 1 columns").And.Message.Contains("the trainer 2 inputs"));
            Assert.That(() => trainer.Fit(All.Batch(8), null, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => trainer.Best.Restore(), Throws.InvalidOperationException.With.Message.Contains("No model has been measured yet"));
            Assert.That(trainer.Steps(All.Batch(40), 1, folder).Count(), Is.EqualTo(1));
        }

        var scheduled = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X).Squeeze(-1), Y), new Generator(1)) { Optimizers = [new Adam { LearningRate = Schedule.Cosine(0.1, 9) }] };
        Assert.That(() => scheduled.Fit(All.Batch(8), null, 2), Throws.ArgumentException.With.Message.Contains("The training has 10 steps, 2 epochs of 5, and a schedule of its optimisers was made for 9"));
        Assert.That(() => scheduled.Fit(All.Batch(40), null, 2, folder), Throws.TypeOf<LoadException>());
        File.WriteAllBytes(Path.Combine(folder, "step-000000007.safetensors"), [1, 2, 3]);
        Assert.That(() => scheduled.Fit(All.Batch(40), null, 2, folder), Throws.TypeOf<InvalidDataException>());
        Assert.That(() => new Trainer(net, [X, Y], () => Objective.Mean(X), new Generator(1)) { Optimizers = [new Sgd(1)], Kept = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Trainer(net, [X, Y], () => Objective.Mean(X), new Generator(1)) { Optimizers = [new Sgd(1)], SaveEvery = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Rows_that_are_left_and_fill_no_batch_are_refused_and_not_waited_for()
    {
        (_, Trainer trainer) = Made();
        using (trainer)
        {
            Assert.That(trainer.Steps(All.Batch(9, dropRemainder: true), 1).Take(3).Count(), Is.EqualTo(3));
            Assert.That(
                () => trainer.Steps(All.Batch(16, dropRemainder: true), 1).Count(),
                Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("Epoch 0 cannot go on at row 27: the 13 rows that are left fill no batch of 16"));
        }
    }

    [Test]
    public void Averages_begin_with_what_the_parameters_are_at_the_first_step()
    {
        (Layer net, Trainer trainer) = Made();
        using (trainer)
        {
            trainer.Evaluate(All.Batch(40));
            var bias = (Parameter<float>)net.Parameters()[^1];
            bias.Fill(100);
            Assert.That(trainer.Steps(All.Batch(40), 1).First().Step, Is.Zero);
            var average = (Parameter<float>)trainer.AverageOf(bias);
            Assert.That(average.Values[0], Is.EqualTo((0.9f * 100) + (0.1f * bias.Values[0])).Within(1e-4));
        }
    }

    [Test]
    public void One_optimiser_trains_two_models_each_saved_with_states_of_its_own()
    {
        var adam = new AdamW(0.01);
        for (int fold = 0; fold < 2; fold++)
        {
            var net = new Linear(3, 1, new Generator(1));
            using var trainer = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X).Squeeze(-1), Y), new Generator(2)) { Optimizers = [adam] };
            string path = Path.Combine(folder, $"{fold}");
            Assert.That(trainer.Steps(All.Batch(40), 1, path).Count(), Is.EqualTo(1));
            using var file = TensorFile.Open(Directory.GetFiles(path, "step-*").Single());
            Assert.That(file.Tensors.Count(t => t.Name.StartsWith("optimizer.", StringComparison.Ordinal)), Is.EqualTo(6), "three of the weight and three of the bias");
        }
    }

    [Test]
    public void What_was_best_elsewhere_and_was_not_saved_is_named()
    {
        (_, Trainer trainer) = Made();
        using (trainer)
        {
            Assert.That(trainer.Fit(All.Batch(40), All.Batch(40), 1).ToBlockingEnumerable().Count(), Is.EqualTo(1));
            trainer.Save(Path.Combine(folder, "saved.safetensors"));
        }

        (_, Trainer other) = Made();
        using (other)
        {
            other.Load(Path.Combine(folder, "saved.safetensors"));
            Assert.That(() => other.Best.Restore(), Throws.InvalidOperationException.With.Message.Contains("The best model, of step 1, is not there").And.Message.Contains("best.safetensors"));
        }
    }

    [Test]
    public void A_loop_over_steps_that_was_left_at_the_last_is_saved_when_it_goes_on()
    {
        (_, Trainer trainer) = Made();
        using (trainer)
        {
            foreach (StepReport step in trainer.Steps(All.Batch(40), 1, folder))
            {
                break;
            }

            File.Delete(Directory.GetFiles(folder, "step-*").Single());
            Assert.That(trainer.Steps(All.Batch(40), 1, folder).Any(), Is.False);
            Assert.That(Directory.GetFiles(folder, "step-*").Select(Path.GetFileName), Is.EqualTo((string[])["step-000000001.safetensors"]));
        }
    }

    [Test]
    public void Threads_reading_ahead_and_shards_at_once_change_no_bit()
    {
        byte[][] trained = [Train((1, 0, 1)), Train((2, 1, 2)), Train((4, 3, 3))];
        Assert.That(trained[1], Is.EqualTo(trained[0]));
        Assert.That(trained[2], Is.EqualTo(trained[0]));

        static byte[] Train((int Threads, int Ahead, int AtOnce) way)
        {
            var random = new Generator(5);
            var net = new Sequential(new Linear(3, 96, random), new BatchNorm(96), Activation.Tanh, new Dropout(0.2), new Linear(96, 1, random));
            using var trainer = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X).Squeeze(-1), Y), random)
            {
                Optimizers = [new AdamW(0.01)],
                Shards = 3,
                ShardsAtOnce = way.AtOnce,
                Options = new CompileOptions { Threads = way.Threads },
            };
            Rows rows = All.Shuffle(seed: 2).Batch(16);
            Assert.That(trainer.Steps(way.Ahead == 0 ? rows : rows.Prefetch(way.Ahead), 2).Count(), Is.EqualTo(6));
            return [.. net.NamedParameters().SelectMany(p => p.Parameter.Bytes.ToArray())];
        }
    }

    [Test]
    public void An_epoch_whose_save_failed_is_saved_and_told_by_the_next_loop()
    {
        (_, Trainer trainer) = Made();
        using (trainer)
        {
            string blocking = Path.Combine(folder, "best.safetensors");
            Directory.CreateDirectory(blocking);
            Assert.That(() => trainer.Fit(All.Batch(40), All.Batch(40), 1, folder).ToBlockingEnumerable().Count(), Throws.InstanceOf<IOException>());
            foreach (string file in Directory.GetFiles(folder, "step-*"))
            {
                File.Delete(file);
            }

            Directory.Delete(blocking);
            Epoch[] told = [.. trainer.Fit(All.Batch(40), All.Batch(40), 1, folder).ToBlockingEnumerable()];
            Assert.That(told.Select(e => (e.Number, e.Step, e.IsBest)), Is.EqualTo(((int, long, bool)[])[(0, 1, true)]));
            Assert.That(File.ReadAllLines(Path.Combine(folder, "epochs.csv")), Has.Length.EqualTo(2));
            Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName), Is.EquivalentTo((string[])["best.safetensors", "epochs.csv", "step-000000001.safetensors"]));
            Assert.That(trainer.Fit(All.Batch(40), All.Batch(40), 1, folder).ToBlockingEnumerable(), Is.Empty);
        }
    }

    [Test]
    public void Columns_in_another_order_than_inputs_of_their_names_are_refused()
    {
        (_, Trainer trainer) = Made();
        using (trainer)
        {
            Rows swapped = Rows.Of(("y", new float[4, 3]), ("x", new float[4])).Batch(2);
            Assert.That(() => trainer.Steps(swapped, 1), Throws.ArgumentException.With.Message.Contains("Column 'y' float32 [4, 3] would go to input").And.Message.Contains("and there is an input 'y'"));
        }
    }

    [TestCase(1, "of what Rows.Of was given; RequireLabels")]
    [TestCase(2, "a part of them in each of 2 shards, whose places begin at 0; RequireLabels")]
    public void A_label_that_is_no_class_is_told_with_the_rows_of_its_batch(int shards, string end)
    {
        var net = new Linear(3, 3, new Generator(1));
        Input<long> label = Input<long>("label", ["N"]);
        using var trainer = new Trainer(net, [X, label], () => Objective.CrossEntropy(net.Forward(X), label), new Generator(2)) { Optimizers = [new Sgd(0.01)], Shards = shards };
        Rows rows = Rows.Of(new float[4, 3], (long[])[0, 1, 3, 2]).Select([3, 2, 1, 0]).Batch(4);
        Assert.That(
            () => trainer.Steps(rows, 1).Count(),
            Throws.TypeOf<ExecutionException>().With.Message.Contains("index 3 is outside axis 0 of size 3").And.Message.Contains("The batch has, from place 0 on, the rows 3, 2, 1, 0").And.Message.Contains(end));
        Assert.That(trainer.StepCount, Is.Zero);
    }

    [Test]
    public void What_counts_for_nothing_has_no_measure()
    {
        var net = new Linear(3, 3, new Generator(1));
        Input<long> label = Input<long>("label", ["N"]);
        using var trainer = new Trainer(net, [X, label], () => Objective.CrossEntropy(net.Forward(X), label, ignoreIndex: -1), new Generator(2)) { Optimizers = [new Sgd(0.01)] };
        Rows rows = Rows.Of(new float[2, 3], (long[])[-1, -1]).Batch(2);
        Assert.That(() => trainer.Evaluate(rows), Throws.InvalidOperationException.With.Message.Contains("counts for nothing"));
        Assert.That(() => trainer.Steps(rows, 1).Count(), Throws.TypeOf<DivergenceException>().With.Message.Contains("counts for nothing"));
    }

    [Test]
    public void Averages_are_used_after_the_training()
    {
        (Layer net, Trainer trainer) = Made();
        using (trainer)
        {
            byte[] start = Bytes();
            trainer.UseAverages();
            Assert.That(Bytes(), Is.EqualTo(start));
            Assert.That(trainer.Steps(All.Batch(8), 1).Count(), Is.EqualTo(5));
            byte[] averages = [.. net.Parameters().SelectMany(p => trainer.AverageOf(p).Bytes.ToArray())];
            Assert.That(Bytes(), Is.Not.EqualTo(averages));
            trainer.UseAverages();
            Assert.That(Bytes(), Is.EqualTo(averages));
        }

        using var without = new Trainer(net, [X, Y], () => Objective.Mean(net.Forward(X)), new Generator(1)) { Optimizers = [new Sgd(1)] };
        Assert.That(without.UseAverages, Throws.InvalidOperationException.With.Message.Contains("keeps no averages"));

        byte[] Bytes() => [.. net.Parameters().SelectMany(p => p.Bytes.ToArray())];
    }

    [Test]
    public void A_file_that_is_not_named_as_a_checkpoint_is_none_and_a_folder_that_cannot_be_is_named()
    {
        File.WriteAllText(Path.Combine(folder, "step-9.safetensors"), "mine");
        (_, Trainer trainer) = Made();
        using (trainer)
        {
            Assert.That(trainer.Steps(All.Batch(40), 1, folder).Count(), Is.EqualTo(1));
            Assert.That(
                () => trainer.Steps(All.Batch(40), 1, Path.Combine(folder, "step-9.safetensors")),
                Throws.InstanceOf<IOException>().With.Message.Contains("step-9.safetensors' of a run cannot be made"));
        }
    }

    private static (Layer Net, Trainer Trainer) Made(Action<StepReport>? stepped = null, int shards = 1)
    {
        var random = new Generator(5);
        var net = new Sequential(new Linear(3, 4, random), Activation.Tanh, new Dropout(0.2), new BatchNorm(4), new Linear(4, 1, random));
        return (net, new Trainer(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X).Squeeze(-1), Y), random)
        {
            Optimizers = [new AdamW { LearningRate = Schedule.Cosine(0.05, 40) }],
            Average = new Ema(0.9),
            SaveEvery = 1,
            Shards = shards,
            Listeners = stepped is null ? [] : [TrainingListener.Of(stepped)],
        });
    }

    private static byte[] Bits(Layer net) => [.. net.NamedParameters().SelectMany(p => p.Parameter.Bytes.ToArray())];

    private static Rows Data()
    {
        float[,] x = new float[40, 3];
        float[] y = new float[40];
        float[] numbers = new Generator(9).Normal(160).ToArray();
        for (int row = 0; row < 40; row++)
        {
            for (int i = 0; i < 3; i++)
            {
                x[row, i] = numbers[(row * 4) + i];
            }

            y[row] = x[row, 0] - (2 * x[row, 1]) + 0.5f + (0.1f * numbers[(row * 4) + 3]);
        }

        return Rows.Of(x, y);
    }
}

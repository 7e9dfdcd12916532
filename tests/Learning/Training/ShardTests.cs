using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>A batch that is cut into shards trains as one that is not, to the same bits whoever computes which shard.</summary>
internal sealed class ShardTests
{
    private static readonly Input<float> X = Input("x", ["N", 3]);
    private static readonly Input<float> Y = Input("y", ["N"]);
    private static readonly float[,] Data = ToArray(new Generator(3).Normal(11, 3));
    private static readonly float[] Targets = [.. new Generator(4).Normal(11)];

    [Test]
    public void Gradients_are_those_of_the_whole_batch()
    {
        Linear whole = new(3, 1, new Generator(1));
        Linear cut = new(3, 1, new Generator(1));
        using Trainer one = Of(whole, new Generator(1), 1, 1);
        using Trainer many = Of(cut, new Generator(1), 4, 1);
        for (int step = 0; step < 5; step++)
        {
            (StepReport expected, StepReport met) = (one.Step(Data, Targets), many.Step(Data, Targets));
            Assert.That((met.Loss, met.GradientNorm, met.Weight), Is.EqualTo((expected.Loss, expected.GradientNorm, 11.0)).Using<(double, double, double)>(Near));
        }

        Assert.That(cut.Weight.Values.ToArray(), Is.EqualTo(whole.Weight.Values.ToArray()).Within(1e-5));
    }

    [TestCase(8, 1, 2, 4, 8)]
    [TestCase(6, 1, 2, 3, 5)]
    public void Who_computes_which_shard_changes_no_bit(int shards, params int[] atOnce)
    {
        string?[] results = [.. atOnce.Select(count => Trained(shards, count))];
        Assert.That(results, Is.All.EqualTo(results[0]));
        Assert.That(Trained(shards - 1, 1), Is.Not.EqualTo(results[0]));
    }

    /// <summary>Losses and all bits of a training with dropout, batch norm and batches of which some have fewer rows than there are shards.</summary>
    private static string Trained(int shards, int atOnce)
    {
        var random = new Generator(5);
        var net = new Sequential(new Linear(3, 4, random), Activation.Tanh, new Dropout(0.3), new LayerNorm(4), new Running(), new Linear(4, 1, random));
        using Trainer trainer = Of(net, random, shards, atOnce);
        List<double> losses = [];
        foreach (int rows in (int[])[11, 3, 8, 1])
        {
            float[,] x = new float[rows, 3];
            Array.Copy(Data, x, rows * 3);
            losses.Add(trainer.Step(x, Targets[..rows]).Loss);
        }

        return string.Join(' ', losses.Select(BitConverter.DoubleToInt64Bits)) + Convert.ToHexString([.. net.NamedParameters().SelectMany(p => p.Parameter.Bytes.ToArray())]);
    }

    [Test]
    public void Buffers_are_the_mean_over_shards_with_rows()
    {
        var running = new Running();
        var net = new Sequential(running, new Linear(3, 1, new Generator(1)));
        using Trainer trainer = Of(net, new Generator(1), 4, 1);
        float[,] x = { { 1, 2, 3 }, { 4, 5, 9 } };
        trainer.Step(x, (float[])[0, 0]);
        Assert.That(running.Mean.Values[0], Is.EqualTo(4));
        Assert.That(running.Steps.Values[0], Is.EqualTo(1));
    }

    [Test]
    public void What_cannot_be_cut_is_refused()
    {
        Linear net = new(3, 1, new Generator(1));
        Assert.That(() => Of(net, new Generator(1), 0, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Of(net, new Generator(1), 1, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        using Trainer trainer = Of(net, new Generator(1), 2, 2);
        Assert.That((trainer.Shards, trainer.ShardsAtOnce), Is.EqualTo((2, 2)));
        Assert.That(() => trainer.Step(Data, Targets[..3]), Throws.ArgumentException.With.Message.Contains("was given 3 rows, float32 of 3 elements, and input").And.Message.Contains("11."));
        Assert.That(() => trainer.Step(Data), Throws.TypeOf<BindingException>());
        Assert.That(() => trainer.Step((float[,]?)null, Targets), Throws.TypeOf<BindingException>());
        Assert.That(() => trainer.Step(new float[0, 3], Array.Empty<float>()), Throws.TypeOf<DivergenceException>().With.Message.StartsWith("The batch counts for nothing"));
        Assert.That(trainer.StepCount, Is.Zero);

        Input<float> fixedX = Input("x", [4, 3]);
        using var other = new Trainer(net, [fixedX], () => Objective.Mean(net.Forward(fixedX)), new Generator(1)) { Optimizers = [new Sgd(0.1)], Shards = 2 };
        Assert.That(() => other.Step(new float[4, 3]), Throws.TypeOf<ShapeException>().With.Message.Contains("which must be a symbol"));
        Input<float> square = Input("x", ["N", "N"]);
        using var twice = new Trainer(net, [square], () => Objective.Mean(square * net.Weight.Sum()), new Generator(1)) { Optimizers = [new Sgd(0.1)], Shards = 2 };
        Assert.That(() => twice.Step(new float[4, 4]), Throws.TypeOf<ShapeException>().With.Message.Contains("elsewhere than as its first axis"));
        var random = new Generator(1);
        using var own = new Trainer(net, [X, Y], () => Objective.MeanSquaredError(Dropout(random, net.Forward(X).Squeeze(-1), 0.5), Y), random) { Optimizers = [new Sgd(0.1)], Shards = 2 };
        Assert.That(() => own.Step(Data, Targets), Throws.InvalidOperationException.With.Message.Contains("take them from Pass.Current.Random"));
    }

    [Test]
    public void A_step_within_a_step_is_refused()
    {
        Linear net = new(3, 1, new Generator(1));
        Trainer? trainer = null;
        NodeType number = new(DType.Float32, []);
        Node Again(Node x) => HostFunction("again", [x], number, call =>
        {
            call.Out<float>(0)[0] = call.In<float>(0)[0];
            Assert.That(() => trainer!.Step(Data), Throws.InvalidOperationException.With.Message.Contains("steps follow one another"));
        }, (_, _, gradient) => [gradient]);
        using (trainer = new Trainer(net, [X], () => Objective.Of(Again(net.Forward(X).Sum()), Constant(1f)), new Generator(1)) { Optimizers = [new Sgd(0)], Shards = 2 })
        {
            trainer.Step(Data);
            Assert.That(trainer.StepCount, Is.EqualTo(1));
        }
    }

    [Test]
    public void Inputs_without_rows_go_to_each_shard_whole()
    {
        Linear net = new(3, 1, new Generator(1));
        Input<float> factor = Input("factor", []);
        using var trainer = new Trainer(net, [X, factor], () => Objective.Mean(net.Forward(X) * factor), new Generator(1)) { Optimizers = [new Sgd(0)], Shards = 3 };
        Assert.That(trainer.Step(Data, 2f).Loss, Is.EqualTo(2 * trainer.Step(Data, 1f).Loss).Within(1e-6));
    }

    [Test]
    public void A_warm_step_of_shards_allocates_nothing()
    {
        using Trainer trainer = Of(new Linear(3, 1, new Generator(1)), new Generator(1), 4, 1);
        for (int i = 0; i < 50; i++)
        {
            trainer.Step(Data, Targets);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 500; i++)
        {
            trainer.Step(Data, Targets);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static Trainer Of(Layer net, Generator random, int shards, int atOnce) => new(net, [X, Y], () => Objective.MeanSquaredError(net.Forward(X).Squeeze(-1), Y), random)
    {
        Optimizers = [new AdamW(0.01)],
        ClipNorm = 1,
        Shards = shards,
        ShardsAtOnce = atOnce,
    };

    private static bool Near((double A, double B, double C) a, (double A, double B, double C) b) => Math.Abs(a.A - b.A) < 1e-5 && Math.Abs(a.B - b.B) < 1e-5 && a.C == b.C;

    private static float[,] ToArray(System.Numerics.Tensors.Tensor<float> tensor)
    {
        float[,] array = new float[tensor.Lengths[0], tensor.Lengths[1]];
        Buffer.BlockCopy(tensor.ToArray(), 0, array, 0, sizeof(float) * array.Length);
        return array;
    }

    /// <summary>Remembers the mean of what it was given, and how often.</summary>
    private sealed class Running : Layer
    {
        public Parameter<float> Mean { get; } = Buffer(0f);

        public Parameter<long> Steps { get; } = Buffer(0L);

        protected override Node Define(Node x)
        {
            var pass = Pass.For(this);
            if (pass.IsTraining)
            {
                pass.Write(Mean, x.Mean());
                pass.Write(Steps, pass.Read(Steps) + 1);
            }

            return x;
        }
    }
}

using System.Text.Json;
using GraphCompiler.Tests.References;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests;

/// <summary>Training runs held against PyTorch's, step by step.</summary>
internal sealed class OptimizerTests
{
    private static IEnumerable<TestCaseData> Optimizers_of_PyTorch()
    {
        const double Rate = 0.05;
        yield return Case("sgd", new Sgd(Rate));
        yield return Case("sgd_momentum", new Sgd(Rate) { Momentum = 0.9 });
        yield return Case("sgd_nesterov", new Sgd(Rate) { Momentum = 0.9, Nesterov = true });
        yield return Case("sgd_dampening", new Sgd(Rate) { Momentum = 0.9, Dampening = 0.5 });
        yield return Case("sgd_weight_decay", new Sgd(Rate) { WeightDecay = 0.1 });
        yield return Case("adam", new Adam(Rate));
        yield return Case("adam_weight_decay", new Adam(Rate) { WeightDecay = 0.1 });
        yield return Case("adam_amsgrad", new Adam(Rate) { AmsGrad = true });
        yield return Case("adamw", new AdamW(Rate) { WeightDecay = 0.1 });
        yield return Case("adamax", new Adamax(Rate));
        yield return Case("radam", new RAdam(Rate));
        yield return Case("adagrad", new Adagrad(0.1));
        yield return Case("adadelta", new Adadelta());
        yield return Case("rmsprop", new RmsProp(Rate));
        yield return Case("rmsprop_centered_momentum", new RmsProp(Rate) { IsCentred = true, Momentum = 0.5 });

        static TestCaseData Case(string name, Optimizer optimizer) => new TestCaseData(name, optimizer).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Optimizers_of_PyTorch))]
    public void Follows_PyTorch(string name, Optimizer optimizer)
    {
        using JsonDocument document = Load($"optim/{name}");
        JsonElement json = document.RootElement;
        Assert.That(name.Contains("decay", StringComparison.Ordinal), Is.EqualTo(json.GetProperty("attrs").TryGetProperty("weight_decay", out _) && name != "adamw"));
        var run = new Regression<double>(json, ReferenceTensor.Read(json.GetProperty("b0"))!.Values);
        Node loss = Mean(Square(run.Residual));
        Follow(json, run, [loss], optimizer.Minimize(loss, [run.Weights, run.Bias]), 1e-9);
    }

    /// <summary>PyTorch 1.13 counts the momentum of a step twice in the product that scales the mean; its later versions and ours count it once.</summary>
    [Test]
    public void NAdam_follows_its_definition_and_PyTorch_but_for_a_factor()
    {
        using JsonDocument document = Load("optim/nadam");
        JsonElement json = document.RootElement;
        var run = new Regression<double>(json, [0]);
        Node loss = Mean(Square(run.Residual));
        using CompiledGraph step = GraphCompiler.Compiler.Compile([run.X, run.Y], [], new NAdam(0.05).Minimize(loss, [run.Weights, run.Bias]));
        double[] start = [.. run.Weights.Values, 0];
        (double[][] ours, double[][] theirs) = (NAdamByHand(json, start, twice: false), NAdamByHand(json, start, twice: true));
        int at = 0;
        foreach (JsonElement expected in json.GetProperty("steps").EnumerateArray())
        {
            step.Run(run.Argument("x"), run.Argument("y"));
            Assert.That(theirs[at], Is.EqualTo((double[])[.. Numbers(expected.GetProperty("w")), .. Numbers(expected.GetProperty("b"))]).Within(1e-9));
            Assert.That((double[])[.. run.Weights.Values, .. run.Bias.Values], Is.EqualTo(ours[at]).Within(1e-9));
            at++;
        }
    }

    [Test]
    public void Every_reference_run_is_followed() => Assert.That(
        Optimizers_of_PyTorch().Select(c => (string)c.Arguments[0]!).Append("nadam"),
        Is.EquivalentTo(Directory.EnumerateFiles(Path.Combine(ReferenceCase.Folder, "optim")).Select(Path.GetFileNameWithoutExtension)));

    [Test]
    public void Single_precision_follows_double()
    {
        foreach (TestCaseData data in Optimizers_of_PyTorch())
        {
            (string name, var optimizer) = ((string)data.Arguments[0]!, (Optimizer)data.Arguments[1]!);
            using JsonDocument document = Load($"optim/{name}");
            JsonElement json = document.RootElement;
            var run = new Regression<float>(json, ReferenceTensor.Read(json.GetProperty("b0"))!.Values);
            Node loss = Mean(Square(run.Residual));
            Follow(json, run, [loss], optimizer.Minimize(loss, [run.Weights, run.Bias]), 1e-4);
        }
    }

    [Test]
    public void Hyperparameters_change_without_compiling_again()
    {
        Input<float> rate = Input("rate", []);
        Input<double> decay = Input<double>("decay", []);
        Input<float> momentum = Input("momentum", []);
        Parameter<float> w = Parameter("w", 1f);
        Node loss = 3 * w;
        IReadOnlyList<Update> updates = new Sgd(rate) { WeightDecay = decay, Momentum = momentum }.Minimize(loss, [w]);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([rate, decay, momentum], [], updates);
        float[] found = [.. new (float Rate, double Decay, float Momentum)[] { (0.5f, 0, 0), (0, 7, 0.5f), (1, 2, 0.5f) }.Select(h =>
        {
            step.Run(h.Rate, h.Decay, h.Momentum);
            return w.Values[0];
        })];

        // w = 1; v = 3, w = -0.5; v = 1.5 + 3 - 3.5 = 1; v = 0.5 + 3 - 1 = 2.5, w = -3.
        Assert.That(found, Is.EqualTo(new[] { -0.5f, -0.5f, -3f }));
    }

    [Test]
    public void A_loss_is_made_larger_on_request()
    {
        Parameter<double> w = Parameter("w", 1.0);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], new Sgd(0.5) { Maximize = true, WeightDecay = 0.5 }.Minimize(2 * w, [w]));
        step.Run();
        Assert.That(w.Values[0], Is.EqualTo(1 + (0.5 * 2) - (0.5 * 0.5)));
    }

    [Test]
    public void What_decays_and_starts_elsewhere_counts_from_the_first_step()
    {
        Parameter<double> w = Parameter("w", 0.0);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], new Adagrad(1) { LearningRateDecay = 1, InitialSum = 7, Epsilon = 0 }.Minimize(3 * w, [w]));
        step.Run();
        Assert.That(w.Values[0], Is.EqualTo(-3 / Math.Sqrt(16)).Within(1e-15));
        step.Run();
        Assert.That(w.Values[0], Is.EqualTo((-3 / Math.Sqrt(16)) - (0.5 * 3 / Math.Sqrt(25))).Within(1e-15));
    }

    [Test]
    public void Gradients_are_clipped()
    {
        (Node a, Node b) = (Constant(new[] { 3f, 0 }), Constant(4.0));
        (IReadOnlyList<Node> scaled, Node norm) = GradientClipping.ByNorm([a, b, Zeros([0])], 1);
        Assert.That(GraphTesting.Value(norm), Is.EqualTo(5));
        Assert.That(GraphTesting.Values(scaled[0]), Is.EqualTo(new[] { 0.6, 0 }).Within(1e-6));
        Assert.That(GraphTesting.Value(scaled[1]), Is.EqualTo(0.8).Within(1e-6));
        Assert.That(scaled.Select(s => s.Results[0]), Is.EqualTo(new[] { a.Results[0], b.Results[0], new NodeType(DType.Float32, [0]) }));
        Assert.That(GraphTesting.Value(GradientClipping.ByNorm([a, b], 9).Gradients[1]), Is.EqualTo(4));
        Assert.That(GraphTesting.Value(GradientClipping.ByNorm([a, -b], 1, double.PositiveInfinity).Norm), Is.EqualTo(4));
        Assert.That(GraphTesting.Value(GradientClipping.ByNorm([a, -b], 1, 1).Norm), Is.EqualTo(7));
        Assert.That(GraphTesting.Value(GradientClipping.ByNorm([a, -b], 1, 3).Norm), Is.EqualTo(Math.Cbrt(91)).Within(1e-12));
        Assert.That(GraphTesting.Values(GradientClipping.ByValue([-a], 2)[0]), Is.EqualTo(new[] { -2.0, 0 }));

        Parameter<double> w = Parameter("w", 1.0);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], new Sgd(1).Update([w], GradientClipping.ByValue(Gradients(10 * w, w), 0.25)));
        step.Run();
        Assert.That(w.Values[0], Is.EqualTo(0.75));
    }

    [Test]
    public void A_parameter_without_a_gradient_stays()
    {
        Parameter<double> w = Parameter("w", 1.0);
        Parameter<double> other = Parameter("other", 2.0);
        Node loss = w * w;
        List<Parameter> parameters = [w, other];
        IReadOnlyList<Update> updates = new Sgd(0.25).Update(parameters, GradientsOrNull(loss, parameters));
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [loss], updates);
        step.Run();
        Assert.That((w.Values[0], other.Values[0]), Is.EqualTo((0.5, 2.0)));
        Assert.That(() => Gradients(loss, parameters), Throws.TypeOf<GradientException>().With.Message.Contains("'other'"));
    }

    [Test]
    public void Groups_of_parameters_are_updated_in_one_step()
    {
        Parameter<double> w = Parameter("w", 1.0);
        Parameter<double> b = Parameter("b", 2.0);
        Node loss = (w * w) + (b * b);
        using CompiledGraph step = GraphCompiler.Compiler.Compile(
            [], [loss], [.. new Sgd(0.25).Minimize(loss, [w]), .. new Sgd(0.5) { Momentum = 0.9 }.Minimize(loss, [b])]);
        step.Run();
        Assert.That((w.Values[0], b.Values[0]), Is.EqualTo((0.5, 0.0)));
    }

    [Test]
    public void Mistakes_are_named()
    {
        Parameter<double> w = Parameter("w", 1.0);
        Input<double> x = Input<double>("x", [], requiresGrad: true);
        Assert.That(() => new Adam(-1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("learningRate must be at least 0"));
        Assert.That(() => new Adam { LearningRate = -1 }, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("LearningRate must be at least 0"));
        Assert.That(() => Optimizers.Sgd(2 * w, [w], -1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("learningRate"));
        Assert.That(() => Optimizers.Sgd(2 * w, [w], 1, momentum: 1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("momentum"));
        Assert.That(() => Optimizers.Adam(2 * w, [w], beta2: 1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("beta2"));
        Assert.That(() => Optimizers.Sgd(2 * w, [], 1), Throws.ArgumentException.With.Message.Contains("no parameters"));
        Assert.That(() => new Adam().Update([], []), Throws.ArgumentException.With.Message.Contains("no parameters"));
        Assert.That(() => new Sgd(double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Sgd { Momentum = 1 }, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Momentum must be in [0, 1)"));
        Assert.That(() => new Adam { Beta2 = 1 }, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Beta2 must be in [0, 1)"));
        Assert.That(() => new RmsProp { Epsilon = -1 }, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Epsilon must be at least 0"));
        Assert.That(() => new AdamW { WeightDecay = -1 }, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("WeightDecay"));
        Assert.That(() => new Sgd { Nesterov = true }.Minimize(2 * w, [w]), Throws.InvalidOperationException.With.Message.Contains("momentum above 0"));
        Assert.That(() => new Adam(Input("rate", [2])), Throws.InstanceOf<ShapeException>().With.Message.Contains("'rate'").And.Message.Contains("float scalar"));
        Assert.That(() => new Adam().Update([w], []), Throws.ArgumentException.With.Message.Contains("1 parameter cannot be updated by 0 gradients"));
        Assert.That(() => new Adam().Update([w, w], [x, x]), Throws.ArgumentException.With.Message.Contains("'w'").And.Message.Contains("given twice"));
        Assert.That(() => new Adam().Update([w], [Zeros([2])]), Throws.InstanceOf<ShapeException>().With.Message.Contains("float64[]").And.Message.Contains("'w'"));
        Assert.That(() => GradientClipping.ByNorm([x], -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => GradientClipping.ByNorm([x], 1, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => GradientClipping.ByValue([x], double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    /// <summary>What is refused of a number is refused of a node, when the graph runs; nothing has changed then.</summary>
    [Test]
    public void A_hyperparameter_from_outside_is_checked_when_the_graph_runs()
    {
        (Func<Node, Optimizer> Make, string Rule, double[] Bad, double[] Good)[] cases =
        [
            (r => new Sgd(r), "Sgd: LearningRate must be at least 0", [-0.5, double.NaN, double.PositiveInfinity], [0, 0.5, 1e30]),
            (r => new Adam { LearningRate = r }, "Adam: LearningRate must be at least 0", [-0.5], [0, 0.5]),
            (r => new Adagrad { WeightDecay = r }, "Adagrad: WeightDecay must be at least 0", [-0.5], [0, 0.5]),
            (r => new Sgd(0.5) { Momentum = r }, "Sgd: Momentum must be in [0, 1)", [-0.5, 1, double.NaN], [0, 0.5, Math.BitDecrement(1.0)]),
            (r => new RmsProp { Momentum = r }, "RmsProp: Momentum must be in [0, 1)", [1.5], [0.5]),
        ];
        using (Assert.EnterMultipleScope())
        {
            foreach ((Func<Node, Optimizer> make, string rule, double[] bad, double[] good) in cases)
            {
                Parameter<double> w = Parameter("w", 1.0);
                Input<double> rate = Input<double>("rate", []);
                using CompiledGraph step = GraphCompiler.Compiler.Compile([rate], [], make(rate).Minimize(w * w, [w]));
                foreach (double value in bad)
                {
                    Assert.That(() => step.Run(value), Throws.TypeOf<ExecutionException>().With.Message.StartsWith(rule).And.Message.Contains("'rate'"), $"{rule}, {value}");
                    Assert.That(w.Values[0], Is.EqualTo(1.0));
                }

                foreach (double value in good)
                {
                    Assert.That(() => step.Run(value), Throws.Nothing, $"{rule}, {value}");
                }
            }
        }
    }

    [Test]
    public void Gradient_descent_in_double() => Descend<double>("seed_linear_float64", 1e-10);

    [Test]
    public void Gradient_descent_in_single() => Descend<float>("seed_linear_float32", 1e-4);

    [Test]
    public void Gradients_accumulate_stop_and_are_kept_as_in_PyTorch()
    {
        using JsonDocument document = Load("seed/seed_semantics");
        double[] x = Numbers(document.RootElement.GetProperty("x"));
        JsonElement facts = document.RootElement.GetProperty("facts");
        Input<double> a = Input<double>("a", [3], requiresGrad: true);

        Check("detach: d sum(a*detach(a))", Sum(a * Detach(a)), 1);
        Node stopped;
        using (GradMode.NoGrad())
        {
            stopped = a * 2;
        }

        Assert.That(stopped.RequiresGrad, Is.EqualTo(facts.GetProperty("no_grad: (a*2).requires_grad").GetBoolean()));
        Check("no_grad: d sum(c*a), c=2a in no_grad", Sum(stopped * a), 1);
        Check("accumulate: two backwards of sum(a^2)", Sum(Square(a)), 2);

        a.ZeroGrad();
        using CompiledGraph squares = GraphCompiler.Compiler.Compile([a], Sum(Square(a)));
        squares.Forward(x);
        squares.Backward(retainGraph: true);
        squares.Backward();
        Assert.That(Gradient(), Is.EqualTo(Numbers(facts.GetProperty("retain_graph: same loss twice"))));
        Assert.That(() => squares.Backward(), Throws.TypeOf<GradientException>());

        a.ZeroGrad();
        using CompiledGraph doubled = GraphCompiler.Compiler.Compile([a], a * 2);
        doubled.Forward(x);
        Assert.That(() => doubled.Backward(), Throws.TypeOf<GradientException>());
        doubled.Backward(new double[] { 1, 10, 100 });
        Assert.That(Gradient(), Is.EqualTo(Numbers(facts.GetProperty("backward of a*2 with gradient [1,10,100]"))));

        void Check(string fact, Node loss, int times)
        {
            a.ZeroGrad();
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile([a], loss);
            for (int i = 0; i < times; i++)
            {
                compiled.Forward(x);
                compiled.Backward();
            }

            Assert.That(Gradient(), Is.EqualTo(Numbers(facts.GetProperty(fact))), fact);
        }

        double[] Gradient() => [.. a.Grad!];
    }

    /// <summary>The weights and the bias after each step, in plain arithmetic.</summary>
    private static double[][] NAdamByHand(JsonElement json, double[] start, bool twice)
    {
        (double[] x, double[] y) = ([.. ReferenceTensor.Read(json.GetProperty("x"))!.Values], [.. ReferenceTensor.Read(json.GetProperty("y"))!.Values]);
        (double[] w, double[] mean, double[] square, double product) = ([.. start], new double[4], new double[4], 1);
        List<double[]> steps = [];
        for (int t = 1; t <= 12; t++)
        {
            double now = 0.9 * (1 - (0.5 * Math.Pow(0.96, t * 4e-3)));
            double then = 0.9 * (1 - (0.5 * Math.Pow(0.96, (t + 1) * 4e-3)));
            product *= now;
            double next = product * then * (twice ? now : 1);
            double[] residual = [.. y.Select((v, i) => (x[3 * i] * w[0]) + (x[(3 * i) + 1] * w[1]) + (x[(3 * i) + 2] * w[2]) + w[3] - v)];
            for (int j = 0; j < 4; j++)
            {
                double g = 2 * residual.Select((r, i) => j == 3 ? r : r * x[(3 * i) + j]).Average();
                mean[j] = (0.9 * mean[j]) + (0.1 * g);
                square[j] = (0.999 * square[j]) + (0.001 * g * g);
                double size = Math.Sqrt(square[j] / (1 - Math.Pow(0.999, t))) + 1e-8;
                w[j] -= 0.05 * (((1 - now) / (1 - product) * g) + (then / (1 - next) * mean[j])) / size;
            }

            steps.Add([.. w]);
        }

        return [.. steps];
    }

    private static void Descend<T>(string name, double bound)
        where T : unmanaged
    {
        using JsonDocument document = Load($"seed/{name}");
        JsonElement json = document.RootElement;
        var run = new Regression<T>(json, Numbers(json.GetProperty("b0")));
        Node loss = Sum(Square(run.Residual));
        NodeList gradients = Gradients(loss, run.Weights, run.Bias);
        double rate = json.GetProperty("attrs").GetProperty("lr").GetDouble();
        Follow(json, run, [loss, gradients[0], gradients[1]], Optimizers.Sgd(loss, [run.Weights, run.Bias], rate), bound);
    }

    private static void Follow<T>(JsonElement json, Regression<T> run, Node[] outputs, IReadOnlyList<Update> updates, double bound)
        where T : unmanaged
    {
        using CompiledGraph step = GraphCompiler.Compiler.Compile([run.X, run.Y], outputs, updates);
        (Argument x, Argument y) = (run.Argument("x"), run.Argument("y"));
        int at = 0;
        foreach (JsonElement expected in json.GetProperty("steps").EnumerateArray())
        {
            RunResults results = step.Run(x, y);
            Assert.That(Doubles(results.GetArray<T>()), Near(expected.GetProperty("loss")), $"loss of step {at}");
            if (outputs.Length == 3)
            {
                Assert.That(Doubles(results.GetArray<T>(1)), Near(expected.GetProperty("grad_w")), $"weight gradients of step {at}");
                Assert.That(Doubles(results.GetArray<T>(2)), Near(expected.GetProperty("grad_b")), $"bias gradient of step {at}");
            }

            Assert.That(Doubles(run.Weights.Values), Near(expected.GetProperty("w")), $"weights after step {at}");
            Assert.That(Doubles(run.Bias.Values), Near(expected.GetProperty("b")), $"bias after step {at}");
            at++;
        }

        NUnit.Framework.Constraints.Constraint Near(JsonElement expected)
        {
            double[] numbers = Numbers(expected);
            return Is.EqualTo(numbers).Within(bound * Math.Max(1, numbers.Max(Math.Abs)));
        }
    }

    private static double[] Doubles<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        List<double> doubles = [];
        foreach (T value in values)
        {
            doubles.Add(Convert.ToDouble(value, null));
        }

        return [.. doubles];
    }

    private static double[] Doubles<T>(T[] values)
        where T : unmanaged => Doubles<T>(values.AsSpan());

    private static JsonDocument Load(string key) => JsonDocument.Parse(File.ReadAllText(Path.Combine(ReferenceCase.Folder, key + ".json")));

    private static double[] Numbers(JsonElement json) => json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray().Select(v => v.GetDouble())] : [json.GetDouble()];

    /// <summary>The model of the reference runs: x·w + b − y.</summary>
    private sealed class Regression<T>
        where T : unmanaged
    {
        private readonly JsonElement json;

        public Regression(JsonElement json, double[] bias)
        {
            this.json = json;
            ReferenceTensor w = ReferenceTensor.Read(json.GetProperty("w0"))!;
            X = Input<T>("x", Shape.Of(ReferenceTensor.Read(json.GetProperty("x"))!.Shape));
            Y = Input<T>("y", Shape.Of(ReferenceTensor.Read(json.GetProperty("y"))!.Shape));
            Weights = new Parameter<T>("w", Convert(w.Values), w.Shape, requiresGrad: true);
            Bias = new Parameter<T>("b", Convert(bias), [1], requiresGrad: true);
            Residual = MatMul(X, Weights) + Bias - Y;
        }

        public Node X { get; }

        public Node Y { get; }

        public Parameter<T> Weights { get; }

        public Parameter<T> Bias { get; }

        public Node Residual { get; }

        public Argument Argument(string name) => ReferenceTensor.Read(json.GetProperty(name))!.Argument(DTypes.Of<T>());

        private static T[] Convert(double[] values) => [.. values.Select(v => (T)System.Convert.ChangeType(v, typeof(T), null))];
    }
}

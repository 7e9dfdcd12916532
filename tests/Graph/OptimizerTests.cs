using System.Text.Json;
using GraphCompiler.Tests.References;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests;

/// <summary>Training runs held against PyTorch's, step by step.</summary>
internal sealed class OptimizerTests
{
    [TestCase("sgd")]
    [TestCase("sgd_momentum")]
    [TestCase("sgd_nesterov")]
    [TestCase("sgd_weight_decay")]
    [TestCase("adam")]
    [TestCase("adam_weight_decay")]
    public void Follows_PyTorch(string name)
    {
        using JsonDocument document = Load($"optim/{name}");
        JsonElement json = document.RootElement;
        var run = new Regression<double>(json, ReferenceTensor.Read(json.GetProperty("b0"))!.Values);
        Node loss = Mean(Square(run.Residual));
        JsonElement attributes = json.GetProperty("attrs");
        double rate = attributes.GetProperty("lr").GetDouble();
        double decay = attributes.TryGetProperty("weight_decay", out JsonElement d) ? d.GetDouble() : 0;
        double momentum = attributes.TryGetProperty("momentum", out JsonElement m) ? m.GetDouble() : 0;
        IReadOnlyList<(Node, Node)> updates = name.StartsWith("adam", StringComparison.Ordinal)
            ? Optimizers.Adam(loss, [run.Weights, run.Bias], rate, weightDecay: decay)
            : Optimizers.Sgd(loss, [run.Weights, run.Bias], rate, momentum, name == "sgd_nesterov", decay);
        Follow(json, run, [loss], updates, 1e-7);
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
        Leaf<double> a = Input<double>("a", [3], requiresGrad: true);

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

    private static void Descend<T>(string name, double bound)
        where T : unmanaged
    {
        using JsonDocument document = Load($"seed/{name}");
        JsonElement json = document.RootElement;
        var run = new Regression<T>(json, Numbers(json.GetProperty("b0")));
        Node loss = Sum(Square(run.Residual));
        GradientList gradients = Gradients(loss, run.Weights, run.Bias);
        double rate = json.GetProperty("attrs").GetProperty("lr").GetDouble();
        Follow(json, run, [loss, gradients[0], gradients[1]], Optimizers.Sgd(loss, [run.Weights, run.Bias], rate), bound);
    }

    private static void Follow<T>(JsonElement json, Regression<T> run, Node[] outputs, IReadOnlyList<(Node, Node)> updates, double bound)
        where T : unmanaged
    {
        using CompiledGraph step = GraphCompiler.Compiler.Compile([run.X, run.Y], outputs, updates);
        (Argument x, Argument y) = (run.Argument("x"), run.Argument("y"));
        int at = 0;
        foreach (JsonElement expected in json.GetProperty("steps").EnumerateArray())
        {
            Results results = step.Run(x, y);
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

using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Steps on gradients that backwards have left.</summary>
internal sealed class CompiledOptimizerTests
{
    private static IEnumerable<Func<Hyperparameter, Optimizer>> All_optimizers() =>
    [
        rate => new Sgd(rate) { Momentum = 0.9, Dampening = 0.5, WeightDecay = 0.1 }, rate => new Adam(rate) { AmsGrad = true }, rate => new AdamW(rate), rate => new Adamax(rate),
        rate => new NAdam(rate), rate => new RAdam(rate), rate => new Adagrad(rate) { LearningRateDecay = 0.1 }, rate => new Adadelta(rate),
        rate => new RmsProp(rate) { IsCentred = true, Momentum = 0.5, Maximize = true },
    ];

    [TestCaseSource(nameof(All_optimizers))]
    public void They_are_those_of_updates(Func<Hyperparameter, Optimizer> make)
    {
        float[] rates = [0.5f, 0.25f, 0.125f, 0.5f];
        using var joined = new Model();
        using CompiledGraph step = GraphCompiler.Compiler.Compile([joined.X, joined.Rate], [], make(joined.Rate).Minimize(joined.Loss, joined.Parameters));
        using var apart = new Model();
        using CompiledOptimizer optimizer = GraphCompiler.Compiler.Compile(make(apart.Rate), apart.Parameters, [apart.Rate]);
        foreach (float rate in rates)
        {
            step.Run(Model.Given, rate);
            apart.Graph.Forward(Model.Given, 0f);
            apart.Graph.Backward();
            optimizer.Step(rate);
            optimizer.ZeroGrad();
            Assert.That(apart.Values(), Is.EqualTo(joined.Values()).Within(1e-6));
        }

        Assert.That(optimizer.Parameters, Is.EqualTo(apart.Parameters));
    }

    /// <summary>Each steps by itself, and counts its own steps.</summary>
    [TestCaseSource(nameof(All_optimizers))]
    public void A_parameter_without_a_gradient_stays_and_so_does_what_is_remembered_of_it(Func<Hyperparameter, Optimizer> make)
    {
        string[] present = ["wb", "w", "", "b", "b", "wb"];
        using var both = new Model();
        Optimizer remembers = make(0.1);
        using CompiledOptimizer optimizer = GraphCompiler.Compiler.Compile(remembers, both.Parameters);
        (Parameter<float>[] alone, CompiledOptimizer[] others) = ([Model.W(), Model.B()], new CompiledOptimizer[2]);
        for (int i = 0; i < 2; i++)
        {
            others[i] = GraphCompiler.Compiler.Compile(make(0.1), [alone[i]]);
        }

        foreach (string names in present)
        {
            Dictionary<string, ParameterValues> before = remembers.State.Concat(both.Parameters).ToValues();
            for (int i = 0; i < 2; i++)
            {
                if (names.Contains("wb"[i], StringComparison.Ordinal))
                {
                    LeaveGradient(both.Parameters[i]);
                    LeaveGradient(alone[i]);
                    others[i].Step();
                    others[i].ZeroGrad();
                }
            }

            optimizer.Step();
            optimizer.ZeroGrad();
            Assert.That(both.Values(), Is.EqualTo(alone.SelectMany(p => p.Values.ToArray())), names);
            foreach (Parameter state in remembers.State.Concat(both.Parameters).Where(s => !names.Contains(s.Path[0], StringComparison.Ordinal)))
            {
                Assert.That(state.Bytes.ToArray(), Is.EqualTo(before[state.Path].Bytes.ToArray()), state.Path);
            }
        }

        Array.ForEach(others, o => o.Dispose());

        static void LeaveGradient(Parameter parameter)
        {
            using CompiledGraph graph = GraphCompiler.Compiler.Compile([], (parameter * parameter).Sum(), new CompileOptions { Ahead = GraphCalls.Training });
            graph.Forward();
            graph.Backward();
        }
    }

    [Test]
    public void Gradients_that_have_added_up_are_stepped_on_and_nobody_has_seen_them()
    {
        using var model = new Model();
        using CompiledOptimizer optimizer = GraphCompiler.Compiler.Compile(new Sgd(0.5), model.Parameters);
        model.Graph.Forward(Model.Given, 0f);
        model.Graph.Backward(retainGraph: true);
        model.Graph.Backward();
        float[] gradient = [.. model.Parameters[0].Grad!];
        optimizer.Step();
        Assert.That(model.Parameters[0].Values.ToArray(), Is.EqualTo(new[] { 1 - (0.5f * gradient[0]), 2 - (0.5f * gradient[1]) }));
        Assert.That(model.Parameters[0].Grad!.ToArray(), Is.EqualTo(gradient), "a step leaves gradients as they are");
        optimizer.ZeroGrad(setToNull: false);
        Assert.That(model.Parameters[0].Grad!.ToArray(), Is.EqualTo(new float[] { 0, 0 }));
        optimizer.ZeroGrad();
        Assert.That(model.Parameters.Select(p => p.HasGrad), Has.All.False);
    }

    [Test]
    public void Gradients_are_clipped_together()
    {
        using var model = new Model();
        using CompiledOptimizer optimizer = GraphCompiler.Compiler.Compile(
            new Sgd(1), model.Parameters, clip: g => GradientClipping.ByNorm(g, 0.5).Gradients);
        float[] before = model.Values();
        model.Graph.Forward(Model.Given, 0f);
        model.Graph.Backward();
        optimizer.Step();
        Assert.That(Math.Sqrt(model.Values().Zip(before, (a, b) => Math.Pow(a - b, 2)).Sum()), Is.EqualTo(0.5).Within(1e-5));
    }

    [Test]
    public void What_clips_and_does_not_fit_is_named()
    {
        Parameter<float> w = Parameter("w", [2], 1f);
        Parameter<float> b = Parameter("b", 0f);
        using (Assert.EnterMultipleScope())
        {
            Refuses<ArgumentException>(g => [g[0]], "It gave 1 gradient for 2 parameters; one for each is needed, in their order. (Parameter 'clip')");
            Refuses<ArgumentException>(g => null!, "It gave no list of gradients. (Parameter 'clip')");
            Refuses<ArgumentException>(g => [g[0], null!], "It gave null for the gradient of Parameter 'b' float32[]. (Parameter 'clip')");
            Refuses<ShapeException>(g => [g[1], g[0]], "clip: it gave Input 'b.Grad' float32[] for the gradient of Parameter 'w' float32[2], which is float32[2]; shape and dtype must be equal.");
        }

        void Refuses<T>(Func<NodeList, IReadOnlyList<Node>> clip, string message)
            where T : Exception =>
            Assert.That(() => GraphCompiler.Compiler.Compile(new Sgd(1), [w, b], clip: clip), Throws.TypeOf<T>().With.Message.EqualTo(message));
    }

    [Test]
    public void A_warm_training_allocates_nothing()
    {
        using var model = new Model();
        using CompiledOptimizer optimizer = GraphCompiler.Compiler.Compile(new Adam(model.Rate), [.. model.Parameters, Parameter("idle", [5], 1f)], [model.Rate]);
        float[] value = new float[1];
        Step();
        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Step();
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Step()
        {
            model.Graph.Forward([Model.Given, 0f], [value]);
            model.Graph.Backward();
            optimizer.Step(0.1f);
            optimizer.ZeroGrad();
        }
    }

    [Test]
    public void Mistakes_are_named_and_change_nothing()
    {
        using var model = new Model();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => GraphCompiler.Compiler.Compile(new Sgd(1), [Parameter("n", [2], 1f, requiresGrad: false)]), Throws.TypeOf<GradientException>().With.Message.Contains("'n'"));
            Assert.That(() => GraphCompiler.Compiler.Compile(new Sgd(1), Array.Empty<Parameter>()), Throws.ArgumentException.With.Message.Contains("no parameters"));
            Assert.That(() => GraphCompiler.Compiler.Compile(new Sgd(model.Rate), model.Parameters), Throws.TypeOf<GraphException>().With.Message.Contains("'rate'"));
            Assert.That(() => GraphCompiler.Compiler.Compile(new Sgd(1), [null!]), Throws.ArgumentNullException);
        }

        CompiledOptimizer optimizer = GraphCompiler.Compiler.Compile(new Adam(model.Rate), model.Parameters, [model.Rate], options: new CompileOptions { Ahead = GraphCalls.Training });
        float[] before = model.Values();
        model.Graph.Forward(Model.Given, 0f);
        model.Graph.Backward();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => optimizer.Step(), Throws.TypeOf<BindingException>().With.Message.Contains("0 arguments were given for 1 input").And.Message.Contains("'rate'"));
            Assert.That(() => optimizer.Step(-1f), Throws.TypeOf<ExecutionException>().With.Message.Contains("LearningRate"));
            Assert.That(() => optimizer.Step(1.0), Throws.TypeOf<BindingException>().With.Message.Contains("'rate'"));
            Assert.That(model.Values(), Is.EqualTo(before));
            Assert.That(() => optimizer.Step(1f), Throws.Nothing);
            Assert.That(model.Values(), Is.Not.EqualTo(before));
        }

        optimizer.Dispose();
        Assert.That(() => optimizer.Step(1f), Throws.TypeOf<ObjectDisposedException>());
    }

    /// <summary>Two parameters, one of them a scalar.</summary>
    private sealed class Model : IDisposable
    {
        public static readonly float[] Given = [3, -1];

        public Model()
        {
            Parameters = [W(), B()];
            Loss = Sum(Square((X * Parameters[0]) + Parameters[1]));
            Graph = GraphCompiler.Compiler.Compile([X, Rate], Loss);
        }

        public Input<float> X { get; } = Input("x", [2]);

        public Input<float> Rate { get; } = Input("rate", []);

        public Parameter<float>[] Parameters { get; }

        public Node Loss { get; }

        public CompiledGraph Graph { get; }

        public static Parameter<float> W() => Parameter("w", new float[] { 1, 2 });

        public static Parameter<float> B() => Parameter("b", 0.5f);

        public float[] Values() => [.. Parameters.SelectMany(p => p.Values.ToArray())];

        public void Dispose() => Graph.Dispose();
    }
}

using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

public sealed class GuideSnippets
{
    [Test]
    public void A_graph_has_delegates()
    {
        // snippet: delegates
        var x = Input("x", ["N", 2]);
        using var graph = Compiler.Compile([x], [x.Sum(), x * 2]);
        var returning = graph.CreateDelegate<Func<float[,], (float Sum, float[] Doubled)>>();
        var (sum, doubled) = returning(new float[,] { { 1, 2 }, { 3, 4 } });
        var writing = graph.CreateDelegate<Action<float[], float[], Memory<float>>>();
        writing([1, 2], new float[1], doubled);             // the graph itself allocates nothing

        // end
        Assert.That(sum, Is.EqualTo(10));
        Assert.That(doubled, Is.EqualTo(new float[] { 2, 4, 6, 8 }));
    }

    [Test]
    public void A_step_of_training()
    {
        // snippet: training
        var random = new Generator(seed: 0);
        var x = Input("x", ["N", 2]);
        var label = Input<long>("label", ["N"]);
        var rate = Input("rate", []);
        var w = Parameter("w", random.Normal(2, 3));
        var b = Parameter("b", [3], 0f);
        var logits = MatMul(x, w) + b;
        var loss = CrossEntropy(logits, label);

        // Optimizers.Adam(loss, [w, b], rate), with the gradients in one's own hands.
        var (gradients, norm) = GradientClipping.ByNorm([.. Gradients(loss, w, b)], limit: 1);
        var updates = new AdamW(rate) { WeightDecay = 0.01 }.Update([w, b], gradients);
        using var step = Compiler.Compile([x, label, rate], [loss, norm, logits], updates);
        RunResults results = step.Run(random.Normal(8, 2), new long[] { 0, 1, 2, 0, 1, 2, 0, 1 }, 0.1f);
        float value = results.Scalar<float>();              // the loss before the step, output 0
        float length = results.Scalar<float>(1);            // the norm before it was cut
        float[] scores = results.GetArray<float>(2);        // 24 numbers, row by row; Get<float>(2) is a tensor [8, 3]

        // end
        Assert.That(value, Is.GreaterThan(0));
        Assert.That(length, Is.GreaterThan(0));
        Assert.That(scores, Has.Length.EqualTo(24));
        Assert.That(results.Get<float>(2).Lengths.ToArray(), Is.EqualTo(new nint[] { 8, 3 }));
    }

    [Test]
    public void A_step_on_gradients_that_are_there()
    {
        // snippet: step-on-gradients
        var x = Input("x", ["N", 2]);
        var y = Input("y", ["N"]);
        var rate = Input("rate", []);
        var w = Parameter("w", new float[] { 0, 0 });
        var b = Parameter("b", 0f);
        var loss = MeanSquaredError(MatMul(x, w) + b, y);
        using var model = Compiler.Compile([x, y], loss, new CompileOptions { Ahead = GraphCalls.Training });
        using var adam = Compiler.Compile(new Adam(rate), [w, b], [rate], clip: g => GradientClipping.ByNorm(g, limit: 1).Gradients);
        using var ending = new CancellationTokenSource();
        for (int i = 0; i < 2; i++)                         // gradients of two batches are added
        {
            model.Forward(new float[] { 1, 2, 3, 4 }, new float[] { 1, 2 });
            model.Backward(cancellation: ending.Token);
        }

        adam.Step(0.1f);
        adam.ZeroGrad();

        // end
        Assert.That((float[])[.. w.Values, .. b.Values], Is.All.EqualTo(0.1f).Within(1e-4f));
        Assert.That(w.Grad, Is.Null);
    }

    [Test]
    public void State_is_saved_and_read()
    {
        // snippet: saving
        var w = Parameter("w", new float[] { 1, 2, 3 });
        var adam = new Adam(0.1);
        using var step = Compiler.Compile([], [], adam.Minimize(w.Square().Sum(), [w]));
        step.Run();
        Parameter[] all = [w, .. adam.State];
        var saved = all.ToValues();                         // of w, w/Adam.steps, w/Adam.mean, w/Adam.square
        // aside
        float[] kept = [.. w.Values];
        // back
        step.Run();                                         // moves on, and then back again
        all.SetValues(saved);

        Parameter<float>[] served = [Parameter("w", [3], 0f)];  // of who does not train: the weights alone
        served.SetValues(served.ToDictionary(p => p.Path, p => saved[p.Path]));

        // end
        Assert.That(w.Values.ToArray(), Is.EqualTo(kept));
        Assert.That(served[0].Values.ToArray(), Is.EqualTo(kept));
        Assert.That(saved.Keys, Is.EqualTo(new[] { "w", "w/Adam.steps", "w/Adam.mean", "w/Adam.square" }));
    }

    [Test]
    public void Values_are_kept_in_a_file()
    {
        // snippet: file
        static void Write(BinaryWriter file, Dictionary<string, ParameterValues> all)
        {
            file.Write(all.Count);
            foreach (var (path, values) in all)
            {
                file.Write(path);
                file.Write(values.DType.Display());         // float32
                file.Write(values.Shape.Rank);
                foreach (var size in values.Shape)
                {
                    file.Write(size.Constant!.Value);
                }

                file.Write(values.Bytes.Length);
                file.Write(values.Bytes.Span);
            }
        }

        static Dictionary<string, ParameterValues> Read(BinaryReader file)
        {
            var all = new Dictionary<string, ParameterValues>();
            for (int left = file.ReadInt32(); left > 0; left--)
            {
                string path = file.ReadString();
                string name = file.ReadString();
                var dtype = Enum.GetValues<DType>().Single(d => d.Display() == name);
                Shape shape = [.. Enumerable.Range(0, file.ReadInt32()).Select(_ => Dim.Of(file.ReadInt64()))];
                all.Add(path, new ParameterValues(dtype, shape, file.ReadBytes(file.ReadInt32())));
            }

            return all;
        }

        string weights = Path.GetTempFileName();
        Parameter[] model = [Parameter("w", new float[,] { { 1, 2 }, { 3, 4 } }), Parameter("b", 5.0)];
        using (var file = new BinaryWriter(File.Create(weights)))
        {
            Write(file, model.ToValues());
        }

        Parameter[] again = [Parameter("w", [2, 2], 0f), Parameter("b", 0.0)];
        using (var file = new BinaryReader(File.OpenRead(weights)))
        {
            again.SetValues(Read(file));
        }

        // end
        File.Delete(weights);
        Assert.That(((Parameter<float>)again[0]).Values.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
        Assert.That(((Parameter<double>)again[1]).Values.ToArray(), Is.EqualTo(new double[] { 5 }));
    }

    [Test]
    public void An_optimiser_of_ones_own()
    {
        Parameter<float> w = Parameter("w", new float[] { 1, -2 });
        using CompiledGraph step = Compiler.Compile([], [], new Lion(0.25).Minimize(w.Square().Sum(), [w]));
        step.Run();
        step.Run();
        Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 0.5f, -1.5f }));
    }

    [Test]
    public void Another_with_a_rule_of_its_own()
    {
        Parameter<double> w = Parameter("w", 1.0);
        using CompiledGraph step = Compiler.Compile([], [], new Yogi(0.1).Minimize(w.Square(), [w]));
        (double value, double square, double mean) = (1, 1e-6, 0);
        for (int t = 1; t <= 3; t++)
        {
            step.Run();
            double g = 2 * value;
            square -= 0.001 * Math.Sign(square - (g * g)) * g * g;
            mean = (0.9 * mean) + (0.1 * g);
            value -= 0.1 / (1 - Math.Pow(0.9, t)) * mean / (Math.Sqrt(square) + 1e-3);
        }

        Assert.That(w.Values[0], Is.EqualTo(value).Within(1e-12));
    }

    [Test]
    public void Gradients_of_each_example()
    {
        // snippet: per-example
        var x = Input("x", ["N", 3]);
        var y = Input("y", ["N"]);
        var w = Parameter("w", [0f, 0f, 0f]);
        var slopes = Vmap((a, b) => Gradients(Square(Dot(a, w) - b), w)[0])(x, y);           // [N, 3]: one gradient for each example
        var bounded = Vmap(slope => slope / ClampMin(Norm(slope), 1))(slopes);
        var next = w - 0.5f * Mean(bounded, 0);
        using var step = Compiler.Compile([x, y], [Vmap(slope => Norm(slope))(slopes), next], [(w, next)]);
        var results = step.Run(new float[] { 1, 0, 0, 0, 1, 0 }, new float[] { 1, 100 });
        float[] norms = results.GetArray<float>(0);         // 2, 200
        float[] after = results.GetArray<float>(1);         // 0.25, 0.25, 0

        // end
        Assert.That((norms, after), Is.EqualTo((new float[] { 2, 200 }, new float[] { 0.25f, 0.25f, 0 })));
    }

    [Test]
    public void A_residual_of_second_derivatives()
    {
        // snippet: residual
        var random = new Generator(seed: 0);
        var x = Input("x", ["N", 1], requiresGrad: true);
        var s = x / MathF.PI;                               // what the network sees
        var w1 = Parameter("w1", random.Normal(1, 16));
        var b1 = Parameter("b1", random.Normal(16));
        var w2 = Parameter("w2", random.Normal(16, 1));
        var u = s * (1 - s) * MatMul(Tanh(MatMul(s, w1) + b1), w2);
        var slope = Gradients(u.Sum(), s)[0];               // row by row: no row depends on another
        var curvature = Gradients(slope.Sum(), s)[0];
        var loss = (curvature / (MathF.PI * MathF.PI) + Sin(x)).Square().Mean();
        using var step = Compiler.Compile([x], [loss], Optimizers.Adam(loss, [w1, b1, w2], 0.01));
        var points = random.Uniform(0, MathF.PI, [32, 1]);
        float first = step.Run(points).Scalar<float>();

        // end
        float last = first;
        for (int i = 0; i < 200; i++)
        {
            last = step.Run(points).Scalar<float>();
        }

        Assert.That(last, Is.LessThan(first / 4));
    }

    [Test]
    public void A_server()
    {
        // snippet: server
        var x = Input("x", ["N", 2]);
        var w = Parameter("w", new float[] { 1, 2 });
        using var model = Compiler.Compile([x], MatMul(x, w));
        using var weights = new ReaderWriterLockSlim();

        float[] Answer(float[] rows, CancellationToken cancellation)
        {
            weights.EnterReadLock();
            try
            {
                return model.Run([rows], cancellation).GetArray<float>();
            }
            finally
            {
                weights.ExitReadLock();
            }
        }

        void Renew(float[] values)
        {
            weights.EnterWriteLock();
            try
            {
                w.Set(values);
            }
            finally
            {
                weights.ExitWriteLock();
            }
        }

        var answers = new float[4][];
        Parallel.For(0, 4, i => answers[i] = Answer([i, i], CancellationToken.None));
        Renew([3, 4]);
        float[] renewed = Answer([1, 1], CancellationToken.None);   // [7]

        // end
        Assert.That(answers, Is.EqualTo(new float[][] { [0], [3], [6], [9] }));
        Assert.That(renewed, Is.EqualTo(new float[] { 7 }));
    }

    [Test]
    public void A_server_has_two_sets_of_parameters()
    {
        // snippet: exchange
        var x = Input("x", ["N", 2]);
        var sets = new[] { Make([1, 2]), Make([0, 0]) };
        int current = 0;

        (Parameter<float> Weights, CompiledGraph Model, ReaderWriterLockSlim InUse) Make(float[] values)
        {
            var w = Parameter("w", values);
            return (w, Compiler.Compile([x], MatMul(x, w)), new ReaderWriterLockSlim());
        }

        float[] Answer(float[] rows)
        {
            var set = sets[Volatile.Read(ref current)];
            set.InUse.EnterReadLock();
            try
            {
                return set.Model.Run(rows).GetArray<float>();
            }
            finally
            {
                set.InUse.ExitReadLock();
            }
        }

        void Renew(float[] values)                          // one at a time
        {
            var next = sets[1 - current];
            next.InUse.EnterWriteLock();                    // waits for calls that began before the last renewal
            try
            {
                next.Weights.Set(values);
            }
            finally
            {
                next.InUse.ExitWriteLock();
            }

            Volatile.Write(ref current, 1 - current);
        }

        float[] before = Answer([1, 1]);                    // [3]
        Renew([3, 4]);
        float[] after = Answer([1, 1]);                     // [7]

        // end
        Assert.That(before, Is.EqualTo(new float[] { 3 }));
        Assert.That(after, Is.EqualTo(new float[] { 7 }));
        Assert.That(sets[0].Weights.Values.ToArray(), Is.EqualTo(new float[] { 1, 2 }));
        Array.ForEach(sets, set => set.Model.Dispose());
    }

    [Test]
    public void A_graph_is_looked_at()
    {
        // snippet: inspection
        var x = Input("x", ["N", 4]);
        var w = Parameter("w", new Generator(seed: 0).Normal(4, 3));
        var y = Softmax(MatMul(x, w), axis: 1);
        var lines = new List<string>();
        foreach (var node in new Graph([x], [y]).Nodes)
        {
            string inputs = string.Join(", ", node.Inputs.Select(i => i.Name ?? i.Operation));
            string attributes = string.Join(", ", node.Attributes.Select(a => $"{a.Name}: {a.Value}"));
            lines.Add($"{node.Operation}({inputs}) {{ {attributes} }} {node.Results[0]}");
        }

        string last = lines[^1];                            // Softmax(MatMul) { Axis: 1 } float32[N, 3]
        var parts = new Graph([x], [y.Expand()[0]]).Nodes;  // Max, Sub, Exp, Sum, Div among them

        // end
        Assert.That(lines, Has.Count.EqualTo(4));
        Assert.That(last, Is.EqualTo("Softmax(MatMul) { Axis: 1 } float32[N, 3]"));
        Assert.That(parts.Select(p => p.Operation), Is.SupersetOf(new[] { "Max", "Sub", "Exp", "Sum", "Div" }));
    }

    [Test]
    public void A_loop()
    {
        // snippet: loop
        var prices = Input("prices", ["T"]);
        var decay = Parameter("decay", 0.5f);
        var (smooth, all) = Scan(prices[0], prices[1..], (mean, price) => mean + decay * (price - mean));
        using var graph = Compiler.Compile([prices], [smooth, all, Gradients(smooth, decay)[0]]);
        var three = graph.Run(new float[] { 8, 4, 2 });
        float last = three.Scalar<float>(0);                // 4: 8, then 6, then 4
        float[] steps = three.GetArray<float>(1);           // 6, 4
        float slope = three.Scalar<float>(2);               // −6
        float alone = graph.Run(new float[] { 8 }).Scalar<float>(0);    // 8: no step

        // end
        Assert.That((last, slope, alone), Is.EqualTo((4f, -6f, 8f)));
        Assert.That(steps, Is.EqualTo(new float[] { 6, 4 }));
    }

    [Test]
    public void A_loop_with_a_condition()
    {
        // snippet: while
        var start = Input("start", [], requiresGrad: true);
        var (found, halvings) = While(
            [start, Constant(0)],
            state => state[0] > 1,
            state => [Cond(state[0] > 100, () => state[0] / 10, () => state[0] / 2), state[1] + 1],
            most: 50);
        using var graph = Compiler.Compile([start], [found, halvings, Gradients(found, start)[0]]);
        var results = graph.Run(640f);
        float value = results.Scalar<float>(0);             // 1: a tenth, then six halves
        int count = results.Scalar<int>(1);                 // 7
        float part = results.Scalar<float>(2);              // 1 / 640

        // end
        Assert.That((value, count), Is.EqualTo((1f, 7)));
        Assert.That(part, Is.EqualTo(1f / 640).Within(1e-9));
    }

    [Test]
    public void A_failure_in_a_loop()
    {
        var table = Input("table", [3]);
        var indices = Input<long>("indices", ["T"]);
        using var graph = Compiler.Compile([table, indices], Scan(Constant(0f), indices, (sum, i) => sum + Take(table, Unsqueeze(i, 0), 0)[0]).Last);
        string said = Assert.Throws<ExecutionException>(() => graph.Run(new float[3], new long[] { 0, 1, 7 }))!.Message;
        string page = File.ReadAllText(Path.Combine(Tests.Repository.Root, "docs", "guide.md")).Replace('\n', ' ');
        Assert.That(page, Does.Contain($"\"{said}\""));
    }

    [Test]
    public void A_solver()
    {
        // snippet: solver
        var rate = Parameter("rate", 0.3);
        var measured = Constant([1.0, 0.5, 0.25]);
        var (values, reached, _) = OdeSolve((t, y) => -rate * y, Constant(1.0), Constant([0.0, 1.0, 2.0]));
        Node misfit = (values - measured).Square().Sum();
        using var fit = Compiler.Compile([], [misfit, reached], Optimizers.Adam(misfit, [rate], 0.05));
        for (int i = 0; i < 200; i++)
        {
            fit.Run();
        }

        double halving = Math.Log(2) / rate.Values[0];   // 1

        // end
        Assert.That(halving, Is.EqualTo(1).Within(1e-3));
    }

    [Test]
    public void A_function_of_ones_own()
    {
        // snippet: function
        static Node SquaredRelu(Node x) => CustomGradient(
            "SquaredRelu",
            [x],
            inputs => Relu(inputs[0]).Square(),
            (inputs, output, cotangent) => [2 * Relu(inputs[0]) * cotangent]);

        var x = Input("x", ["N"], requiresGrad: true);
        GradientCheck.Verify(SquaredRelu(x).Sum(), [x], options: new GradientCheckOptions { Order = 2 });

        // end
        Assert.That(SquaredRelu(x).Shape == x.Shape, Is.True);
    }

    [Test]
    public void A_host_function()
    {
        // snippet: host
        var text = Input<long>("text", ["N"]);
        Node length = HostFunction("utf8", [text], new NodeType(DType.Int64, ["N"]), call =>
        {
            ReadOnlySpan<long> runes = call.In<long>(0);
            Span<long> bytes = call.Out<long>(0);
            for (int i = 0; i < runes.Length; i++)
            {
                bytes[i] = new System.Text.Rune((int)runes[i]).Utf8SequenceLength;
            }
        });
        long[] lengths = Compiler.Compile([text], CumulativeSum(length, axis: 0)).Run(new long[] { 'a', 0x20AC }).GetArray<long>();   // [1, 4]

        // end
        Assert.That(lengths, Is.EqualTo([1L, 4]));
    }

    // snippet: optimizer
    internal sealed class Lion(Hyperparameter learningRate) : Optimizer(learningRate)
    {
        protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
        {
            Node direction = Sign(0.9 * state.Get("mean") + 0.1 * gradient);
            state.Average("mean", rate: 0.99, gradient);
            return parameter - LearningRate.As(parameter.DType) * direction;
        }
    }

    // end

    // snippet: optimizer-state
    internal sealed class Yogi(Hyperparameter learningRate) : Optimizer(learningRate)
    {
        protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
        {
            Parameter square = state.Get("square", start: 1e-6);
            Node seen = gradient.Square();
            Node next = state.Update(square, square - 0.001 * Sign(square - seen) * seen);
            Node mean = state.Average("mean", rate: 0.9, gradient);
            Node rate = LearningRate.As(DType.Float64) / state.BiasCorrection(0.9);
            return parameter - Cast(rate, parameter.DType) * mean / (Sqrt(next) + 1e-3);
        }
    }

    // end
}

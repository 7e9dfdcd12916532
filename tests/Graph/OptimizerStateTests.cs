using static GraphCompiler.Ops;

namespace GraphCompiler.Tests;

/// <summary>What optimisers remember: its paths, its listing, saving and restoring; and optimisers of one's own.</summary>
internal sealed class OptimizerStateTests
{
    [Test]
    public void It_is_filed_under_the_path_of_its_parameter_and_the_optimiser()
    {
        Parameter<float> w = Parameter("weight", [2], 1f);
        Parameter<float> b = Parameter("bias", [3], 1f);
        var adam = new Adam(0.1) { AmsGrad = true };
        Assert.That(adam.State, Is.Empty);
        IReadOnlyList<Update> updates = adam.Minimize((w * w).Sum() + (b * b).Sum(), [w, b]);
        Assert.That(adam.State.Select(s => s.Path), Is.EqualTo(new[]
        {
            "weight/Adam.steps", "weight/Adam.mean", "weight/Adam.square", "weight/Adam.largest", "bias/Adam.steps", "bias/Adam.mean", "bias/Adam.square", "bias/Adam.largest",
        }));
        Assert.That(updates.Select(u => u.Parameter), Is.EquivalentTo(adam.State.Append(w).Append(b)));
        w.Path = "layer1.weight";
        w.Path = "encoder.layer1.weight";
        Assert.That(() => w.Path = "layer1.weight", Throws.InvalidOperationException, "a path grows, and does not shrink");
        Parameter mean = adam.State[1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(mean.Path, Is.EqualTo("encoder.layer1.weight/Adam.mean"), "paths follow those of parameters");
            Assert.That(mean.ToString(), Is.EqualTo("Parameter 'encoder.layer1.weight/Adam.mean' float32[2]"));
            Assert.That(() => mean.Path = "mean", Throws.InvalidOperationException.With.Message.Contains("'encoder.layer1.weight/Adam.mean'").And.Message.Contains("'mean'"));
            Assert.That(() => mean.Path = "encoder.layer1.weight/Adam.mean", Throws.Nothing);
        }
    }

    [Test]
    public void A_parameter_that_joins_later_or_rests_counts_its_own_steps()
    {
        Parameter<double> w = Parameter("w", 1.0);
        Parameter<double> b = Parameter("b", 1.0);
        Node loss = (w * w) + (b * b);
        var adam = new Adam(0.1);
        Run(4, w);
        Run(3, w, b);
        Run(2, b);
        Assert.That(adam.State.Where(s => s.Path.EndsWith("steps", StringComparison.Ordinal)).Select(s => ((Parameter<double>)s).Values[0]), Is.EqualTo(new[] { 7.0, 5.0 }));
        Parameter<double> alone = Parameter("alone", 1.0);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], new Adam(0.1).Minimize(alone * alone, [alone]));
        for (int i = 0; i < 5; i++)
        {
            step.Run();
        }

        Assert.That(b.Values[0], Is.EqualTo(alone.Values[0]));

        void Run(int steps, params Parameter[] trained)
        {
            using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], adam.Minimize(loss, trained));
            for (int i = 0; i < steps; i++)
            {
                step.Run();
            }
        }
    }

    [Test]
    public void Parameters_of_one_name_have_state_of_their_own_once_they_have_paths()
    {
        Parameter<double>[] weights = [Parameter("weight", 1.0), Parameter("weight", 2.0)];
        var sgd = new Sgd(0.5) { Momentum = 0.5 };
        Assert.That(() => sgd.Minimize(weights[0] + (3 * weights[1]), weights), Throws.ArgumentException.With.Message.Contains("Parameter 'weight' float64[]").And.Message.Contains("Path"));
        Assert.That(weights.ToValues, Throws.ArgumentException.With.Message.Contains("Parameter 'weight' float64[]").And.Message.Contains("Path"));
        Assert.That(sgd.State, Is.Empty);
        (weights[0].Path, weights[1].Path) = ("first.weight", "second.weight");
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], sgd.Minimize(weights[0] + (3 * weights[1]), weights));
        step.Run();
        step.Run();
        Assert.That(weights.Select(w => w.Values[0]), Is.EqualTo(new[] { 1 - 0.5 - 0.75, 2 - 1.5 - 2.25 }));
        Assert.That(sgd.State.ToValues().Keys, Is.EqualTo(new[] { "first.weight/Sgd.velocity", "second.weight/Sgd.velocity" }));
    }

    private static IEnumerable<Func<Optimizer>> Optimizers_that_remember() =>
    [
        () => new Sgd(0.1) { Momentum = 0.9, Dampening = 0.5 }, () => new Adam(0.1) { AmsGrad = true }, () => new AdamW(0.1), () => new Adamax(0.1), () => new NAdam(0.1),
        () => new RAdam(0.1), () => new Adagrad(0.1) { LearningRateDecay = 0.1 }, () => new Adadelta(), () => new RmsProp(0.1) { IsCentred = true, Momentum = 0.5 }, () => new Lion(0.1),
    ];

    [TestCaseSource(nameof(Optimizers_that_remember))]
    public void Saved_and_restored_it_goes_on_as_if_nothing_had_been(Func<Optimizer> make)
    {
        float[] whole = Train(steps: 6, saveAt: -1);
        Assert.That(Train(steps: 6, saveAt: 3), Is.EqualTo(whole));

        float[] Train(int steps, int saveAt)
        {
            (Parameter[] parameters, Optimizer optimizer, CompiledGraph step) = Make();
            for (int i = 0; i < steps; i++)
            {
                if (i == saveAt)
                {
                    Dictionary<string, ParameterValues> saved = parameters.Concat(optimizer.State).ToValues();
                    step.Dispose();
                    (parameters, optimizer, step) = Make();
                    parameters.Concat(optimizer.State).SetValues(saved);
                }

                step.Run();
            }

            step.Dispose();
            return [.. ((Parameter<float>)parameters[0]).Values, .. ((Parameter<float>)parameters[1]).Values];
        }

        (Parameter[] Parameters, Optimizer Optimizer, CompiledGraph Step) Make()
        {
            Parameter<float> w = Parameter("w", new float[] { 1, 2, 3 });
            Parameter<float> b = Parameter("b", 4f);
            Optimizer optimizer = make();
            return ([w, b], optimizer, GraphCompiler.Compiler.Compile([], [], optimizer.Minimize(Sum(Square(Square(w) - b)), [w, b])));
        }
    }

    [Test]
    public void It_is_the_same_in_all_steps_that_an_optimiser_builds()
    {
        Parameter<double> w = Parameter("w", 0.0);
        var sgd = new Sgd(1) { Momentum = 0.5 };
        using CompiledGraph up = GraphCompiler.Compiler.Compile([], [], sgd.Minimize(-w, [w]));
        using CompiledGraph down = GraphCompiler.Compiler.Compile([], [], sgd.Minimize(4 * w, [w]));
        up.Run();
        down.Run();
        Assert.That((w.Values[0], sgd.State.Count), Is.EqualTo((1 - (4 - 0.5), 1)));
    }

    [Test]
    public void Values_are_restored_all_or_none()
    {
        Parameter[] parameters = [Parameter("a", [2], 1f), Parameter("b", [2, 3], 2.0), Parameter("mask", [true, false])];
        Dictionary<string, ParameterValues> saved = parameters.ToValues();
        using (Assert.EnterMultipleScope())
        {
            Refuses<ArgumentException>(
                new(saved.Where(v => v.Key != "b")) { ["more"] = saved["a"], ["most"] = saved["a"] },
                "there are none of 'b', and 'more', 'most' are of no parameter. There are 3 parameters ('a', 'b', 'mask'), and values of 4 parameters ('a', 'mask', 'more', 'most').");
            Refuses<ArgumentException>(new(saved) { ["more"] = saved["a"] }, ": 'more' is of no parameter. There");
            Refuses<ArgumentException>([], "there are none of 'a', 'b', 'mask'. There are 3 parameters", "values of 0 parameters.");
            Refuses<ShapeException>(new(saved) { ["b"] = Of(DType.Float64, [3, 2]) }, "Parameter 'b' float64[2, 3] cannot be set to float64[3, 2]; the shapes must be equal.");
            Refuses<ShapeException>(new(saved) { ["b"] = Of(DType.Float64, [6]) }, "'b' float64[2, 3]", "float64[6]");
            Refuses<DTypeException>(new(saved) { ["a"] = Of(DType.Int32, [2]) }, "'a' float32[2]", "int32[2]");
            Refuses<DTypeException>(new(saved) { ["mask"] = new(DType.Bool, [2], new byte[] { 0, 7 }) }, "'mask'", "is 7");
            Refuses<ArgumentNullException>(new(saved) { ["b"] = null! }, "values");
            Assert.That(() => new ParameterValues(DType.Int32, [2], new byte[7]), Throws.TypeOf<ShapeException>().With.Message.EqualTo("int32[2] has 8 bytes, and 7 were given."));
            Assert.That(() => new ParameterValues(DType.Int32, ["N"], new byte[8]), Throws.TypeOf<ShapeException>().With.Message.Contains("[N]"));
            Assert.That(() => new ParameterValues((DType)99, [2], new byte[8]), Throws.TypeOf<DTypeException>());
            Assert.That(() => new ParameterValues(DType.Int32, [-1], new byte[8]), Throws.TypeOf<ShapeException>());
            Assert.That(() => new ParameterValues(DType.Int32, [1L << 62, 1L << 62, 1L << 62], Array.Empty<byte>()), Throws.TypeOf<ShapeException>());
            Assert.That(() => parameters.SetValues(null!), Throws.ArgumentNullException);
            Assert.That(() => ((IEnumerable<Parameter>)null!).ToValues(), Throws.ArgumentNullException);
            Assert.That(() => new Parameter[] { null! }.ToValues(), Throws.ArgumentNullException);
        }

        ((Parameter<double>)parameters[1]).Fill(7);
        parameters.SetValues(saved);
        Assert.That(((Parameter<double>)parameters[1]).Values.ToArray(), Is.All.EqualTo(2.0));
        Assert.That(saved["b"].ToString(), Is.EqualTo("float64[2, 3]"));

        static ParameterValues Of(DType dtype, Shape shape) => new(dtype, shape, new byte[(int)shape.ElementCount.Constant! * dtype.Size()]);

        void Refuses<TError>(Dictionary<string, ParameterValues> bytes, params string[] parts)
            where TError : Exception
        {
            long[] versions = [.. parameters.Select(p => p.Version)];
            string message = Assert.Throws<TError>(() => parameters.SetValues(bytes))!.Message;
            Assert.That(parts, Has.All.Matches<string>(part => part is not null && message.Contains(part, StringComparison.Ordinal)), message);
            Assert.That(parameters.Select(p => p.Version), Is.EqualTo(versions));
        }
    }

    [Test]
    public void One_of_ones_own_follows_its_formula()
    {
        Parameter<double> w = Parameter("w", new double[] { 1, -2 });
        var lion = new Lion(0.25) { WeightDecay = 0.5 };
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], lion.Minimize((w * w).Sum(), [w]));
        (double[] value, double[] mean) = ([1, -2], [0, 0]);
        for (int i = 0; i < 9; i++)
        {
            step.Run();
            for (int j = 0; j < 2; j++)
            {
                double g = 2 * value[j];
                double sign = Math.Sign((0.9 * mean[j]) + (0.1 * g));
                value[j] = (value[j] * (1 - (0.25 * 0.5))) - (0.25 * sign);
                mean[j] = (0.99 * mean[j]) + (0.01 * g);
            }
        }

        Assert.That(w.Values.ToArray(), Is.EqualTo(value).Within(1e-12));
        Assert.That(lion.State.Select(s => s.Path), Is.EqualTo(new[] { "w/Lion.mean" }));
    }

    [Test]
    public void Two_of_one_kind_have_names_to_be_saved_under()
    {
        Parameter<double> w = Parameter("w", 1.0);
        var (first, second) = (new Sgd(0.5) { Momentum = 0.5 }, new Sgd(0.5) { Momentum = 0.5 });
        var named = new Sgd(0.5) { Momentum = 0.5, Name = "slow" };
        Array.ForEach([first, second, named], o => o.Minimize(3 * w, [w]));
        Assert.That(() => first.State.Concat(second.State).ToValues(), Throws.ArgumentException.With.Message.Contains("'w/Sgd.velocity' float64[]").And.Message.Contains("Name"));
        Assert.That(first.State.Concat(named.State).ToValues().Keys, Is.EqualTo(new[] { "w/Sgd.velocity", "w/slow.velocity" }));
        Assert.That(first.Name, Is.EqualTo("Sgd"));
        Assert.That(() => new Sgd(0.5) { Name = string.Empty }, Throws.ArgumentException.With.Message.Contains("Name"));
        var generic = new Generic<float>();
        generic.Minimize(3 * w, [w]);
        Assert.That(generic.State[0].Path, Is.EqualTo("w/Generic<float>.kept"));
    }

    [Test]
    public void What_is_got_may_stay_what_it_is()
    {
        Parameter<double> w = Parameter("w", 1.0);
        var generic = new Generic<float>();
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], generic.Minimize(3 * w, [w]));
        ((Parameter<double>)generic.State[0]).Fill(5);
        step.Run();
        Assert.That((w.Values[0], ((Parameter<double>)generic.State[0]).Values[0]), Is.EqualTo((1 - 15.0, 5.0)));
    }

    [Test]
    public void A_parameter_that_the_loss_does_not_reach_is_named()
    {
        Parameter<double> w = Parameter("w", 1.0);
        Parameter<double> b = Parameter("b", 1.0);
        b.Path = "head.bias";
        Assert.That(
            () => new Sgd(0.5).Minimize((w * w) + b.Detach(), [w, b]),
            Throws.TypeOf<GradientException>().With.Message.Contains("does not depend on Parameter 'head.bias' float64[] by gradients").And.Message.EndsWith(
                "leave it out of what is trained, or give Update what GradientsOrNull gives, which leaves it as it is."));
        Assert.That(() => new Sgd(0.5).Minimize(w.Detach(), [w]), Throws.TypeOf<GradientException>().With.Message.Contains("does not require a gradient"));
    }

    [Test]
    public void What_is_no_list_of_parameters_is_refused_before_the_loss_is_looked_at()
    {
        Parameter<double> w = Parameter("w", 1.0);
        Parameter<double> wide = Parameter("w", [2], 1.0);
        Parameter<double> other = Parameter("v", [3], 1.0);
        other.Path = "w";
        Node constant = w.Detach();
        using (Assert.EnterMultipleScope())
        {
            Refuses([], "There are no parameters to train. (Parameter 'parameters')");
            Refuses([w, w], "Parameter 'w' float64[] is given twice");
            Refuses([w, wide], "Parameter 'w' float64[] and Parameter 'w' float64[2] have one path");
            Refuses([wide, w, other], "Parameter 'w' float64[2] and Parameter 'w' float64[] have one path");
            Refuses(null!, "Value cannot be null. (Parameter 'parameters')");
            Refuses([w, null!], "Value cannot be null. (Parameter 'parameters[1]')");
        }

        // What is remembered of a parameter has a path of its own.
        var adam = new Adam(0.1);
        adam.Minimize(w.Square(), [w]);
        Parameter[] state = [.. adam.State];
        Assert.That(() => new Sgd(0.1).Update([w, .. state], [w, .. state]), Throws.Nothing);

        void Refuses(Parameter[] parameters, string message)
        {
            Action[] calls =
            [
                () => new Sgd(0.5).Minimize(constant, parameters), () => Optimizers.Adam(constant, parameters), () => new Adam().Update(parameters, parameters),
                () => GraphCompiler.Compiler.Compile(new Sgd(0.5), parameters),
            ];
            Array.ForEach(calls, call => Assert.That(call, Throws.InstanceOf<ArgumentException>().With.Message.StartsWith(message)));
        }
    }

    [Test]
    public void Mistakes_of_ones_own_are_named_and_leave_nothing()
    {
        Parameter<float> w = Parameter("w", [2], 1f);
        using (Assert.EnterMultipleScope())
        {
            Refuses<ArgumentException>((w, g, state) => state.Update(w, g), "Parameter 'w' float32[2] is no part of what Wrong remembers");
            Refuses<ArgumentException>((w, g, state) => state.Get("a") + state.Get("a", [], DType.Float64), "'w/Wrong.a' float32[2] is there already", "float64[]");
            Refuses<ShapeException>((w, g, state) => state.Update(state.Get("a"), g.Sum()), "'w/Wrong.a'", "shapes");
            Refuses<ShapeException>((w, g, state) => state.Get("a").Sum(), "'w'", "shapes");
            Refuses<ArgumentException>((w, g, state) => state.Get(string.Empty), "name");
            Refuses<InvalidOperationException>((w, g, state) => null!, "Wrong", "Parameter 'w'");
            Refuses<InvalidOperationException>((w, g, state) => g + state.Get("a"), "Wrong", "got Parameter 'w/Wrong.a' float32[2] and gave it no new value", "Update");
            Refuses<ArgumentException>((w, g, state) => state.Average("a", 0.5, g) + state.Update(state.Get("a"), g), "'w/Wrong.a' float32[2] has a new value in this step already");
            OptimizerState? kept = null;
            _ = new Wrong((w, g, state) => (kept = state).Average("a", 0.5, g)).Minimize(w.Sum(), [w]);
            Assert.That(() => kept!.Get("late"), Throws.InvalidOperationException.With.Message.Contains("Parameter 'w'"));
            Optimizer? itself = null;
            itself = new Wrong((w, g, state) => itself!.Minimize(w.Sum(), [w])[0].Value);
            Assert.That(() => itself.Minimize(w.Sum(), [w]), Throws.InvalidOperationException.With.Message.Contains("Wrong"));
        }

        void Refuses<TError>(Func<Parameter, Node, OptimizerState, Node> build, params string[] parts)
            where TError : Exception
        {
            var wrong = new Wrong(build);
            string message = Assert.Throws<TError>(() => wrong.Minimize(w.Sum(), [w]))!.Message;
            Assert.That(parts, Has.All.Matches<string>(part => part is not null && message.Contains(part, StringComparison.Ordinal)), message);
            Assert.That(wrong.State, Is.Empty);
        }
    }

    private sealed class Lion(double learningRate) : Optimizer(learningRate)
    {
        protected override bool DecouplesDecay => true;

        protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
        {
            Node rate = LearningRate.As(parameter.DType);
            Node direction = Sign((0.9 * state.Get("mean")) + (0.1 * gradient));
            state.Average("mean", 0.99, gradient);
            return (parameter * (1 - (rate * WeightDecay.As(parameter.DType)))) - (rate * direction);
        }
    }

    private sealed class Generic<T>() : Optimizer(1)
    {
        protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
        {
            Parameter kept = state.Get("kept", start: 1);
            return parameter - (state.Update(kept, kept) * gradient);
        }
    }

    private sealed class Wrong(Func<Parameter, Node, OptimizerState, Node> build) : Optimizer(0.1)
    {
        protected override Node Step(Parameter parameter, Node gradient, OptimizerState state) => build(parameter, gradient, state);
    }
}

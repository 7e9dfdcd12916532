using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using GraphCompiler.Tests.References;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Forward, Backward, .Grad and updates, rule by rule.</summary>
[Parallelizable(ParallelScope.All)]
[Category("Foundation")]
internal sealed class TrainingTests
{
    [Test]
    public void GradIsNullBeforeBackwardAndForWhatRequiresNone()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Squares();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss);
        model.Forward((float[])[1f, 2f, 3f]);
        Assert.That(w.Grad, Is.Null);
        model.Backward();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 2, -16, 54 }));
            Assert.That(x.Grad, Is.Null);
        }
    }

    [Test]
    public void BackwardAddsAndZeroGradForgets()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Squares();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss);
        for (int i = 0; i < 2; i++)
        {
            model.Forward((float[])[1f, 2f, 3f]);
            model.Backward();
        }

        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 4, -32, 108 }));
        model.ZeroGrad(setToNull: false);
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[3]));
        model.Forward((float[])[1f, 2f, 3f]);
        model.Backward();
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 2, -16, 54 }));
        model.ZeroGrad();
        Assert.That(w.Grad, Is.Null);
    }

    [Test]
    public void ARetainedTensorOfAGradientIsTheGradient()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Squares();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss);
        model.Forward((float[])[1f, 2f, 3f]);
        model.Backward();
        Tensor<float> held = w.Grad!;
        w.ZeroGrad();
        model.Forward((float[])[1f, 1f, 1f]);
        model.Backward();
        Assert.That(held.ToArray(), Is.EqualTo(new float[] { 2, -16, 54 }), "a new gradient is a new tensor");
    }

    [Test]
    public void ASeedWeightsTheGradient()
    {
        Input<float> x = Input("x", [3], requiresGrad: true);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], x * 2);
        model.Forward((float[])[1f, -2f, 3f]);
        model.Backward((float[])[1, 10, 100]);
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 2, 20, 200 }));
    }

    [Test]
    public void ANonScalarNeedsASeedThatFits()
    {
        Input<float> x = Input("x", ["N", 2], requiresGrad: true);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], (x * 2).Named("twice"));
        model.Forward(new float[6]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("grad can be implicitly created only for scalar outputs").And.Message.Contains("twice"));
            Assert.That(() => model.Backward(new float[5]), Throws.TypeOf<GradientException>().With.Message.Contains("twice").And.Message.Contains("5 elements").And.Message.Contains("[3, 2]"));
            Assert.That(() => model.Backward(Tensors.Zeros<float>(2, 3)), Throws.TypeOf<GradientException>().With.Message.Contains("[2, 3]").And.Message.Contains("[3, 2]"));
            Assert.That(() => model.Backward(new double[6]), Throws.TypeOf<GradientException>().With.Message.Contains("float64").And.Message.Contains("float32"));
            Assert.That(() => model.Backward(1f), Throws.TypeOf<GradientException>());
            Assert.That(() => model.Backward((float[]?)null), Throws.TypeOf<GradientException>().With.Message.Contains("null"));
            Assert.That(x.Grad, Is.Null);
        }

        model.Backward(Tensors.Ones<float>(3, 2));
        Assert.That(x.Grad!.Lengths.ToArray(), Is.EqualTo(new nint[] { 3, 2 }));
    }

    [Test]
    public void ASymbolicOutputOfOneElementNeedsNoSeed()
    {
        Input<float> x = Input("x", ["N"], requiresGrad: true);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], x * x);
        model.Forward((float[])[3f]);
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 6 }));
    }

    [Test]
    public void ASecondBackwardNeedsRetainGraph()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Squares();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss);
        Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("Forward first"));
        model.Forward((float[])[1f, 2f, 3f]);
        model.Backward(retainGraph: true);
        model.Backward();
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 4, -32, 108 }));
        Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("retainGraph: true"));
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 4, -32, 108 }));
    }

    [Test]
    public void ForwardUnderNoGradKeepsNothingAndBackwardUnderNoGradWorks()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Squares();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss);
        using (GradMode.NoGrad())
        {
            Assert.That(model.Forward((float[])[1f, 2f, 3f]).Scalar<float>(), Is.EqualTo(1 + 16 + 81));
            Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>());
        }

        Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>());
        model.Forward((float[])[1f, 2f, 3f]);
        using (GradMode.NoGrad())
        {
            model.Backward();
        }

        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 2, -16, 54 }));
    }

    [Test]
    public void ARootThatRequiresNoGradientIsAnError()
    {
        Input<float> x = Input("x", [3]);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], x.Sum());
        model.Forward(new float[3]);
        Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("does not require a gradient"));
    }

    [Test]
    public void OnlyFloatsRequireGradients() =>
        Assert.That(() => Input<int>("x", [3], requiresGrad: true), Throws.TypeOf<DTypeException>().With.Message.Contains("Only floating point tensors can require gradients"));

    [Test]
    public void LeavesThatAreNotReachedKeepNull()
    {
        Input<float> x = Input("x", [3], requiresGrad: true);
        Input<float> unused = Input("unused", [3], requiresGrad: true);
        Parameter<float> detached = Parameter("detached", Tensors.Ones<float>(3));
        Parameter<float> frozen = Parameter("frozen", Tensors.Ones<float>(3), requiresGrad: false);
        Node loss = (x * detached.Detach() * frozen).Sum();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x, unused], [loss, detached * 2]);
        model.Forward((float[])[1f, 2f, 3f], new float[3]);
        model.Backward();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 1, 1, 1 }));
            Assert.That(unused.Grad, Is.Null);
            Assert.That(detached.Grad, Is.Null);
            Assert.That(frozen.Grad, Is.Null);
        }
    }

    [Test]
    public void RetainGradKeepsGradientsOfIntermediates([Values] bool simplify)
    {
        Input<float> x = Input("x", [3], requiresGrad: true);
        Node middle = (x * 3).Named("middle");
        Node other = x + 1;
        Parameter<float> w = Parameter("w", 1f);
        Input<float> fixedLeaf = Input("fixed", [3]);
        Node loss = (middle * middle).Sum();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss, new CompileOptions { RetainGrad = [middle, x], Passes = new() { Simplify = simplify } });
        Assert.That(model.GradientOf<float>(middle), Is.Null);
        model.Forward((float[])[1f, 2f, 3f]);
        model.Backward(retainGraph: true);
        Assert.That(model.GradientOf<float>(middle)!.ToArray(), Is.EqualTo(new float[] { 6, 12, 18 }));
        model.Backward();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(model.GradientOf<float>(middle)!.ToArray(), Is.EqualTo(new float[] { 12, 24, 36 }));
            Assert.That(model.GradientOf<float>(x)!.ToArray(), Is.EqualTo(x.Grad!.ToArray()));
            Assert.That(() => model.GradientOf<double>(middle), Throws.TypeOf<DTypeException>());
            Assert.That(() => model.GradientOf<float>(other), Throws.TypeOf<GradientException>().With.Message.Contains("RetainGrad"));
            Assert.That(() => model.GradientOf<float>(w), Throws.TypeOf<GradientException>().With.Message.Contains("'w'").And.Message.Contains("is its Grad").And.Not.Message.Contains("not kept"));
            Assert.That(() => model.GradientOf<float>(fixedLeaf), Throws.TypeOf<GradientException>().With.Message.Contains("requiresGrad: true"));
        }

        model.ZeroGrad();
        Assert.That(model.GradientOf<float>(middle), Is.Null);
    }

    [Test]
    public void AParameterWrittenBetweenForwardAndBackwardIsAnErrorIfBackwardReadsIt()
    {
        Input<float> x = Input("x", [3]);
        Parameter<float> w = Parameter("w", Tensors.Of(1f, -2f, 3f));
        Parameter<float> b = Parameter("b", Tensors.Of(1f, 1f, 1f));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], ((w * w * x) + b).Sum());
        model.Forward((float[])[1, 2, 3]);
        b.Fill(7);
        w.Fill(5);
        Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("'w'").And.Message.Contains("between Forward and Backward"));
        Assert.That(w.Grad, Is.Null);
        Assert.That(b.Grad, Is.Null);
        model.Forward((float[])[1, 1, 1]);
        b.Fill(3);
        model.Backward();
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 10, 10, 10 }));
        Assert.That(b.Grad!.ToArray(), Is.EqualTo(new float[] { 1, 1, 1 }), "backward does not read b: it may be written");
    }

    [Test]
    public void TheCallerMayChangeAnInputBeforeBackward()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Squares();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], loss);
        float[] values = [1, 2, 3];
        model.Forward(values);
        Array.Fill(values, float.NaN);
        model.Backward();
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 2, -16, 54 }));
    }

    [Test]
    public void AnInputThatOnlyBackwardReadsIsKept()
    {
        // where(c, x, x) is x: the condition matters only to its gradient, unless that is simplified too.
        Input<bool> c = Input<bool>("c", [4]);
        Input<float> x = Input("x", [4], requiresGrad: true);
        Node loss = Where(c, x, x).Sum();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([c, x], loss);
        bool[] condition = [true, false, true, false];
        model.Forward(condition, new float[4]);
        Array.Clear(condition);
        GC.Collect();
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 1, 1, 1, 1 }));

        // The scale's sign is looked at by the pullback alone.
        Input<float> y = Input("y", [4]);
        Input<float> z = Input("z", [4], requiresGrad: true);
        Node custom = CustomGradient("custom", [y, z], a => a[1] * 2, (a, _, g) => [null, g * a[0]]);
        using CompiledGraph second = GraphCompiler.Compiler.Compile([y, z], custom.Sum());
        float[] scale = [1, 2, 3, 4];
        second.Forward(scale, new float[4]);
        Array.Fill(scale, float.NaN);
        second.Backward();
        Assert.That(z.Grad!.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void UpdatesSeeOldValuesOnly()
    {
        Parameter<float> a = Parameter("a", Tensors.Of(1f, 2f));
        Parameter<float> b = Parameter("b", Tensors.Of(3f, 4f));
        using CompiledGraph swap = GraphCompiler.Compiler.Compile([], [a + 0, b * 1], updates: [(a, b), (b, a)]);
        RunResults results = swap.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(results.GetArray<float>(0), Is.EqualTo(new float[] { 1, 2 }), "outputs see old values too");
            Assert.That(a.Values.ToArray(), Is.EqualTo(new float[] { 3, 4 }));
            Assert.That(b.Values.ToArray(), Is.EqualTo(new float[] { 1, 2 }));
        }

        using CompiledGraph mixed = GraphCompiler.Compiler.Compile([], [], updates: [(a, b + a), (b, b.Reshape([2, 1]).Reshape([2]))]);
        mixed.Run();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(a.Values.ToArray(), Is.EqualTo(new float[] { 4, 6 }));
            Assert.That(b.Values.ToArray(), Is.EqualTo(new float[] { 1, 2 }));
        }
    }

    [Test]
    public void AFailedCallLeavesParametersUnchanged()
    {
        Parameter<float> w = Parameter("w", Tensors.Of(1f, 2f, 3f));
        Input<int> i = Input<int>("i", ["N"]);
        using CompiledGraph step = GraphCompiler.Compiler.Compile([i], [Take(w, i).Sum()], updates: [(w, w * 2)]);
        long version = w.Version;
        Assert.That(() => step.Run((int[])[0, 3]), Throws.TypeOf<ExecutionException>().With.Message.Contains("index 3"));
        Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 1, 2, 3 }));
        Assert.That(w.Version, Is.EqualTo(version));
        step.Run((int[])[0, 2]);
        Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
        Assert.That(w.Version, Is.GreaterThan(version));
    }

    [Test]
    public void GradientsAreNodesAndTrainLikeTheLoop()
    {
        (Input<float> x, Parameter<float> w, Node loss) = Squares();
        using CompiledGraph step = GraphCompiler.Compiler.Compile([x], [loss], updates: [(w, w - (0.01 * Gradients(loss, w)[0]))]);
        for (int i = 0; i < 3; i++)
        {
            step.Run((float[])[1f, 2f, 3f]);
        }

        (_, Parameter<float> byHand, Node other) = Squares(x);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], other);
        for (int i = 0; i < 3; i++)
        {
            model.Forward((float[])[1f, 2f, 3f]);
            model.ZeroGrad();
            model.Backward();
            Descend(byHand);

            model.ZeroGrad();
        }

        Assert.That(w.Values.ToArray(), Is.EqualTo(byHand.Values.ToArray()).Within(1e-5f));

        static void Descend(Parameter<float> p)
        {
            using ParameterEdit<float> edit = p.Edit();
            for (int k = 0; k < edit.Values.Length; k++)
            {
                edit.Values[k] -= 0.01f * p.Grad![k];
            }
        }
    }

    [Test]
    public void AGradientOfAnotherSizeCannotBeAdded()
    {
        Input<float> x = Input("x", ["N"], requiresGrad: true);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], (x * x).Sum());
        model.Forward(new float[3]);
        model.Backward();
        model.Forward(new float[4]);
        Assert.That(() => model.Backward(), Throws.TypeOf<BindingException>().With.Message.Contains("[3]").And.Message.Contains("[4]").And.Message.Contains("ZeroGrad"));
        model.ZeroGrad();
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Has.Length.EqualTo(4));
    }

    [TestCase("float32")]
    [TestCase("float64")]
    public void TheLinearModelTrainsAsInPyTorch(string dtype)
    {
        using JsonDocument document = Load($"seed_linear_{dtype}.json");
        if (dtype == "float32")
        {
            TrainLinear<float>(document.RootElement, 1e-5);
        }
        else
        {
            TrainLinear<double>(document.RootElement, 1e-12);
        }
    }

    private static void TrainLinear<T>(JsonElement run, double tolerance)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        double rate = run.GetProperty("attrs").GetProperty("lr").GetDouble();
        T[] xs = Numbers<T>(run.GetProperty("x").GetProperty("data"));
        T[] ys = Numbers<T>(run.GetProperty("y").GetProperty("data"));
        Input<T> x = Input<T>("x", ["N", 3]);
        Input<T> y = Input<T>("y", ["N", 1]);
        Parameter<T> w = Parameter("w", Tensor.Create(Numbers<T>(run.GetProperty("w0").GetProperty("data")), [3, 1]));
        Parameter<T> b = Parameter("b", Tensor.Create(Numbers<T>(run.GetProperty("b0")), [1]));
        Node loss = (MatMul(x, w) + b - y).Pow(2).Sum();
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x, y], loss);
        Argument a = typeof(T) == typeof(float) ? (float[])(object)xs : (double[])(object)xs;
        Argument target = typeof(T) == typeof(float) ? (float[])(object)ys : (double[])(object)ys;
        int number = 0;
        foreach (JsonElement step in run.GetProperty("steps").EnumerateArray())
        {
            T value = model.Forward(a, target).Scalar<T>();
            model.Backward();
            Close([value], [T.CreateChecked(step.GetProperty("loss").GetDouble())], "loss");
            Close(w.Grad!.ToArray(), Numbers<T>(step.GetProperty("grad_w")), "grad_w");
            Close(b.Grad!.ToArray(), step.GetProperty("grad_b").ValueKind == JsonValueKind.Array ? Numbers<T>(step.GetProperty("grad_b")) : [T.CreateChecked(step.GetProperty("grad_b").GetDouble())], "grad_b");
            Descend(w);
            Descend(b);
            model.ZeroGrad();
            Close(w.Values, Numbers<T>(step.GetProperty("w")), "w");
            number++;
        }

        Assert.That(number, Is.GreaterThan(50));

        void Descend(Parameter<T> p)
        {
            using ParameterEdit<T> edit = p.Edit();
            T[] gradient = p.Grad!.ToArray();
            for (int k = 0; k < edit.Values.Length; k++)
            {
                edit.Values[k] -= T.CreateChecked(rate) * gradient[k];
            }
        }

        // Gradients are differences of large sums: what they are measured against is the size of the first ones.
        void Close(ReadOnlySpan<T> actual, T[] expected, string what)
        {
            for (int k = 0; k < expected.Length; k++)
            {
                double want = double.CreateChecked(expected[k]);
                double scale = Math.Max(what.StartsWith("grad", StringComparison.Ordinal) ? 100 : 1, Math.Abs(want));
                Assert.That(double.CreateChecked(actual[k]), Is.EqualTo(want).Within(tolerance * scale), $"step {number}, {what}[{k}]");
            }
        }
    }

    private static T[] Numbers<T>(JsonElement array)
        where T : System.Numerics.INumber<T> =>
        [.. array.EnumerateArray().Select(e => T.CreateChecked(double.Parse(e.GetRawText(), CultureInfo.InvariantCulture)))];

    private static JsonDocument Load(string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(ReferenceCase.Folder, "seed", name)));

    /// <summary>Σ (w·x)² with w = (1, −2, 3).</summary>
    private static (Input<float> X, Parameter<float> W, Node Loss) Squares(Input<float>? x = null)
    {
        x ??= Input("x", [3]);
        Parameter<float> w = Parameter("w", Tensors.Of(1f, -2f, 3f));
        return (x, w, (w * x).Pow(2).Sum());
    }
}

using NUnit.Framework.Constraints;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>What <see cref="CompileOptions.DetectAnomaly"/> refuses, what it names, and what it leaves alone.</summary>
internal sealed class AnomalyTests
{
    private static readonly CompileOptions Detecting = new() { DetectAnomaly = true };

    private readonly Input<float> x = Input("x", ["N"], requiresGrad: true);

    [Test]
    public void AnOperationIsNamedWithItsNumbersAndWhereTheyStand() => Refuses(
        Log(x - 1).Named("energy", "model").Mean() * 2, [2, -1, 3], "Output 0, Mul float32[], has NaN.", "It comes from Log 'model/energy' float32[N], which makes NaN at [1] of -2.");

    [Test]
    public void WhatIsNotElementwiseIsNamedWithTheRangeOfItsNumbers() =>
        Refuses(Prod(x).Named("volume") - 1, [1e20f, 2, 1e20f], "It comes from Prod 'volume' float32[], which makes Infinity of numbers from 2 to 1E+20.");

    [Test]
    public void TheFirstIsNamedAndNotWhatFollows() => Refuses(Exp(x) / Exp(x).Sum(), [100, 1], "has NaN at [0].", "It comes from Exp float32[N], which makes Infinity at [0] of 100.");

    [Test]
    public void AnInputThatHoldsOneIsNamed()
    {
        Refuses(x.Square().Sum(), [1, float.NaN, 2], "Output 0, Sum float32[], has NaN. Input 'x' float32[N] holds NaN at [1].");
        Parameter<float> w = Parameter("w", new float[] { 1, float.PositiveInfinity });
        Refuses(x.Sum() * w, [1, 2], "Parameter 'w' float32[2] holds Infinity at [1].");
        Refuses(x * float.NegativeInfinity, [1, 2], "Constant float32[] holds -Infinity.");
    }

    [Test]
    public void TheStepOfALoopIsNamed()
    {
        (Node last, Node all) = Scan(Constant(1f), x, (h, r) => (h - r) / (r - 4f).Named("distance"));
        Refuses(last, [1, 2, 3, 4, 5, 6], "It comes from Div float32[], which makes -Infinity of -2 and 0. In step 3 of Scan.");
        Refuses(all.Sum(), [1, 2, 3, 4, 5, 6], "In step 3 of Scan.");
        Refuses(Scan(Zeros([]), x, (h, r) => (h * 0) / (r - 4f), reverse: true).Last, [1, 2, 3, 4, 5, 6], "makes NaN of 0 and 0. In step 2 of Scan.");
        Refuses(While(x.Sum(), h => h < 100, h => Exp(h) * Exp(h * 40)), [1, 2], "It comes from Exp float32[], which makes Infinity of ", "of While.");
        Refuses(Scan(Zeros([]), x, (h, r) => Log(h + r)).Last, [1, 1, float.NaN], "Input 'x' float32[N] holds NaN at [2].");
        Refuses(Scan(Zeros([]), x, (h, r) => Scan(h, x, (g, e) => g + ((r + 1) / e)).Last).Last, [1, 0], "makes Infinity of 2 and 0. In step 1 of Scan. In step 0 of Scan.");
    }

    [Test]
    public void TheTakenBranchIsToBlame()
    {
        Refuses(Cond(x.Sum() > 0, () => Exp(x).Named("grown"), () => x), [50, 200], "It comes from Exp 'grown' float32[N], which makes Infinity at [1] of 200.");
        Refuses(Call("f", [x], n => [Log(n[0])])[0].Sum(), [0], "It comes from Log float32[N], which makes -Infinity at [0] of 0. In f ");
        Refuses(Checkpoint(n => Log(n) * 2, x).Sum(), [0], "It comes from Log float32[N], which makes -Infinity at [0] of 0.");
    }

    [Test]
    public void WhatAWhereLeavesOutIsNotToBlame()
    {
        using CompiledGraph graph = Compile(Where(x > 0, Log(x), x));
        Assert.That(graph.Run(new float[] { 1, -1 }).GetArray<float>(), Is.EqualTo(new float[] { 0, -1 }));
        Refuses(Where(x > 0, Sqrt(Log(x)), Log(x)), [0.5f, 3], "It comes from Sqrt float32[N], which makes NaN at [0] of -0.6931");
        Refuses(Where(x > 0, x / 0f, Log(x)), [2, 3], "It comes from Div float32[N], which makes Infinity at [0] of 2 and 0.");
    }

    [Test]
    public void InfinitiesThatVanishAreNoReason()
    {
        Input<float> q = Input("q", [1, 3, 2], requiresGrad: true);
        Node mask = Triu(Full([3, 3], float.NegativeInfinity), 1);
        Node attention = ScaledDotProductAttention(q, q, q, mask);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([q], [attention.Sum(), Gradients(attention.Sum(), q)[0]], Detecting);
        Assert.That(() => graph.Run(new float[] { 1, 2, 3, 4, 5, 6 }), Throws.Nothing);
        Assert.That(
            () => graph.Run(new float[] { 1, 2, 3, float.NaN, 5, 6 }), Throws.TypeOf<ExecutionException>().With.Message.Contains("Input 'q' float32[1, 3, 2] holds NaN at [0, 1, 1]."));
    }

    [Test]
    public void NothingIsFinite()
    {
        Input<float> rows = Input("rows", ["N"], requiresGrad: true);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([rows], Scan(Constant(1f), rows, (h, r) => h + r).Outputs, Detecting);
        Assert.That(graph.Run(Array.Empty<float>()).GetArray<float>(), Is.Empty);
        using CompiledGraph model = GraphCompiler.Compiler.Compile([rows], Sum(rows * rows), Detecting);
        model.Forward(Array.Empty<float>());
        model.Backward();
        Assert.That(rows.Grad!.ToArray(), Is.Empty);
    }

    [Test]
    public void AStableFormIsNoReason()
    {
        using CompiledGraph graph = Compile(Log(Sum(Exp(x))));
        Assert.That(graph.Run(new float[] { 1000, 1000 }).Scalar<float>(), Is.EqualTo(1000.6931f).Within(1e-3));
    }

    [Test]
    public void ADerivativeIsNamedWithItsOperation()
    {
        using CompiledGraph model = Compile(Sqrt(x).Named("norm").Sum());
        model.Forward(new float[] { 4, 0 });
        Assert.That(() => model.Backward(), Refusal(
            "The gradient of Input 'x' float32[N] has Infinity at [1].", "It comes from ", "makes Infinity at [1] of ", "That is a part of the derivative of Sqrt 'norm' float32[N]."));
        Assert.That(x.Grad, Is.Null);
        model.Forward(new float[] { 4, 1 });
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 0.25f, 0.5f }));
        model.Forward(new float[] { 0, 1 });
        Assert.That(() => model.Backward(), Refusal("has Infinity at [0]."));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 0.25f, 0.5f }), "nothing was added");
        model.Forward(new float[] { 4, 1 });
        Assert.That(() => model.Backward(float.PositiveInfinity), Refusal("'seed' float32[] holds Infinity."));
        model.ZeroGrad();

        Node inLoop = Scan(Zeros([]), x, (h, r) => h + Sqrt(r).Named("root")).Last;
        Refuses(Gradients(inLoop, x)[0], [1, 0, 4], "That is a part of the derivative of Sqrt 'root' float32[].", "In step 1 of the derivative of Scan, which goes from the last step to the first.");
    }

    [Test]
    public void WhatWasInfiniteAlreadyIsFollowedFurther()
    {
        Node grown = Exp(x).Named("grown");
        foreach (Node later in (Node[])[Atanh(grown), ErfInv(grown), Logit(grown), grown / (100 - x), Prod(Concat([grown * 1e30f, x * 1e30f], 0)), Log(1 - grown), grown - grown])
        {
            Refuses(later, [-1, 100], "It comes from Exp 'grown' float32[N], which makes Infinity at [1] of 100.");
        }

        // What has no part in it, as another row, is left alone.
        Input<float> rows = Input("rows", [2, 2]);
        using CompiledGraph product = GraphCompiler.Compiler.Compile([rows], MatMul(rows, Full([2, 2], 1e20)), Detecting);
        Assert.That(() => product.Run(new float[] { 1, 1e30f, 1, float.PositiveInfinity }), Refusal("It comes from MatMul float32[2, 2], which makes Infinity at [0, 0] of numbers from 1 to 1E+30."));
    }

    [Test]
    public void AGradientThatOverflowsWhatWasThereIsRefused()
    {
        using CompiledGraph model = Compile((x * 3e38f).Sum());
        model.Forward(new float[] { 0, 0 });
        model.Backward(0.5f);
        model.Forward(new float[] { 0, 0 });
        model.Backward(-0.25f);
        model.Forward(new float[] { 0, 0 });
        Assert.That(() => model.Backward(), Refusal(
            "The gradient of Input 'x' float32[N] has Infinity at [0]. It is the sum of 7.5E+37, which was there, and 3E+38, which this backward adds; ZeroGrad forgets what was there."));
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 7.5e37f, 7.5e37f }));
        model.ZeroGrad();
        model.Forward(new float[] { 0, 0 });
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 3e38f, 3e38f }));
        model.ZeroGrad();
    }

    [Test]
    public void ARefusedCallChangesNothing()
    {
        var generator = new Generator(3);
        Input<float> y = Input("y", [2]);
        Parameter<float> w = Parameter("w", new float[] { 1, 2 });
        Parameter<float> count = Parameter("count", 0f, requiresGrad: false);
        Node loss = (Log(w * y) * Uniform(generator, [2])).Sum();
        using (CompiledGraph training = GraphCompiler.Compiler.Compile([y], [loss], [(count, count + 1)], Detecting))
        using (CompiledGraph step = GraphCompiler.Compiler.Compile([y], [], [(w, w - Gradients(loss, w)[0]), (count, count + 1)], Detecting))
        {
            Assert.That(() => training.Forward(new float[] { 1, -1 }), Refusal("Output 0", "Log float32[2]"));
            Assert.That(() => training.Backward(), Throws.TypeOf<GradientException>());
            Assert.That(() => step.Run(new float[] { 1, float.NaN }), Refusal("The new value of Parameter 'w' float32[2] has NaN at [1].", "Input 'y' float32[2] holds NaN at [1]."));
            Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 1, 2 }));
            Assert.That(w.Grad, Is.Null);
            Assert.That(count.Values[0], Is.Zero);
            Assert.That(generator.Position, Is.Zero);

            step.Run(new float[] { 1, 1 });
            Assert.That(count.Values[0], Is.EqualTo(1f));
            Assert.That(generator.Position, Is.EqualTo(1ul));
        }
    }

    [Test]
    public void TheNumbersThatWereDrawnAreDrawnAgain()
    {
        var generator = new Generator(5);
        Node drawn = Uniform(generator, [4]);
        using CompiledGraph plain = GraphCompiler.Compiler.Compile([], drawn);
        GeneratorState state = generator.State;
        float[] numbers = plain.Run().GetArray<float>();
        generator.State = state;
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Log(drawn - 1), Detecting);
        Assert.That(() => graph.Run(), Refusal(FormattableString.Invariant($"makes NaN at [0] of {numbers[0] - 1}.")));
    }

    [Test]
    public void WhatActsIsNotRunAgain()
    {
        int times = 0;
        Node seen = HostFunction("watch", [x], new NodeType(DType.Float32, ["N"]), call =>
        {
            times++;
            call.In<float>(0).CopyTo(call.Out<float>(0));
        }, hasEffects: true);
        Refuses(Log(seen), [-1], "has effects, so that the call cannot be computed again");
        Assert.That(times, Is.EqualTo(1));
    }

    [Test]
    public void EveryWayToCallIsLookedAt()
    {
        using CompiledGraph graph = Compile(Log(x));
        var returns = graph.CreateDelegate<Func<float[], float[]>>();
        var fills = graph.CreateDelegate<Action<float[], float[]>>();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => returns([0]), Refusal("of 0."));
            Assert.That(() => fills([0], new float[1]), Refusal("of 0."));
            Assert.That(() => graph.Run([new float[] { 0 }], [new float[1]]), Refusal("of 0."));
            Assert.That(() => graph.Forward([new float[] { 0 }], [new float[1]]), Refusal("of 0."));
            Assert.That(returns([1]), Is.EqualTo(new float[] { 0 }));
        }
    }

    private CompiledGraph Compile(Node output) => GraphCompiler.Compiler.Compile([x], output, Detecting);

    private void Refuses(Node output, float[] given, params string[] parts)
    {
        using CompiledGraph graph = Compile(output);
        Assert.That(() => graph.Run(given), Refusal(parts));
    }

    private static Constraint Refusal(params string[] parts) =>
        parts.Aggregate<string, Constraint>(Throws.TypeOf<ExecutionException>().With.Message.StartsWith("DetectAnomaly: "), (refusal, part) => refusal.And.Message.Contains(part));
}

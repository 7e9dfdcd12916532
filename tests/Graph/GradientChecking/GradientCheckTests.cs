using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Modes, options, values and errors of the gradient check.</summary>
[TestFixture]
public sealed class GradientCheckTests
{
    private readonly Input<double> x = Input<double>("x", ["N", 2], requiresGrad: true);
    private readonly Parameter<double> w = Parameter("w", Tensor.Create<double>([0.5, -0.25], [2, 1]));

    private Node Loss => Sum(Square(Tanh(MatMul(x, w))));

    [Test]
    public void Inputs_get_values_and_symbols_sizes_by_themselves()
    {
        GradientReport report = GradientCheck.Run(Loss, [x, w]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Verdict, Is.EqualTo(GradientVerdict.Passed), () => report.ToString());
            Assert.That(report.Entries.Count(e => e.Target == x), Is.EqualTo(4), "N is 2");
            Assert.That(report.Entries.Count(e => e.Target == w), Is.EqualTo(2));
            Assert.That(report.Entries[3].Index?.ToString(), Is.EqualTo("[1, 1]"));
            Assert.That(() => GradientCheck.Verify(Loss, [x, w]), Throws.Nothing);
        }
    }

    [Test]
    public void Sizes_can_be_given()
    {
        GradientReport report = GradientCheck.Run(Loss, [x], options: new GradientCheckOptions { Sizes = new Dictionary<string, long> { ["N"] = 5 } });

        Assert.That(report.Entries, Has.Count.EqualTo(10));
    }

    [Test]
    public void The_same_seed_gives_the_same_check()
    {
        string[] texts = [.. new ulong[] { 1, 1, 2 }.Select(s => GradientCheck.Run(Loss, [x], options: new GradientCheckOptions { Seed = s }).ToString())];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(texts[1], Is.EqualTo(texts[0]));
            Assert.That(texts[2], Is.Not.EqualTo(texts[0]));
        }
    }

    [Test]
    public void Higher_orders_are_checked_in_turn()
    {
        GradientReport report = GradientCheck.Run(Loss, [w], options: new GradientCheckOptions { Order = 3 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Passed, Is.True, () => report.ToString());
            Assert.That(report.Entries.Select(e => e.Order), Is.EqualTo([1, 1, 2, 2, 3, 3]));
            Assert.That(report.DotTests.Select(d => d.Order), Is.EqualTo([1, 2, 3]));
        }
    }

    [Test]
    public void A_wrong_second_derivative_is_found_and_named()
    {
        Node cube = CustomGradient("cube", [w], p => p[0] * p[0] * p[0], (i, _, c) => [3 * Square(Detach(i[0])) * c]);

        GradientReport report = GradientCheck.Run(Sum(Sin(cube)), [w], options: new GradientCheckOptions { Order = 2 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Entries.Where(e => e.Order == 1).Select(e => e.Verdict), Has.All.EqualTo(GradientVerdict.Passed));
            Assert.That(report.Verdict, Is.EqualTo(GradientVerdict.Failed));
            Assert.That(report.Fault?.Operation, Is.EqualTo("cube"));
            Assert.That(report.Fault?.Degree, Is.EqualTo(2));
        }
    }

    [Test]
    public void Modes_choose_what_is_compared()
    {
        Node y = Tanh(MatMul(x, w));
        int Count(GradientCheckMode mode)
        {
            GradientReport report = GradientCheck.Run(y, [x, w], options: new GradientCheckOptions { Mode = mode });
            Assert.That(report.Passed, Is.True, () => report.ToString());
            return report.Entries.Count;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Count(GradientCheckMode.EveryCoordinate), Is.EqualTo(6));
            Assert.That(Count(GradientCheckMode.FullJacobian), Is.EqualTo(12));
            Assert.That(Count(GradientCheckMode.SampledCoordinates(1)), Is.EqualTo(2));
            Assert.That(Count(GradientCheckMode.SampledCoordinates(100)), Is.EqualTo(6));
            Assert.That(Count(GradientCheckMode.RandomProjections(3)), Is.EqualTo(6));
        }
    }

    [Test]
    public void Large_targets_are_projected()
    {
        Input<double> large = Input<double>("large", [500], requiresGrad: true);
        GradientReport report = GradientCheck.Run(Sum(Sin(large)), [large]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Passed, Is.True, () => report.ToString());
            Assert.That(report.Entries.Select(e => e.Place), Is.EqualTo(Enumerable.Repeat("projection", 4)));
        }
    }

    [Test]
    public void A_failed_projection_is_run_again_in_full()
    {
        Node wrong = CustomGradient("wrong", [w], p => Sin(p[0]), (i, _, c) => [c * Concat([Cos(i[0].Slice(0, ..1)), Sin(i[0].Slice(0, 1..2))])]);
        GradientReport report = GradientCheck.Run(wrong, [w], options: new GradientCheckOptions { Mode = GradientCheckMode.RandomProjections(1) });

        Assert.That(report.Entries.Select(e => (e.Place, e.Verdict)), Is.EqualTo(new[]
        {
            ("projection", GradientVerdict.Failed),
            ("[0, 0]", GradientVerdict.Passed),
            ("[1, 0]", GradientVerdict.Failed),
        }));
    }

    [Test]
    public void Intermediate_nodes_can_be_targets()
    {
        Node product = MatMul(x, w);
        GradientReport report = GradientCheck.Run(Sum(Sin(product) * Square(product)), [product]);

        Assert.That(report.Verdict, Is.EqualTo(GradientVerdict.Passed), () => report.ToString());
    }

    [Test]
    public void What_is_detached_is_a_constant()
    {
        Node quiet;
        using (GradMode.NoGrad())
        {
            quiet = Sin(x);
        }

        Assert.That(() => GradientCheck.Verify(Sum(x * Detach(x) * quiet), [x], options: new GradientCheckOptions { Order = 2 }), Throws.Nothing);
    }

    [Test]
    public void A_target_that_the_loss_does_not_reach_has_zero_gradient()
    {
        GradientReport report = GradientCheck.Run(Sum(x), [x, w]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Passed, Is.True);
            Assert.That(report.Entries.Where(e => e.Target == w).Select(e => e.Analytic), Has.All.Zero);
        }
    }

    [Test]
    public void Checks_run_under_no_grad()
    {
        Node loss = Loss;
        using (GradMode.NoGrad())
        {
            Assert.That(() => GradientCheck.Verify(loss, [x, w], options: new GradientCheckOptions { Order = 2 }), Throws.Nothing);
        }
    }

    [Test]
    public void Integer_inputs_get_values()
    {
        Input<int> classes = Input<int>("classes", ["N"]);
        Input<bool> mask = Input<bool>("mask", ["N", 1]);
        Node loss = CrossEntropy(Where(mask, x, 2 * x), classes);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => GradientCheck.Verify(loss, [x]), Throws.Nothing);
            Assert.That(() => GradientCheck.Verify(loss, [x], new Dictionary<Node, Tensor<double>> { [classes] = Tensor.Create<double>([1, 0, 1], [3]) }), Throws.Nothing);
        }
    }

    [Test]
    public void Cancellation_ends_a_check()
    {
        using var source = new CancellationTokenSource();
        var options = new GradientCheckOptions { CancellationToken = source.Token, Progress = new Watch(p => source.Cancel()) };

        Assert.That(() => GradientCheck.Run(Loss, [x], options: options), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Progress_is_told_after_every_line()
    {
        List<GradientCheckProgress> told = [];
        GradientCheck.Run(Loss, [w], options: new GradientCheckOptions { Order = 2, Progress = new Watch(told.Add) });

        Assert.That(told, Is.EqualTo(new GradientCheckProgress[] { new(1, w, 1, 2), new(1, w, 2, 2), new(2, w, 1, 2), new(2, w, 2, 2) }));
        Assert.That((told[2].Order, told[2].Target, told[2].Done, told[2].Total), Is.EqualTo((2, (Node)w, 1, 2)));
    }

    [Test]
    public void Tolerances_decide()
    {
        Node off = CustomGradient("off", [w], p => Sin(p[0]), (i, _, c) => [c * Cos(i[0]) * 1.001]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(GradientCheck.Run(off, [w]).Passed, Is.False);
            Assert.That(GradientCheck.Run(off, [w], options: new GradientCheckOptions { RelativeTolerance = 1e-2 }).Entries.Select(e => e.Verdict), Has.All.EqualTo(GradientVerdict.Passed));
            Assert.That(GradientCheck.Run(off, [w], options: new GradientCheckOptions { AbsoluteTolerance = 1e-2 }).Entries.Select(e => e.Verdict), Has.All.EqualTo(GradientVerdict.Passed));
        }
    }

    private sealed class Watch(Action<GradientCheckProgress> told) : IProgress<GradientCheckProgress>
    {
        public void Report(GradientCheckProgress value) => told(value);
    }
}

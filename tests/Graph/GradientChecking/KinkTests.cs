using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Points where a derivative does not exist, is infinite, or cannot be told.</summary>
[TestFixture]
public sealed class KinkTests
{
    [Test]
    public void A_gradient_between_the_slopes_is_accepted_and_marked()
    {
        GradientEntry entry = Only(x => Relu(x), 0);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(entry.Verdict, Is.EqualTo(GradientVerdict.Kink));
            Assert.That(entry.Analytic, Is.Zero);
            Assert.That(entry.Numeric, Is.EqualTo(0.5).Within(1e-9));
            Assert.That(entry.Note, Is.EqualTo("the slope jumps here; beside it slopes are 0 to 1"));
        }
    }

    [Test]
    public void A_gradient_outside_the_slopes_fails()
    {
        Node Wrong(Node x) => CustomGradient("wrong relu", [x], p => Relu(p[0]), (i, _, c) => [Where(i[0] >= 0, 1.5 * c, ZerosLike(c))]);

        Assert.That(Only(Wrong, 0).Verdict, Is.EqualTo(GradientVerdict.Failed));
    }

    [Test]
    public void A_jump_is_judged_by_the_slopes_beside_it()
    {
        Node Leaking(Node x) => CustomGradient("straight through", [x], p => Floor(p[0]), (_, _, c) => [c]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Only(Floor, 2).Note, Is.EqualTo("the value jumps here; beside it slopes are 0"));
            Assert.That(Only(Leaking, 2).Verdict, Is.EqualTo(GradientVerdict.Failed));
        }
    }

    [Test]
    public void An_infinite_slope_is_recognised()
    {
        GradientEntry entry = Only(Sqrt, 0);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(entry.Analytic, Is.EqualTo(double.PositiveInfinity));
            Assert.That(entry.Numeric, Is.EqualTo(double.PositiveInfinity));
            Assert.That(entry.Verdict, Is.EqualTo(GradientVerdict.Kink));
        }
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(0.5)]
    public void The_branch_not_taken_lets_no_nan_through_to_second_order(double at)
    {
        Input<double> x = Input<double>("x", [], requiresGrad: true);
        GradientReport report = GradientCheck.Run(Where(x > 0, Sqrt(x), 0), [x], At(x, at), new GradientCheckOptions { Order = 2 });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Entries, Has.Count.EqualTo(2));
            Assert.That(report.Entries.Select(e => e.Analytic), Has.All.Matches<double>(double.IsFinite));
            Assert.That(report.Passed, Is.True, () => report.ToString());
        }
    }

    [Test]
    public void Infinite_slopes_of_the_branch_not_taken_stay_out()
    {
        foreach (Func<Node, Node> singular in new Func<Node, Node>[] { Log, Sqrt, Reciprocal, v => Pow(v, 0.5), v => 1 / v, v => Log1P(v - 1), Rsqrt })
        {
            Input<double> x = Input<double>("x", [], requiresGrad: true);
            GradientReport report = GradientCheck.Run(Where(x > 0, singular(x), x * x), [x], At(x, 0), new GradientCheckOptions { Order = 2 });

            Assert.That(report.Entries.Select(e => e.Analytic), Has.All.Matches<double>(double.IsFinite), () => report.ToString());
        }
    }

    [Test]
    public void What_is_not_finite_is_inconclusive()
    {
        GradientEntry entry = Only(Log, -1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(entry.Verdict, Is.EqualTo(GradientVerdict.Inconclusive));
            Assert.That(entry.Note, Is.EqualTo("the value is not finite at this point"));
        }
    }

    [Test]
    public void A_nan_gradient_of_a_finite_loss_fails()
    {
        Node Trap(Node x) => CustomGradient("trap", [x], p => p[0] * 1, (i, _, c) => [c * Log(i[0] - 5)]);

        GradientEntry entry = Only(Trap, 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(entry.Analytic, Is.NaN);
            Assert.That(entry.Verdict, Is.EqualTo(GradientVerdict.Failed));
        }
    }

    [Test]
    public void Noise_is_inconclusive_and_never_a_pass()
    {
        // Rounding at 10¹⁷ is 16: what is left of x has no derivative that differences could see.
        Node Noisy(Node x) => CustomGradient("noisy", [x], p => p[0] + 1e17 - 1e17, (_, _, c) => [c]);
        Input<double> x = Input<double>("x", [], requiresGrad: true);

        GradientReport report = GradientCheck.Run(Noisy(x), [x], At(x, 0.3));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Passed, Is.False, () => report.ToString());
            Assert.That(() => GradientCheck.Verify(Noisy(x) * 1e12 * Sin(1e12 * x), [x], At(x, 0.3)), Throws.TypeOf<GradientCheckException>());
        }
    }

    [Test]
    public void Waves_met_in_step_do_not_deceive()
    {
        // At steps of 1/16 and 1/32 every difference is zero.
        Assert.That(Only(x => Sin(32 * Math.PI * x), 1).Verdict, Is.EqualTo(GradientVerdict.Passed));
    }

    [Test]
    public void A_one_sided_point_is_judged_by_its_side()
    {
        GradientEntry entry = Only(x => x * Sqrt(x) * x, 0);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(entry.Analytic, Is.Zero);
            Assert.That(entry.Verdict, Is.Not.EqualTo(GradientVerdict.Failed));
        }
    }

    private static GradientEntry Only(Func<Node, Node> f, double at)
    {
        Input<double> x = Input<double>("x", [], requiresGrad: true);
        return GradientCheck.Run(f(x), [x], At(x, at)).Entries.Single();
    }

    private static Dictionary<Node, Tensor<double>> At(Node x, params double[] values) => new() { [x] = Tensor.Create(values, [values.Length]) };
}

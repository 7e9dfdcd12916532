using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>What the report of a gradient check holds, for programs that read it.</summary>
internal sealed class ReportTests
{
    private readonly Parameter<float> w = Parameter("w", Tensor.Create<float>([0.5f, -0.25f], [2]));

    [Test]
    public void Of_a_wrong_pullback_it_names_the_fault_and_its_numbers()
    {
        Node other = Constant([2.0, 3.0]);
        Node wrong = CustomGradient("wrong product", [Cast(other, DType.Float32), w], p => p[0] * Sin(p[1]), (i, _, c) => [null, 2 * c * i[0] * Cos(i[1])]);
        Node loss = Sum(wrong);
        GradientReport report = GradientCheck.Run(loss, [w]);
        GradientFault fault = report.Fault!;
        double slope = 2 * Math.Cos(0.5);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Loss, Is.SameAs(loss));
            Assert.That(report.Passed, Is.False);
            Assert.That((fault.Node, fault.Operation, fault.Input, fault.Degree), Is.EqualTo((wrong, "wrong product", 1, 1)));
            Assert.That(fault.Index, Is.EqualTo((EquatableArray<long>)[0]));
            Assert.That(fault.Inside, Is.Empty);
            Assert.That(fault.Analytic, Is.EqualTo(2 * fault.Numeric).Within(1e-8).And.Not.Zero, "of a random cotangent");
            Assert.That(fault.Bar, Is.InRange(0, 1e-6));
            GradientEntry first = report.Entries[0];
            Assert.That((first.Verdict, first.Output), Is.EqualTo((GradientVerdict.Failed, default(EquatableArray<long>?))));
            Assert.That((double[])[first.Analytic, first.Numeric], Is.EqualTo(new[] { 2 * slope, slope }).Within(1e-8));
            Assert.That(first.Bar, Is.InRange(0, 1e-6));
        }
    }

    [Test]
    public void Forward_and_reverse_mode_are_held_against_each_other_at_each_order()
    {
        GradientReport report = GradientCheck.Run(Sum(Exp(w)), [w], options: new GradientCheckOptions { Order = 2 });
        Assert.That(report.DotTests.Select(d => d.Order), Is.EqualTo(new[] { 1, 2 }));
        foreach (DotTest test in report.DotTests)
        {
            Assert.That(test.Verdict, Is.EqualTo(GradientVerdict.Passed));
            Assert.That(test.Tolerance, Is.InRange(0, 1e-3).And.GreaterThan(0));
            Assert.That(test.Forward, Is.EqualTo(test.Reverse).Within(test.Tolerance).And.Not.Zero);
        }
    }

    [Test]
    public void Of_a_full_Jacobian_it_says_which_element_of_the_loss()
    {
        GradientReport report = GradientCheck.Run(Square(w), [w], options: new GradientCheckOptions { Mode = GradientCheckMode.FullJacobian });
        Assert.That(report.Entries.Select(e => (e.Output!.Value[0], e.Index!.Value[0], Math.Round(e.Analytic, 9))), Is.EquivalentTo(new (long, long, double)[]
        {
            (0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, -0.5),
        }));
    }

    [Test]
    public void An_entry_says_where_and_a_fault_in_what()
    {
        Node y = Sin(w);
        var entry = new GradientEntry(1, w, [1], [0], 2, 2, 0.5, GradientVerdict.Passed, Note: null);
        var fault = new GradientFault(y, "Sin", 0, [1], 1, 2, 0.5, Degree: 2, Inside: ["outer", "inner"]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(entry.Place, Is.EqualTo("[1] of loss[0]"));
            Assert.That((entry with { Index = null, Output = null }).Place, Is.EqualTo("projection"));
            Assert.That(entry, Is.EqualTo(entry with { Output = (EquatableArray<long>)[0] }));
            Assert.That($"{fault}", Does.StartWith("The derivative of order 2 of Sin float32[2] (inside inner, in outer) disagrees").And.Contains("input 0 at index [1]: analytic 1, numeric 2 ± 0.5"));
        }
    }

    [Test]
    public void Automatic_is_usual_and_checks_every_coordinate_of_what_is_small()
    {
        Assert.That(new GradientCheckOptions().Mode, Is.EqualTo(GradientCheckMode.Automatic));
        Parameter<double> large = Parameter("large", [101], 0.5);
        var options = new GradientCheckOptions { Mode = GradientCheckMode.Automatic };
        GradientReport report = GradientCheck.Run(Sum(w) + Cast(Sum(large), DType.Float32), [w, large], options: options);
        Assert.That(report.Entries.Where(e => e.Target == w).Select(e => e.Place), Is.EqualTo(new[] { "[0]", "[1]" }));
        Assert.That(report.Entries.Where(e => e.Target == large).Select(e => e.Place), Is.EqualTo(Enumerable.Repeat("projection", 4)));
    }

    [Test]
    public void A_bar_wider_than_the_widest_is_inconclusive()
    {
        var strict = new GradientCheckOptions { WidestBar = 0, AbsoluteTolerance = 0 };
        GradientReport report = GradientCheck.Run(Sum(Exp(w)), [w], options: strict);
        Assert.That(report.Entries.Select(e => (e.Verdict, e.Note)), Has.All.EqualTo((GradientVerdict.Inconclusive, "the error bar is too wide")));
        Assert.That(GradientCheck.Run(Sum(Exp(w)), [w], options: strict with { WidestBar = 1e-3 }).Passed);
        Assert.That(strict.WidestBar, Is.Zero);
    }
}

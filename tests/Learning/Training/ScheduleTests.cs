namespace GraphCompiler.Learning.Tests.Training;

/// <summary>Schedules go as their formulas say.</summary>
internal sealed class ScheduleTests
{
    private static IEnumerable<TestCaseData> Schedules()
    {
        yield return Case("Constant", Schedule.Constant(0.3), _ => 0.3);
        yield return Case("EverySteps", Schedule.EverySteps(0.5, 10, 0.2), t => 0.5 * Math.Pow(0.2, t / 10));
        yield return Case("AtSteps", Schedule.AtSteps(0.5, [3, 40], 0.1), t => t < 3 ? 0.5 : t < 40 ? 0.05 : 0.005);
        yield return Case("Exponential", Schedule.Exponential(2, 0.9), t => 2 * Math.Pow(0.9, t));
        yield return Case("Cosine", Schedule.Cosine(1, 100, 10, 0.1), t => t < 10 ? (t + 1) / 10.0 : 0.1 + (0.9 * (1 + Math.Cos(Math.PI * Math.Min(1, (t - 10) / 90.0))) / 2));
        yield return Case("Cosine without warm-up", Schedule.Cosine(1, 100), t => (1 + Math.Cos(Math.PI * Math.Min(1, t / 100.0))) / 2);
        yield return Case("Linear", Schedule.Linear(1, 100, 10), t => t < 10 ? (t + 1) / 10.0 : 1 - Math.Min(1, (t - 10) / 90.0));
        yield return Case("InverseSquareRoot", Schedule.InverseSquareRoot(2, 16), t => 2 * Math.Min((t + 1) / 16.0, Math.Sqrt(16.0 / (t + 1))));
        yield return Case("AfterWarmUp", Schedule.Linear(1, 90).AfterWarmUp(10), t => t < 10 ? (t + 1) / 10.0 : 1 - Math.Min(1, (t - 10) / 90.0));
        yield return Case("Of", Schedule.Of(t => 1 / (1 + t)), t => 1 / (1.0 + t));

        static TestCaseData Case(string name, Schedule schedule, Func<long, double> formula) => new TestCaseData(schedule, formula).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Schedules))]
    public void A_schedule_is_its_formula(Schedule schedule, Func<long, double> formula)
    {
        foreach (long step in (long[])[0, 1, 2, 3, 9, 10, 11, 39, 40, 57, 99, 100])
        {
            Assert.That(schedule.At(step), Is.EqualTo(formula(step)).Within(1e-12), $"step {step}");
        }
    }

    /// <summary>torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=100): a half cosine up to step 29, another down to step 99.</summary>
    [TestCase(0, 0.04)]
    [TestCase(29, 1)]
    [TestCase(64, 0.500002)]
    [TestCase(99, 0.000004)]
    public void One_cycle_turns_where_PyTorch_turns(long step, double expected) => Assert.That(Schedule.OneCycle(1, 100).At(step), Is.EqualTo(expected).Within(1e-9));

    [Test]
    public void A_plateau_scales_down_after_epochs_that_brought_nothing()
    {
        var plateau = new Plateau(0.5) { Factor = 0.1, Patience = 2, Threshold = 0.1, Cooldown = 1, Minimum = 0.01 };
        double[] scales = [.. ((double[])[1, 0.95, 0.92, 0.5, double.NaN, 0.49, 0.48, 0.48, 0.48, 0.48]).Select(loss =>
        {
            plateau.Tell(loss);
            return plateau.Scale;
        })];
        Assert.That(scales, Is.EqualTo((double[])[1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001]).Within(1e-12));
        Assert.That((plateau.Factor, plateau.Patience, plateau.Threshold, plateau.Cooldown, plateau.Minimum), Is.EqualTo((0.1, 2, 0.1, 1, 0.01)));
        Assert.That(() => new Plateau(1) { Factor = 1 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Plateau(1) { Patience = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void What_is_no_schedule_is_refused()
    {
        Assert.That(() => Schedule.Constant(-1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("at least 0"));
        Assert.That(() => Schedule.Cosine(1, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Schedule.Cosine(1, 10, 11), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Schedule.OneCycle(1, 100, 0.001), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("at least one rises"));
        Assert.That(() => Schedule.Constant(1).At(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That((Schedule.Linear(1, 7).Steps, Schedule.Constant(1).Steps), Is.EqualTo(((long?)7, (long?)null)));
        Assert.That(Schedule.Linear(1, 7).AfterWarmUp(3).Steps, Is.EqualTo(10));
        Assert.That(() => Schedule.Constant(1).AfterWarmUp(0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}

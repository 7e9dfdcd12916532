using static GraphCompiler.Ops;

namespace GraphCompiler.Tests;

/// <summary>The numbers of optimisers: each reads back, is what is usual if it is not given, and matters.</summary>
internal sealed class OptimizerNumbersTests
{
    private static IEnumerable<TestCaseData> Numbers()
    {
        yield return Case("Adadelta.Rho", new(), v => new() { Rho = v }, (Adadelta o) => o.Rho, 0.9, 0.5);
        yield return Case("Adadelta.Epsilon", new(), v => new() { Epsilon = v }, (Adadelta o) => o.Epsilon, 1e-6, 1e-2);
        yield return Case("Adam.Beta1", new(), v => new() { Beta1 = v }, (Adam o) => o.Beta1, 0.9, 0.5);
        yield return Case("Adam.Beta2", new(), v => new() { Beta2 = v }, (Adam o) => o.Beta2, 0.999, 0.5);
        yield return Case("Adam.Epsilon", new(), v => new() { Epsilon = v }, (Adam o) => o.Epsilon, 1e-8, 1e-2);
        yield return Case("NAdam.MomentumDecay", new(), v => new() { MomentumDecay = v }, (NAdam o) => o.MomentumDecay, 4e-3, 1);
        yield return Case("RmsProp.Alpha", new(), v => new() { Alpha = v }, (RmsProp o) => o.Alpha, 0.99, 0.5);
        yield return Case("RmsProp.Epsilon", new(), v => new() { Epsilon = v }, (RmsProp o) => o.Epsilon, 1e-8, 1e-2);
        yield return Case("Adagrad.Epsilon", new(), v => new() { Epsilon = v }, (Adagrad o) => o.Epsilon, 1e-10, 1e-2);

        static TestCaseData Case<T>(string name, T plain, Func<double, T> make, Func<T, double> read, double usual, double other)
            where T : Optimizer =>
            new TestCaseData(plain, (Func<double, Optimizer>)make, (Func<Optimizer, double>)(o => read((T)o)), usual, other).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Numbers))]
    public void Each_reads_back_and_matters(Optimizer plain, Func<double, Optimizer> make, Func<Optimizer, double> read, double usual, double other)
    {
        double[] trained = Trained(plain);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(read(plain), Is.EqualTo(usual));
            Assert.That(read(make(other)), Is.EqualTo(other));
            Assert.That(Trained(make(usual)), Is.EqualTo(trained));
            Assert.That(Trained(make(other)), Is.Not.EqualTo(trained));
            Assert.That(() => make(-0.5), Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    }

    [Test]
    public void Adam_of_ones_own_is_Adam_to_the_bit()
    {
        Assert.That(Trained(new OwnAdam(0.1)), Is.EqualTo(Trained(new Adam(0.1))));
        Assert.That(Trained(new OwnAdam(0.1) { CountsItself = true }), Is.EqualTo(Trained(new Adam(0.1))), "1 − βᵗ");
    }

    private static double[] Trained(Optimizer optimizer)
    {
        Parameter<double> w = Parameter("w", new double[] { 1, -2 });
        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [], optimizer.Minimize(Sum(w * w * w), [w]));
        for (int i = 0; i < 4; i++)
        {
            step.Run();
        }

        return [.. w.Values];
    }

    private sealed class OwnAdam(double learningRate) : Optimizer(learningRate)
    {
        public bool CountsItself { get; init; }

        protected override Node Step(Parameter parameter, Node gradient, OptimizerState state)
        {
            Node mean = state.Average("mean", 0.9, gradient);
            Node square = state.Average("square", 0.999, gradient * gradient);
            Node rate = LearningRate.As(DType.Float64) / Lacks(0.9);
            return parameter - (Cast(rate, parameter.DType) * mean / ((Sqrt(square) / Cast(Sqrt(Lacks(0.999)), parameter.DType)) + 1e-8));

            Node Lacks(double beta) => CountsItself ? 1 - Pow(Constant(beta), state.CountSteps()) : state.BiasCorrection(beta);
        }
    }
}

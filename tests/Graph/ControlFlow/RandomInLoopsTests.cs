using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Random numbers in bodies: others in each step, and the same for all that a call computes of a step.</summary>
internal sealed class RandomInLoopsTests
{
    [Test]
    public void Each_step_draws_anew()
    {
        var generator = new Generator(3);
        (_, NodeList outputs) = Scan([], 6, (c, t) => ([], [Uniform(generator, [4], DType.Float64), Normal(generator, [2], DType.Float64)]));
        double[] first = Values(outputs[0]);
        Assert.That(first.Distinct().Count(), Is.EqualTo(24));
        Assert.That(first, Has.All.InRange(0.0, 1.0));
        Assert.That(Values(outputs[1]).Distinct().Count(), Is.EqualTo(12));
        Assert.That(Values(outputs[0]).Intersect(first), Is.Empty, "each call draws anew");
    }

    [Test]
    public void Steps_of_loops_in_loops_draw_anew()
    {
        var generator = new Generator(3);
        (_, NodeList outputs) = Scan([], 3, (c, t) =>
        {
            (_, NodeList inner) = Scan([], 4, (d, u) => ([], [Uniform(generator, [2], DType.Float64)]));
            return ([], [inner[0], Cond(Equal(t, 1), () => Uniform(generator, [2], DType.Float64), () => Uniform(generator, [2], DType.Float64))]);
        });
        Assert.That(Values(outputs[0]).Concat(Values(outputs[1])).Distinct().Count(), Is.EqualTo(24 + 6));
    }

    [Test]
    public void As_long_as_a_draw_says_so()
    {
        var generator = new Generator(5);
        NodeList last = While(
            [Zeros([40], DType.Float64), Constant(0L)],
            s => (Uniform(generator, [], DType.Float64) < 0.9) & (s[1] < 40),
            s => [ScatterAdd(s[0], 0, Unsqueeze(s[1], 0), Unsqueeze(Uniform(generator, [], DType.Float64), 0)), s[1] + 1]);
        double[] drawn = Values(Concat([last[0], Unsqueeze(Cast(last[1], DType.Float64), 0)], 0));
        Assert.That(drawn[40], Is.GreaterThan(1));
        Assert.That(drawn[..40].Distinct().Count(), Is.EqualTo(Math.Min(40, (int)drawn[40] + 1)));
    }

    [Test]
    public void Draws_from_outside_are_the_same_in_all_steps()
    {
        var generator = new Generator(3);
        Node noise = Uniform(generator, [3], DType.Float64);
        (_, NodeList outputs) = Scan([], 5, (c, t) => ([], [noise]));
        Assert.That(Values(outputs[0]).Distinct().Count(), Is.EqualTo(3));
    }

    [Test]
    public void Gradients_see_the_numbers_that_the_values_were_made_of([Values] bool isBounded)
    {
        var generator = new Generator(7);
        Input<double> w = Variable("w", 2);
        Node last = isBounded
            ? While([Ones([2], DType.Float64), Constant(0)], s => s[1] < 4, s => [(s[0] * w) + Uniform(generator, [2], DType.Float64), s[1] + 1], most: 5)[0]
            : Scan(Ones([2], DType.Float64), 4, (h, t) => (h * w) + Dropout(generator, Ones([2], DType.Float64), 0.5)).Last;

        // dLast/dw by forward and by reverse mode, and the numbers themselves, of one call.
        Node gradient = Gradients(Sum(last), w)[0];
        Node tangent = Jvp([last], [w], [Ones([2], DType.Float64)])[0];
        Dictionary<Node, TensorValue> given = new() { [w] = Reals([2], 0.7, -0.4) };
        TensorValue[] values = Interpreter.Evaluate([gradient, tangent], given);
        AssertSame(values[0], values[1]);
    }

    [Test]
    public void Steps_are_uniform_and_independent()
    {
        var generator = new Generator(11);
        (_, NodeList outputs) = Scan([], 500, (c, t) => ([], [Uniform(generator, [8], DType.Float64)]));
        double[] u = Values(outputs[0]);
        Assert.That(u.Average(), Is.EqualTo(0.5).Within(0.02));
        Assert.That(u.Zip(u.Skip(8), (a, b) => (a - 0.5) * (b - 0.5)).Average(), Is.EqualTo(0).Within(0.006));
        Assert.That(u.Zip(u.Skip(1), (a, b) => (a - 0.5) * (b - 0.5)).Average(), Is.EqualTo(0).Within(0.006));
    }
}

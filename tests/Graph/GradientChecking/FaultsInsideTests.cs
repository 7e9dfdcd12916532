using System.Numerics.Tensors;
using GraphCompiler.Operations;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>What is wrong within a loop, a branch or a function of one's own is named itself, in which step, and in which mode.</summary>
internal sealed class FaultsInsideTests
{
    private readonly Input<double> x = Input<double>("x", [3], requiresGrad: true);

    [Test]
    public void The_node_in_the_body_of_a_loop_is_named_and_the_step()
    {
        GradientFault fault = Fault(Scan(Constant(0.5), x, (h, r) => Sin(h) + Wrong(r), reverse: true).Last);
        Assert.That((fault.Operation, fault.Inside.Single(), fault.Input), Is.EqualTo(("wrong", "step 0 of Scan", 0)));
        Assert.That(fault.ToString(), Does.StartWith("The pullback of wrong float64[] (inside step 0 of Scan) disagrees with differences of that operation alone, for input 0 at index []: analytic "));

        // Right at 0, where its first steps are.
        Node square = Scan(Constant(0.0), x, (h, r) => Own("square", h, x => x * x, (x, c) => 3 * x * c) + r).Last;
        Assert.That(Fault(square).Inside.Single(), Is.EqualTo("step 1 of Scan"));

        Node loop = Scan(x, 2, (h, _) => While(h, s => Sum(s) < 9, s => s + Wrong(s) + 2, most: 3).Named("inner")).Last;
        Assert.That(Fault(loop).Inside, Is.EqualTo(new[] { "step 0 of Scan", "step 0 of While 'inner'" }));
    }

    [Test]
    public void The_node_in_the_branch_that_was_taken_is_named()
    {
        GradientFault fault = Fault(Cond(Sum(x) > 100, () => x, () => Exp(Wrong(x))).Named("choice"));
        Assert.That((fault.Operation, fault.Inside.Single()), Is.EqualTo(("wrong", "Cond 'choice'")));
        Assert.That(GradientCheck.Run(Cond(Sum(x) < 100, () => x, () => Exp(Wrong(x))), [x]).Passed, Is.True, "what is not taken is not looked at");
    }

    [Test]
    public void A_wrong_second_derivative_in_a_loop_is_named()
    {
        Node cube = Scan(Constant(1.0), x, (h, r) => h * Own("cube", r, x => x * x * x, (x, c) => 3 * Square(Detach(x)) * c)).Last;
        Assert.That(GradientCheck.Run(cube, [x]).Passed, Is.True);
        GradientReport report = GradientCheck.Run(cube, [x], options: new GradientCheckOptions { Order = 2 });
        Assert.That((report.Verdict, report.Fault?.Operation, report.Fault?.Degree), Is.EqualTo((GradientVerdict.Failed, "cube", (int?)2)), report.ToString());
    }

    [Test]
    public void A_wrong_pushforward_is_named([Values] bool inLoop)
    {
        Node loss = inLoop ? Scan(Constant(0.5), x, (h, r) => h + Forward(r)).Last : Sum(Forward(x));
        GradientReport report = GradientCheck.Run(loss, [x]);
        GradientFault fault = report.Fault!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Entries.Select(e => e.Verdict), Has.All.EqualTo(GradientVerdict.Passed));
            Assert.That(report.DotTests.Single().Verdict, Is.EqualTo(GradientVerdict.Failed));
            Assert.That((fault.Operation, fault.IsForward, fault.Inside.Count), Is.EqualTo(("forward", true, inLoop ? 1 : 0)));
            Assert.That(fault.Analytic, Is.EqualTo(3 * fault.Numeric).Within(1e-9).And.Not.Zero);
            Assert.That(fault.ToString(), Does.Contain("The pushforward of forward").And.Contain("disagrees with the pullback of that operation alone, for input 0 at index [").And.Contain(" against "));
        }
    }

    private GradientFault Fault(Node loss)
    {
        GradientReport report = GradientCheck.Run(loss, [x], new Dictionary<Node, Tensor<double>> { [x] = Tensor.Create<double>([0.5, 0.75, 1.25], [3]) });
        Assert.That(report.Verdict, Is.EqualTo(GradientVerdict.Failed));
        return report.Fault!;
    }

    private static Node Wrong(Node x) => Own("wrong", x, Sin, (x, c) => c * x);

    /// <summary>Twice its input, or three times that in forward mode.</summary>
    private static Node Forward(Node x) => Own("forward", x, x => 2 * x, pushforward: (_, t) => 6 * t);

    /// <summary>A function with derivatives of its own.</summary>
    private static Node Own(string name, Node x, Func<Node, Node> function, Func<Node, Node, Node>? pullback = null, Func<Node, Node, Node>? pushforward = null)
    {
        var body = Function.Trace(name, [(x.Results[0], "x", true)], p => [function(p[0])], out _);
        return Node.Create(new CallOp(body, 1, name, pullback is null ? null : (p, _, c) => [pullback(p[0], c[0]!)], pushforward is null ? null : (p, _, t) => [pushforward(p[0], t[0]!)]), x);
    }
}

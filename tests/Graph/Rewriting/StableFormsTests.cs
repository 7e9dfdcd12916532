using GraphCompiler.Operations;
using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

/// <summary>Forms are written over the nodes of the graph that they were found in, and pass by no target.</summary>
public class StableFormsTests
{
    private static readonly Input<double> X = Variable("x", 3);

    private static IReadOnlyDictionary<Node, StableForm> Forms(Node root, params Node[] targets) => StableForms.Of(GraphWalk.TopologicalOrder([root]), targets);

    [Test]
    public void A_form_has_the_nodes_below_its_pattern_as_inputs()
    {
        Node q = Sin(X);
        Node y = Log(1 + Exp(q));
        StableForm form = Forms(Tanh(y))[y];
        Assert.That(form.Root.Op, Is.TypeOf<SoftplusOp>());
        Assert.That(form.Inputs, Is.EqualTo(new[] { q }));
        Assert.That(form.Root.Inputs[0], Is.SameAs(q));
    }

    [Test]
    public void What_is_not_stabilised_has_no_form()
    {
        Node y = Log(1 + Exp(Sin(X)));
        Assert.That(Forms(Tanh(y)).Keys, Is.EqualTo(new[] { y }));
        Assert.That(Forms(Sin(X)), Is.Empty);
    }

    [Test]
    public void Targets_are_not_matched_through()
    {
        Node inner = Softmax(X);
        Node y = Log(inner);
        Assert.That(Forms(y), Is.Not.Empty);
        Assert.That(Forms(y, inner), Is.Empty);
    }

    [Test]
    public void A_target_that_has_a_form_is_not_matched_through()
    {
        Node inner = 1 / (1 + Exp(-X));
        Node y = Log(inner);
        Assert.That(Forms(y)[y].Root.Op, Is.TypeOf<NegOp>(), "−softplus(−x)");
        IReadOnlyDictionary<Node, StableForm> forms = Forms(y, inner);
        Assert.That(forms.Keys, Is.EqualTo(new[] { inner }));
        Assert.That(forms[inner].Root.Op, Is.TypeOf<SigmoidOp>());
    }

    [Test]
    public void Forms_of_forms_keep_the_nodes_that_they_do_not_absorb()
    {
        Node z = Log(1 + Exp(X));
        Node y = z / (1 + Exp(-Sin(z)));
        IReadOnlyDictionary<Node, StableForm> forms = Forms(y);
        Assert.That(forms[y].Inputs, Does.Contain(z), "not its softplus");
        Assert.That(forms[y].Inputs.All(GraphWalk.TopologicalOrder([y]).Contains), Is.True);
        Assert.That(forms[z].Root.Op, Is.TypeOf<SoftplusOp>());
    }

    [Test]
    public void A_form_that_is_another_node_of_the_graph_is_not_looked_through()
    {
        Node s = Sigmoid(X);
        Node t = Log(Exp(s));
        Node y = Log(t);
        IReadOnlyDictionary<Node, StableForm> forms = Forms(y);
        Assert.That(forms[t].Root, Is.SameAs(s));
        Assert.That(forms.ContainsKey(y), Is.False);
    }

    [Test]
    public void A_node_with_a_form_becomes_no_other_node()
    {
        Node x = Variable();
        Node k = Log(Exp(x));
        Node gradient = Gradients(k + (3 * x), k)[0];
        Assert.That(Value(gradient, (x, Reals([], 0.5))), Is.EqualTo(1), "k is x, but what depends on k does not include 3·x");
    }

    [Test]
    public void Equal_targets_stay_apart()
    {
        Node x = Variable();
        Node a = x * 2;
        Node b = x * 2;
        NodeList gradients = Gradients(a + (5 * b), a, b);
        Assert.That(gradients.Select(g => Value(g, (x, Reals([], 1)))), Is.EqualTo(new double[] { 1, 5 }));
    }

    [Test]
    public void A_target_that_was_rewritten_is_still_not_matched_through()
    {
        Node x = Variable("x", 2);
        Node k = Log(Softmax(x));
        Node loss = Sum(Exp(k) * Vector(1, 2));
        double[] gradient = Values(Gradients(loss, k)[0], (x, Reals([2], 0, 0)));
        Assert.That(gradient, Is.EqualTo(new[] { 0.5, 1.0 }).Within(1e-12));
    }

    /// <summary>Every node inside a pattern can be a target, alone and beside what is below it, and gradients can be taken through it again.</summary>
    [TestCaseSource(typeof(RuleTests), nameof(RuleTests.StableCases))]
    public void Every_node_of_a_pattern_can_be_a_target(Node root)
    {
        Node[] inner = [.. GraphWalk.TopologicalOrder([root]).Where(n => n.RequiresGrad && n.Results.Count == 1)];
        Node loss = Sum(Sin(root)) + Sum(0.5 * root * root);
        foreach (Node target in inner)
        {
            GradientReport report = GradientCheck.Run(loss, [target], options: new GradientCheckOptions { Order = 2, Mode = GradientCheckMode.SampledCoordinates(3) });
            Assert.That(report.Verdict, Is.EqualTo(GradientVerdict.Passed), () => $"{target}: {report}");
        }
    }

    [Test]
    public void The_derivative_is_that_of_the_form_where_the_pattern_overflows()
    {
        Node x = Variable();
        foreach ((Node y, double at, double slope, double curvature) in new[]
        {
            (Log(1 + Exp(x)), 1000, 1, 0), (Log(1 + Exp(x)), -1000, 0, 0.0), (Log(Sigmoid(x)), -1000, 1, 0), (1 / (1 + Exp(-x)), -1000, 0, 0),
            (Log(1 / (1 + Exp(-x))), -1000, 1, 0), (x / (1 + Exp(-x)), 1000, 1, 0), (Log(Exp(x)), 1000, 1, 0),
        })
        {
            Node first = Gradients(y, x)[0];
            Assert.That(Value(first, (x, Reals([], at))), Is.EqualTo(slope), y.ToString());
            Assert.That(Value(Jvp([y], [x], [OnesLike(x)])[0], (x, Reals([], at))), Is.EqualTo(slope), y.ToString());
            Assert.That(Value(Gradients(x * first, [x], Unreached.Zeros)[0], (x, Reals([], at))), Is.EqualTo(slope + (at * curvature)), y.ToString());
        }
    }
}

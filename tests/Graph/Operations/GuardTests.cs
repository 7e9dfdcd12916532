using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Conditions on symbols that are decided when sizes are bound.</summary>
public class GuardTests
{
    private static readonly Input<double> X = Input<double>("x", ["N", 4]);

    private static TensorValue Rows(long n) => Reals([n, 4], new double[n * 4]);

    [Test]
    public void Reshape_checks_the_number_of_elements()
    {
        Node y = Input<double>("y", ["M"]);
        Node shaped = Reshape(X, ["M", 2]).Named("pairs");
        Assert.That(Run(shaped, (X, Rows(3)), (y, Reals([6], new double[6]))).Shape, Is.EqualTo(new long[] { 6, 2 }));
        Assert.That(
            () => Run(shaped, (X, Rows(3)), (y, Reals([5], new double[5]))),
            Throws.TypeOf<BindingException>().With.Message.Contains("Reshape 'pairs'").And.Message.Contains("4*N is 12 and 2*M is 10").And.Message.Contains("'x'"));
    }

    [Test]
    public void Slice_checks_its_ends()
    {
        Node tail = Slice(X, 0, -2);
        Assert.That(Run(tail, (X, Rows(5))).Shape, Is.EqualTo(new long[] { 2, 4 }));
        Assert.That(() => Run(tail, (X, Rows(1))), Throws.TypeOf<BindingException>().With.Message.Contains("Slice").And.Message.Contains("'x'"));
        Assert.That(() => Run(Slice(X, 0, 0, 3), (X, Rows(2))), Throws.TypeOf<BindingException>().With.Message.Contains("ends after its size N").And.Message.Contains("N is 2"));
        Assert.That(() => Run(Select(X, 0, 2), (X, Rows(2))), Throws.TypeOf<BindingException>().With.Message.Contains("N is 2"));
    }

    [Test]
    public void Extrema_need_an_element()
    {
        Assert.That(() => Run(Max(X, 0), (X, Rows(0))), Throws.TypeOf<BindingException>().With.Message.Contains("axis 0 has no elements").And.Message.Contains("N is 0"));
        Assert.That(() => Run(ArgMin(X, 0), (X, Rows(0))), Throws.TypeOf<BindingException>().With.Message.Contains("ArgMin"));
        Assert.That(Run(Max(X, 1), (X, Rows(0))).Shape, Is.EqualTo(new long[] { 0 }));
    }

    [Test]
    public void Arguments_must_have_the_declared_sizes()
    {
        Node y = Input<double>("y", ["N"]);
        Assert.That(
            () => Run(Sum(X, 1) + y, (X, Rows(3)), (y, Reals([2], 1, 2))),
            Throws.TypeOf<BindingException>().With.Message.Contains("N is 3 in Input 'x'").And.Message.Contains("2 in Input 'y'"));
        Assert.That(() => Run(X, (X, Reals([2, 5], new double[10]))), Throws.TypeOf<BindingException>().With.Message.Contains("axis 1 must have size 4"));
        Assert.That(() => Run(X, (X, Reals([4], new double[4]))), Throws.TypeOf<BindingException>().With.Message.Contains("'x'"));
        Assert.That(() => Run(X, (X, Whole([1, 4], 0, 0, 0, 0))), Throws.TypeOf<BindingException>().With.Message.Contains("int64"));
        Node z = Input<double>("z", [(Dim)"N" + 1]);
        Assert.That(() => Run(Sum(X) + Sum(z), (X, Rows(2)), (z, Reals([2], 1, 2))), Throws.TypeOf<BindingException>().With.Message.Contains("axis 0 must have size 3"));
    }

    [Test]
    public void An_unknown_size_is_named() =>
        Assert.That(() => Run(Ones(["K"])), Throws.TypeOf<BindingException>().With.Message.Contains("The size K is not known"));
}

using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Differentiation;

/// <summary>Derivatives of all elements in all elements.</summary>
public class JacobianTests
{
    private static readonly Input<double> X = Variable("x", 3);
    private static readonly TensorValue At = Reals([3], 0.5, 2, -1);

    [Test]
    public void Both_ways_give_the_derivatives_of_each_element([Values] JacobianMode mode)
    {
        // y[i] = x[i]·x[i + 1]
        Node y = X[..2] * X[1..];
        Node jacobian = Jacobian(y, X, mode);
        Assert.That(jacobian.Shape, Is.EqualTo(S(2, 3)));
        Assert.That(Values(jacobian, (X, At)), Is.EqualTo(new[] { 2, 0.5, 0, 0, -1, 2 }));
    }

    [Test]
    public void Axes_are_the_outputs_and_then_the_targets([Values(JacobianMode.Forward, JacobianMode.Reverse)] JacobianMode mode)
    {
        Input<double> a = Variable("a", 2, 3);
        Node q = a * 2;
        Node y = Transpose(q) * 5;
        Node jacobian = Jacobian(y, q, mode);
        Assert.That(jacobian.Shape, Is.EqualTo(S(3, 2, 2, 3)));
        TensorValue value = Run(jacobian, (a, Reals([2, 3], 1, 2, 3, 4, 5, 6)));
        for (int i = 0; i < 36; i++)
        {
            (int row, int column, int targetRow, int targetColumn) = (i / 12, i / 6 % 2, i / 3 % 2, i % 3);
            Assert.That(value[i], Is.EqualTo(row == targetColumn && column == targetRow ? 5 : 0), $"element {i}");
        }
    }

    [Test]
    public void Sizes_may_be_symbols([Values] JacobianMode mode)
    {
        Input<double> x = Variable("x", "N");
        Node y = CumulativeSum(x * x, 0);
        Assert.That(Values(Jacobian(y, x, mode), (x, Reals([2], 1, 3))), Is.EqualTo(new double[] { 2, 0, 2, 6 }));
        Assert.That(Values(Hessian(Sum(y), x), (x, Reals([2], 1, 3))), Is.EqualTo(new double[] { 4, 0, 0, 2 }));
    }

    [Test]
    public void A_Hessian_holds_the_second_derivatives()
    {
        Node loss = Sum(X * X * X) + (X[0] * X[1] * 4);
        Assert.That(Values(Hessian(loss, X), (X, At)), Is.EqualTo(new double[] { 3, 4, 0, 4, 12, 0, 0, 0, -6 }));
        Assert.That(Values(HessianDiagonal(loss, X), (X, At)), Is.EqualTo(new double[] { 3, 12, -6 }));
        Assert.That(Values(Hessian(Sum(X), X), (X, At)), Is.All.Zero, "a constant gradient");
        Assert.That(Values(HessianDiagonal(Sum(X), X), (X, At)), Is.All.Zero);

        Input<double> a = Variable("a", 2, 2);
        (Node, TensorValue) given = (a, Reals([2, 2], 2, 1, 0, 3));
        Node det = Det(a);
        Assert.That(Hessian(det, a).Shape, Is.EqualTo(S(2, 2, 2, 2)));
        Assert.That(Values(Hessian(det, a), given), Is.EqualTo(new double[] { 0, 0, 0, 1, 0, 0, -1, 0, 0, -1, 0, 0, 1, 0, 0, 0 }).Within(1e-14));
        Assert.That(Values(HessianDiagonal(det, a), given), Is.EqualTo(new double[4]).Within(1e-14));
    }

    [Test]
    public void They_agree_with_products_through_loops_and_functions_and_are_differentiated_again()
    {
        Node y = Scan(X, 3, (h, _) => Sin(h) * Sum(h)).Last + Checkpoint(v => v * Norm(v), X) + CumulativeProduct(X, 0);
        Node direction = Vector(1, 2, 3);
        Node column = Jvp([y], [X], [direction])[0];
        foreach (JacobianMode mode in Enum.GetValues<JacobianMode>())
        {
            Assert.That(Values(MatMul(Jacobian(y, X, mode), direction), (X, At)), Is.EqualTo(Values(column, (X, At))).Within(1e-12), $"{mode}");
        }

        Node loss = Sum(y * y);
        Assert.That(Values(MatMul(Hessian(loss, X), direction), (X, At)), Is.EqualTo(Values(HessianVectorProduct(loss, [X], [direction])[0], (X, At))).Within(1e-9));
        Assert.That(Values(Gradients(Sum(Jacobian(X * X * X, X)), X)[0], (X, At)), Is.EqualTo(new double[] { 3, 12, -6 }));
    }

    [Test]
    public void What_has_none_is_refused()
    {
        Node other = Variable("other", 3);
        Assert.That(() => Jacobian(Sin(X), other), Throws.TypeOf<GradientException>().With.Message.Contains("other"));
        Assert.That(() => Jacobian(Detach(X), X), Throws.TypeOf<GradientException>().With.Message.Contains("Jacobian: the output"));
        Assert.That(() => Jacobian(Sin(X), Input<double>("plain", [3])), Throws.TypeOf<GradientException>().With.Message.Contains("plain"));
        Assert.That(() => Hessian(Sin(X), X), Throws.TypeOf<GradientException>().With.Message.Contains("scalar"));
    }
}

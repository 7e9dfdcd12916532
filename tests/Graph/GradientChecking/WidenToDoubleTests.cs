using System.Numerics.Tensors;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>Models in float32 are checked in double.</summary>
[TestFixture]
public sealed class WidenToDoubleTests
{
    private readonly Parameter<float> w = Parameter("w", Tensor.Create<float>([0.1f, 0.7f, -0.3f], [3]));

    [Test]
    public void A_float32_model_is_checked_as_closely_as_a_double_one()
    {
        Input<float> x = Input("x", ["N", 3], requiresGrad: true);
        Node loss = CrossEntropy(LayerNorm(Gelu(x * w) + 0.1f, w) * DimValue("N", DType.Float32), Arange("N"));
        GradientReport report = GradientCheck.Run(loss, [x, w], options: new GradientCheckOptions { Order = 2, RelativeTolerance = 1e-8, AbsoluteTolerance = 1e-9 });

        Assert.That(report.Passed, Is.True, () => report.ToString());
    }

    [Test]
    public void Every_node_becomes_double()
    {
        Node x = Cast(Cast(Iota([3], 0, DType.Float32), DType.Float64), DType.Float32);
        Node y = Sum(Sin(w) * x * Constant(0.1f)) + Cast(DimValue("N"), DType.Float32);
        IReadOnlyDictionary<Node, Node> wide = WidenToDouble.Run([y]);
        List<Node> order = GraphWalk.TopologicalOrder([wide[y]]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(order.SelectMany(n => n.Results).Select(r => r.DType), Has.None.EqualTo(DType.Float32));
            Assert.That(order.Where(n => n.Op.IsLeaf).Select(n => n.Op), Has.All.TypeOf<InputOp>());
            Assert.That(order.Select(n => n.Op).OfType<ConstantOp>().Select(c => c.Data.Value[0]), Does.Contain((double)0.1f), "constants keep the value they have");
        }
    }

    [Test]
    public void A_graph_of_doubles_stays_as_it_is_but_for_its_leaves()
    {
        Node constant = Constant(2.0);
        Node mask = Greater(Constant(1.0), 0.5 * constant);
        IReadOnlyDictionary<Node, Node> wide = WidenToDouble.Run([mask]);

        Assert.That(wide[mask], Is.SameAs(mask));
    }

    [Test]
    public void A_pullback_written_for_float32_is_asked_in_float32()
    {
        List<DType> asked = [];
        Node square = CustomGradient("square", [w], p => p[0] * p[0] * Constant(2f), (i, r, c) =>
        {
            asked.AddRange([i[0].DType, r.DType, c.DType]);
            return [c * i[0] * Constant(4f)];
        });

        GradientCheck.Verify(Sum(Sin(square)), [w], options: new GradientCheckOptions { Order = 2 });

        Assert.That(asked, Is.Not.Empty.And.All.EqualTo(DType.Float32));
    }

    [Test]
    public void Detachment_survives_where_a_cast_vanishes()
    {
        Node cast;
        using (GradMode.NoGrad())
        {
            cast = Cast(w, DType.Float64);
        }

        Assert.That(WidenToDouble.Run([cast])[cast].RequiresGrad, Is.False);
    }
}

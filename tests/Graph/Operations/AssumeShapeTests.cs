using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Operations;

/// <summary>Sizes that users know to be equal, and minima and maxima of sizes, from the graph to a call.</summary>
public class AssumeShapeTests
{
    [Test]
    public void Two_symbols_are_said_to_be_equal()
    {
        Node a = Input("a", ["N"]);
        Node b = Input("b", ["M"]);
        Assert.That(() => a + b, Throws.InstanceOf<ShapeException>().With.Message.Contains("AssumeShape"));
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([a, b], a + AssumeShape(b, a.Shape));
        Assert.That(compiled.Run((float[])[1, 2], (float[])[3, 4]).GetArray<float>(0), Is.EqualTo((float[])[4, 6]));
        string message = Assert.Throws<BindingException>(() => compiled.Run((float[])[1, 2], (float[])[3, 4, 5]))!.Message;
        Assert.That(message, Does.StartWith("AssumeShape: axis 0 has the size M, which is said to be N.").And.Contain("'b'").And.Contain("M is 3 and N is 2").And.Contain("M = N is needed"));
    }

    [Test]
    public void Its_error_has_the_users_name()
    {
        Node a = Input("a", ["N", 2]);
        Node b = Input("b", ["M", 2]);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([a, b], a.AssumeShape([-1, 2]) * b.AssumeShape(["N", -1]).Named("rest"));
        Assert.That(() => compiled.Run(Tensors.Zeros<float>(2, 2), Tensors.Zeros<float>(1, 2)), Throws.InstanceOf<BindingException>().With.Message.Contains("'rest'").And.Message.Contains("M is 1 and N is 2"));
    }

    [Test]
    public void Formulas_are_said_to_be_equal()
    {
        Node x = Input("x", ["H"], requiresGrad: true);
        Assert.That(() => x + Concat([Slice(x, 0, 0, null, 2), Slice(x, 0, 0, null, 2)]), Throws.InstanceOf<ShapeException>().With.Message.Contains("AssumeShape says that a size which is computed"));
        Dim half = ((Dim)"H" + 1) / 2;
        Node pooled = MaxPool1D(Unsqueeze(x, 0), 1, stride: 2);
        Node mirrored = Slice(x, 0, 0, null, 2);
        Node rest = AssumeShape(Slice(x, 0, (Dim)"H" / 2, (Dim)"H"), [half]);
        Node y = Sum(pooled[0].AssumeShape([half]) * mirrored.AssumeShape([half]) * rest);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [y, Gradients(y, x)[0]]);
        RunResults results = compiled.Run((float[])[1, 2, 3, 4, 5]);
        Assert.That(results.GetArray<float>(0)[0], Is.EqualTo((1 * 1 * 3) + (3 * 3 * 4) + (5 * 5 * 5)));
        Assert.That(results.GetArray<float>(1), Is.EqualTo((float[])[2 * 3, 0, (2 * 3 * 4) + 1, 9, (2 * 5 * 5) + 25]));
    }

    [Test]
    public void What_can_never_be_is_refused_where_it_is_said()
    {
        Node x = Input("x", ["N", 4]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => AssumeShape(x, ["N", 3]), Throws.InstanceOf<ShapeException>().With.Message.Contains("axis 1 has the size 4, which is said to be 3").And.Message.Contains("'x'"));
            Assert.That(() => AssumeShape(x, [Dim.OfSymbol("N") + 1, 4]), Throws.InstanceOf<ShapeException>().With.Message.Contains("said to be N + 1"));
            Assert.That(() => AssumeShape(x, ["N"]), Throws.InstanceOf<ShapeException>().With.Message.Contains("a size for each of the 2 axes"));
            Assert.That(AssumeShape(x, ["N", -1]), Is.SameAs(x));
            Assert.That(AssumeShape(x, [7, 4]).Shape, Is.EqualTo(Shape.Of([7, 4])));
        }
    }

    [Test]
    public void Sizes_may_be_minima_and_maxima()
    {
        Node x = Input("x", ["N"]);
        Node y = Input("y", ["M"]);
        Dim n = "N";
        Node first = Slice(x, 0, 0, Dim.Min(n, 3));
        Node padded = Pad(x, [(0, Dim.Max(n, "M") - n)]) + Pad(y, [(0, Dim.Max("M", n) - "M")]);
        Assert.That(first.Guards, Is.Empty);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x, y], [first, padded, DimValue(Dim.Min(n, 3))]);
        foreach (int size in (int[])[2, 5])
        {
            RunResults results = compiled.Run(Enumerable.Repeat(1f, size).ToArray(), (float[])[2, 2, 2]);
            using (Assert.EnterMultipleScope())
            {
                Assert.That(results.GetArray<float>(0), Has.Length.EqualTo(Math.Min(size, 3)));
                Assert.That(results.GetArray<float>(1), Is.EqualTo(Enumerable.Range(0, Math.Max(size, 3)).Select(i => (i < size ? 1f : 0) + (i < 3 ? 2 : 0))));
                Assert.That(results.GetArray<long>(2)[0], Is.EqualTo(Math.Min(size, 3)));
            }
        }
    }
}

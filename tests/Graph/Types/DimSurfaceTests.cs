using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Types;

/// <summary>Dimensions as users write them: beside text, beside other dimensions, and where two can never be equal.</summary>
public class DimSurfaceTests
{
    [Test]
    public void Text_and_a_dimension_are_text()
    {
        Node x = Input("x", ["N", 4]);
        string columns = "columns: " + x.Shape[1];
        string rows = "rows" + x.Shape[0];
        string both = x.Shape[0] + " by " + x.Shape[1];
        string list = "sizes " + x.Shape[0] + ", " + x.Shape[1] + 1;
        var written = new StringWriter();
        written.Write("rows: " + x.Shape[0]);
        Assert.That((columns, rows, both, list, $"{written}"), Is.EqualTo(("columns: 4", "rowsN", "N by 4", "sizes N, 41", "rows: N")));
        Assert.That("batch size: " + x.Shape[0] == "batch size: N", Is.True);
    }

    [Test]
    public void No_conversion_makes_a_dimension_of_text_that_holds_one() =>
        Assert.That(typeof(Dim).GetMethods().Where(m => m.Name == "op_Implicit").Select(m => m.GetParameters()[0].ParameterType), Has.None.EqualTo(typeof(DimText)));

    [Test]
    public void Arithmetic_with_symbols_is_written_as_before()
    {
        Node x = Input("x", ["N", 4]);
        Assert.That(x.Shape[0] + 1, Is.EqualTo(Dim.OfSymbol("N") + Dim.Of(1)));
        Assert.That(1 + x.Shape[0], Is.EqualTo(x.Shape[0] + 1));
        Assert.That((Dim)"M" + x.Shape[0], Is.EqualTo(x.Shape[0] + (Dim)"M"));
        Assert.That("M" * x.Shape[0], Is.EqualTo(x.Shape[0] * "M"));
        Assert.That(x.Shape[0] == "N", Is.True);
        Assert.That(x.Shape[0] != "M", Is.True);
        Shape shape = [x.Shape[0] + 1, "M", 2];
        Assert.That($"{shape}", Is.EqualTo("[N + 1, M, 2]"));
    }

    private static readonly object[][] Never =
    [
        [S("N", 4), S("N", 3), "only where N is 0"],
        [S("N", "M", 2), S("M", "N", 3), "only where M*N is 0"],
        [S("N", 4), S(3), "4*N elements, [3] has 3"],
        [S("N", 2), S((Dim)"N" + 1, 2), "2*N elements"],
        [S((Dim)"N" * 2), S(((Dim)"N" * 2) + 1), "2*N elements"],
        [S("N", 6), S("M", 3, 4, 5, 0), null!],
        [S("N", 4), S("M", 3), null!],
        [S("N", 2), S("N", "N"), null!],
        [S("N", 4), S(12), null!],
        [S("N"), S((Dim)"N" / 2, 2), null!],
        [S("N"), S(0), null!],
    ];

    [TestCaseSource(nameof(Never))]
    public void What_can_never_hold_is_refused_where_it_is_made(Shape from, Shape to, string? part)
    {
        Node x = Input("x", from);
        if (part is null)
        {
            Assert.That(() => Reshape(x, to), Throws.Nothing);
        }
        else
        {
            Assert.That(() => Reshape(x, to), Throws.TypeOf<ShapeException>().With.Message.StartsWith("Reshape:").And.Message.Contains(part).And.Message.Contains("'x'"));
        }
    }

    [Test]
    public void Other_operations_refuse_what_can_never_hold_too()
    {
        Dim n = "N";
        Assert.That(() => Conv1D(Input("x", [1, n, 5]), Input("w", [3, n * 2, 2])), Throws.TypeOf<ShapeException>().With.Message.Contains("only where N is 0"));
        Assert.That(() => Split(Input("x", [n * 2]), [n, n + 1]), Throws.TypeOf<ShapeException>().With.Message.Contains("2*N + 1"));
        Assert.That(() => Full([(n * -1) - 1], 1), Throws.TypeOf<ShapeException>().With.Message.Contains("below 0"));
        Assert.That(() => Select(Input("x", [0, n]), 0, 0), Throws.TypeOf<ShapeException>().With.Message.Contains("no element 0"));
        Assert.That(Dim.Same(n * 4, 3), Is.False, "a multiple of 4 is not 3");
        Assert.That(Dim.Same((n * 4) + 2, ((Dim)"M" * 2) + 1), Is.False, "even is not odd");
        Assert.That(Dim.Same((n * 4) + 2, (Dim)"M" * 2), Is.Null);
    }

    [Test]
    public void A_symbol_may_have_any_name_and_is_printed_in_quotes()
    {
        Dim batch = Dim.Named("batch size");
        Assert.That($"{batch * 2} {batch / 3} {Dim.Named("p2o.Dynamic.0")} {Dim.Named("N")} {Dim.Named("a\"b\\")}", Is.EqualTo("2*\"batch size\" (\"batch size\" / 3) \"p2o.Dynamic.0\" N \"a\\\"b\\\\\""));
        Assert.That(batch, Is.EqualTo(Dim.Named("batch size")).And.Not.EqualTo(Dim.Named("batch_size")));
        Assert.That(Dim.Named("N"), Is.EqualTo(Dim.OfSymbol("N")));
        Assert.That(batch.Symbol, Is.EqualTo("batch size"));
        Assert.That(() => Input("x", ["batch size"]), Throws.TypeOf<ShapeException>().With.Message.Contains("'batch size'").And.Message.Contains("Dim.Named"));
        Assert.That(() => Dim.Named(string.Empty), Throws.InstanceOf<ArgumentException>());

        Node x = Input("x", [batch, 2]);
        Node y = Input("y", [batch]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], Sum(x, 1) + y);
        Assert.That(graph.Run(Tensors.Ones<float>(3, 2), Tensors.Ones<float>(3)).GetArray<float>(), Is.EqualTo(new float[] { 3, 3, 3 }));
        Assert.That(() => graph.Run(Tensors.Ones<float>(3, 2), Tensors.Ones<float>(2)), Throws.TypeOf<BindingException>().With.Message.Contains("\"batch size\" = 2").And.Message.Contains("[\"batch size\", 2]"));
        Assert.That(() => x + Input("z", [Dim.Named("other size"), 2]), Throws.TypeOf<ShapeException>().With.Message.Contains("\"batch size\" and \"other size\" are equal"));
    }

    [Test]
    public void A_name_is_printed_on_one_line()
    {
        Assert.That($"{Dim.Named("a\nb\tc\r\0\u2028é")}", Is.EqualTo(@"""a\nb\tc\r\u0000\u2028é"""));
        Assert.That(() => Input("x", [Dim.Named("a\nb")]) + Input("y", [2]), Throws.TypeOf<ShapeException>().With.Message.Contains(@"""a\nb"""));
    }

    [Test]
    public void Quotients_round_down_whatever_the_signs([Values(-7L, -6, -1, 0, 1, 6, 7, long.MaxValue, long.MinValue)] long n, [Values(-3L, -2, -1, 1, 2, 3, long.MaxValue, long.MinValue)] long d)
    {
        (Int128 quotient, Int128 rest) = Int128.DivRem(n, d);
        Int128 floor = rest != 0 && rest < 0 != d < 0 ? quotient - 1 : quotient;
        Dim atom = (Dim)"N" / Dim.OfSymbol("D");
        long Value(string name) => name == "N" ? n : d;
        if (floor > long.MaxValue)
        {
            Assert.That(() => Dim.Of(n) / d, Throws.TypeOf<SizeException>());
            Assert.That(() => atom.Evaluate(Value), Throws.TypeOf<OverflowException>());
        }
        else
        {
            Assert.That(Dim.Of(n) / d, Is.EqualTo(Dim.Of((long)floor)));
            Assert.That(atom.Evaluate(Value), Is.EqualTo((long)floor));
        }
    }

    /// <summary>The compiler has variables of its own in dimensions, which no name of a user's is.</summary>
    [Test]
    public void No_name_of_a_symbol_is_the_compilers([Values("N", "ℓ0", "ℓ1", "%0", "i0")] string name)
    {
        Dim n = Dim.Named(name);
        Assert.That(Dim.OfLocal(0), Is.Not.EqualTo(n));
        Assert.That((Dim.OfLocal(0) * n).Substitute(_ => 3), Is.EqualTo(Dim.OfLocal(0) * 3));
        Assert.That((Dim.OfLocal(0) * n).SubstituteLocal(_ => 3), Is.EqualTo(n * 3));
        Node x = Input("x", [n, 3]);
        Node w = Softmax(x * 2) + Transpose(Reshape(x, [3, n]));
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [w, Flip(w, 0), CumulativeSum(w, 0)]);
        float[] given = [1, 2, 3, 4, 5, 6];
        RunResults results = graph.Run(given);
        Node z = Input("z", [2, 3]);
        using CompiledGraph numbers = GraphCompiler.Compiler.Compile([z], [Softmax(z * 2) + Transpose(Reshape(z, [3, 2])), Flip(Softmax(z * 2) + Transpose(Reshape(z, [3, 2])), 0)]);
        Assert.That(results.GetArray<float>(0), Is.EqualTo(numbers.Run(given).GetArray<float>(0)));
        Assert.That(results.GetArray<float>(1), Is.EqualTo(numbers.Run(given).GetArray<float>(1)));
    }
}

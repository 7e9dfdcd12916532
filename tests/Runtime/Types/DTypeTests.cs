using System.Diagnostics;
using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Types;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Runtime.Types;

/// <summary>The table of dtypes, and choices by dtype that are made outside it.</summary>
internal sealed class DTypeTests
{
    private const DType Wrong = (DType)99;

    private static IEnumerable<TestCaseData> Choices()
    {
        static TestCaseData Case(string name, Action choose) => new TestCaseData(choose).SetArgDisplayNames(name);
        yield return Case("row", () => Wrong.Row());
        yield return Case("size", () => Wrong.Size());
        yield return Case("is float", () => Wrong.IsFloat());
        yield return Case("is integer", () => Wrong.IsInteger());
        yield return Case("of float", () => Wrong.OfFloat(1, 2));
        yield return Case("reals", () => TensorValue.OfReals(Wrong, [1], [1]));
        yield return Case("integers", () => TensorValue.OfIntegers(Wrong, [1], [1]));
        yield return Case("full", () => TensorValue.Full(Wrong, [1], 1));
        yield return Case("from bytes", () => TensorValue.FromBytes(Wrong, [0], []));
        yield return Case("round", () => TensorValue.Round(Wrong, 1));
        yield return Case("literal of a real", () => Literal.Of(Wrong, 1.0));
        yield return Case("literal of an integer", () => Literal.Of(Wrong, 1));
        yield return Case("identity of a sum", () => ScalarFunction.Of(BinaryFunction.Add).IdentityOf(Wrong));
        yield return Case("identity of a maximum", () => ScalarFunction.Of(BinaryFunction.Maximum).IdentityOf(Wrong));
        yield return Case("printer", () => LoopPrinter.Print(Literal.OfBits(Wrong, 1)));
        yield return Case("real", () => _ = Literal.OfBits(Wrong, 1).ToReal());
    }

    [TestCaseSource(nameof(Choices))]
    public void What_is_no_dtype_is_taken_for_none(Action choose) =>
        Assert.That(choose, Throws.TypeOf<DTypeException>().With.Message.EqualTo("99 is not a dtype; use DType.Float32, DType.Float64, DType.Int32, DType.Int64 or DType.Bool."));

    [TestCase(DType.Int32)]
    [TestCase(DType.Int64)]
    [TestCase(DType.Bool)]
    public void What_floats_have_is_asked_of_floats_alone(DType dtype)
    {
        Assert.That(() => dtype.OfFloat(1, 2), Throws.TypeOf<UnreachableException>().With.Message.Contains(dtype.Display()));
        Assert.That(() => TensorValue.OfReals(dtype, [1], [1]), Throws.TypeOf<UnreachableException>());
        Assert.That((dtype.Row().Epsilon, dtype.Row().Smallest, dtype.Row().Largest), Is.EqualTo((double.NaN, double.NaN, double.NaN)));
    }

    [Test]
    public void Each_dtype_has_a_row([Values] DType dtype)
    {
        DTypeRow row = dtype.Row();
        Assert.That(row.DType, Is.EqualTo(dtype));
        Assert.That(DTypes.Of(row.ClrType), Is.EqualTo(dtype));
        Assert.That(row.Name, Is.EqualTo($"{dtype}".ToLowerInvariant()));
        Assert.That(row.Size, Is.EqualTo(TensorValue.Full(dtype, [1], 0).ToBytes().Length));
        Assert.That(row.ComputedAs.Row().ComputedAs, Is.EqualTo(row.ComputedAs), "what is computed with is no storage alone");
        Assert.That(row.Integer.IsInteger());
        Assert.That(row.LaneSize, Is.EqualTo(row.Kind == DTypeKind.Bool ? 0 : row.Integer.Size()));
        Assert.That((dtype.IsFloat(), dtype.IsInteger()), Is.EqualTo((row.Kind == DTypeKind.Float, row.Kind == DTypeKind.Integer)));
    }

    /// <summary>Memory may hold an element in less than it is computed with: what is not memory knows only the latter.</summary>
    [Test]
    public void Loads_give_what_is_computed_with_and_stores_take_it([Values] DType storage)
    {
        DType computed = storage.Row().ComputedAs;
        LoopBuffer x = Input("x", storage);
        LoopBuffer y = Output("y", storage);
        Kernel kernel = Elementwise("copy", [x, y], i => new Store(y, i, new Load(x, i)));
        LoopVerifier.Verify(kernel);
        Assert.That(new Load(x, Int(0)).Type, Is.EqualTo(computed));
        Assert.That(new Local("local", storage).Type, Is.EqualTo(computed));
        Assert.That(Literal.Of(storage, 1).Type, Is.EqualTo(computed));
        Assert.That(new ConvertValue(storage, Literal.Of(1f)).Type, Is.EqualTo(computed));
        Assert.That(VectorLoop.Analyse((For)kernel.Body).LaneSize, Is.EqualTo(Math.Max(4, storage.Row().LaneSize)));
        Assert.That(KernelBuffer.Scratch(Ops.Zeros([1]), storage, 1).Type, Is.EqualTo(computed));
    }

    /// <summary>By way of a double the first would be rounded twice, to 2⁵³.</summary>
    [Test]
    public void An_integer_becomes_a_literal_by_one_rounding()
    {
        const long Number = (1L << 53) + (1L << 29) + 1;
        Assert.That(Literal.Of(DType.Float32, Number), Is.EqualTo(Literal.Of((float)Number)));
        Assert.That(Literal.Of(DType.Float64, Number), Is.EqualTo(Literal.Of((double)Number)));
        Assert.That(Literal.Of(DType.Int32, Number), Is.EqualTo(Literal.Of((1 << 29) + 1)));
        Assert.That(Literal.Of(DType.Bool, Number), Is.EqualTo(Literal.Of(true)));
    }

    [Test]
    public void The_table_tells_the_limits_of_numbers()
    {
        DTypeRow single = DType.Float32.Row();
        Assert.That(single.Epsilon, Is.EqualTo(float.BitIncrement(1) - 1f));
        Assert.That((single.Smallest, single.SmallestNormal, single.Largest), Is.EqualTo((float.Epsilon, 1.17549435E-38f, float.MaxValue)));
        DTypeRow real = DType.Float64.Row();
        Assert.That(real.Epsilon, Is.EqualTo(double.BitIncrement(1) - 1));
        Assert.That((real.Smallest, real.SmallestNormal, real.Largest), Is.EqualTo((double.Epsilon, 2.2250738585072014E-308, double.MaxValue)));
        Assert.That((DType.Int32.Row().Least, DType.Int32.Row().Most), Is.EqualTo((int.MinValue, int.MaxValue)));
        Assert.That((DType.Int64.Row().Least, DType.Int64.Row().Most), Is.EqualTo((long.MinValue, long.MaxValue)));
        Assert.That((DType.Bool.Row().Least, DType.Bool.Row().Most), Is.EqualTo((0, 1)));
    }
}

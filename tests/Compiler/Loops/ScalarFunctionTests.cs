using GraphCompiler.Loops;

namespace GraphCompiler.Tests.Compiler.Loops;

internal sealed class ScalarFunctionTests
{
    private static readonly DType[] Types = Enum.GetValues<DType>();

    private static IEnumerable<(Enum Function, ScalarFunction Row)> Rows =>
        Enum.GetValues<UnaryFunction>().Select(f => ((Enum)f, ScalarFunction.Of(f))).Concat(Enum.GetValues<BinaryFunction>().Select(f => ((Enum)f, ScalarFunction.Of(f))));

    [Test]
    public void Every_function_has_a_row_of_its_own()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Rows.Select(r => r.Row).Distinct(ReferenceEqualityComparer.Instance).Count(), Is.EqualTo(Rows.Count()));
            foreach ((Enum function, ScalarFunction row) in Rows)
            {
                Assert.That(Types.Any(row.Accepts), $"{function} takes no type: say in its row which");
                Assert.That(Types.Where(row.Accepts).All(t => row.Cost.Of(t, 1) > 0 && row.Cost.Of(t, 8) >= row.Cost.Of(t, 1)), $"{function} costs nothing at a type that it takes");
                Assert.That(row.Tightness is >= 0 and < 9 && (row.Tightness > 0) == !char.IsLetter(row.Name[0]), $"{function} is printed as an operator or by a name");
            }
        });
        Assert.That(() => ScalarFunction.SetOf((DType)99), Throws.TypeOf<DTypeException>());
    }

    [Test]
    public void Printed_functions_are_told_apart([Values] bool unary) =>
        Assert.That(Rows.Where(r => r.Function is UnaryFunction == unary).Select(r => r.Row.Name), Is.Unique);
}

using GraphCompiler.Emit;
using GraphCompiler.Loops;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Tests.Compiler.Emit;

/// <summary>Every function has a form for numbers, and for vectors of every width, whether or not this machine has them.</summary>
internal sealed class FunctionFormTests
{
    private static IEnumerable<TestCaseData> Cases() =>
        Enum.GetValues<UnaryFunction>().Select(f => Case(f, ScalarFunction.Of(f), () => FunctionForm.Of(f), 1))
            .Concat(Enum.GetValues<BinaryFunction>().Select(f => Case(f, ScalarFunction.Of(f), () => FunctionForm.Of(f), 2)));

    [TestCaseSource(nameof(Cases))]
    public void Every_function_has_its_forms(object row, object makeForm, int arity)
    {
        var function = (ScalarFunction)row;
        FunctionForm form = ((Func<FunctionForm>)makeForm)();
        Assert.That(form.Runtime is not null, Is.EqualTo(function.Kind == FunctionKind.Runtime), $"{nameof(FunctionForm)} needs a row for each function that is not the runtime's");
        foreach (DType type in Enum.GetValues<DType>().Where(function.Accepts))
        {
            DType result = function.ResultOf(type);
            Assert.That(form.OfNumbers(Arguments(type.ClrType())).Type, Is.EqualTo(result.ClrType()), type.Display());
            if ((form.Vectors & ScalarFunction.SetOf(type)) == 0 || type == DType.Bool)
            {
                continue;
            }

            foreach (VectorWidth width in (VectorWidth[])[VectorWidth.Bits128, VectorWidth.Bits256, VectorWidth.Bits512])
            {
                var operations = new VectorOperations(width);
                E[] x = Arguments(operations.VectorOf(type.ClrType()));
                if (IsShift(form))
                {
                    x[1] = E.Constant(1);
                }

                Assert.That(form.OfVectors(operations, x).Type, Is.EqualTo(x[0].Type), $"{type.Display()}, {width}");
            }
        }

        E[] Arguments(Type type) => [.. Enumerable.Range(0, arity).Select(_ => E.Parameter(type))];
    }

    private static bool IsShift(FunctionForm form) => form == FunctionForm.Of(BinaryFunction.ShiftLeft) || form == FunctionForm.Of(BinaryFunction.ShiftRight);

    private static TestCaseData Case(Enum function, ScalarFunction row, Func<FunctionForm> form, int arity) =>
        new TestCaseData(row, form, arity).SetArgDisplayNames(function.ToString());
}

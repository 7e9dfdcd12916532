using System.Linq.Expressions;
using System.Runtime.Intrinsics;
using GraphCompiler.Emit;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Tests.Compiler.Emit;

internal sealed class ExpressionCheckerTests
{
    private static readonly ParameterExpression Int = E.Variable(typeof(int), "i");
    private static readonly ParameterExpression Unsigned = E.Variable(typeof(uint), "u");
    private static readonly ParameterExpression Vector = E.Variable(typeof(Vector128<int>), "v");
    private static readonly ParameterExpression Array = E.Variable(typeof(int[]), "a");
    private static readonly ParameterExpression Text = E.Variable(typeof(string), "s");

    private static IEnumerable<TestCaseData> Bad()
    {
        static TestCaseData Case(string violation, E body) => new TestCaseData(violation, body).SetArgDisplayNames(violation);

        yield return Case("a void block ends in AndAlso, not in Empty()", E.Block(typeof(void), E.AndAlso(E.Constant(true), E.Constant(false))));
        yield return Case("compound assignment AddAssign", E.Block(typeof(void), E.AddAssign(Int, E.Constant(1)), E.Empty()));
        yield return Case("Add on UInt32", E.Add(Unsigned, Unsigned));
        yield return Case("LessThan on UInt32", E.LessThan(Unsigned, Unsigned));
        yield return Case("Convert on UInt32", E.Convert(Int, typeof(uint)));
        yield return Case("Increment on Int64", E.Increment(E.Constant(1L)));
        yield return Case("Add has a method of its own; call it", E.Add(Vector, Vector));
        yield return Case("operator OnesComplement on Vector128`1; call the static method", E.OnesComplement(Vector));
        yield return Case(
            "Increment takes ArrayIndex by reference; put it in a local",
            E.Call(typeof(Interlocked).GetMethod("Increment", [typeof(int).MakeByRefType()])!, E.ArrayIndex(Array, E.Constant(0))));
        yield return Case("GetHashCode is an instance member of a struct; call a static method", E.Call(Vector, typeof(Vector128<int>).GetMethod("GetHashCode", [])!));
        yield return Case("the value of Length is dropped", E.Block(typeof(void), E.Property(Text, "Length"), E.Empty()));
        yield return Case("the value of ArrayIndex is dropped", E.Block(typeof(void), E.ArrayIndex(Array, E.Constant(0)), E.Empty()));
        yield return Case("a try inside a kernel", E.TryFinally(E.Empty(), E.Empty()));
        yield return Case("a constant of type Vector128`1 would live in the closure", E.Constant(Vector128<int>.Zero));
        yield return Case("a nested lambda", E.Lambda<Action>(E.Empty()));
        yield return Case("nested deeper than 200", Enumerable.Range(0, 300).Aggregate((E)Int, (sum, _) => E.Add(sum, Int)));
        LabelTarget label = E.Label();
        yield return Case("a return before the end", E.Block(typeof(void), E.Return(label), E.Label(label)));
    }

    [TestCaseSource(nameof(Bad))]
    public void Bad_trees_are_named(string violation, Expression body) =>
        Assert.That(ExpressionChecker.Check(E.Lambda(body)), Does.Contain(violation));

    [Test]
    public void Good_trees_pass()
    {
        LabelTarget exit = E.Label();
        E loop = E.Loop(
            E.IfThenElse(E.LessThan(Int, E.Constant(10)), E.Block(typeof(void), E.Assign(Int, E.Add(Int, E.Constant(1))), E.Empty()), E.Break(exit)),
            exit);
        Assert.That(ExpressionChecker.Check(E.Lambda(E.Block([Int], loop, Int))), Is.Empty);
    }

    [Test]
    public void Violations_are_thrown_in_verify_mode() =>
        Assert.That(
            () => ExpressionChecker.Verify(E.Lambda(E.Add(Unsigned, Unsigned), "k", [])),
            Throws.TypeOf<CompileException>().With.Message.EqualTo(
                "Kernel k was emitted as an expression tree that does not compile safely: Add on UInt32."));

    [Test]
    public void Size_counts_variables_calls_and_calls_within_calls()
    {
        Assert.That(KernelSize.Of(E.Block(typeof(void), [.. Enumerable.Repeat(HelperCall(), 1201).Select(call => (E)E.Assign(Int, call)), E.Empty()])), Is.EqualTo(1201));
        Assert.That(
            KernelSize.Of(E.Block(typeof(void), Enumerable.Range(0, 1199).Select(_ => E.Variable(typeof(int))), E.Assign(Int, HelperCall(HelperCall())), E.Empty())),
            Is.EqualTo(1202));
    }

    private static MethodCallExpression HelperCall(E? argument = null) =>
        E.Call(typeof(ScalarMath).GetMethod("Not", [typeof(int)])!, argument ?? Int);
}

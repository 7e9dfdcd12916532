using System.Diagnostics;
using GraphCompiler.Emit;
using GraphCompiler.Loops;
using GraphCompiler.Planning;
using GraphCompiler.Tests.Compiler.Emit;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Loops;

/// <summary>What walks over the Loop IR or rebuilds it knows every statement and value, and refuses one that it does not.</summary>
internal sealed class LoopTreeTests
{
    private static readonly LoopBuffer X = Input("x", DType.Float32);
    private static readonly LoopBuffer Y = Output("y", DType.Float32);
    private static readonly LoopValue One = Literal.Of(1f);
    private static readonly RandomBlock Random = new(Int(0), Literal.Of(1), Literal.Of(2), Literal.Of(3), Literal.Of(4), Literal.Of(5));

    private static readonly LoopValue[] Values =
    [
        One,
        new Local("local", DType.Float32),
        N,
        new Load(X, Int(0)),
        new UnaryValue(UnaryFunction.Negate, One),
        new BinaryValue(BinaryFunction.Add, One, Literal.Of(2f)),
        new SelectValue(Literal.Of(true), One, Literal.Of(2f)),
        new FmaValue(One, Literal.Of(2f), Literal.Of(3f)),
        new ConvertValue(DType.Int32, One),
        new BitcastValue(DType.Int32, One),
        Random,
        new RandomPart(Random, 1),
    ];

    private static readonly LoopStatement[] Statements =
    [
        Sequence(new Let(new Local("a", DType.Float32), One), new Let(new Local("b", DType.Float32), One)),
        new Let(new Local("let", DType.Float32), One),
        new Assign(new Local("assign", DType.Float32), One),
        new For(Index("i"), Int(0), N, LoopKind.Vector, new Store(Y, Int(0), One)) { PastCache = Literal.Of(true) },
        new If(Literal.Of(true), Sequence(), Sequence()),
        new Store(Y, Int(0), One),
        new Prefetch(X, Int(0)),
        new Fail(1, Int(0)),
        new Invoke(Index("status"), Routine.Of(RoutineTests.Pair), [new BufferPart(X, Int(0), N), new BufferPart(Y, Int(1), N)], [N]) { Work = Int(7) },
        new CallHost(new HostRoutine(new HostSignature("host", 1, [DType.Float32, DType.Float32], [1, 0]), _ => { }), [X, Y], [N], 1),
    ];

    private static readonly Kernel Strangers = Kernel("stranger", [X, Y], (_, _) => new Stranger());

    private static IEnumerable<LoopStatement> EachStatement => Statements;

    private static IEnumerable<LoopValue> EachValue => Values;

    private static IEnumerable<TestCaseData> Walks()
    {
        static TestCaseData Case(string name, Action walk) => new TestCaseData(walk).SetArgDisplayNames(name);
        Kernel value = Kernel("value", [X, Y], (_, _) => new Store(Y, Int(0), new StrangeValue()));
        yield return Case("values", () => LoopTree.Values(new Stranger()));
        yield return Case("children", () => LoopTree.Children(new Stranger()));
        yield return Case("target", () => LoopTree.Target(new Stranger()));
        yield return Case("with children", () => LoopTree.WithChildren(new Stranger(), s => s));
        yield return Case("rewriter", () => new LoopTree.Rewriter(v => v).Rewrite(new Stranger()));
        yield return Case("arguments", () => LoopTree.Arguments(new StrangeValue()));
        yield return Case("with arguments", () => LoopTree.WithArguments(new StrangeValue(), []));
        yield return Case("printer", () => LoopPrinter.Print(Strangers));
        yield return Case("printer of values", () => LoopPrinter.Print(value));
        yield return Case("verifier", () => LoopVerifier.Verify(Strangers));
        yield return Case("verifier of values", () => LoopVerifier.Verify(value));
        yield return Case("evaluator", () => LoopEvaluator.Prepare(Strangers));
        yield return Case("evaluator of values", () => LoopEvaluator.Prepare(value));
        yield return Case("key", () => KernelKey.Of(Strangers, new(VectorWidth.Scalar)));
        yield return Case("key of values", () => KernelKey.Of(value, new(VectorWidth.Scalar)));
        yield return Case("emitter", () => KernelEmitter.Emit(Strangers, new(VectorWidth.Scalar)));
        yield return Case("emitter of values", () => KernelEmitter.Emit(value, new(VectorWidth.Scalar)));
        yield return Case("vector loop", () => VectorLoop.Analyse(new For(Index("i"), Int(0), N, LoopKind.Vector, new Stranger())));
        yield return Case("work", () => WorkEstimate.Of(Strangers, VectorWidth.Bits128));
    }

    [TestCaseSource(nameof(Walks))]
    public void What_is_not_known_is_refused(Action walk) => Assert.That(walk, Throws.TypeOf<UnreachableException>().With.Message.Contains("Strange"));

    [Test]
    public void Each_statement_and_value_has_a_sample()
    {
        static Type[] Sealed<T>() => [.. typeof(T).Assembly.GetTypes().Where(t => t.IsSealed && t.IsSubclassOf(typeof(T)))];
        Assert.That(Statements.Select(s => s.GetType()), Is.EquivalentTo(Sealed<LoopStatement>()));
        Assert.That(Values.Select(v => v.GetType()), Is.EquivalentTo(Sealed<LoopValue>()));
    }

    /// <summary>Every value of a statement and every statement in it is offered to who rebuilds it, and all else stays.</summary>
    [TestCaseSource(nameof(EachStatement))]
    public void A_statement_is_rebuilt_of_all_its_parts(object of)
    {
        var statement = (LoopStatement)of;
        List<LoopValue> seen = [];
        LoopStatement rebuilt = new LoopTree.Rewriter(v =>
        {
            seen.Add(v);
            return v;
        }).Rewrite(statement);
        Assert.That(LoopTree.Statements(statement).SelectMany(s => LoopTree.Values(s)).Except(seen), Is.Empty);
        Assert.That(LoopPrinter.Print(rebuilt), Is.EqualTo(LoopPrinter.Print(statement)));
        Assert.That(LoopTree.Target(rebuilt), Is.SameAs(LoopTree.Target(statement)));

        List<LoopStatement> children = [];
        LoopTree.WithChildren(statement, s =>
        {
            children.Add(s);
            return s;
        });
        Assert.That(children, Is.EqualTo(LoopTree.Children(statement)));
    }

    [TestCaseSource(nameof(EachStatement))]
    public void The_buffers_of_a_statement_are_replaced(object of)
    {
        LoopBuffer x = Input("new", DType.Float32);
        LoopBuffer y = Output("newer", DType.Float32);
        LoopStatement rebuilt = new LoopTree.Rewriter(v => v) { Buffers = new Dictionary<LoopBuffer, LoopBuffer> { [X] = x, [Y] = y } }.Rewrite((LoopStatement)of);
        Assert.That(LoopPrinter.Print(rebuilt), Is.EqualTo(LoopPrinter.Print((LoopStatement)of).Replace("x[", "new[", StringComparison.Ordinal).Replace("y[", "newer[", StringComparison.Ordinal)));
    }

    [TestCaseSource(nameof(EachValue))]
    public void A_value_is_rebuilt_of_its_arguments(object of)
    {
        var value = (LoopValue)of;
        Assert.That(LoopTree.WithArguments(value, LoopTree.Arguments(value)), Is.EqualTo(value));
    }

    private sealed record Stranger : LoopStatement;

    private sealed record StrangeValue() : LoopValue(DType.Float32);
}

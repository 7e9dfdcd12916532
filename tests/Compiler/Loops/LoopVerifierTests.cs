using GraphCompiler.Loops;
using GraphCompiler.Tests.Compiler.Emit;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Loops;

internal sealed class LoopVerifierTests
{
    private static readonly LoopBuffer X = Input("x", DType.Float32);
    private static readonly LoopBuffer Y = Output("y", DType.Float32);
    private static readonly LoopBuffer Other = Output("other", DType.Float32);
    private static readonly Local F = new("f", DType.Float32);
    private static readonly Local G = new("g", DType.Float32);
    private static readonly LoopValue One = Literal.Of(1f);

    private static IEnumerable<TestCaseData> Bad()
    {
        static TestCaseData Case(string message, Func<Local, LoopStatement> body) => new TestCaseData(message, body).SetArgDisplayNames(message);

        // In a vector loop over i.
        static TestCaseData Vector(string message, Func<Local, LoopStatement> body, params Reduction[] reductions) =>
            Case(message, end =>
            {
                Local i = Index("i");
                return Sequence(new Let(F, One), new For(i, Int(0), end, LoopKind.Vector, body(i)) { Reductions = [.. reductions] });
            });

        yield return Case("at \"y[0] = f\": f is not declared here", _ => new Store(Y, Int(0), F));
        yield return Case("at \"f = 1f\": f is assigned but not declared here", _ => new Assign(F, One));
        yield return Case("f is declared twice", _ => Sequence(new Let(F, One), new Let(F, One)));
        yield return Case("f is not declared here", end => Sequence(new If(Less(end, Int(2)), new Let(F, One)), new Store(Y, Int(0), F)));
        yield return Case("the declared variable is float32, its value int64", _ => new Let(F, Int(1)));
        yield return Case("the variable is float32, its value float64", _ => Sequence(new Let(F, One), new Assign(F, Literal.Of(1d))));
        yield return Case("buffer y is float32, the value int32", _ => new Store(Y, Int(0), Literal.Of(1)));
        yield return Case("the left side of Add is float32, the right side int64", _ => new Store(Y, Int(0), Add(One, Int(1))));
        yield return Case("one side of a select is float32, the other float64", _ => new Let(F, new SelectValue(Literal.Of(true), One, Literal.Of(1d))));
        yield return Case("the condition of a select is int64, not bool", _ => new Let(F, new SelectValue(Int(1), One, One)));
        yield return Case("the index of x is int32, not int64", _ => new Let(F, new Load(X, Literal.Of(1))));
        yield return Case("the index is float32, not int64", _ => new Store(Y, One, One));
        yield return Case("the condition is int64, not bool", _ => new If(Int(1), Sequence()));
        yield return Case("buffer x is not writable", _ => new Store(X, Int(0), One));
        yield return Case("buffer other is none of the kernel's", _ => new Store(Other, Int(0), One));
        yield return Case("extent 1 is outside [0, 1)", _ => new Let(Index("n"), new Extent(1)));
        yield return Case("Exp does not take int32", _ => new Let(new Local("n", DType.Int32), new UnaryValue(UnaryFunction.Exp, Literal.Of(1))));
        yield return Case("Remainder does not take int64", end => new Let(Index("n"), new BinaryValue(BinaryFunction.Remainder, end, end)));
        yield return Case("an fma needs three floats of one type", _ => new Let(F, new FmaValue(One, One, Literal.Of(1d))));
        yield return Case("a bitcast from float32 to int64 changes the size", _ => new Let(Index("n"), new BitcastValue(DType.Int64, One)));
        yield return Case("the step is 0, not positive", end => new For(Index("i"), Int(0), end, LoopKind.Serial, Sequence()) { Step = 0 });
        yield return Case("f can end a serial loop, as a bool", end => Sequence(new Let(F, One), new For(Index("i"), Int(0), end, LoopKind.Serial, Sequence()) { While = F }));
        yield return Case("the loop's variable and bounds must be int64", end => new For(F, Int(0), end, LoopKind.Serial, Sequence()));
        yield return Case("end is a loop's; it cannot be assigned", end => new Assign(end, Int(1)));
        yield return Case("the index is float32, not int64", _ => new Prefetch(X, One));
        yield return Case("buffer other is none of the kernel's", _ => new Prefetch(Other, Int(0)));
        yield return Case(
            "whether to write past the cache is int64, not bool",
            end => new For(Index("i"), Int(0), end, LoopKind.Vector, new Store(Y, Int(0), One)) { PastCache = Int(1) });
        yield return Case(
            "only a vector loop without reductions that makes one store can write past the cache",
            end => new For(Index("i"), Int(0), end, LoopKind.Vector, Sequence(new Store(Y, Int(0), One), new Store(Y, Int(0), One))) { PastCache = Literal.Of(true) });
        Routine routine = Routine.Of(RoutineTests.Pair);
        Invoke call = new(Index("status"), routine, [new BufferPart(X, Int(0), N), new BufferPart(Y, Int(0), N)], [N]) { Work = N };
        yield return Case("RoutineTests.Pair takes 2 buffers, not 1", _ => call with { Parts = [call.Parts[0]] });
        yield return Case("RoutineTests.Pair takes 1 sizes, not 2", _ => call with { Sizes = [N, N] });
        yield return Case("y is written and given twice", _ => call with { Parts = [call.Parts[1], call.Parts[1]] });
        yield return Case("an argument of RoutineTests.Pair is float32, not int64", _ => call with { Sizes = [One] });
        yield return Case("the result of a routine must be int64", _ => call with { Result = F });
        yield return Vector("a vector loop cannot call a routine", _ => call);
        yield return Case("buffer other is none of the kernel's", _ => call with { Parts = [call.Parts[0], new BufferPart(Other, Int(0), N)] });
        yield return Case("error site 0 is below 1", end => new Fail(0, end));
        yield return Case("the step of a vector loop is 2, not 1", end => new For(Index("i"), Int(0), end, LoopKind.Vector, Sequence()) { Step = 2 });
        yield return Vector("a vector loop is inside another", i => new For(Index("j"), Int(0), Int(4), LoopKind.Vector, Sequence()));
        yield return Vector("a vector loop cannot fail", i => new Fail(1, i));
        yield return Vector("the condition varies in a vector loop; select instead", i => new If(Less(i, Int(3)), Sequence()));
        yield return Vector("the bounds vary in a vector loop", i => new For(Index("j"), Int(0), i, LoopKind.Serial, Sequence()));
        yield return Vector("f outlives the vector loop over i but is none of its reductions", i => new Assign(F, new Load(X, i)));
        yield return Vector("f is reduced by Add but not combined so", i => new Assign(F, Multiply(F, new Load(X, i))), new Reduction(F, BinaryFunction.Add));
        yield return Vector("f is reduced by Add but not combined so", i => new Assign(F, Add(F, F)), new Reduction(F, BinaryFunction.Add));
        yield return Vector(
            "f is read inside the vector loop that reduces it",
            i => Sequence(new Assign(F, Add(F, One)), new Store(Y, i, F)),
            new Reduction(F, BinaryFunction.Add));
        yield return Vector("accumulator g is not declared here", i => Sequence(), new Reduction(G, BinaryFunction.Add));
    }

    [TestCaseSource(nameof(Bad))]
    public void Malformed_kernels_are_refused(string message, object body)
    {
        Kernel kernel = Kernel("bad", [X, Y], (_, end) => ((Func<Local, LoopStatement>)body)(end));
        Assert.That(
            () => LoopVerifier.Verify(kernel),
            Throws.TypeOf<CompileException>().With.Message.StartsWith("Kernel bad").And.Message.Contains(message + "."));
    }

    [Test]
    public void Fused_multiply_adds_are_sums()
    {
        Kernel kernel = Kernel("dot", [X, Y], (begin, end) =>
        {
            Local i = Index("i");
            return Sequence(
                new Let(F, Literal.Of(0f)),
                new For(i, begin, end, LoopKind.Vector, new Assign(F, new FmaValue(new Load(X, i), new Load(X, i), F))) { Reductions = [new(F, BinaryFunction.Add)] },
                new Store(Y, Int(0), F));
        });
        Assert.That(() => LoopVerifier.Verify(kernel), Throws.Nothing);
    }
}

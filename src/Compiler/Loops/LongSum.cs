namespace GraphCompiler.Loops;

/// <summary>
/// Sums of many floats whose error does not grow with how many they are. No accumulator takes more than <see cref="MostTerms"/> terms; what it then holds
/// is added to a total of two numbers, the sum and what rounding took from it, which two sums tell exactly (Knuth, The Art of Computer
/// Programming 2, 4.2.2, theorem B).
/// </summary>
internal static class LongSum
{
    /// <summary>The most terms that one accumulator adds up, one after the other.</summary>
    public const int MostTerms = 64;

    /// <summary>Whether so many terms of a type need more than one accumulator.</summary>
    public static bool Is(BinaryFunction function, DType type, Dim terms) => function == BinaryFunction.Add && type.IsFloat() && !(terms.Constant <= MostTerms);

    /// <summary>
    /// A loop that does something after every so many of its iterations, and after the last. A loop over blocks around one over a block's iterations
    /// would have the JIT hold constants in registers that it needs for what varies.
    /// </summary>
    /// <param name="loop">The loop.</param>
    /// <param name="length">The iterations of a block, a power of two.</param>
    /// <param name="end">What ends a block.</param>
    public static IEnumerable<LoopStatement> InBlocks(For loop, long length, Func<Block> end)
    {
        LoopValue Within(LoopValue iteration) => new BinaryValue(BinaryFunction.And, iteration, Literal.Of(length - 1));
        LoopValue last = Literal.Of(length - 1);
        yield return loop with { Body = new Block([loop.Body, new If(new BinaryValue(BinaryFunction.Equal, Within(loop.Variable), last), end())]) };
        if (loop.End is not Literal { Bits: var count } || count % length != 0)
        {
            yield return new If(new BinaryValue(BinaryFunction.NotEqual, Within(loop.End), Literal.Of(0L)), end());
        }
    }

    /// <summary>
    /// Adds a term to a total. The parts are set right each time, so that what is lost stays below half a unit of the sum and loses nothing itself (Dekker,
    /// "A floating-point technique for extending the available precision", 1971). What infinities lose is NaN, and counts as nothing, as 0
    /// does: −0 changes no sum, not even −0.
    /// </summary>
    public static Block Add(Local sum, Local lost, LoopValue term)
    {
        var added = new Local("added", sum.Type);
        var next = new Local("next", sum.Type);
        var part = new Local("part", sum.Type);
        var all = new Local("all", sum.Type);
        var some = new BinaryValue(BinaryFunction.Greater, new UnaryValue(UnaryFunction.Abs, all), Literal.Of(sum.Type, 0));
        var rest = new Local("rest", sum.Type);
        return new Block(
        [
            new Let(added, term),
            new Let(next, Plus(sum, added)),
            new Let(part, Minus(next, sum)),
            new Let(all, Plus(lost, Plus(Minus(sum, Minus(next, part)), Minus(added, part)))),
            new Let(rest, new SelectValue(some, all, Literal.Of(sum.Type, -0.0))),
            new Assign(sum, Plus(next, rest)),
            new Assign(lost, Minus(rest, Minus(sum, next))),
        ]);
    }

    /// <summary>Multiplies a total by a factor; a fused product tells what rounding takes.</summary>
    public static Block Scale(Local sum, Local lost, LoopValue factor)
    {
        var by = new Local("by", sum.Type);
        var scaled = new Local("scaled", sum.Type);
        return new Block(
        [
            new Let(by, factor),
            new Let(scaled, new BinaryValue(BinaryFunction.Multiply, by, sum)),
            new Assign(lost, new FmaValue(by, lost, new FmaValue(by, sum, new UnaryValue(UnaryFunction.Negate, scaled)))),
            new Assign(sum, scaled),
        ]);
    }

    /// <summary>A loop whose long sums are written out, each term added to its total, as they are where there are no vectors.</summary>
    public static For WrittenOut(For loop)
    {
        Dictionary<Local, Local> lost = loop.Reductions.Where(r => r.Lost is not null).ToDictionary(r => r.Accumulator, r => r.Lost!);
        return lost.Count == 0 ? loop : loop with { Reductions = [.. loop.Reductions.Where(r => r.Lost is null)], Body = Rewrite(loop.Body) };

        LoopStatement Rewrite(LoopStatement statement) => statement is Assign assign && lost.TryGetValue(assign.Variable, out Local? rest)
            ? Add(assign.Variable, rest, TermOf(assign))
            : LoopTree.WithChildren(statement, Rewrite);
    }

    /// <summary>The same for all loops of a statement.</summary>
    public static LoopStatement AllWrittenOut(LoopStatement statement) =>
        LoopTree.WithChildren(statement, AllWrittenOut) is var written && written is For loop ? WrittenOut(loop) : written;

    private static LoopValue TermOf(Assign assign) => assign.Value switch
    {
        FmaValue product => new BinaryValue(BinaryFunction.Multiply, product.X, product.Y),
        BinaryValue sum => sum.X == assign.Variable ? sum.Y : sum.X,
        _ => throw new CompileException($"{assign.Variable.Name} is reduced but not added to."),
    };

    private static BinaryValue Plus(LoopValue x, LoopValue y) => new(BinaryFunction.Add, x, y);

    private static BinaryValue Minus(LoopValue x, LoopValue y) => new(BinaryFunction.Subtract, x, y);
}

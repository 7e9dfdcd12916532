namespace GraphCompiler.Loops;

/// <summary>
/// Writes out loops of few iterations, and what then is known: numbers of iterations, what is computed from them, and which side of a branch runs. Where an
/// element lies is then a number, too.
/// </summary>
internal sealed class Unroll
{
    private readonly int most;
    private readonly HashSet<Local> assigned;
    private readonly Dictionary<Local, LoopValue> known = [];
    private readonly Dictionary<Local, Local> renamed = [];
    private int copies;

    private Unroll(LoopStatement statement, int most)
    {
        this.most = most;
        assigned = [.. LoopTree.Statements(statement).OfType<Assign>().Select(a => a.Variable)];
    }

    /// <param name="statement">What runs.</param>
    /// <param name="most">The most iterations of a loop that is written out.</param>
    public static LoopStatement Run(LoopStatement statement, int most) => Sequence(new Unroll(statement, most).Visit(statement));

    private static Block Sequence(IEnumerable<LoopStatement> statements) => new([.. statements]);

    private IEnumerable<LoopStatement> Visit(LoopStatement statement)
    {
        switch (statement)
        {
            case Block block:
                return [.. block.Statements.SelectMany(Visit)];
            case Let let when Rewritten(let.Value) is Literal { Type: DType.Int64 or DType.Bool } literal && !assigned.Contains(let.Variable):
                Know(let.Variable, literal);
                return [];
            case If branch:
                LoopValue condition = Rewritten(branch.Condition);
                return condition is Literal { Bits: var holds } ? (holds != 0 ? branch.Then : branch.Else) is { } taken ? Visit(taken) : []
                    : [new If(condition, Sequence(Visit(branch.Then)), branch.Else is null ? null : Sequence(Visit(branch.Else)))];
            case For { While: null } loop when (Rewritten(loop.Begin), Rewritten(loop.End)) is (Literal begin, Literal end) && (end.Bits - begin.Bits + loop.Step - 1) / loop.Step <= most:
                return Copies(loop, begin.Bits, end.Bits);
            case For loop:
                var head = (For)Rewritten(loop with { Body = new Block([]) });
                return [head with { Body = Sequence(Visit(loop.Body)) }];
            default:
                return [Rewritten(statement)];
        }
    }

    private List<LoopStatement> Copies(For loop, long begin, long end)
    {
        List<LoopStatement> all = [];
        for (long i = begin; i < end; i += loop.Step)
        {
            copies++;
            Know(loop.Variable, Literal.Of(i));
            all.AddRange(Visit(LongSum.WrittenOut(loop).Body));
            copies--;
        }

        return all;
    }

    // What is known in one copy may be a variable in another.
    private void Know(Local variable, Literal value)
    {
        renamed.Remove(variable);
        known[variable] = value;
    }

    /// <summary>The statement with what is known; in a copy, with variables of its own.</summary>
    private LoopStatement Rewritten(LoopStatement statement)
    {
        if (copies > 0 && statement is not Assign && LoopTree.Target(statement) is { } declared)
        {
            known.Remove(declared);
            renamed[declared] = new Local(declared.Name, declared.Type);
        }

        return Rewriter().Rewrite(statement);
    }

    private LoopValue Rewritten(LoopValue value) => Rewriter().Rewrite(value);

    private LoopTree.Rewriter Rewriter() => new(value => value is Local local && known.TryGetValue(local, out LoopValue? literal) ? literal : Folded(value)) { Variables = renamed };

    private static LoopValue Folded(LoopValue value) => value switch
    {
        BinaryValue { X: Literal { Type: DType.Int64 or DType.Bool } x, Y: Literal y } binary when y.Bits != 0 || binary.Function is not (BinaryFunction.Divide or BinaryFunction.Remainder) =>
            Literal.OfBits(binary.Type, ScalarEvaluator.Binary(binary.Function, x.Type, x.Bits, y.Bits)),
        UnaryValue { Function: UnaryFunction.Not, X: Literal { Type: DType.Bool } x } => Literal.Of(x.Bits == 0),
        SelectValue { Condition: Literal condition } select => condition.Bits != 0 ? select.X : select.Y,
        _ => value,
    };
}

using System.Collections.Immutable;

namespace GraphCompiler.Loops;

/// <summary>Walks over and rebuilds Loop IR. Values form DAGs: what is shared is visited once, and stays shared in a copy.</summary>
internal static class LoopTree
{
    /// <summary>The arguments of a value, in order.</summary>
    public static ImmutableArray<LoopValue> Arguments(LoopValue value) => value switch
    {
        Load load => [load.Index],
        UnaryValue unary => [unary.X],
        BinaryValue binary => [binary.X, binary.Y],
        SelectValue select => [select.Condition, select.X, select.Y],
        FmaValue fma => [fma.X, fma.Y, fma.Z],
        ConvertValue convert => [convert.X],
        BitcastValue bitcast => [bitcast.X],
        RandomBlock block => [block.Index, block.Number, block.NonceLow, block.NonceHigh, block.KeyLow, block.KeyHigh],
        RandomPart part => [part.Block],
        _ => [],
    };

    /// <summary>The values a statement itself evaluates, without those of statements inside it.</summary>
    public static ImmutableArray<LoopValue> Values(LoopStatement statement) => statement switch
    {
        Let let => [let.Value],
        Assign assign => [assign.Value],
        For { PastCache: { } pastCache } loop => [loop.Begin, loop.End, pastCache],
        For loop => [loop.Begin, loop.End],
        If branch => [branch.Condition],
        Store store => [store.Index, store.Value],
        Prefetch prefetch => [prefetch.Index],
        Fail fail => [fail.Detail],
        Invoke invoke => [.. invoke.Parts.SelectMany(p => new[] { p.Offset, p.Count }), .. invoke.Sizes],
        _ => [],
    };

    /// <summary>The statements directly inside a statement.</summary>
    public static ImmutableArray<LoopStatement> Children(LoopStatement statement) => statement switch
    {
        Block block => block.Statements,
        For loop => [loop.Body],
        If { Else: { } otherwise } branch => [branch.Then, otherwise],
        If branch => [branch.Then],
        _ => [],
    };

    /// <summary>A statement and all inside it, outer first.</summary>
    public static IEnumerable<LoopStatement> Statements(LoopStatement root)
    {
        yield return root;
        foreach (LoopStatement child in Children(root))
        {
            foreach (LoopStatement statement in Statements(child))
            {
                yield return statement;
            }
        }
    }

    /// <summary>A value and all below it, each once.</summary>
    public static IEnumerable<LoopValue> Values(LoopValue root)
    {
        var seen = new HashSet<LoopValue>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<LoopValue>([root]);
        while (pending.TryPop(out LoopValue? value))
        {
            if (seen.Add(value))
            {
                yield return value;
                foreach (LoopValue argument in Arguments(value))
                {
                    pending.Push(argument);
                }
            }
        }
    }

    /// <summary>Whether a statement holds one of a kind, itself included.</summary>
    public static bool Contains<T>(LoopStatement root)
        where T : LoopStatement => Statements(root).Any(statement => statement is T);

    /// <summary>The statements with loops over variables of their own instead of some.</summary>
    public static IEnumerable<LoopStatement> Renew(IEnumerable<LoopStatement> statements, IEnumerable<Local> variables)
    {
        Dictionary<Local, Local> renewed = variables.ToDictionary(v => v, v => new Local(v.Name, v.Type));
        var rewriter = new Rewriter(value => value is Local local && renewed.TryGetValue(local, out Local? other) ? other : value, renewed);
        return statements.Select(rewriter.Rewrite);
    }

    /// <summary>Rewrites values bottom-up: each value is rebuilt with its new arguments, then offered to <paramref name="change"/>.</summary>
    public sealed class Rewriter(Func<LoopValue, LoopValue> change, IReadOnlyDictionary<Local, Local>? loopVariables = null)
    {
        private readonly Dictionary<LoopValue, LoopValue> done = new(ReferenceEqualityComparer.Instance);

        public LoopValue Rewrite(LoopValue value)
        {
            if (!done.TryGetValue(value, out LoopValue? result))
            {
                result = change(WithArguments(value));
                done.Add(value, result);
            }

            return result;
        }

        public LoopStatement Rewrite(LoopStatement statement) => statement switch
        {
            Block block => new Block([.. block.Statements.Select(Rewrite)]),
            Let let => let with { Value = Rewrite(let.Value) },
            Assign assign => assign with { Value = Rewrite(assign.Value) },
            For loop => loop with { Variable = loopVariables?.GetValueOrDefault(loop.Variable) ?? loop.Variable, Begin = Rewrite(loop.Begin), End = Rewrite(loop.End), Body = Rewrite(loop.Body), PastCache = loop.PastCache is null ? null : Rewrite(loop.PastCache) },
            If branch => new If(Rewrite(branch.Condition), Rewrite(branch.Then), branch.Else is null ? null : Rewrite(branch.Else)),
            Store store => store with { Index = Rewrite(store.Index), Value = Rewrite(store.Value) },
            Prefetch prefetch => prefetch with { Index = Rewrite(prefetch.Index) },
            Fail fail => fail with { Detail = Rewrite(fail.Detail) },
            Invoke invoke => invoke with
            {
                Parts = [.. invoke.Parts.Select(p => p with { Offset = Rewrite(p.Offset), Count = Rewrite(p.Count) })],
                Sizes = [.. invoke.Sizes.Select(Rewrite)],
                Work = Rewrite(invoke.Work),
            },
            _ => statement,
        };

        private LoopValue WithArguments(LoopValue value)
        {
            ImmutableArray<LoopValue> old = Arguments(value);
            ImmutableArray<LoopValue> arguments = [.. old.Select(Rewrite)];
            bool same = true;
            for (int i = 0; i < old.Length; i++)
            {
                same &= ReferenceEquals(old[i], arguments[i]);
            }

            return same ? value : value switch
            {
                Load load => load with { Index = arguments[0] },
                UnaryValue unary => new UnaryValue(unary.Function, arguments[0]),
                BinaryValue binary => new BinaryValue(binary.Function, arguments[0], arguments[1]),
                SelectValue => new SelectValue(arguments[0], arguments[1], arguments[2]),
                FmaValue => new FmaValue(arguments[0], arguments[1], arguments[2]),
                ConvertValue convert => new ConvertValue(convert.To, arguments[0]),
                BitcastValue bitcast => new BitcastValue(bitcast.To, arguments[0]),
                RandomBlock => new RandomBlock(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]),
                RandomPart part => part with { Block = (RandomBlock)arguments[0] },
                _ => value,
            };
        }
    }
}

using System.Collections.Immutable;
using System.Diagnostics;

namespace GraphCompiler.Loops;

/// <summary>
/// Walks over and rebuilds Loop IR: what only walks or rebuilds asks the maps here, which know every statement and value. Values form DAGs: what is
/// shared is visited once, and stays shared in a copy.
/// </summary>
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
        Literal or Local or Extent => [],
        _ => throw Unknown(value),
    };

    /// <summary>A value with other arguments, in the order of <see cref="Arguments"/>.</summary>
    public static LoopValue WithArguments(LoopValue value, ImmutableArray<LoopValue> arguments) => value switch
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
        Literal or Local or Extent => value,
        _ => throw Unknown(value),
    };

    /// <summary>The values a statement itself evaluates, without those of statements inside it.</summary>
    public static ImmutableArray<LoopValue> Values(LoopStatement statement) => statement switch
    {
        Let let => [let.Value],
        Assign assign => [assign.Value],
        For loop => [loop.Begin, loop.End, .. new[] { loop.PastCache, loop.While }.OfType<LoopValue>()],
        If branch => [branch.Condition],
        Store store => [store.Index, store.Value],
        Prefetch prefetch => [prefetch.Index],
        Fail fail => [fail.Detail],
        Invoke invoke => [.. invoke.Parts.SelectMany(p => new[] { p.Offset, p.Count }), .. invoke.Sizes],
        CallHost call => call.Lengths,
        Block => [],
        _ => throw Unknown(statement),
    };

    /// <summary>The variable that a statement declares or gives a new value; null if none.</summary>
    public static Local? Target(LoopStatement statement) => statement switch
    {
        Let let => let.Variable,
        Assign assign => assign.Variable,
        For loop => loop.Variable,
        Invoke invoke => invoke.Result,
        Block or If or Store or Prefetch or Fail or CallHost => null,
        _ => throw Unknown(statement),
    };

    /// <summary>The statements directly inside a statement.</summary>
    public static ImmutableArray<LoopStatement> Children(LoopStatement statement) => statement switch
    {
        Block block => block.Statements,
        For loop => [loop.Body],
        If { Else: { } otherwise } branch => [branch.Then, otherwise],
        If branch => [branch.Then],
        Let or Assign or Store or Prefetch or Fail or Invoke or CallHost => [],
        _ => throw Unknown(statement),
    };

    /// <summary>A statement with those directly inside it replaced; itself, if there are none.</summary>
    public static LoopStatement WithChildren(LoopStatement statement, Func<LoopStatement, LoopStatement> replace) => statement switch
    {
        Block block => new Block([.. block.Statements.Select(replace)]),
        For loop => loop with { Body = replace(loop.Body) },
        If branch => new If(branch.Condition, replace(branch.Then), branch.Else is null ? null : replace(branch.Else)),
        Let or Assign or Store or Prefetch or Fail or Invoke or CallHost => statement,
        _ => throw Unknown(statement),
    };

    /// <summary>What a walk over all statements or values throws at one that it was not told of.</summary>
    public static UnreachableException Unknown(object part) => new($"{part.GetType().Name} is no part of the Loop IR that is known here.");

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

    /// <summary>The statements with variables of their own instead of some.</summary>
    public static IEnumerable<LoopStatement> Renew(IEnumerable<LoopStatement> statements, IEnumerable<Local> variables)
    {
        var rewriter = new Rewriter(value => value) { Variables = variables.ToDictionary(v => v, v => new Local(v.Name, v.Type)) };
        return statements.Select(rewriter.Rewrite);
    }

    /// <summary>Rewrites values bottom-up: each value is rebuilt with its new arguments, then offered to <paramref name="change"/>.</summary>
    public sealed class Rewriter(Func<LoopValue, LoopValue> change)
    {
        private readonly Dictionary<LoopValue, LoopValue> done = new(ReferenceEqualityComparer.Instance);

        /// <summary>Variables and those that stand for them. Others stay, and so do all if it is null.</summary>
        public IReadOnlyDictionary<Local, Local>? Variables { get; init; }

        /// <summary>All buffers and those that stand for them. Null: they stay.</summary>
        public IReadOnlyDictionary<LoopBuffer, LoopBuffer>? Buffers { get; init; }

        public LoopValue Rewrite(LoopValue value)
        {
            if (!done.TryGetValue(value, out LoopValue? result))
            {
                result = change(Rebuild(value));
                done.Add(value, result);
            }

            return result;
        }

        public LoopStatement Rewrite(LoopStatement statement)
        {
            LoopStatement rewritten = statement switch
            {
                Let let => new Let(Of(let.Variable), Rewrite(let.Value)),
                Assign assign => new Assign(Of(assign.Variable), Rewrite(assign.Value)),
                For loop => loop with
                {
                    Variable = Of(loop.Variable),
                    Begin = Rewrite(loop.Begin),
                    End = Rewrite(loop.End),
                    PastCache = loop.PastCache is null ? null : Rewrite(loop.PastCache),
                    While = loop.While is null ? null : Of(loop.While),
                    Reductions = Variables is null ? loop.Reductions : [.. loop.Reductions.Select(r => r with { Accumulator = Of(r.Accumulator), Lost = r.Lost is null ? null : Of(r.Lost) })],
                },
                If branch => branch with { Condition = Rewrite(branch.Condition) },
                Store store => new Store(Of(store.Buffer), Rewrite(store.Index), Rewrite(store.Value)),
                Prefetch prefetch => new Prefetch(Of(prefetch.Buffer), Rewrite(prefetch.Index)),
                Fail fail => fail with { Detail = Rewrite(fail.Detail) },
                Invoke invoke => invoke with
                {
                    Result = Of(invoke.Result),
                    Parts = [.. invoke.Parts.Select(p => new BufferPart(Of(p.Buffer), Rewrite(p.Offset), Rewrite(p.Count)))],
                    Sizes = [.. invoke.Sizes.Select(Rewrite)],
                    Work = Rewrite(invoke.Work),
                },
                CallHost call => call with { Buffers = [.. call.Buffers.Select(Of)], Lengths = [.. call.Lengths.Select(Rewrite)] },
                Block => statement,
                _ => throw Unknown(statement),
            };
            return WithChildren(rewritten, Rewrite);
        }

        private Local Of(Local variable) => Variables?.GetValueOrDefault(variable) ?? variable;

        private LoopBuffer Of(LoopBuffer buffer) => Buffers is null ? buffer : Buffers[buffer];

        private LoopValue Rebuild(LoopValue value)
        {
            ImmutableArray<LoopValue> old = Arguments(value);
            ImmutableArray<LoopValue> arguments = [.. old.Select(Rewrite)];
            bool same = true;
            for (int i = 0; i < old.Length; i++)
            {
                same &= ReferenceEquals(old[i], arguments[i]);
            }

            LoopValue rebuilt = same ? value : WithArguments(value, arguments);
            return rebuilt switch
            {
                Load load when Buffers is not null => load with { Buffer = Of(load.Buffer) },
                Local local => Of(local),
                _ => rebuilt,
            };
        }
    }
}

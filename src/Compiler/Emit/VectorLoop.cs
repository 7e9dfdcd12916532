using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// What the emitter must know of a vector loop: which values become vectors, how wide their lanes are, and whether it can be done at all.
/// Values that occur only in indices are not vectors: an affine index turns into an address, any other is evaluated lane by lane.
/// </summary>
internal sealed class VectorLoop
{
    private readonly LoopVariance variance;
    private readonly Dictionary<Local, LoopValue> definitions = [];
    private readonly HashSet<Local> mutable = [];
    private readonly HashSet<Local> assigned = [];
    private readonly HashSet<Local> vectors = [];
    private readonly HashSet<Local> indexed = [];
    private readonly HashSet<LoopBuffer> stored = [];
    private readonly Dictionary<LoopValue, IndexPolynomial> decomposed = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<LoopValue> visited = new(ReferenceEqualityComparer.Instance);
    private int laneSizes;

    private VectorLoop(For loop)
    {
        Loop = loop;
        variance = LoopVariance.Of(loop);
        mutable.UnionWith(loop.Reductions.Select(reduction => reduction.Accumulator));
        List<LoopStatement> statements = [.. LoopTree.Statements(loop.Body)];
        foreach (LoopStatement statement in statements)
        {
            switch (statement)
            {
                case Let let:
                    definitions[let.Variable] = let.Value;
                    break;
                case Assign assign:
                    mutable.Add(assign.Variable);
                    assigned.Add(assign.Variable);
                    break;
                case For inner:
                    mutable.Add(inner.Variable);
                    break;
                case Store store:
                    stored.Add(store.Buffer);
                    break;
            }
        }

        foreach (LoopStatement statement in statements)
        {
            switch (statement)
            {
                // An immutable local becomes a vector only where something uses it as one.
                case Let let when mutable.Contains(let.Variable) && Varies(let.Variable):
                    UseVector(let.Variable);
                    Visit(let.Value);
                    break;
                case Assign assign when Varies(assign.Variable):
                    UseVector(assign.Variable);
                    Visit(assign.Value);
                    break;
                case Store store:
                    Visit(store.Value);
                    AddLane(store.Value.Type);
                    VisitIndex(store.Index);
                    break;
                case Block or Let or Assign or For or If or Prefetch:
                    break;
                default:
                    throw LoopTree.Unknown(statement);
            }
        }

        LaneSize = (laneSizes & 8) != 0 ? 8 : 4;
        if (laneSizes == 12)
        {
            Refuse("mixes lanes of 4 and of 8 bytes");
        }
    }

    public For Loop { get; }

    /// <summary>Why the loop has to run scalar; null if it need not.</summary>
    public string? Reason { get; private set; }

    /// <summary>4 or 8 bytes.</summary>
    public int LaneSize { get; }

    /// <summary>The lanes of masks: integers of the lane size.</summary>
    public Type MaskLane => LaneSize == 4 ? typeof(int) : typeof(long);

    public static VectorLoop Analyse(For loop) => new(loop);

    public bool Varies(LoopValue value) => variance.Varies(value);

    /// <summary>Whether a varying local is kept as a vector; if not, its definition stands in for it.</summary>
    public bool IsVector(Local local) => vectors.Contains(local);

    public bool IsStored(LoopBuffer buffer) => stored.Contains(buffer);

    /// <summary>The one definition of a varying local of the body that is never assigned; null for others.</summary>
    public LoopValue? Definition(Local local) =>
        definitions.TryGetValue(local, out LoopValue? value) && !mutable.Contains(local) && Varies(local) ? value : null;

    /// <summary>An index with varying immutable locals replaced by what they stand for.</summary>
    public IndexPolynomial Decompose(LoopValue index)
    {
        if (!decomposed.TryGetValue(index, out IndexPolynomial? polynomial))
        {
            polynomial = IndexPolynomial.Of(index, local => Definition(local) is { } definition ? Decompose(definition) : null);
            decomposed.Add(index, polynomial);
        }

        return polynomial;
    }

    /// <summary>Splits an index into its growth with the loop variable and a part that does not vary.</summary>
    public bool TrySplit(LoopValue index, out long coefficient, out IndexPolynomial? rest) =>
        Decompose(index).TrySplit(Loop.Variable, Varies, out coefficient, out rest);

    /// <summary>Whether a comparison of Int64 values can be made on the ramp of their difference, whatever the lane size.</summary>
    public bool TrySplitComparison(BinaryValue comparison, out long coefficient, out IndexPolynomial? rest) =>
        Decompose(comparison.X).Minus(Decompose(comparison.Y)).TrySplit(Loop.Variable, Varies, out coefficient, out rest)
        && Math.Abs(coefficient) <= 1 << 20;

    private void UseVector(Local local)
    {
        vectors.Add(local);
        AddLane(local.Type);
    }

    private void AddLane(DType type) => laneSizes |= type.Row().LaneSize;

    private void Refuse(string reason) => Reason ??= reason;

    // A varying value that is needed as a vector.
    private void Visit(LoopValue value)
    {
        if (!Varies(value) || !visited.Add(value))
        {
            return;
        }

        switch (value)
        {
            case BinaryValue { Type: DType.Bool, X.Type: DType.Int64 } comparison when TrySplitComparison(comparison, out _, out _):
                VisitIndex(comparison);
                return;
            case ConvertValue { X.Type: DType.Int64, To: not (DType.Bool or DType.Int64) } ramp when TrySplit(ramp.X, out _, out _):
                AddLane(ramp.To);
                VisitIndex(ramp);
                return;
            case RandomBlock block:
                if (!TrySplit(block.Index, out _, out _) || LoopTree.Arguments(block).Skip(1).Any(Varies))
                {
                    Refuse("random bits are not of elements at even distances");
                }

                AddLane(block.Type);
                VisitIndex(block.Index);
                return;
            case Local local:
                if (Definition(local) is { } definition)
                {
                    Visit(definition);
                }

                UseVector(local);
                return;
            case Load load:
                VisitIndex(load.Index);
                break;
            case BinaryValue binary when !HasVectorForm(binary):
                Refuse($"{binary.Function} of {binary.X.Type.Display()} has no vector form");
                break;
        }

        AddLane(value.Type);
        if (value is not Load)
        {
            foreach (LoopValue argument in LoopTree.Arguments(value))
            {
                Visit(argument);
            }
        }
    }

    // Indices are computed afresh, so what they load must not change in between; mutable locals are read from their vectors.
    private void VisitIndex(LoopValue index)
    {
        foreach (LoopValue value in LoopTree.Values(index))
        {
            switch (value)
            {
                case Load load when stored.Contains(load.Buffer):
                    Refuse($"an index depends on {load.Buffer.Name}, which the loop writes");
                    break;
                case Local local when Definition(local) is { } definition:
                    VisitDefinition(local, definition);
                    break;
            }
        }
    }

    private void VisitDefinition(Local local, LoopValue definition)
    {
        if (!indexed.Add(local))
        {
            return;
        }

        if (LoopTree.Values(definition).Any(value => value is Local used && assigned.Contains(used)))
        {
            Refuse($"an index uses {local.Name}, whose value may be out of date by then");
        }

        VisitIndex(definition);
    }

    private static bool HasVectorForm(BinaryValue binary) => binary.Function is BinaryFunction.ShiftLeft or BinaryFunction.ShiftRight
        ? binary.HasLiteralCount
        : (FunctionForm.Of(binary.Function).Vectors & ScalarFunction.SetOf(binary.X.Type)) != 0;
}

using System.Linq.Expressions;
using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// Which values of one statement are kept in variables: those referenced more than once, computed once; and every so many levels one more,
/// because FEC recurses over expressions without a guard.
/// </summary>
internal sealed class Sharing
{
    private const int MostLevels = 20;

    private readonly HashSet<LoopValue> kept;
    private readonly Dictionary<(LoopValue Value, bool Vector), ParameterExpression> variables = new(KeyComparer.Instance);

    private Sharing(HashSet<LoopValue> kept) => this.kept = kept;

    public static Sharing None { get; } = new([]);

    public static Sharing Of(IEnumerable<LoopValue> roots)
    {
        var kept = new HashSet<LoopValue>(ReferenceEqualityComparer.Instance);
        var levels = new Dictionary<LoopValue, int>(ReferenceEqualityComparer.Instance);
        foreach (LoopValue root in roots)
        {
            Visit(root);
        }

        return new Sharing(kept);

        int Visit(LoopValue value)
        {
            if (value is Local or Literal or Extent)
            {
                return 0;
            }

            if (levels.TryGetValue(value, out int level))
            {
                kept.Add(value);
                return level;
            }

            foreach (LoopValue argument in LoopTree.Arguments(value))
            {
                level = Math.Max(level, Visit(argument));
            }

            level++;
            if (level == MostLevels)
            {
                kept.Add(value);
                level = 0;
            }

            levels.Add(value, level);
            return level;
        }
    }

    /// <summary>The same choice with no variable filled yet, for code that runs elsewhere.</summary>
    public Sharing Afresh() => new(kept);

    public bool IsKept(LoopValue value) => kept.Contains(value);

    public ParameterExpression? Find(LoopValue value, bool vector) => variables.GetValueOrDefault((value, vector));

    public void Add(LoopValue value, bool vector, ParameterExpression variable) => variables.Add((value, vector), variable);

    private sealed class KeyComparer : IEqualityComparer<(LoopValue Value, bool Vector)>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals((LoopValue Value, bool Vector) x, (LoopValue Value, bool Vector) y) =>
            ReferenceEquals(x.Value, y.Value) && x.Vector == y.Vector;

        public int GetHashCode((LoopValue Value, bool Vector) key) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key.Value), key.Vector);
    }
}

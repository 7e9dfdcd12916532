using System.Linq.Expressions;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>The statement shapes that FEC compiles rightly.</summary>
internal static class Structure
{
    /// <summary>A void block; it ends in an empty expression, because FEC refuses void blocks that end in some kinds of value.</summary>
    public static E Sequence(IEnumerable<E> statements) => E.Block(typeof(void), [.. statements, E.Empty()]);

    public static E While(E condition, IEnumerable<E> body)
    {
        LabelTarget exit = E.Label();
        return E.Loop(E.IfThenElse(condition, Sequence(body), E.Break(exit)), exit);
    }
}

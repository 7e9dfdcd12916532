using System.Linq.Expressions;
using GraphCompiler.Loops;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>
/// Where emitted statements go. Values are emitted as expressions; what must be computed before them (a shared value, a gather) is appended
/// to <see cref="Output"/> first, and what does not change in the loops around them goes into the preheader of the outermost such loop.
/// </summary>
internal sealed class EmitContext
{
    private readonly List<LoopFrame> frames = [];
    private Dictionary<LoopValue, ParameterExpression>? shared;

    /// <summary>All variables of the kernel, in one list: block variables are not reset on entry anyway.</summary>
    public List<ParameterExpression> Variables { get; } = [];

    /// <summary>The statement list being filled.</summary>
    public List<E> Output { get; private set; } = [];

    /// <summary>The shared values of the statement being emitted.</summary>
    public Sharing Sharing { get; private set; } = Sharing.None;

    public int Depth => frames.Count;

    /// <summary>Whether the code being emitted may be skipped although the innermost vector loop's body runs.</summary>
    public bool IsConditional { get; set; }

    public ParameterExpression Declare(Type type, string name)
    {
        ParameterExpression variable = E.Variable(type, $"{name}_{Variables.Count}");
        Variables.Add(variable);
        return variable;
    }

    /// <summary>Assigns to a new variable here and now.</summary>
    public ParameterExpression Keep(E value, string name)
    {
        ParameterExpression variable = Declare(value.Type, name);
        Output.Add(E.Assign(variable, value));
        return variable;
    }

    /// <summary>The statements that an action emits.</summary>
    public List<E> Collect(Action emit)
    {
        List<E> outer = Output;
        Output = [];
        emit();
        List<E> result = Output;
        Output = outer;
        return result;
    }

    /// <summary>Emits a statement's values with those referenced more than once kept in variables.</summary>
    public void Share(IEnumerable<LoopValue> roots, Action emit)
    {
        Sharing outer = Sharing;
        Sharing = Sharing.Of(roots);
        emit();
        Sharing = outer;
    }

    /// <summary>Emits a loop's body: what is fixed in the loop gathers in the frame's preheader.</summary>
    public List<E> InLoop(LoopFrame frame, Action emit)
    {
        frames.Add(frame);
        Sharing outer = Sharing;
        List<E> body = Collect(emit);
        Sharing = outer;
        frames.RemoveAt(frames.Count - 1);
        return body;
    }

    /// <summary>Emits one statement for several vectors: what they all broadcast is broadcast once.</summary>
    public void ForCopies<T>(IReadOnlyList<T> copies, Action<T> emit)
    {
        Dictionary<LoopValue, ParameterExpression>? outer = shared;
        shared = copies.Count > 1 ? new(ReferenceEqualityComparer.Instance) : null;
        foreach (T copy in copies)
        {
            emit(copy);
        }

        shared = outer;
    }

    /// <summary>A vector that is the same in all copies of the statement being emitted.</summary>
    public E ShareAmongCopies(LoopValue value, Func<E> emit)
    {
        if (shared is null)
        {
            return emit();
        }

        if (!shared.TryGetValue(value, out ParameterExpression? variable))
        {
            variable = Keep(emit(), "b");
            shared.Add(value, variable);
        }

        return variable;
    }

    /// <summary>How many of the loops around, from the outside, a value changes in: 0 if it is fixed in all, Depth if it changes in the innermost.</summary>
    public int Level(LoopValue value)
    {
        if (value is Local alone)
        {
            return Level(alone);
        }

        int level = 0;
        foreach (LoopValue part in LoopTree.Values(value))
        {
            if (part is Load)
            {
                return Depth;
            }

            if (part is Local local)
            {
                level = Math.Max(level, Level(local));
            }
        }

        return level;
    }

    public int Level(Local local)
    {
        for (int i = frames.Count; i > 0; i--)
        {
            if (frames[i - 1].Changes(local))
            {
                return i;
            }
        }

        return 0;
    }

    /// <summary>
    /// A value kept in a variable in front of the loop at a level (0 is the outermost), computed there once for all uses with an equal key.
    /// </summary>
    public ParameterExpression Hoist(int level, object key, string name, Func<E> emit)
    {
        LoopFrame frame = frames[level];
        if (frame.Hoisted.TryGetValue(key, out ParameterExpression? known))
        {
            return known;
        }

        List<LoopFrame> inner = frames[level..];
        frames.RemoveRange(level, inner.Count);
        (List<E> output, Sharing sharing) = (Output, Sharing);
        (Output, Sharing) = (frame.Preheader, sharing.Afresh());
        ParameterExpression variable = Keep(emit(), name);
        (Output, Sharing) = (output, sharing);
        frames.AddRange(inner);
        frame.Hoisted.Add(key, variable);
        return variable;
    }
}

/// <summary>A loop around the code being emitted.</summary>
internal sealed class LoopFrame
{
    private readonly HashSet<Local> changing;

    public LoopFrame(IEnumerable<Local> changing) => this.changing = [.. changing];

    /// <summary>The locals that a loop declares or assigns.</summary>
    public static LoopFrame Of(For loop)
    {
        List<Local> changing = [];
        foreach (LoopStatement statement in LoopTree.Statements(loop))
        {
            if (LoopTree.Target(statement) is { } target)
            {
                changing.Add(target);
            }

            if (statement is For inner)
            {
                changing.AddRange(inner.Reductions.Select(r => r.Lost).OfType<Local>());
            }
        }

        return new LoopFrame(changing);
    }

    public List<E> Preheader { get; } = [];

    public Dictionary<object, ParameterExpression> Hoisted { get; } = [];

    public bool Changes(Local local) => changing.Contains(local);
}

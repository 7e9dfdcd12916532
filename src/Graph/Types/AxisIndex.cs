namespace GraphCompiler;

/// <summary>
/// What to take along an axis, in <c>x[…]</c>: a number, a range, a tensor of indices, or one of the marks <see cref="NewAxis"/> and <see cref="Rest"/>.
/// Numbers and ranges are written as in C#, from the end with <c>^</c>: <c>x[0, 1..^1, rows]</c>.
/// </summary>
#pragma warning disable CA1815 // It is an argument, not a value that anyone compares.
public readonly struct AxisIndex
#pragma warning restore CA1815
{
    internal enum Form
    {
        Rest,
        NewAxis,
        Position,
        Range,
        Steps,
        Indices,
    }

    private AxisIndex(Form form) => Kind = form;

    internal Form Kind { get; }

    internal long At { get; private init; }

    internal Range Range { get; private init; }

    internal Dim? Start { get; private init; }

    internal Dim? Stop { get; private init; }

    internal long Step { get; private init; }

    internal Node? Indices { get; private init; }

    /// <summary>All axes that the others do not name, as they are: Python's "...".</summary>
    public static AxisIndex Rest => new(Form.Rest);

    /// <summary>A new axis of size 1.</summary>
    public static AxisIndex NewAxis => new(Form.NewAxis);

    /// <summary>Elements start, start + step, … below stop.</summary>
    /// <param name="step">The distance between elements, at least 1; Flip turns an axis round.</param>
    /// <param name="start">The first element; a negative number counts from the end; null is 0.</param>
    /// <param name="stop">The end, which is not included; a negative number counts from the end; null is the size.</param>
    public static AxisIndex Every(long step, Dim? start = null, Dim? stop = null) => new(Form.Steps) { Step = step, Start = start, Stop = stop };

    /// <summary>One element; the axis goes away. A negative number counts from the end.</summary>
    /// <param name="at">The element.</param>
    public static implicit operator AxisIndex(int at) => new(Form.Position) { At = at };

    /// <summary>One element; the axis goes away. A negative number counts from the end.</summary>
    /// <param name="at">The element.</param>
    public static implicit operator AxisIndex(long at) => new(Form.Position) { At = at };

    /// <summary>One element; the axis goes away.</summary>
    /// <param name="at">The element.</param>
    public static implicit operator AxisIndex(Index at) => new(Form.Position) { At = at.IsFromEnd ? -at.Value : at.Value, Step = at is { IsFromEnd: true, Value: 0 } ? 1 : 0 };

    /// <summary>Elements in a row; <c>..</c> is the whole axis.</summary>
    /// <param name="range">The range.</param>
    public static implicit operator AxisIndex(Range range) => new(Form.Range) { Range = range };

    /// <summary>Elements at indices: the axis is replaced by theirs.</summary>
    /// <param name="indices">int32 or int64.</param>
    public static implicit operator AxisIndex(Node indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return new AxisIndex(Form.Indices) { Indices = indices };
    }
}

using System.Globalization;
using System.Text;

namespace GraphCompiler;

/// <summary>What came of comparing an analytic with a numeric derivative.</summary>
public enum GradientVerdict
{
    /// <summary>They agree within the tolerance.</summary>
    Passed,

    /// <summary>The slopes on the two sides of the point differ, and the analytic one lies between them: accepted.</summary>
    Kink,

    /// <summary>The numeric derivative is too uncertain to say; never a pass.</summary>
    Inconclusive,

    /// <summary>They differ.</summary>
    Failed,
}

/// <summary>One comparison: of a coordinate, or along a random projection.</summary>
/// <param name="Order">The order of the derivative.</param>
/// <param name="Target">The target.</param>
/// <param name="Index">The coordinate's index in the target; null for a projection.</param>
/// <param name="Output">The index in the loss, if each of its elements is checked by itself; null otherwise.</param>
/// <param name="Analytic">What the gradient graph says.</param>
/// <param name="Numeric">What differences say.</param>
/// <param name="Bar">The error bar of the numeric derivative.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Note">What is particular here, or null.</param>
public sealed record GradientEntry(
    int Order,
    Node Target,
    EquatableArray<long>? Index,
    EquatableArray<long>? Output,
    double Analytic,
    double Numeric,
    double Bar,
    GradientVerdict Verdict,
    string? Note)
{
    /// <summary>Where the comparison was made, such as <c>[0, 2]</c> or <c>projection</c>.</summary>
    public string Place => (Index is { } index ? $"{index}" : "projection") + (Output is { } output ? $" of loss{output}" : string.Empty);

    /// <summary>What the record holds, in a line.</summary>
    public override string ToString() => InvariantText.OfRecord(this, PrintMembers);
}

/// <summary>The comparison of forward with reverse mode, ⟨u, J·v⟩ against ⟨Jᵀ·u, v⟩ for random u and v.</summary>
/// <param name="Order">The order of the derivative.</param>
/// <param name="Forward">⟨u, J·v⟩, by the Jacobian-vector product.</param>
/// <param name="Reverse">⟨Jᵀ·u, v⟩, by the vector-Jacobian product.</param>
/// <param name="Tolerance">What they may differ by.</param>
/// <param name="Verdict">Passed, failed, or inconclusive where a derivative is not finite.</param>
public sealed record DotTest(int Order, double Forward, double Reverse, double Tolerance, GradientVerdict Verdict)
{
    /// <summary>What the record holds, in a line.</summary>
    public override string ToString() => InvariantText.OfRecord(this, PrintMembers);
}

/// <summary>The first operation, in topological order, whose own pullback contradicts differences of that operation alone, or its pushforward its pullback.</summary>
/// <param name="Node">The node at fault: one of the model, or of its gradient graph.</param>
/// <param name="Operation">The operation's name.</param>
/// <param name="Input">Which of the node's inputs its cotangent is wrong for.</param>
/// <param name="Index">The index in that input.</param>
/// <param name="Analytic">What the pullback says, or the pushforward.</param>
/// <param name="Numeric">What differences of the operation say; of a pushforward, what the pullback says.</param>
/// <param name="Bar">The error bar of the numeric derivative.</param>
/// <param name="Degree">The order of the operation's own derivative that is wrong: 1 for its pullback, 2 for the pullback of that.</param>
/// <param name="Inside">The composites, branches and steps of loops that the node was found in, outermost first; empty for a node of the graph itself.</param>
public sealed record GradientFault(Node Node, string Operation, int Input, EquatableArray<long> Index, double Analytic, double Numeric, double Bar, int Degree, EquatableArray<string> Inside)
{
    /// <summary>Whether it is the pushforward that is wrong, which forward mode asks; the pullback is right then.</summary>
    public bool IsForward { get; init; }

    /// <summary>The fault in a line.</summary>
    public override string ToString()
    {
        string inside = Inside.Count == 0 ? string.Empty : $" (inside {string.Join(", in ", Inside.Reverse())})";
        string inputs = string.Join(", ", Node.Inputs.Select(i => i.Describe()));
        string what = IsForward ? "pushforward" : Degree == 1 ? "pullback" : $"derivative of order {Degree}";
        string numbers = IsForward
            ? $"{GradientReport.Number(Analytic)} against {GradientReport.Number(Numeric)}"
            : $"analytic {GradientReport.Number(Analytic)}, numeric {GradientReport.Number(Numeric)} ± {GradientReport.Number(Bar)}";
        return $"The {what} of {Node.Describe()}{inside} disagrees with {(IsForward ? "the pullback" : "differences")} of that operation alone, " +
            $"for input {Input} at index {Index}: {numbers}. Inputs: {inputs}.";
    }
}

/// <summary>What a gradient check found.</summary>
public sealed class GradientReport
{
    private const int MostRows = 40;

    internal GradientReport(Node loss, IReadOnlyList<GradientEntry> entries, IReadOnlyList<DotTest> dotTests, GradientFault? fault)
    {
        Loss = loss;
        Entries = entries;
        DotTests = dotTests;
        Fault = fault;
    }

    /// <summary>What was differentiated.</summary>
    public Node Loss { get; }

    /// <summary>The comparisons, in the order of orders, targets and indices.</summary>
    public IReadOnlyList<GradientEntry> Entries { get; }

    /// <summary>Forward against reverse mode, one an order.</summary>
    public IReadOnlyList<DotTest> DotTests { get; }

    /// <summary>The operation at fault; null if nothing failed, or no single operation could be blamed.</summary>
    public GradientFault? Fault { get; }

    /// <summary>The worst of all verdicts, from passed over kink and inconclusive to failed.</summary>
    public GradientVerdict Verdict => Entries.Select(e => e.Verdict).Concat(DotTests.Select(d => d.Verdict)).DefaultIfEmpty().Max();

    /// <summary>Whether every comparison passed; gradients accepted at kinks count as passed, inconclusive ones do not.</summary>
    public bool Passed => Verdict is GradientVerdict.Passed or GradientVerdict.Kink;

    /// <summary>A table for people: the counts, what went wrong, and the comparisons, worst first where they are too many to show.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Gradient check of {Loss.Describe()}: {Name(Verdict)}.\n");
        if (Fault is { } fault)
        {
            text.Append(CultureInfo.InvariantCulture, $"{fault}\n");
        }

        foreach (DotTest dot in DotTests)
        {
            text.Append(CultureInfo.InvariantCulture, $"Order {dot.Order}: ⟨u, J·v⟩ = {Number(dot.Forward)}, ⟨Jᵀ·u, v⟩ = {Number(dot.Reverse)}: {Name(dot.Verdict)}.\n");
        }

        foreach (IGrouping<(int Order, Node Target), GradientEntry> group in Entries.GroupBy(e => (e.Order, e.Target)))
        {
            string counts = string.Join(", ", group.GroupBy(e => e.Verdict).OrderByDescending(g => g.Key).Select(g => $"{g.Count()} {Name(g.Key)}"));
            text.Append(CultureInfo.InvariantCulture, $"Order {group.Key.Order}, {group.Key.Target.Describe()}: {counts}.\n");
        }

        return AppendRows(text).ToString();
    }

    internal static string Number(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    private static string Name(GradientVerdict verdict) => verdict switch
    {
        GradientVerdict.Passed => "passed",
        GradientVerdict.Kink => "passed at a kink",
        GradientVerdict.Inconclusive => "inconclusive",
        _ => "failed",
    };

    private StringBuilder AppendRows(StringBuilder text)
    {
        if (Entries.Count == 0)
        {
            return text;
        }

        IEnumerable<GradientEntry> shown = Entries.Count <= MostRows ? Entries : Entries.OrderByDescending(e => e.Verdict).Take(MostRows);
        List<string[]> rows = [["order", "target", "at", "analytic", "numeric", "bar", "verdict"]];
        rows.AddRange(shown.Select(e => (string[])
        [
            $"{e.Order}",
            e.Target.Name ?? e.Target.Op.Name,
            e.Place,
            Number(e.Analytic),
            Number(e.Numeric),
            e.Bar.ToString("G2", CultureInfo.InvariantCulture),
            e.Note is null ? Name(e.Verdict) : $"{Name(e.Verdict)}: {e.Note}",
        ]));
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length))];
        foreach (string[] row in rows)
        {
            text.Append(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd()).Append('\n');
        }

        return Entries.Count > MostRows ? text.Append(CultureInfo.InvariantCulture, $"… {Entries.Count - MostRows} more\n") : text;
    }
}

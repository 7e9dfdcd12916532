using GraphCompiler.Kernels;

namespace GraphCompiler.Lowering;

/// <summary>
/// The passes over a row that a fused kernel makes, and what each does. A reduction is complete when its pass has ended; what reads it waits for
/// the next. Work that may be done in several passes goes where most of what it reads is read anyway. An expensive value that several passes
/// need is kept from the first on, in its own tensor if it has one, else in a row of scratch.
/// </summary>
internal sealed class GroupSchedule
{
    private const int CheapInstructions = 6;

    private readonly FusedSpec group;
    private readonly bool canKeep;
    private readonly Func<Node, bool> mayStream;
    private readonly HashSet<Node> streamed = [];
    private readonly Dictionary<Node, Role> roles;
    private readonly Dictionary<Node, int> earliest = [];
    private readonly Dictionary<Node, int> passOf = [];
    private readonly HashSet<Node> kept = [];

    /// <param name="group">The nodes of the kernel.</param>
    /// <param name="canKeep">Whether a row of scratch can keep values between passes.</param>
    /// <param name="mayStream">Whether a result may be written past the cache, in a loop of its own, if the kernel makes several passes.</param>
    public GroupSchedule(FusedSpec group, bool canKeep, Func<Node, bool> mayStream)
    {
        (this.group, this.canKeep, this.mayStream) = (group, canKeep, mayStream);
        roles = group.Nodes.ToDictionary(n => n, n => group.Domain.RoleOf(n)!.Value);
        foreach (Node node in group.Nodes)
        {
            earliest[node] = Inside(node).Select(AvailableAt).DefaultIfEmpty(0).Max();
        }

        Passes = group.Nodes.Where(n => !IsOfRow(n)).Select(n => earliest[n] + 1).DefaultIfEmpty(0).Max();
        PlaceReductions();
        PlaceElements();
    }

    /// <summary>The number of passes.</summary>
    public int Passes { get; }

    public Role RoleOf(Node node) => roles[node];

    /// <summary>The nodes that a pass computes: reductions, and elements that are stored or kept.</summary>
    public IEnumerable<Node> InPass(int pass) => group.Nodes.Where(n => passOf.TryGetValue(n, out int at) && at == pass);

    /// <summary>The values of rows that are computed just before a pass.</summary>
    public IEnumerable<Node> Before(int pass) => group.Nodes.Where(n => IsOfRow(n) && earliest[n] == pass);

    /// <summary>Whether an element's value is read back from memory in a pass instead of being computed.</summary>
    public bool IsReadBack(Node node, int pass) => passOf.TryGetValue(node, out int at) && at < pass && (kept.Contains(node) || group.Stored.Contains(node));

    /// <summary>Whether a pass writes an element past the cache, in a loop of its own.</summary>
    public bool IsStreamed(Node node) => streamed.Contains(node);

    /// <summary>Elements that a row of scratch keeps.</summary>
    public IEnumerable<Node> Kept => group.Nodes.Where(kept.Contains);

    private bool IsOfRow(Node node) => roles[node] is Role.Row or Role.RowGather;

    /// <summary>The group's own nodes that a node reads.</summary>
    private IEnumerable<Node> Inside(Node node) => group.Work[node].Sources.Where(roles.ContainsKey).Distinct();

    /// <summary>The pass from which a value can be used.</summary>
    private int AvailableAt(Node node) => roles[node] switch
    {
        Role.RowReduction => passOf.GetValueOrDefault(node, earliest[node]) + 1,
        Role.ColumnReduction => throw new InvalidOperationException($"{node.Describe()} is read before it is complete."),
        _ => earliest[node],
    };

    private void PlaceReductions()
    {
        List<(Node Node, int Last)> open = [];
        foreach (Node node in group.Nodes.Where(n => roles[n] is Role.RowReduction or Role.ColumnReduction))
        {
            // The first pass that needs the result comes after it.
            int last = group.Nodes.Where(c => Inside(c).Contains(node)).Select(c => earliest[c] - 1).DefaultIfEmpty(Passes - 1).Min();
            if (last == earliest[node])
            {
                passOf[node] = last;
            }
            else
            {
                open.Add((node, last));
            }
        }

        foreach ((Node node, int last) in open)
        {
            passOf[node] = Cheapest(node, earliest[node], last);
        }
    }

    /// <summary>Elements that are stored, or needed in several passes and expensive, from the last to the first: whether a pass computes one decides about what it reads.</summary>
    private void PlaceElements()
    {
        foreach (Node node in group.Nodes.Reverse().Where(n => roles[n] is Role.Element or Role.Pick))
        {
            int[] needed = [.. PassesThatRead(node)];
            if (group.Stored.Contains(node) && needed.Length == 0 && Passes > 1 && mayStream(node) && earliest[node] <= LastPassWithoutReduction())
            {
                // Such a loop works up to an aligned address first: it must not sum, or results would depend on where they lie.
                passOf[node] = LastPassWithoutReduction();
                streamed.Add(node);
            }
            else if (group.Stored.Contains(node))
            {
                passOf[node] = needed.Length > 0 ? needed.Min() : Cheapest(node, earliest[node], Passes - 1);
            }
            else if (canKeep && needed.Length > 1 && group.Work[node].Instructions > CheapInstructions)
            {
                passOf[node] = needed.Min();
                kept.Add(node);
            }
        }
    }

    private int LastPassWithoutReduction() =>
        Enumerable.Range(0, Passes).LastOrDefault(pass => !InPass(pass).Any(n => roles[n] is Role.RowReduction or Role.ColumnReduction), -1);

    /// <summary>The passes that compute something from an element.</summary>
    private HashSet<int> PassesThatRead(Node node)
    {
        HashSet<int> passes = [];
        foreach (Node reader in group.Nodes.Where(r => roles[r] != Role.RowGather && Inside(r).Contains(node)))
        {
            if (passOf.TryGetValue(reader, out int at))
            {
                passes.Add(at);
            }
            else if (roles[reader] is Role.Element)
            {
                passes.UnionWith(PassesThatRead(reader));
            }
        }

        return passes;
    }

    /// <summary>The pass, of those allowed, in which a node reads the least that is not read anyway.</summary>
    private int Cheapest(Node node, int first, int last)
    {
        HashSet<Node> own = Outside(node);
        return Enumerable.Range(first, last - first + 1).MinBy(pass =>
        {
            HashSet<Node> there = [.. InPass(pass).SelectMany(Outside)];
            return own.Where(n => !there.Contains(n)).Sum(Costs.Bytes);
        });
    }

    /// <summary>The tensors from outside that computing a node reads, through elements of the group too.</summary>
    private HashSet<Node> Outside(Node node)
    {
        HashSet<Node> found = [];
        foreach (Node source in group.Work[node].Sources)
        {
            if (!roles.TryGetValue(source, out Role role))
            {
                found.Add(source);
            }
            else if (role == Role.Element)
            {
                found.UnionWith(Outside(source));
            }
        }

        return found;
    }
}

using System.Globalization;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Loops and branches. What they mean is in docs/semantics.md.</summary>
public static partial class Ops
{
    /// <summary>
    /// A body that runs once for each row of sequences, carries values from step to step and leaves a row of each output: a recurrence of any length, built once.
    /// <code>
    /// var (last, outputs) = Scan([h0, c0], [xs], (carry, x) =>
    /// {
    ///     var (h, c) = carry;
    ///     …
    ///     return ([h2, c2], [y]);
    /// });
    /// </code>
    /// The body is called once, on placeholders. It may use nodes from outside; what it makes has no value outside of it but as its results. Gradients flow to any
    /// order; a random function in it draws anew at each step.
    /// </summary>
    /// <param name="start">What the first step is given; none is fine.</param>
    /// <param name="sequences">At least one, each with as many rows along the axis as the others; to count alone, give a number instead.</param>
    /// <param name="body">Given what is carried and a row of each sequence, without the axis: what is carried on, of the same dtypes and shapes, and the rows of outputs.</param>
    /// <param name="axis">The axis of sequences along which steps are taken, and of outputs; a negative one counts from each one's end.</param>
    /// <param name="reverse">Whether the first step has the last rows. Outputs lie where the sequences' rows do.</param>
    /// <param name="checkpoint">If given, gradients keep what is carried at every n-th step only, and run the steps between again.</param>
    /// <returns>What the last step carries on, <paramref name="start"/> if there is none; the outputs' rows stacked along the axis.</returns>
    /// <exception cref="ShapeException">Sequences differ in length, or have no such axis; a carry changes its shape.</exception>
    /// <exception cref="DTypeException">A carry changes its dtype.</exception>
    /// <exception cref="GraphException">The body gives another number of carries than it takes, nothing at all, or a node of another body.</exception>
    public static (NodeList Last, NodeList Outputs) Scan(
        NodeList start, NodeList sequences, Func<NodeList, NodeList, (NodeList Carry, NodeList Outputs)> body, int axis = 0, bool reverse = false, int? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentNullException.ThrowIfNull(body);
        if (sequences.Count == 0)
        {
            throw new GraphException("Scan: there is no sequence to take steps along; give a count of steps instead.");
        }

        foreach (Node scalar in sequences.Where(s => s.Rank == 0))
        {
            string instead = scalar.DType.IsInteger() ? "a number of steps is a Dim, such as 10 or \"T\"; where a node computes it, use While" : "what is the same in all steps is used in the body as it is";
            throw new ShapeException($"Scan: a scalar has no axis of steps; {instead}. Input: {scalar.Describe()}.");
        }

        Node[] rows = [.. sequences.Select(s => axis == 0 ? s : MoveAxis(s, Axis.Normalize(axis, s.Rank, "Scan", s), 0))];
        return Scan(start, rows, rows[0].Shape[0], body, axis, reverse, checkpoint);
    }

    /// <summary>A body that runs so many times, with the step's number; see the overload for sequences.</summary>
    /// <param name="start">What the first step is given.</param>
    /// <param name="count">How many steps; a symbol is allowed.</param>
    /// <param name="body">Given what is carried and the step's number (int64, []): what is carried on, of the same dtypes and shapes, and the rows of outputs.</param>
    /// <param name="axis">The axis of outputs along which steps are stacked.</param>
    /// <param name="reverse">Whether to count down: the first step has the number count − 1.</param>
    /// <param name="checkpoint">If given, gradients keep what is carried at every n-th step only, and run the steps between again.</param>
    /// <returns>What the last step carries on; the outputs' rows stacked along the axis.</returns>
    /// <exception cref="ShapeException">A carry changes its shape, or the count is below 0.</exception>
    /// <exception cref="DTypeException">A carry changes its dtype.</exception>
    /// <exception cref="GraphException">The body gives another number of carries than it takes, nothing at all, or a node of another body.</exception>
    public static (NodeList Last, NodeList Outputs) Scan(
        NodeList start, Dim count, Func<NodeList, Node, (NodeList Carry, NodeList Outputs)> body, int axis = 0, bool reverse = false, int? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(count);
        ArgumentNullException.ThrowIfNull(body);
        CheckCount("Scan", count);
        return Scan(start, [Arange(count)], count, (carry, x) => body(carry, x[0]), axis, reverse, checkpoint);
    }

    /// <summary>A body of one carry, one sequence and one output; see the overload for several.</summary>
    /// <param name="start">What the first step is given.</param>
    /// <param name="sequence">What has a row for each step.</param>
    /// <param name="body">Given what is carried and a row: what is carried on, and a row of the output.</param>
    /// <param name="axis">The axis of the sequence along which steps are taken, and of the output.</param>
    /// <param name="reverse">Whether the first step has the last row.</param>
    /// <param name="checkpoint">If given, gradients keep what is carried at every n-th step only, and run the steps between again.</param>
    /// <returns>What the last step carries on; the output's rows stacked along the axis.</returns>
    /// <exception cref="ShapeException">The sequence has no such axis, or the carry changes its shape.</exception>
    /// <exception cref="DTypeException">The carry changes its dtype.</exception>
    public static (Node Last, Node Outputs) Scan(
        Node start, Node sequence, Func<Node, Node, (Node Carry, Node Output)> body, int axis = 0, bool reverse = false, int? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Single(Scan([NotNull(start)], [NotNull(sequence)], (carry, x) => Single(body(carry[0], x[0])), axis, reverse, checkpoint));
    }

    /// <summary>A body of one carry and one sequence whose output is what it carries on; see the overload for several.</summary>
    /// <param name="start">What the first step is given.</param>
    /// <param name="sequence">What has a row for each step.</param>
    /// <param name="body">Given what is carried and a row: what is carried on.</param>
    /// <param name="axis">The axis of the sequence along which steps are taken, and of the output.</param>
    /// <param name="reverse">Whether the first step has the last row.</param>
    /// <param name="checkpoint">If given, gradients keep what is carried at every n-th step only, and run the steps between again.</param>
    /// <returns>What the last step carries on; what all did, stacked along the axis.</returns>
    /// <exception cref="ShapeException">The sequence has no such axis, or the carry changes its shape.</exception>
    /// <exception cref="DTypeException">The carry changes its dtype.</exception>
    public static (Node Last, Node Outputs) Scan(Node start, Node sequence, Func<Node, Node, Node> body, int axis = 0, bool reverse = false, int? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Scan(start, sequence, (carry, x) => Twice(body(carry, x)), axis, reverse, checkpoint);
    }

    /// <summary>A body of one carry and one output that runs so many times, with the step's number; see the overload for several.</summary>
    /// <param name="start">What the first step is given.</param>
    /// <param name="count">How many steps; a symbol is allowed.</param>
    /// <param name="body">Given what is carried and the step's number (int64, []): what is carried on, and a row of the output.</param>
    /// <param name="axis">The axis of the output along which steps are stacked.</param>
    /// <param name="reverse">Whether to count down: the first step has the number count − 1.</param>
    /// <param name="checkpoint">If given, gradients keep what is carried at every n-th step only, and run the steps between again.</param>
    /// <returns>What the last step carries on; the output's rows stacked along the axis.</returns>
    /// <exception cref="ShapeException">The carry changes its shape, or the count is below 0.</exception>
    /// <exception cref="DTypeException">The carry changes its dtype.</exception>
    public static (Node Last, Node Outputs) Scan(
        Node start, Dim count, Func<Node, Node, (Node Carry, Node Output)> body, int axis = 0, bool reverse = false, int? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Single(Scan([NotNull(start)], count, (carry, step) => Single(body(carry[0], step)), axis, reverse, checkpoint));
    }

    /// <summary>A body of one carry whose output is what it carries on and that runs so many times, with the step's number; see the overload for several.</summary>
    /// <param name="start">What the first step is given.</param>
    /// <param name="count">How many steps; a symbol is allowed.</param>
    /// <param name="body">Given what is carried and the step's number (int64, []): what is carried on.</param>
    /// <param name="axis">The axis of the output along which steps are stacked.</param>
    /// <param name="reverse">Whether to count down: the first step has the number count − 1.</param>
    /// <param name="checkpoint">If given, gradients keep what is carried at every n-th step only, and run the steps between again.</param>
    /// <returns>What the last step carries on; what all did, stacked along the axis.</returns>
    /// <exception cref="ShapeException">The carry changes its shape, or the count is below 0.</exception>
    /// <exception cref="DTypeException">The carry changes its dtype.</exception>
    public static (Node Last, Node Outputs) Scan(Node start, Dim count, Func<Node, Node, Node> body, int axis = 0, bool reverse = false, int? checkpoint = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        return Scan(start, count, (carry, step) => Twice(body(carry, step)), axis, reverse, checkpoint);
    }

    /// <summary>
    /// A body that runs as long as a condition holds, which is asked before each step: <c>While([x, n], s => s[1] &lt; 10, s => …)</c>. Both are called once, on
    /// placeholders, and may use nodes from outside. Gradients flow in forward mode; in reverse mode only where the number of steps is bounded.
    /// </summary>
    /// <param name="start">What the first step is given.</param>
    /// <param name="condition">Given what is carried: whether there is a step (bool, []).</param>
    /// <param name="body">Given what is carried: what is carried on, of the same dtypes and shapes.</param>
    /// <param name="most">
    /// How many steps run at most; a symbol is allowed. Null for as many as the condition wants. Reverse mode keeps room for so many steps and goes over them, however many run: a bound far
    /// beyond what is needed costs memory and time.
    /// </param>
    /// <returns>What the last step carries on, <paramref name="start"/> if there is none.</returns>
    /// <exception cref="ShapeException">A carry changes its shape, or the condition has one.</exception>
    /// <exception cref="DTypeException">A carry changes its dtype, or the condition is no bool.</exception>
    /// <exception cref="GraphException">The body gives another number of carries than it takes, or a node of another body.</exception>
    public static NodeList While(NodeList start, Func<NodeList, Node> condition, Func<NodeList, NodeList> body, Dim? most = null)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(body);
        if (most is not null)
        {
            CheckCount("While", most);
        }

        (NodeType, string)[] carries = [.. start.Select((n, i) => (n.Type, $"carry{i}"))];
        return LoopBuilder.While(start, Closure.Of("While", carries, c => [Function.Given("While", condition(c))]), Closure.Of("While", carries, c => Carried("While", start, body(c))), most);
    }

    /// <summary>A body of one carry that runs as long as a condition holds; see the overload for several.</summary>
    /// <param name="start">What the first step is given.</param>
    /// <param name="condition">Given what is carried: whether there is a step (bool, []).</param>
    /// <param name="body">Given what is carried: what is carried on, of the same dtype and shape.</param>
    /// <param name="most">
    /// How many steps run at most; a symbol is allowed. Null for as many as the condition wants. Reverse mode keeps room for so many steps and goes over them, however many run: a bound far
    /// beyond what is needed costs memory and time.
    /// </param>
    /// <returns>What the last step carries on, <paramref name="start"/> if there is none.</returns>
    /// <exception cref="ShapeException">The carry changes its shape, or the condition has one.</exception>
    /// <exception cref="DTypeException">The carry changes its dtype, or the condition is no bool.</exception>
    public static Node While(Node start, Func<Node, Node> condition, Func<Node, Node> body, Dim? most = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(body);
        return While([NotNull(start)], c => condition(c[0]), c => [Function.Given("While", body(c[0]))], most)[0];
    }

    /// <summary>
    /// One of two results, and only that is computed, where <see cref="Where(Node, Node, Node)"/> computes both: <c>Cond(Sum(x) &gt; 0, () => Log(x), () => -x)</c>. Both functions are
    /// called once, and may use nodes from outside. Gradients flow through the one that is taken.
    /// </summary>
    /// <param name="condition">Which one (bool, []).</param>
    /// <param name="then">Gives the results where the condition holds.</param>
    /// <param name="otherwise">Gives those where it does not, of the same dtypes and shapes.</param>
    /// <returns>As many results as both functions give, of their dtypes and shapes.</returns>
    /// <exception cref="ShapeException">The condition has a shape; the functions give other numbers of results, or other shapes.</exception>
    /// <exception cref="DTypeException">The condition is no bool, or the functions give other dtypes.</exception>
    /// <exception cref="GraphException">A function gives nothing at all, or a node of another body.</exception>
    public static NodeList Cond(Node condition, Func<NodeList> then, Func<NodeList> otherwise)
    {
        NotNull(condition);
        ArgumentNullException.ThrowIfNull(then);
        ArgumentNullException.ThrowIfNull(otherwise);
        return LoopBuilder.Branch(condition, Closure.Of("Cond", [], _ => then()), Closure.Of("Cond", [], _ => otherwise()));
    }

    /// <summary>One of two results, and only that is computed; see the overload for several.</summary>
    /// <param name="condition">Which one (bool, []).</param>
    /// <param name="then">Gives the result where the condition holds.</param>
    /// <param name="otherwise">Gives that where it does not, of the same dtype and shape.</param>
    /// <returns>The result, of the dtype and the shape that both functions give.</returns>
    /// <exception cref="ShapeException">The condition has a shape; the functions give other shapes.</exception>
    /// <exception cref="DTypeException">The condition is no bool, or the functions give other dtypes.</exception>
    public static Node Cond(Node condition, Func<Node> then, Func<Node> otherwise)
    {
        ArgumentNullException.ThrowIfNull(then);
        ArgumentNullException.ThrowIfNull(otherwise);
        return LoopBuilder.Branch(NotNull(condition), Closure.Of("Cond", [], _ => [Function.Given("Cond", then())]), Closure.Of("Cond", [], _ => [Function.Given("Cond", otherwise())]))[0];
    }

    private static (NodeList Last, NodeList Outputs) Scan(
        NodeList start, Node[] rows, Dim count, Func<NodeList, NodeList, (NodeList Carry, NodeList Outputs)> body, int axis, bool reverse, int? checkpoint)
    {
        if (checkpoint < 1)
        {
            throw InvariantText.OutOfRange(nameof(checkpoint), checkpoint, "Scan: a block has at least one step.");
        }

        IEnumerable<(NodeType, string)> carries = start.Select((n, i) => (n.Type, $"carry{i}"));
        IEnumerable<(NodeType, string)> elements = rows.Select((n, i) => (new NodeType(n.DType, n.Shape.Without([0])), $"row{i}"));
        var closure = Closure.Of("Scan", [.. carries, .. elements], p =>
        {
            (NodeList carry, NodeList outputs) = body(p[..start.Count], p[start.Count..]);
            return [.. Carried("Scan", start, carry), .. outputs ?? throw new GraphException("Scan: the body returned null for its outputs; return an empty list if there are none.")];
        });
        (NodeList last, NodeList stacked) = LoopBuilder.Scan(start, rows, count, closure, reverse, checkpoint);
        return (last, axis == 0 ? stacked : [.. stacked.Select(o => MoveAxis(o, 0, Axis.Normalize(axis, o.Rank, "Scan", o)))]);
    }

    private static NodeList Carried(string op, NodeList start, NodeList carry) => carry is null || carry.Count != start.Count
        ? throw new GraphException($"{op}: the body takes {InvariantText.Count(start.Count, "carry")} and gives {carry?.Count.ToString(CultureInfo.InvariantCulture) ?? "null"}; it gives as many as it takes.")
        : carry;

    private static (NodeList Carry, NodeList Outputs) Single((Node Carry, Node Output) results) =>
        ([Function.Given("Scan", results.Carry)], [Function.Given("Scan", results.Output)]);

    private static (Node Carry, Node Output) Twice(Node next) => (next, next);

    private static (Node Last, Node Outputs) Single((NodeList Last, NodeList Outputs) results) => (results.Last[0], results.Outputs[0]);
}

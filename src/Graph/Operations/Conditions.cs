using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>
/// Its input, of whose sizes the named operation asks something that its parts do not: left = right, or left ≥ right. Where symbols leave that open, it is
/// checked when sizes are bound.
/// </summary>
internal sealed record ConditionOp(string Operation, Dim Left, Dim Right, bool IsEquality, string Message) : UnaryComposite
{
    public override string Name => Operation;

    public override string Kind => "Condition";

    public override NodeType[] Infer(TypeContext context)
    {
        if (IsEquality)
        {
            context.RequireSame(Left, Right, Message);
        }
        else
        {
            context.RequireAtLeast(Left, Right, Message);
        }

        return [context.Inputs[0].Results[0]];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents) => cotangents;

    public override Node?[] Pushforward(Node node, Node?[] tangents) => tangents;

    public override Node[] Batch(BatchContext context) => context.OnBatched(this);

    protected override Node Expand(Node x) => x;
}

/// <summary>Conditions on sizes that functions ask for: refused where they never hold, a <see cref="ConditionOp"/> where symbols leave it open.</summary>
internal static class Conditions
{
    /// <summary>x, if a size is at least another.</summary>
    public static Node AtLeast(string op, Node x, Dim size, Dim least, string message) => Require(op, x, size, least, isEquality: false, Dim.AtLeast(size, least), message);

    /// <summary>x, if an axis of a size has an element; a negative one counts from the end.</summary>
    public static Node HasElement(string op, Node x, Dim size, long index, string message) =>
        AtLeast(op, x, size, index < 0 ? -Math.Max(index, -long.MaxValue) : Math.Min(index, long.MaxValue - 1) + 1, message);

    /// <summary>x, if two sizes are the same.</summary>
    public static Node Same(string op, Node x, Dim left, Dim right, string message) => Require(op, x, left, right, isEquality: true, Dim.Same(left, right), message);

    /// <summary>A part of a function of x, which asks of sizes itself what the part does.</summary>
    public static Node AskedBy(string op, Node x, Node part) => part == x || part.Op.Name == op || part.Guards.IsEmpty ? part : part.Rebuild([Asking(op, part), .. part.Inputs[1..]]);

    /// <summary>The first input of a part of a function, if what the part asks of sizes holds.</summary>
    public static Node Asking(string op, Node part) =>
        part.Guards.Aggregate(part.Inputs[0], (x, guard) => Require(op, x, guard.Left, guard.Right, guard.IsEquality, holds: null, guard.Asked));

    private static Node Require(string op, Node x, Dim left, Dim right, bool isEquality, bool? holds, string message) =>
        holds == true ? x : Ops.Create(new ConditionOp(op, left, right, isEquality, message), x).Named(op);
}

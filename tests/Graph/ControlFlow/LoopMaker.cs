using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Makes loops and branches: as such, or of the parts that they stand for.</summary>
internal abstract class LoopMaker
{
    public static LoopMaker Loops { get; } = new AsLoops();

    public static LoopMaker Unrolled { get; } = new AsParts();

    public abstract (NodeList Last, NodeList Outputs) Scan(
        NodeList start, NodeList sequences, Func<NodeList, NodeList, (NodeList Carry, NodeList Outputs)> body, int axis = 0, bool reverse = false, int? checkpoint = null);

    public abstract (NodeList Last, NodeList Outputs) Scan(
        NodeList start, Dim count, Func<NodeList, Node, (NodeList Carry, NodeList Outputs)> body, bool reverse = false);

    public abstract NodeList While(NodeList start, Func<NodeList, Node> condition, Func<NodeList, NodeList> body, int most);

    public abstract NodeList Cond(Node condition, Func<NodeList> then, Func<NodeList> otherwise);

    /// <summary>One carry and one sequence.</summary>
    public (Node Last, Node Outputs) Scan(Node start, Node sequence, Func<Node, Node, Node> body, int axis = 0, bool reverse = false, int? checkpoint = null)
    {
        (NodeList last, NodeList outputs) = Scan([start], [sequence], (c, x) => body(c[0], x[0]) is var next ? ([next], [next]) : default, axis, reverse, checkpoint);
        return (last[0], outputs[0]);
    }

    private sealed class AsLoops : LoopMaker
    {
        public override (NodeList Last, NodeList Outputs) Scan(
            NodeList start, NodeList sequences, Func<NodeList, NodeList, (NodeList Carry, NodeList Outputs)> body, int axis, bool reverse, int? checkpoint) =>
            Ops.Scan(start, sequences, body, axis, reverse, checkpoint);

        public override (NodeList Last, NodeList Outputs) Scan(NodeList start, Dim count, Func<NodeList, Node, (NodeList Carry, NodeList Outputs)> body, bool reverse) =>
            Ops.Scan(start, count, body, reverse: reverse);

        public override NodeList While(NodeList start, Func<NodeList, Node> condition, Func<NodeList, NodeList> body, int most) => Ops.While(start, condition, body, most);

        public override NodeList Cond(Node condition, Func<NodeList> then, Func<NodeList> otherwise) => Ops.Cond(condition, then, otherwise);
    }

    private sealed class AsParts : LoopMaker
    {
        public override (NodeList Last, NodeList Outputs) Scan(
            NodeList start, NodeList sequences, Func<NodeList, NodeList, (NodeList Carry, NodeList Outputs)> body, int axis, bool reverse, int? checkpoint)
        {
            long count = sequences[0].Shape[axis < 0 ? axis + sequences[0].Rank : axis].Constant!.Value;
            return Steps(start, count, (carry, t) => body(carry, [.. sequences.Select(s => Select(s, axis, t))]), (carry, _) => body(carry, [.. sequences.Select(s => Sum(s, axis))]), axis, reverse);
        }

        public override (NodeList Last, NodeList Outputs) Scan(NodeList start, Dim count, Func<NodeList, Node, (NodeList Carry, NodeList Outputs)> body, bool reverse) =>
            Steps(start, count.Constant!.Value, (carry, t) => body(carry, Constant(t)), (carry, t) => body(carry, Constant(t)), 0, reverse);

        public override NodeList While(NodeList start, Func<NodeList, Node> condition, Func<NodeList, NodeList> body, int most)
        {
            Node runs = Constant(true);
            NodeList carry = start;
            for (int t = 0; t < most; t++)
            {
                runs &= condition(carry);
                NodeList next = body(carry);
                carry = [.. carry.Zip(next, (a, b) => Where(BroadcastTo(runs, a.Shape), b, a))];
            }

            return carry;
        }

        public override NodeList Cond(Node condition, Func<NodeList> then, Func<NodeList> otherwise) =>
            [.. then().Zip(otherwise(), (a, b) => Where(BroadcastTo(condition, a.Shape), a, b))];

        private static (NodeList Last, NodeList Outputs) Steps(
            NodeList start, long count, Func<NodeList, long, (NodeList Carry, NodeList Outputs)> step, Func<NodeList, long, (NodeList Carry, NodeList Outputs)> like, int axis, bool reverse)
        {
            NodeList carry = start;
            var rows = new NodeList[count];
            for (long t = 0; t < count; t++)
            {
                long row = reverse ? count - 1 - t : t;
                (carry, rows[row]) = step(carry, row);
            }

            return count > 0
                ? (carry, [.. rows[0].Select((_, i) => Stack([.. rows.Select(r => r[i])], axis))])
                : (carry, [.. like(carry, 0).Outputs.Select(o => Slice(Unsqueeze(o, axis), axis, 0, 0))]);
        }
    }
}

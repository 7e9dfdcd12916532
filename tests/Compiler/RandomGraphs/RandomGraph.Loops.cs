namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Loops and branches: over any axis, either way, in blocks, in each other, of values that are captured, and of integers that are carried.</summary>
internal sealed partial class RandomGraph
{
    private void ControlFlow()
    {
        Node x = Float();
        Node weight = Ops.Tanh(Ops.Sum(Float()));
        switch (x.Rank == 0 ? 5 + Next(2) : Next(8))
        {
            case 5:
                Node flag = Ops.Any(Exact() > 0);
                NodeList either = Ops.Cond(flag, () => [Ops.Tanh(x) + weight, x], () => [x * weight, Ops.Sin(x)]);
                Add(either[Next(2)], false);
                break;
            case 6:
                int steps = Next(4);
                NodeList last = Ops.While([Ops.Tanh(x), Ops.Constant(0)], c => c[1] < steps, c => [Ops.Tanh(c[0] + weight), c[1] + 1], most: 2 + Next(3));
                Add(last[0], false);
                break;
            case 7:
                Recurrence(Ranked(1), (h, r) => Ops.Scan(h, 2, (g, t) => Ops.Tanh((g * weight) + r + Ops.BroadcastTo(Ops.Cast(t, real), r.Shape))).Last);
                break;
            case 0:
                Recurrence(x, (h, r) => Ops.Tanh((h * 0.5) + r));
                break;
            case 1:
                Node odd = Ops.Any(Exact() > 1);
                Recurrence(x, (h, r) => Ops.Cond(odd, () => Ops.Sin(h + r), () => h * weight));
                break;
            case 2:
                Recurrence(x, (h, r) => r);
                break;
            default:
                Recurrence(x, (h, r) => (h * weight) + (r * 0.5));
                break;
        }
    }

    private void Recurrence(Node x, Func<Node, Node, Node> body)
    {
        int axis = Next(x.Rank);
        int? checkpoint = Next(4) == 0 ? 1 + Next(3) : null;
        Node start = Ops.Tanh(Ops.Sum(x, axis));
        (Node last, Node outputs) = Ops.Scan(start, x, body, axis, reverse: Next(2) == 0, checkpoint);
        Add(Next(2) == 0 ? last : outputs, false);
    }
}

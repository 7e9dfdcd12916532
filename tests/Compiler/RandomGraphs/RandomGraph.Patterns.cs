using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Patterns that fusion makes one kernel of, or must not: with neighbours that share their tensors.</summary>
internal sealed partial class RandomGraph
{
    private void Pattern()
    {
        switch (Next(15))
        {
            case 0:
                SoftmaxByHand();
                break;
            case 1:
                NormalizeByHand();
                break;
            case 2:
                ReduceAlike();
                break;
            case 3:
                ReduceAcross();
                break;
            case 4:
                Siblings();
                break;
            case 5:
                CutAndJoin();
                break;
            case 6:
                GatherBesides();
                break;
            case 7 or 8:
                Dense();
                break;
            case 9:
                Attention();
                break;
            case 10:
                Diamond();
                break;
            case 11:
                Slide();
                break;
            case 12:
                Parameters();
                break;
            case 13:
                Moments();
                break;
            default:
                ReduceChain();
                break;
        }
    }

    private Node Ranked(int rank) => nodes.Any(n => n.DType == real && n.Rank >= rank) ? Pick(n => n.DType == real && n.Rank >= rank) : throw new ShapeException("no such node");

    /// <summary>Mostly the last axis: rows.</summary>
    private int RowAxis(Node x) => Next(3) == 0 ? Next(x.Rank) : x.Rank - 1;

    private Node Smooth(Node x) => Next(5) switch
    {
        0 => Ops.Tanh(x),
        1 => Ops.Sigmoid(x),
        2 => Ops.Exp(Ops.Tanh(x)),
        3 => (x * 0.5) - 1,
        _ => Ops.Sin(x),
    };

    /// <summary>A fresh input, often with gradients: a weight, a bias.</summary>
    private Node Weight(Shape shape)
    {
        Node node = shape.All(d => d.IsConstant) && Next(3) == 0 ? Parameter(shape) : Leaf(real, shape, Next(4) != 0);
        Add(node, isExact: true);
        return node;
    }

    /// <summary>Subtract a statistic, exponentiate, divide by the sum; several of its parts are seen from outside.</summary>
    private void SoftmaxByHand()
    {
        Node x = Ranked(1);
        int axis = RowAxis(x);
        Node statistic = exact.Contains(x) && Surely(x.Shape[axis]) ? Ops.Max(x, axis, keepDims: true) : Ops.Sum(Ops.Tanh(x), axis, keepDims: true);
        Node e = Ops.Exp(Ops.Tanh(x - statistic));
        Node total = Ops.Sum(e, axis, keepDims: true);
        Add(e, false);
        if (Next(2) == 0)
        {
            Add(total, false);
        }

        Add(e / (total + 0.5), false);
        if (Next(2) == 0)
        {
            Add(Ops.Log(total + 0.5) + x, false);
        }
    }

    private void NormalizeByHand()
    {
        Node x = Ranked(1);
        int axis = RowAxis(x);
        Node count = Ops.DimValue(x.Shape[axis] + 1, real);
        Node mean = Ops.Sum(x, axis, keepDims: true) / count;
        Node centered = x - mean;
        Node variance = Ops.Sum(centered * centered, axis, keepDims: true) / count;
        Node normal = centered / Ops.Sqrt(variance + 0.1);
        Add(Next(3) == 0 ? variance : mean, false);
        Add(Next(2) == 0 ? normal : (normal * Weight([x.Shape[^1]])) + Weight([x.Shape[^1]]), false);
        if (Next(2) == 0)
        {
            // Read again: by a sum of another form, and beside what made it.
            Add(Ops.Sum(nodes[^1] * x, axis, keepDims: Next(2) == 0), false);
        }
    }

    /// <summary>Distances from a mean of at least two values, and what they are squared.</summary>
    private void Moments()
    {
        Node x = Ranked(1);
        int axis = RowAxis(x);
        Node several = Conditions.AtLeast("Moments", x, x.Shape[axis], 2, "there are no two values.");
        Node centred = Node.Create(new CentreOp([axis]), several);
        Node variance = Ops.Variance(several, axis, keepDims: true, correction: Next(2));
        Add(Next(2) == 0 ? centred : variance, false);
        Add(centred / Ops.Sqrt(variance + 0.1), false);
    }

    /// <summary>Windows over the last axis, which are summed up, weighted, or searched, and put back.</summary>
    private void Slide()
    {
        Node x = Ranked(1);
        Node padded = Ops.Pad(x, -1, 1 + Next(2), 1 + Next(2));
        int axis = x.Rank - 1;
        (int stride, int dilation) = (1 + Next(2), 1 + Next(2));
        Node windows = Ops.Windows(padded, axis, 2, Next(3) == 0 ? stride : 1);
        Node rows = Ops.Reshape(padded, Shape.Of([1, x.Shape.SkipLast(1).Aggregate(Dim.Of(1), (n, d) => n * d), padded.Shape[axis]]));
        switch (Next(4))
        {
            case 0:
                Add(Ops.Sum(Smooth(windows), -1), false);
                break;
            case 1:
                Add(Node.Create(new OverlapAddOp([new Window(axis, 2, 1, 1)], padded.Shape), Ops.Windows(padded, axis, 2) * Weight([2])), false);
                break;
            case 2 when exact.Contains(x):
                Add(Ops.MaxPool1D(rows, 2, Next(2) == 0 ? 1 : default(PerAxis)), false);
                break;
            default:
                Node column = Ops.Permute(rows, 1, 0, 2);
                Node convolved = Next(2) == 0
                    ? Ops.Conv1D(column, Weight([2, 1, 2]), stride: stride)
                    : Ops.Conv1D(Ops.Conv1D(column, Weight([2, 1, 1])), Weight([3, 2, 2]), padding: 1, dilation: dilation);
                Add(convolved, false);
                Add(Ops.ConvTranspose1D(convolved, Weight([convolved.Shape[1], 2, 2]), stride: stride), false);
                break;
        }
    }

    /// <summary>Several reductions of one tensor over the same axes.</summary>
    private void ReduceAlike()
    {
        Node x = Ranked(1);
        int axis = RowAxis(x);
        bool keep = Next(3) != 0;
        Node sum = Ops.Sum(x, axis, keep);
        Node squares = Ops.Sum(x * x, axis, keep);
        Node third = exact.Contains(x) && Surely(x.Shape[axis]) ? Ops.Max(x, axis, keep) : Ops.Sum(Smooth(x), axis, keep);
        Add(sum, false);
        Add(squares, false);
        Add(third, false);
        Add(keep ? (x * sum) + (squares * third) : (sum * third) - squares, false);
    }

    /// <summary>Reductions of one tensor over different axes, brought together again.</summary>
    private void ReduceAcross()
    {
        Node x = Ranked(2);
        int first = Next(x.Rank);
        int second = (first + 1 + Next(x.Rank - 1)) % x.Rank;
        Node rows = Ops.Sum(Next(2) == 0 ? x : Smooth(x), first, keepDims: true);
        Node columns = Ops.Sum(Next(2) == 0 ? x : x * x, second, keepDims: true);
        Add(rows, false);
        Add(columns, false);
        Add(Next(2) == 0 ? rows + columns : x * rows * columns, false);
        if (Next(2) == 0)
        {
            Add(Ops.Sum(nodes[^1], [first, second], keepDims: true) + x, false);
        }
    }

    /// <summary>Elementwise nodes of one tensor, and of each other.</summary>
    private void Siblings()
    {
        Node x = Float();
        Node before = x;
        for (int i = 2 + Next(3); i > 0; i--)
        {
            Node next = Smooth(Next(2) == 0 ? x : before);
            Add(Next(2) == 0 ? next : next + x, false);
            before = nodes[^1];
        }
    }

    /// <summary>Parts of a tensor worked on apart, and put together in some order.</summary>
    private void CutAndJoin()
    {
        Node x = Ranked(1);
        int axis = Next(x.Rank);
        Dim size = x.Shape[axis];
        Node front = Ops.Slice(x, axis, 0, size / 2);
        Node back = Ops.Slice(x, axis, size / 2, size);
        Node left = Smooth(back);
        Node right = Next(2) == 0 ? front : Smooth(front);
        Add(left, false);
        Node joined = Ops.Concat(Next(2) == 0 ? [left, right] : [left, right, front], axis);
        Add(joined, false);
        if (joined.Shape[axis] == size)
        {
            Add(joined * x, false);
        }
    }

    /// <summary>A gather of what elementwise work made, elementwise work on what was gathered, and a sum.</summary>
    private void GatherBesides()
    {
        Node x = Ranked(1);
        int axis = Next(x.Rank);
        if (x.Shape[axis].Constant is not ({ } size and > 0))
        {
            throw new ShapeException("a gather needs a size");
        }

        Node index = Ops.Iota([Next(2) == 0 ? 4 : "N"], 0) * (1 + Next(3));
        index -= (index / size) * size;
        Node y = Smooth(x);
        Node taken = Ops.Take(y, index, axis);
        Add(y, false);
        Add(Next(2) == 0 ? Smooth(taken) : taken * 2, false);
        Add(Ops.Sum(nodes[^1], axis, keepDims: true) + x, false);
    }

    /// <summary>A layer: a product with a weight, a bias, an activation, a residual, a statistic of its rows.</summary>
    private void Dense()
    {
        Node x = Ranked(Next(4) == 0 ? 1 : 2);
        Dim[] widths = [x.Shape[^1], 1, 3, 16, 17, 33, "M"];
        Dim width = widths[Next(widths.Length)];
        Node weight = Next(3) == 0 ? Ops.Transpose(Weight([width, x.Shape[^1]])) : Weight([x.Shape[^1], width]);
        Node y = Ops.MatMul(Next(3) == 0 ? Smooth(x) : x, weight);
        Node z = Next(4) == 0 ? y : y + Weight([width]);
        Node activated = Next(3) switch { 0 => Ops.Tanh(z), 1 => Ops.Sigmoid(z) * z, _ => z * 0.5 };
        Add(y, false);
        Add(activated, false);
        if (activated.Shape == x.Shape)
        {
            Add(activated + x, false);
        }

        if (Next(2) == 0)
        {
            Add(nodes[^1] - Ops.Sum(nodes[^1], -1, keepDims: true), false);
        }
    }

    private void Attention()
    {
        Node q = Ranked(2);
        Node k = Next(2) == 0 ? q : Smooth(q);
        Node scores = Ops.MatMul(q, Ops.Transpose(k)) * 0.25;
        if (!Surely(scores.Shape[^1]))
        {
            scores = Ops.Tanh(scores);
            Add(Ops.MatMul(scores, k), false);
            return;
        }

        Add(Ops.MatMul(Ops.Softmax(Ops.Tanh(scores), -1), k), false);
        Add(nodes[^1] + q, false);
    }

    /// <summary>A tensor, a product of it, and both together: what must not become one kernel, for the product needs the whole tensor first.</summary>
    private void Diamond()
    {
        Node x = Ranked(2);
        Node y = Smooth(x);
        Node product = Ops.MatMul(y, Ops.Transpose(y));
        Node back = Ops.MatMul(product, y);
        Add(product, false);
        Add(y + (back * 0.1), false);
        Add(Ops.Sum(nodes[^1] * y, x.Rank - 1, keepDims: true) * x, false);
    }

    /// <summary>Reductions of reductions, each read again by elementwise work.</summary>
    private void ReduceChain()
    {
        Node x = Ranked(2);
        int last = x.Rank - 1;
        Node rows = Ops.Sum(x * Smooth(x), last, keepDims: true);
        Node weights = Ops.Sigmoid(rows);
        Node total = Ops.Sum(weights, last - 1, keepDims: true);
        Add(rows, false);
        Add(weights / (total + 1), false);
        Add(Ops.Sum(nodes[^1] * x, [last - 1, last]), false);
        if (Next(2) == 0)
        {
            Add(x - nodes[^2], false);
        }
    }
}

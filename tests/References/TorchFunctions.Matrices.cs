using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    private void AddMatrices()
    {
        foreach (string name in (ReadOnlySpan<string>)["matmul", "bmm", "dot"])
        {
            Add($"torch.{name}", a => MatMul(a.Node(0), a.Node(1)));
        }

        foreach (string name in (ReadOnlySpan<string>)["addmm", "addmv", "baddbmm"])
        {
            Add($"torch.{name}", a => (a.Double(-1, "beta", 1) * a.Node(0)) + (a.Double(-1, "alpha", 1) * MatMul(a.Node(1), a.Node(2))));
        }

        Add("torch.addr", a => a.Node(0) + Outer(a.Node(1), a.Node(2)));
        Add("torch.outer", a => Outer(a.Node(0), a.Node(1)));
        Add("torch.inner", a => MatMul(a.Node(0), Transpose(a.Node(1))));
        Add("torch.linalg.multi_dot", a => a.Nodes(0, "tensors").Aggregate(MatMul));
        Add("torch.linalg.matrix_power", a => a.Int(1, "n") > 0
            ? Enumerable.Repeat(a.Node(0), a.Int(1, "n")).Aggregate(MatMul)
            : throw new NotSupportedException("an inverse"));
        Add("torch.kron", a =>
        {
            (Node x, Node y) = (a.Node(0), a.Node(1));
            Node blocks = Unsqueeze(Unsqueeze(x, 2), 1) * Unsqueeze(Unsqueeze(y, 1), 0);
            return Reshape(blocks, [x.Shape[0] * y.Shape[0], x.Shape[1] * y.Shape[1]]);
        });
        Add("torch.cross", a =>
        {
            (Node x, Node y, int axis) = (a.Node(0), a.Node(1), a.Int(2, "dim"));
            return (Turned(x, 1) * Turned(y, 2)) - (Turned(x, 2) * Turned(y, 1));
            Node Turned(Node v, int by) => Concat([Slice(v, axis, by), Slice(v, axis, 0, by)], axis);
        });
        Add("torch.tensordot", a =>
        {
            int[][] axes = [.. ((object?[])a.Find(2, "dims")!).Select(d => ((object?[])d!).Select(i => (int)(long)i!).ToArray())];
            (Node x, Node y) = (a.Node(0), a.Node(1));
            string left = new([.. Enumerable.Range(0, x.Rank).Select(i => (char)('a' + i))]);
            string right = new([.. Enumerable.Range(0, y.Rank).Select(i => axes[1].Contains(i) ? left[axes[0][Array.IndexOf(axes[1], i)]] : (char)('A' + i))]);
            string result = new([.. left.Where(c => !right.Contains(c)), .. right.Where(c => !left.Contains(c))]);
            return Einsum($"{left},{right}->{result}", [x, y]);
        });
        Add("torch.einsum", a => Einsum(a.Text(0, "equation")!, [.. a.Positional.Skip(1).Cast<Node>()]));
        Add("F.linear", a => a.NodeOrNull(2, "bias") is { } bias ? MatMul(a.Node(0), Transpose(a.Node(1))) + bias : MatMul(a.Node(0), Transpose(a.Node(1))));
        Add("F.bilinear", a => Einsum("bn,anm,bm->ba", [a.Node(0), a.Node(2), a.Node(1)]) + a.Node(3));
        Unary("Tensor.t", x => Transpose(x));
    }

    private static Node Outer(Node x, Node y) => Unsqueeze(x, 1) * Unsqueeze(y, 0);

    /// <summary>Every letter an axis of one large product, which is then summed: slow and plain.</summary>
    private static Node Einsum(string equation, Node[] inputs)
    {
        string[] sides = equation.Split("->");
        string[] terms = sides[0].Split(',');
        int[] free = [.. terms.Select((t, i) => t.Contains("...", StringComparison.Ordinal) ? inputs[i].Rank - t.Length + 3 : 0)];
        string dots = new([.. Enumerable.Range(0, free.Max()).Select(i => (char)('0' + i))]);
        terms = [.. terms.Select((t, i) => t.Replace("...", dots[^free[i]..], StringComparison.Ordinal))];
        string all = new([.. string.Concat(terms).Distinct().Order()]);
        string result = sides.Length == 2 ? sides[1].Replace("...", dots, StringComparison.Ordinal) : new([.. all.Where(c => string.Concat(terms).Count(o => o == c) == 1)]);
        Node product = terms.Select((t, i) => Spread(inputs[i], t)).Aggregate(Mul);
        int[] summed = [.. Enumerable.Range(0, all.Length).Where(i => !result.Contains(all[i]))];
        string left = new([.. all.Where(result.Contains)]);
        return Permute(Sum(product, summed), [.. result.Select(c => left.IndexOf(c, StringComparison.Ordinal))]);

        Node Spread(Node x, string term)
        {
            // A letter that occurs twice is a diagonal.
            for (int i = 0; i < term.Length; i++)
            {
                if (term.IndexOf(term[i], i + 1) is var j and > 0)
                {
                    Node same = Equal(Along(Arange(x.Shape[i]), x, i), Along(Arange(x.Shape[j]), x, j));
                    x = Sum(Where(same, x, 0), j);
                    term = term.Remove(j, 1);
                }
            }

            int[] order = [.. Enumerable.Range(0, term.Length).OrderBy(i => term[i])];
            Node sorted = Permute(x, order);
            return Reshape(sorted, Shape.Of(all.Select(c => term.Contains(c) ? x.Shape[term.IndexOf(c, StringComparison.Ordinal)] : Dim.Of(1))));
        }
    }
}

using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.References;

internal sealed partial class TorchFunctions
{
    /// <summary>The helpers that the reference script defines.</summary>
    private void AddGraphs()
    {
        Add("deep", a => Enumerable.Range(0, a.Int(1, "n")).Aggregate(a.Node(0), (x, _) => Sin(x) + (0.1 * x)));
        Add("fib", a =>
        {
            (Node first, Node second) = (a.Node(0), Sin(a.Node(0)));
            for (int i = 0; i < a.Int(1, "n"); i++)
            {
                (first, second) = (second, (first * 0.5) + (second * 0.5) + (first * second));
            }

            return second;
        });
        Add("newton", a => Enumerable.Range(0, 8).Aggregate(OnesLike(a.Node(0)), (y, _) => 0.5 * (y + (a.Node(0) / y))));
        Add("char_rnn", a =>
        {
            (Node wx, Node wh, Node wo, Node i, Node t) = (a.Node(0), a.Node(1), a.Node(2), a.Node(3), a.Node(4));
            Node state = Zeros([wh.Shape[0]], real);
            Node loss = Real(0);
            for (int step = 0; step < Size(i, 0); step++)
            {
                state = Tanh(Take(wx, Select(i, 0, step)) + MatMul(state, wh));
                loss += CrossEntropy(MatMul(state, wo), Select(t, 0, step));
            }

            return loss;
        });
        Add("enc_layer", a =>
        {
            (Node x, Node wq, Node wk, Node wv, Node wo) = (a.Node(0), a.Node(1), a.Node(2), a.Node(3), a.Node(4));
            Node n = LayerNorm(x) * a.Node(7);
            x += MatMul(Joined(ScaledDotProductAttention(Heads(MatMul(n, wq), 2), Heads(MatMul(n, wk), 2), Heads(MatMul(n, wv), 2))), wo);
            return x + MatMul(Gelu(MatMul(LayerNorm(x) * a.Node(8), a.Node(5))), a.Node(6));
        });
        Add("math.sqrt", a => Math.Sqrt(PythonArguments.Number(a.Positional[0]!)));

        // The arguments between say that there is no dropout and no bias of keys.
        Add("F.multi_head_attention_forward", a => Two(MultiHeadAttention(
            a.Node(0), a.Node(1), a.Node(2), a.Int(4, "num_heads"), a.Node(5), a.Node(6), a.Node(11), a.Node(12))));
    }

    private static Node Heads(Node x, int count) => Transpose(Reshape(x, [x.Shape[0], x.Shape[1], count, -1]), 1, 2);

    private static Node Joined(Node heads) => Flatten(Transpose(heads, 1, 2), 2);
}

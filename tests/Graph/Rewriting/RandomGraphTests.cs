using CsCheck;
using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

/// <summary>Stabilising, inlining and simplifying random graphs keeps their values.</summary>
public class RandomGraphTests
{
    [Test]
    public void Rewriting_preserves_values() => Gen.Int.Array[1, 25].Sample(steps =>
    {
        Leaf<double> x = Variable("x", "N", 3);
        Leaf<double> v = Variable("v", 3);
        List<Node> made = [x, BroadcastTo(v, ["N", 3]), ZerosLike(x), OnesLike(x)];
        foreach (uint step in steps.Select(s => (uint)s))
        {
            Node a = made[(int)(step / 32 % made.Count)];
            Node b = made[(int)(step / 1024 % made.Count)];
            made.Add((step % 20) switch
            {
                0 => a + b,
                1 => a - b,
                2 => Tanh(a) * Tanh(b),
                3 => -a,
                4 => a * 1,
                5 => Log(1 + Exp(a)),
                6 => Log(Softmax(a)),
                7 => 1 / (1 + Exp(-a)),
                8 => Where(a > b, a, b),
                9 => Maximum(a, a),
                10 => BroadcastTo(Sum(a, 0), ["N", 3]) - b,
                11 => Transpose(Transpose(a) * 0.5),
                12 => Reshape(Reshape(a, [3, "N"]), ["N", 3]),
                13 => Sum(BroadcastTo(Unsqueeze(a, 0), [2, "N", 3]), 0) / 4,
                14 => Pow(Tanh(a), 2),
                15 => Sin(a),
                16 => Relu(a),
                17 => Log(Sigmoid(a)),
                18 => Where(!(a > 0), b, a),
                _ => a + 0,
            });
        }

        Node[] roots = [made[^1], Sum(made[^1] * made[made.Count / 2])];
        Node[] stable = Stabilize.Run(roots).Of(roots);
        Node[] inlined = InlineCalls.Run(stable);
        Node[] simple = Rewriter.Run(Simplify.Rules, inlined).Of(inlined);
        foreach (long size in new long[] { 0, 1, 4 })
        {
            Dictionary<Node, TensorValue> given = Samples([x, v], steps.Length, size);
            given[v] = Sample(v.Results[0], _ => 0, 3);
            TensorValue[] before = Interpreter.Evaluate(roots, given);
            TensorValue[] after = Interpreter.Evaluate(simple, given);
            for (int r = 0; r < roots.Length; r++)
            {
                double scale = Enumerable.Range(0, (int)before[r].Count).Select(i => Math.Abs(before[r][i])).Where(double.IsFinite).DefaultIfEmpty(1).Max();
                for (long i = 0; i < before[r].Count; i++)
                {
                    // What overflowed before may be finite now: that is what stabilising is for.
                    if (double.IsFinite(before[r][i]) && Math.Abs(after[r][i] - before[r][i]) > 1e-7 * Math.Max(1, scale))
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }, iter: 200);
}

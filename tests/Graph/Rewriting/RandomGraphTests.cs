using CsCheck;
using GraphCompiler.Rewriting;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Rewriting;

/// <summary>Stabilising, inlining and simplifying random graphs keeps their values; gradients in the midst of them are those of a graph that is cut there.</summary>
public class RandomGraphTests
{
    [Test]
    public void Rewriting_preserves_values() => Gen.Int.Array[1, 25].Sample(steps =>
    {
        (Input<double> x, Input<double> v, List<Node> made) = Make(steps);
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

    [Test]
    public void Gradients_through_any_node_are_those_of_a_variable_in_its_place() => Gen.Int.Array[3, 25].Sample(steps =>
    {
        (Input<double> x, Input<double> v, List<Node> made) = Make(steps);
        Node loss = Sum(Tanh(made[^1]) * made[^2]) + Sum(Log(1 + Exp(made[made.Count / 2])));
        Node target = made[(int)((uint)steps[0] / 7 % made.Count)];
        Input<double> variable = Variable("target", "N", 3);
        Node cut = GraphWalk.Substitute([loss], new Dictionary<Node, Node> { [target] = variable })[0];
        if (!target.RequiresGrad || !cut.RequiresGrad || ReferenceEquals(cut, loss))
        {
            return true;
        }

        Node[] whole = Derivatives(loss, target);
        Node[] apart = Derivatives(cut, variable);
        Dictionary<Node, TensorValue> given = Samples([x, v], steps.Length, 2);
        given[v] = Sample(v.Results[0], _ => 0, 3);
        TensorValue[] expected = Interpreter.Evaluate(apart, new Dictionary<Node, TensorValue>(given) { [variable] = Interpreter.Evaluate([target], given)[0] });
        TensorValue[] actual = Interpreter.Evaluate(whole, given);
        return expected.Zip(actual).All(p => p.First.Reals.Zip(p.Second.Reals).All(e => e.First.Equals(e.Second) || Math.Abs(e.First - e.Second) <= 1e-9 * Math.Max(1, Math.Abs(e.First))));

        static Node[] Derivatives(Node loss, Node at)
        {
            Node first = Gradients(loss, [at], Unreached.Zeros)[0];
            Node along = Sum(first * at);
            Node ones = OnesLike(at);
            return [first, Gradients(along, [at], Unreached.Zeros)[0], Jvp([loss], [at], [ones])[0], Jvp([along], [at], [ones])[0], HessianVectorProduct(loss, [at], [ones])[0]];
        }
    }, iter: 300);

    private static (Input<double> X, Input<double> V, List<Node> Made) Make(int[] steps)
    {
        Input<double> x = Variable("x", "N", 3);
        Input<double> v = Variable("v", 3);
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

        return (x, v, made);
    }
}

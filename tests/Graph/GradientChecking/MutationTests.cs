using System.Numerics.Tensors;
using GraphCompiler.Operations;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>
/// How well the rows of <see cref="OperationTableTests"/> test: every rule of every operation is made wrong in one way after the other, and some row must notice. Derivatives are held
/// against differences and forward mode against reverse mode, as the table's test does; a batch against one example after the other.
/// </summary>
internal sealed class MutationTests
{
    /// <summary>Ways to be wrong about one of the nodes that a rule gives; null where it cannot be wrong so.</summary>
    private static readonly (string Name, Func<Node, Node?> Spoil)[] Mistakes =
    [
        ("sign", d => -d),
        ("factor 2", d => 2 * d),
        ("dropped", Ops.ZerosLike),
        ("transposed", d => d.Rank > 1 && IsLong(d.Shape[^1]) && d.Shape[^1] == d.Shape[^2] ? Ops.Transpose(d) : null),
        ("wrong axis", d => d.Rank > 1 && IsLong(d.Shape[0]) && d.Shape[0] == d.Shape[1] ? Ops.MoveAxis(d, 0, 1) : null),
        ("last ones first", d => d.Rank > 0 && IsLong(d.Shape[^1]) ? Ops.Flip(d, -1) : null),
        ("first ones last", d => d.Rank > 1 && IsLong(d.Shape[0]) ? Ops.Flip(d, 0) : null),
        ("not summed", d => d.Op is SumOp sum && sum.Axes.All(a => IsLong(d.Inputs[0].Shape[a])) ? sum.Axes.Order().Reverse().Aggregate(d.Inputs[0], (x, axis) => Ops.Select(x, axis, 0)) : null),
        ("first term alone", d => d.Op is AddOp or SubOp ? d.Inputs[0] : null),
        ("second term alone", d => d.Op is AddOp or SubOp ? d.Inputs[1] : null),
    ];

    /// <summary>What is right in spite of the mistake, and why.</summary>
    private static readonly Dictionary<string, string> Equivalent = new()
    {
        ["Cholesky, Pullback 0: transposed"] = "is symmetric, as the matrix is",
        ["Eigh, Pullback 0: transposed"] = "is symmetric, as the matrix is",
        ["Lu, Batch 2: first ones last"] = "examples exchange the same rows",
        ["SlogDet, Batch 0: first ones last"] = "examples have the same signs",
    };

    /// <summary>Operations that a check has no part in, and what has.</summary>
    private static readonly Dictionary<Type, string> NotChecked = new()
    {
        [typeof(CastOp)] = "a check is made in double, without casts of floats; GradientTests has sums of both",
    };

    [Test]
    public void Every_wrong_rule_is_noticed()
    {
        Type[] operations = [.. OperationTableTests.Cases.Select(c => c.Op).Distinct().Where(o => !NotChecked.ContainsKey(o)).OrderBy(o => o.Name, StringComparer.Ordinal)];
        var answers = new (Mutant Mutant, bool IsNoticed)[operations.Length][];
        Parallel.For(0, operations.Length, o => answers[o] = Answers(operations[o]));

        string[] rows = [.. operations.Zip(answers, (o, a) => $"{NameOf(o),-28} {a.Length,5} {a.Count(m => !m.IsNoticed),5}")];
        TestContext.Out.WriteLine($"{"operation",-28} {"wrong",5} {"alive",5}\n{string.Join('\n', rows)}");
        string[] alive = [.. answers.SelectMany(a => a).Where(m => !m.IsNoticed).Select(m => m.Mutant.ToString())];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(alive.Except(Equivalent.Keys), Is.Empty, () => $"noticed by no row:\n{string.Join('\n', alive.Except(Equivalent.Keys))}");
            Assert.That(Equivalent.Keys.Except(alive), Is.Empty, "noticed after all");
        }
    }

    private static bool IsLong(Dim size) => size.Constant is not (0 or 1);

    private static string NameOf(Type operation) => operation.Name[..^2];

    /// <summary>Every way in which an operation's rules can be wrong, and whether a row notices.</summary>
    private static (Mutant Mutant, bool IsNoticed)[] Answers(Type operation)
    {
        CheckedRow[] rows = [.. OperationTableTests.Cases.Where(c => c.Op == operation).Select(c => new CheckedRow(c))];
        return
        [
            .. from asked in rows.SelectMany(r => r.Mutants(operation), (row, mutant) => (row, mutant)).GroupBy(a => a.mutant, a => a.row)
               select (asked.Key, asked.Any(row => !row.IsRight(asked.Key))),
        ];
    }

    /// <summary>A rule that is wrong about one of the nodes that it gives.</summary>
    private sealed record Mutant(Type Operation, OpRule Rule, int At, int Mistake)
    {
        public Node?[] Answer(Node node, OpRule rule, Node?[] right)
        {
            if (rule != Rule || node.Op.GetType() != Operation || At >= right.Length || right[At] is not { } given || !given.DType.IsFloat() || Mistakes[Mistake].Spoil(given) is not { } wrong)
            {
                return right;
            }

            Node?[] answer = [.. right];
            answer[At] = wrong;
            return answer;
        }

        public override string ToString() => $"{NameOf(Operation)}, {Rule} {At}: {Mistakes[Mistake].Name}";
    }

    /// <summary>A row whose values are computed once: no rule changes them.</summary>
    private sealed class CheckedRow(GradientCase row) : IGraphEvaluator
    {
        private const int Examples = 2;

        private readonly Dictionary<string, TensorValue[]> known = [];
        private readonly RandomDraws draws = new(holds: true);
        private readonly Input<double>[] inputs = row.MakeInputs();
        private Node? result;
        private bool isOfValues;
        private double[]? examples;

        private Node Result => result ??= row.Apply(inputs);

        /// <summary>Examples that draw have other numbers each.</summary>
        private bool IsBatchable => !GraphWalk.WithBodies([Result]).Any(n => n.Op is RandomStreamOp);

        /// <summary>The ways to be wrong that the row meets.</summary>
        public HashSet<Mutant> Mutants(Type operation)
        {
            HashSet<Mutant> found = [];
            OpRules.With(
                (node, rule, answer) =>
                {
                    for (int at = 0; node.Op.GetType() == operation && at < answer.Length; at++)
                    {
                        if (answer[at] is { } given && given.DType.IsFloat())
                        {
                            found.UnionWith(Enumerable.Range(0, Mistakes.Length).Where(m => Mistakes[m].Spoil(given) is not null).Select(m => new Mutant(operation, rule, at, m)));
                        }
                    }

                    return answer;
                },
                () =>
                {
                    Node[] directions = [.. inputs.Select((x, i) => Ops.Placeholder(x.Results[0], $"direction{i}", requiresGrad: false))];
                    Ops.VjpOrNull([Result], inputs, [Ops.Placeholder(Result.Results[0], "cotangent", requiresGrad: false)]);
                    Ops.Jvp([Result], inputs, directions);
                    if (IsBatchable)
                    {
                        Batch();
                    }
                });
            return found;
        }

        public bool IsRight(Mutant mutant)
        {
            bool isRight = false;
            try
            {
                OpRules.With(mutant.Answer, () => isRight = mutant.Rule == OpRule.Batch ? IsBatchRight() : IsDerivativeRight());
            }
            catch (GraphException)
            {
                // Refused, as by its shape.
            }

            return isRight;
        }

        private bool IsDerivativeRight()
        {
            isOfValues = true;
            return new GradientChecker(Result, inputs, row.Values(inputs), new GradientCheckOptions(), this, draws).Run(locates: false).Verdict == row.Worst;
        }

        private bool IsBatchRight()
        {
            examples ??= [.. Enumerable.Range(0, Examples).SelectMany(e => Interpreter.Evaluate([Result], inputs.ToDictionary(x => (Node)x, x => Example(x, e)), draws)[0].Reals)];
            (Node[] batches, Node all) = Batch();
            double[] found = Interpreter.Evaluate([all], batches.Zip(inputs).ToDictionary(p => p.First, p => Stacked(p.Second)), draws)[0].Reals;
            return found.Length == examples.Length && found.Zip(examples).All(p => p.First.Equals(p.Second) || Math.Abs(p.First - p.Second) <= 1e-9 * Math.Max(1, Math.Abs(p.Second)));
        }

        private (Node[] Batches, Node All) Batch()
        {
            Node[] batches = [.. inputs.Select((x, i) => Ops.Input<double>($"batch{i}", Shape.Of([Examples, .. x.Shape])))];
            return (batches, Ops.Vmap((NodeList x) => [row.Apply([.. x])])([.. batches])[0]);
        }

        private TensorValue Stacked(Input<double> x)
        {
            TensorValue[] rows = [.. Enumerable.Range(0, Examples).Select(e => Example(x, e))];
            return TensorValue.OfReals(DType.Float64, [Examples, .. rows[0].Shape], [.. rows.SelectMany(r => r.Reals)]);
        }

        /// <summary>The row's values, a little smaller in each further example.</summary>
        private TensorValue Example(Input<double> x, int example)
        {
            Tensor<double> values = row.Values(inputs)[x];
            return TensorValue.OfReals(DType.Float64, x.Rank == 0 ? [] : [.. values.Lengths.ToArray().Select(l => (long)l)], [.. values.Select(v => v * (1 - (0.1 * example / (1 + Array.IndexOf(inputs, x)))))]);
        }

        /// <summary>The first that a check computes is values, then come derivatives.</summary>
        public Func<IReadOnlyList<TensorValue>, TensorValue[]> Prepare(IReadOnlyList<Node> inputs, IReadOnlyList<Node> outputs, Func<string, long> symbol)
        {
            Func<IReadOnlyList<TensorValue>, TensorValue[]> run = new InterpreterEvaluator(draws).Prepare(inputs, outputs, symbol);
            (bool isCached, isOfValues) = (isOfValues, false);
            return !isCached ? run : values =>
            {
                string key = string.Join(' ', values.Select(v => Convert.ToHexString(v.ToBytes())));
                return known.TryGetValue(key, out TensorValue[]? found) ? found : known[key] = run(values);
            };
        }
    }
}

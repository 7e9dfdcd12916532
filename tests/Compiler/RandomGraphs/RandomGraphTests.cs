using System.Collections.Concurrent;
using System.Globalization;
using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Random graphs: compiled in rotating ways against the interpreter, forward and backward. A failure is shrunk and printed as C#.</summary>
[NonParallelizable]
internal sealed class RandomGraphTests
{
    /// <summary>The graph of this number alone, every way.</summary>
    private const string OneGraph = "GRAPHCOMPILER_TEST_GRAPH";

    private const int Quick = 500;
    private const double MostElements = 60_000;

    private static readonly (long N, long M)[] SmallSizes = [(0, 4), (1, 1), (3, 0), (2, 1), (0, 0), (1, 9)];
    private static readonly (long N, long M)[] Sizes = [(17, 2), (5, 9), (16, 3), (7, 15), (3, 31), (8, 4), (31, 5), (4, 17), (15, 7), (13, 8), (9, 33), (64, 2), (2, 16)];

    [Test]
    [Category("Foundation")]
    public void TheFirstGraphs() => Run(first: 0, count: 60);

    [Test]
    public void QuickRun() => Run(first: 60, count: Quick - 60);

    [Test]
    [Category("Slow")]
    public void LongRun([Range(0, 9)] int part) => Run(first: Quick + (part * 950), count: 950);

    [Test]
    public void OneGraphEveryWay()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable(OneGraph), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            Trial trial = Sized(number);
            TestContext.Out.WriteLine(trial);
            foreach (Way way in Way.All)
            {
                Assert.That(Check(number, trial, [way], way), Is.Null);
            }
        }
        else
        {
            Assert.Ignore($"Set {OneGraph} to the number of a graph.");
        }
    }

    [Test]
    public void TheGeneratorReachesMostOperations()
    {
        HashSet<string> seen = [];
        int largest = 0;
        int withLoss = 0;
        for (int number = 0; number < 1000; number++)
        {
            Trial trial = RandomGraph.Make(number);
            Node[] nodes = trial.Nodes;
            seen.UnionWith(nodes.Select(n => n.Op.Name));
            largest = Math.Max(largest, nodes.Length);
            withLoss += trial.Loss is null ? 0 : 1;
        }

        // Conditions are made where a function asks something of sizes that symbols leave open: the tests of sizes make them. Normalisations are reached, and made of what centres and squares. A stream draws other numbers in each call: random bits of constant ones stand for it. CTC needs targets and lengths that fit each other, linear algebra matrices of its kind: their rows of the table make them.
        string[] missing = [.. OperationTable.Rows.Where(r => !IsOfItsKind(r.Op)).Select(r => r.Op.Name[..^2]).Distinct().Except(seen).Order()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(missing, Has.Length.LessThan(4), string.Join(", ", missing));
            Assert.That(largest, Is.GreaterThan(40));
            Assert.That(withLoss, Is.GreaterThan(600));
        }

        TestContext.Out.WriteLine($"not reached: {string.Join(", ", missing)}; up to {largest} nodes");

        static bool IsOfItsKind(Type op) => op == typeof(ConditionOp) || op == typeof(CentreOp) || op == typeof(SquaresAboutMeanOp) || op == typeof(RandomStreamOp) || op == typeof(CtcAlphaOp) || op == typeof(CtcPullbackOp)
            || op == typeof(CholeskyOp) || op == typeof(TriangularSolveOp) || op == typeof(LuOp) || op == typeof(QrOp) || op == typeof(EighOp) || op == typeof(SvdOp)
            || op == typeof(MatrixExpOp) || op == typeof(SolveOp) || op == typeof(DetOp) || op == typeof(SlogDetOp) || op == typeof(PInvOp);
    }

    /// <summary>The same number is the same graph: what a failure prints can be run again.</summary>
    [Test]
    public void ANumberIsAGraph()
    {
        for (int number = 0; number < 50; number++)
        {
            string once = RandomGraph.Make(number).ToString();
            string again = RandomGraph.Make(number).ToString();
            Assert.That(again, Is.EqualTo(once));
        }
    }

    /// <summary>
    /// A way a graph, in turn: for graphs of even number outputs and gradients in one call, for odd ones forward and backward. So many graphs at
    /// little cost each, rather than few every way.
    /// </summary>
    private static void Run(int first, int count)
    {
        Assume.That(CompileOptions.Default.Verify, Is.False, "results are compared with the interpreter here anyway");
        var faults = new ConcurrentBag<string>();
        Parallel.For(first, first + count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, (number, loop) =>
        {
            IReadOnlyList<Way> ways = Way.All;
            Way way = ways[number / 2 % ways.Count];
            if (Check(number, Sized(number), number % 2 == 0 ? [way] : [], number % 2 == 0 ? null : way) is { } fault)
            {
                faults.Add(fault);
                if (faults.Count >= 5)
                {
                    loop.Stop();
                }
            }
        });
        Assert.That(faults, Is.Empty, string.Join("\n\n", faults));
    }

    /// <summary>The graph with three pairs of sizes, an edge case first; what would take long to interpret is left out.</summary>
    private static Trial Sized(int number)
    {
        Trial trial = RandomGraph.Make(number);
        int turn = number * 3;
        (long N, long M)[] larger = [.. Enumerable.Range(0, Sizes.Length).Select(i => Sizes[(turn + i) % Sizes.Length]).Where(s => trial.ElementsAt(s.N, s.M) < MostElements).Take(2)];
        return trial with { Sizes = [SmallSizes[number % SmallSizes.Length], .. larger] };
    }

    private static string? Check(int number, Trial trial, IReadOnlyList<Way> ways, Way? training)
    {
        if (GraphCheck.Fault(trial, trial.Loss is null && training is not null ? [training] : ways, training) is not { } fault)
        {
            return null;
        }

        // Shrunk for the way that failed.
        bool isTraining = fault.StartsWith("backward", StringComparison.Ordinal);
        Way[] failing = isTraining ? [] : [ways.Append(training!).First(w => fault.StartsWith($"{w.Name}:", StringComparison.Ordinal))];
        Trial small = ShrinkGraph.Run(trial, t => Try(t, failing, isTraining ? training : null) is not null);
        return $"Graph {number} ({OneGraph}={number} runs it alone), shrunk:\n{small}{Try(small, failing, isTraining ? training : null)}\nAt first: {fault}";
    }

    // What is no graph, or no input for the interpreter, does not count.
    private static string? Try(Trial trial, IReadOnlyList<Way> ways, Way? training)
    {
        try
        {
            return GraphCheck.Fault(trial, ways, training);
        }
        catch (Exception error) when (error is GraphException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}

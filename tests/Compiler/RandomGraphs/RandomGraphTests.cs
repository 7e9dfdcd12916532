using System.Collections.Concurrent;
using System.Globalization;
using GraphCompiler.Loops;
using GraphCompiler.Operations;
using GraphCompiler.Tests.Options;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Random graphs: compiled in rotating ways against the interpreter, forward and backward. A failure is shrunk and printed as C#.</summary>
[NonParallelizable]
internal sealed class RandomGraphTests
{
    /// <summary>The graph of this number alone, every way.</summary>
    private const string OneGraph = "GRAPHCOMPILER_TEST_GRAPH";

    private const int Quick = 500;
    private const double MostElements = 60_000;

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

    /// <summary>Operations that no graph holds, and why.</summary>
    private static readonly Dictionary<Type, string> NotReached = new()
    {
        [typeof(RandomStreamOp)] = "draws other numbers in each call: random bits of constant ones stand for it",
        [typeof(NextAfterOp)] = "tells numbers apart that differ by less than rounding may: its tests give it numbers that are exact",
        [typeof(IncompleteGammaOp)] = "has no third derivative in its concentration, which derivatives of gradients in a graph's midst ask for",
        [typeof(HostFunctionOp)] = "is what a user makes it: its tests run it between kernels",
        [typeof(AfterOp)] = "is made by the derivative of a checkpoint, which the gradients of graphs have",
        [typeof(CtcAlphaOp)] = "needs targets and lengths that fit each other",
        [typeof(CtcPullbackOp)] = "needs targets and lengths that fit each other",
        [typeof(CholeskyOp)] = "needs matrices of its kind",
        [typeof(TriangularSolveOp)] = "needs matrices of its kind",
        [typeof(LuOp)] = "needs matrices of its kind",
        [typeof(QrOp)] = "needs matrices of its kind",
        [typeof(EighOp)] = "needs matrices of its kind",
        [typeof(SvdOp)] = "needs matrices of its kind",
        [typeof(MatrixExpOp)] = "needs matrices of its kind",
        [typeof(SolveOp)] = "needs matrices of its kind",
        [typeof(DetOp)] = "needs matrices of its kind",
        [typeof(SlogDetOp)] = "needs matrices of its kind",
        [typeof(PInvOp)] = "needs matrices of its kind",
    };

    [Test]
    public void TheGeneratorReachesAllOperations()
    {
        HashSet<Type> seen = [];
        int largest = 0;
        int withLoss = 0;
        for (int number = 0; number < 3000; number++)
        {
            Trial trial = RandomGraph.Make(number);
            Node[] nodes = trial.Nodes;
            seen.UnionWith(nodes.Concat(nodes.Where(n => n.Op is NamedOp).SelectMany(n => GraphWalk.TopologicalOrder(n.Expand()))).Select(n => n.Op.GetType()));
            largest = Math.Max(largest, nodes.Length);
            withLoss += trial.Loss is null ? 0 : 1;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(OperationTable.Rows.Select(r => r.Op).Distinct().Except(seen).Except(NotReached.Keys).Select(o => o.Name), Is.Empty);
            Assert.That(NotReached.Keys.Intersect(seen).Select(o => o.Name), Is.Empty);
            Assert.That(largest, Is.GreaterThan(40));
            Assert.That(withLoss, Is.GreaterThan(1800));
        }
    }

    /// <summary>Prints a line a graph: its number and the digests of its results and kernels.</summary>
    public static void WriteResults(int first, int count)
    {
        string[] lines = new string[count];
        Parallel.For(0, count, i => lines[i] = GraphCheck.Bits(Sized(first + i)));
        for (int i = 0; i < count; i++)
        {
            Console.WriteLine($"{first + i} {lines[i]}");
        }
    }

    /// <summary>The same number is the same graph: what a failure prints can be run again.</summary>
    [Test]
    public void ANumberIsAGraph()
    {
        // The last was cut down where it was made.
        foreach (int number in Enumerable.Range(0, 50).Append(29418))
        {
            string once = RandomGraph.Make(number).ToString();
            string again = RandomGraph.Make(number).ToString();
            Assert.That(again, Is.EqualTo(once));
        }
    }

    /// <summary>Graphs, kernels and messages are the same text in every culture. Each is made anew, as texts are kept.</summary>
    [Test]
    public void TextsAreTheInvariantOnes()
    {
        for (int number = 0; number < 30; number++)
        {
            string[] invariant = TestCulture.Under(CultureInfo.InvariantCulture, () => Texts(number));
            CultureInfo culture = TestCulture.Of(TestCulture.Names[number % TestCulture.Names.Count]);
            Assert.That(TestCulture.Under(culture, () => Texts(number)), Is.EqualTo(invariant), culture.Name);
        }

        static string[] Texts(int number)
        {
            Trial trial = Sized(number);
            Node[] inputs = trial.AllInputs;
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile(inputs, trial.Outputs, trial.Updates);
            return
            [
                trial.ToString(),
                compiled.Graph.ToString(),
                compiled.Graph.ToDot(),
                .. compiled.Executor.Program.Kernels.Select(k => LoopPrinter.Print(k.Kernel)),
                .. trial.Sizes.Select(s => Refusal(() => compiled.Run([.. inputs.Select(i => Values.ToArgument(trial.ValueOf(i, s)))]))),
            ];
        }

        static string Refusal(Action run)
        {
            try
            {
                run();
                return string.Empty;
            }
            catch (GraphException refusal)
            {
                return refusal.Message;
            }
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

    /// <summary>
    /// The graph with three triples of sizes: few elements or none, which it may refuse; then such as it accepts, about vectors and, now and then, large. What
    /// would take long to interpret is left out.
    /// </summary>
    private static Trial Sized(int number)
    {
        Trial trial = RandomGraph.Make(number);
        var random = new Random(number);
        bool large = number % 7 == 3;
        IEnumerable<SymbolValues> about = Enumerable.Range(0, 40).Select(_ => SymbolValues.AboutVectors(random)).Where(s => Fits(s, MostElements)).Take(large ? 1 : 2);
        IEnumerable<SymbolValues> beyond = Enumerable.Range(0, 40).Select(_ => SymbolValues.OneLarge(random)).Where(s => Fits(s, 4 * MostElements)).Take(large ? 1 : 0);
        return trial with { Sizes = [SymbolValues.Edge(random), .. about, .. beyond] };

        bool Fits(SymbolValues sizes, double most) => trial.Accepts(sizes) && trial.ElementsAt(sizes) < most;
    }

    /// <summary>Now and then under a culture that writes numbers in another way.</summary>
    private static string? Check(int number, Trial trial, IReadOnlyList<Way> ways, Way? training) => number % 5 != 4
        ? CheckHere(number, trial, ways, training)
        : TestCulture.Under(TestCulture.Of(TestCulture.Names[number % TestCulture.Names.Count]), () => CheckHere(number, trial, ways, training));

    private static string? CheckHere(int number, Trial trial, IReadOnlyList<Way> ways, Way? training)
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

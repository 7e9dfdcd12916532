using System.Text.RegularExpressions;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;
using GraphCompiler.Tests.Docs.Operations;
using GraphCompiler.Tests.Nodes;

namespace GraphCompiler.Tests.GradientChecking;

/// <summary>The gradient of every operation, to second order, against differences.</summary>
[TestFixture]
public sealed class OperationTableTests
{
    /// <summary>Operations that have no row, and why.</summary>
    private static readonly Dictionary<Type, string> NotDifferentiable = new()
    {
        [typeof(EqualOp)] = "gives bools",
        [typeof(NotEqualOp)] = "gives bools",
        [typeof(LessOp)] = "gives bools",
        [typeof(LessEqualOp)] = "gives bools",
        [typeof(GreaterOp)] = "gives bools",
        [typeof(GreaterEqualOp)] = "gives bools",
        [typeof(AndOp)] = "gives bools",
        [typeof(OrOp)] = "gives bools",
        [typeof(XorOp)] = "gives bools",
        [typeof(NotOp)] = "gives bools",
        [typeof(SignBitOp)] = "gives bools",
        [typeof(ShiftLeftOp)] = "takes integers",
        [typeof(ShiftRightOp)] = "takes integers",
        [typeof(ArgMaxOp)] = "gives positions",
        [typeof(ArgMinOp)] = "gives positions",
        [typeof(ArgSortOp)] = "gives positions",
        [typeof(SearchSortedOp)] = "gives positions",
        [typeof(CumulativeArgExtremumOp)] = "gives positions",
        [typeof(NonZeroOp)] = "gives positions",
        [typeof(CtcAlphaOp)] = "has no forward mode, which the checker needs; CtcTests takes differences of its own",
        [typeof(CtcPullbackOp)] = "refuses to be differentiated",
        [typeof(DetachOp)] = "cuts gradients off by meaning",
        [typeof(InputOp)] = "has no inputs",
        [typeof(ParameterOp)] = "has no inputs",
        [typeof(ConstantOp)] = "has no inputs",
        [typeof(IotaOp)] = "has no inputs",
        [typeof(DimValueOp)] = "has no inputs",
        [typeof(RandomStreamOp)] = "has no inputs",
        [typeof(RandomBitsOp)] = "gives integers",
    };

    public static IEnumerable<TestCaseData<GradientCase>> Rows => Cases.Select(c => new TestCaseData<GradientCase>(c).SetArgDisplayNames(c.Name));

    internal static IReadOnlyList<GradientCase> Cases { get; } = [.. ElementwiseCases.All, .. FunctionCases.All, .. StructuralCases.All, .. StatisticsCases.All, .. ScanCases.All, .. LinearAlgebraCases.All, .. LossCases.All, .. AttentionCases.All, .. WindowCases.All, .. RandomCases.All, .. ControlFlowCases.All, .. EdgeCases.All];

    [TestCaseSource(nameof(Rows))]
    public void Gradients_agree_with_differences(GradientCase row)
    {
        Input<double>[] inputs = row.MakeInputs();
        Node result = row.Apply(inputs);
        Assert.That(Reached(result), Does.Contain(row.Op), "the row does not hold the operation it is for");

        GradientReport report = GradientCheck.Run(result, inputs, row.Values(inputs), new GradientCheckOptions { Order = row.Order });

        Assert.That(report.Verdict, Is.EqualTo(row.Worst), () => report.ToString());
    }

    [Test]
    public void Every_operation_has_a_row_or_a_reason()
    {
        Type[] operations = [.. typeof(Op).Assembly.GetTypes().Where(t => t.IsSealed && t.IsSubclassOf(typeof(Op)))];
        HashSet<Type> rows = [.. Cases.Select(c => c.Op)];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(operations.Where(o => !rows.Contains(o) && !NotDifferentiable.ContainsKey(o)), Is.Empty, "operations without a row");
            Assert.That(operations.Where(o => rows.Contains(o) && NotDifferentiable.ContainsKey(o)), Is.Empty, "operations with a row and a reason for none");
        }
    }

    /// <summary>Functions are found by their names in the tables' source: a row may name one anywhere in what it builds.</summary>
    [Test]
    public void Every_differentiable_function_is_in_a_row()
    {
        string folder = Path.Combine(Repository.Root, "tests", "Graph", "GradientChecking");
        string rows = string.Concat(Directory.EnumerateFiles(folder, "*Cases.cs").Select(File.ReadAllText));
        IEnumerable<string> functions = PublicFunction.All(Repository.Root)
            .Where(f => FunctionTrace.Of(f)?.Results[0].RequiresGrad == true)
            .Select(f => f.Name)
            .Distinct();

        // Its operation says above why.
        functions = functions.Except([nameof(Ops.CtcLoss)]);
        Assert.That(functions.Where(f => !Regex.IsMatch(rows, $@"\b{f}\b")), Is.Empty, "functions without a row");
    }

    private static HashSet<Type> Reached(Node result) => [.. Parts.WithParts([result, .. InlineCalls.Run([result])]).Select(n => n.Op.GetType())];
}

using System.Globalization;
using System.Text;
using GraphCompiler.Tests.Options;

namespace GraphCompiler.Tests.References;

/// <summary>Values, gradients and second-order products held against PyTorch's.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class ReferenceTests
{
    /// <summary>Relative to the expected number; beside it 1e-12 of the tensor's largest number, or of 1, is allowed.</summary>
    private const double DoubleBound = 1e-9;

    /// <summary>Relative to the tensor's largest number, or to 1: single precision is 6e-8, and gradients and their products add up several roundings and cancel.</summary>
    private const double SingleBound = 2e-4;

    /// <summary>What part of a case is compared.</summary>
    internal enum Part
    {
        Values,
        Gradients,
        SecondOrder,
    }

    private static IEnumerable<TestCaseData> Cases() => ReferenceCase.Keys().Select(k => new TestCaseData(k).SetArgDisplayNames(k));

    /// <summary>Each configuration of the matrix takes a third of them as its foundation, others another third.</summary>
    private static IEnumerable<TestCaseData> SingleCases()
    {
        int third = (Environment.GetEnvironmentVariable(TestOptions.Variable) ?? string.Empty).Sum(c => c) % 3;
        return Cases()
            .Where(c => !ReferenceNotes.NotInSingle.ContainsKey((string)c.Arguments[0]!))
            .Select((c, i) => i % 3 == third ? (TestCaseData)c.SetCategory("Foundation") : c);
    }

    [TestCaseSource(nameof(Cases))]
    public void Interpreted(string key)
    {
        ReferenceCase reference = ReferenceCase.Load(key);
        ReferenceGraph graph = ReferenceGraph.Build(reference, DType.Float64);
        TensorValue[] found = Interpreter.Evaluate(graph.Results, graph.Inputs.Zip(reference.Inputs).ToDictionary(p => p.First, p => p.Second.Value.Value(DType.Float64)));
        Compare(reference, graph, [.. found.Select(f => Enumerable.Range(0, (int)f.Count).Select(i => f[i]).ToArray())], DType.Float64);
    }

    [TestCaseSource(nameof(Cases))]
    public void Compiled_in_double(string key) => Compiled(ReferenceCase.Load(key), DType.Float64);

    [TestCaseSource(nameof(SingleCases))]
    public void Compiled_in_single(string key) => Compiled(ReferenceCase.Load(key), DType.Float32);

    /// <summary>The exceptions are about cases that there are.</summary>
    [Test]
    public void Exceptions_name_cases() =>
        Assert.That(ReferenceNotes.NotInSingle.Keys.Concat(ReferenceNotes.Bounds.Keys).Concat(ReferenceNotes.Deviations.Keys.Select(k => k.Case)), Is.SubsetOf(ReferenceCase.Keys()));

    private static void Compiled(ReferenceCase reference, DType real)
    {
        ReferenceGraph graph = ReferenceGraph.Build(reference, real);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile(graph.Inputs, graph.Results);
        Argument[] arguments = [.. reference.Inputs.Select(i => i.Value.Argument(real))];
        RunResults found = compiled.Run(arguments);
        Compare(reference, graph, [.. graph.Results.Select((r, i) => Read(found, i, r.DType))], real);
    }

    private static double[] Read(RunResults results, int index, DType type) => type switch
    {
        DType.Float32 => [.. results.GetArray<float>(index).Select(v => (double)v)],
        DType.Float64 => results.GetArray<double>(index),
        DType.Int32 => [.. results.GetArray<int>(index).Select(v => (double)v)],
        DType.Int64 => [.. results.GetArray<long>(index).Select(v => (double)v)],
        _ => [.. results.GetArray<bool>(index).Select(v => v ? 1.0 : 0.0)],
    };

    private static void Compare(ReferenceCase reference, ReferenceGraph graph, IReadOnlyList<double[]> found, DType real)
    {
        var faults = new StringBuilder();
        for (int i = 0; i < found.Count; i++)
        {
            (Part part, string name, ReferenceTensor? expected) = graph.Expected[i];
            Node result = graph.Results[i];
            if (expected is null)
            {
                if (found[i].Any(v => v != 0))
                {
                    faults.AppendLine(CultureInfo.InvariantCulture, $"{part} {name}: no path, yet {string.Join(", ", found[i])}");
                }

                continue;
            }

            if (!result.Shape.Constants!.SequenceEqual(expected.Shape) || result.DType != expected.In(real))
            {
                faults.AppendLine(CultureInfo.InvariantCulture, $"{part} {name}: {result.Results[0]}, not {expected.DType}[{string.Join(", ", expected.Shape)}]");
                continue;
            }

            double[] wanted = [.. expected.Values];
            if (ReferenceNotes.Deviations.TryGetValue((reference.Key, part, name), out Deviation? deviation))
            {
                Assert.That(reference.FdChecked, Is.Not.True, "A case that finite differences confirm has no deviation.");
                foreach ((int index, double value) in deviation.Values)
                {
                    wanted[index] = value;
                }
            }

            CompareElements(faults, reference, part, name, found[i], wanted, real);
        }

        Assert.That(faults.ToString(), Is.Empty, $"{reference.Expression}\n{faults}");
    }

    private static void CompareElements(StringBuilder faults, ReferenceCase reference, Part part, string name, double[] found, double[] wanted, DType real)
    {
        double bound = real == DType.Float32 ? SingleBound : ReferenceNotes.Bounds.TryGetValue(reference.Key, out (double Bound, string Reason) own) ? own.Bound : DoubleBound;
        double scale = Math.Max(1, wanted.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
        double floor = real == DType.Float32 ? SingleBound * scale : 1e-12 * scale;
        for (int i = 0; i < wanted.Length; i++)
        {
            double expected = real == DType.Float32 ? (float)wanted[i] : wanted[i];
            bool same = double.IsFinite(expected)
                ? Math.Abs(found[i] - expected) <= floor + (bound * Math.Abs(expected))
                : found[i].Equals(expected);
            if (!same)
            {
                faults.AppendLine(CultureInfo.InvariantCulture, $"{part} {name}[{i}]: {found[i]:R}, not {expected:R}");
            }
        }
    }
}

using System.Globalization;
using System.Text;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.References;

/// <summary>States of PyTorch's modules, loaded as they are into layers of this library, which then give what PyTorch's gave; see README.md.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class ModuleReferenceTests
{
    /// <summary>Relative to the largest number of a tensor, or to 1.</summary>
    private const double Bound = 1e-5;

    private static IEnumerable<TestCaseData> Names() => ReferenceFile.Names.Select(n => new TestCaseData(n).SetArgDisplayNames(n));

    [Test]
    public void Every_file_has_a_model() => Assert.That(ReferenceModels.Names.Order(StringComparer.Ordinal), Is.EqualTo(ReferenceFile.Names));

    [TestCaseSource(nameof(Names))]
    public void Loads_unchanged_and_gives_the_same(string name)
    {
        using ReferenceFile file = ReferenceFile.Open(name);
        ReferenceModel model = ReferenceModels.Make(name);
        model.Module.Load(file.Path, unexpected: "*:*");
        Assert.That(model.Module.NamedParameters().Where(p => p.IsSaved).Select(p => p.Path), Is.EquivalentTo(file.State));

        ReferenceInputs inputs = new(file);
        Dictionary<string, Node> results, atInference = [];
        using Pass pass = Pass.Training(new Generator(1));
        results = model.Apply(inputs.Nodes);
        if (file.Of("inference").Count > 0)
        {
            using Pass inference = Pass.Inference();
            atInference = model.Apply(inputs.Nodes);
        }

        IReadOnlyDictionary<string, StoredTensor> weightings = file.Of("weighting"), gradients = file.Of("gradient");
        Node loss = results.Select(r => Sum(r.Value * Constant(weightings[r.Key].ToTensor<float>()))).Aggregate((sum, part) => sum + part);
        Dictionary<string, Parameter> parameters = model.Module.NamedParameters().ToDictionary(p => p.Path, p => p.Parameter);
        Assert.That(gradients.Keys.Where(g => !g.StartsWith("input:", StringComparison.Ordinal)).Select(g => parameters[g]), Is.EquivalentTo(model.Module.Parameters()));
        string[] wanted = [.. gradients.Keys];
        NodeList found = Gradients(loss, [.. wanted.Select(w => w.StartsWith("input:", StringComparison.Ordinal) ? inputs.Nodes[w["input:".Length..]] : parameters[w])], Unreached.Zeros);

        (string Kind, string Name, Node Node)[] outputs =
        [
            .. results.Select(r => ("output", r.Key, r.Value)),
            .. atInference.Select(r => ("inference", r.Key, r.Value)),
            .. wanted.Select((w, i) => ("gradient", w, found[i])),
        ];
        using CompiledGraph compiled = Compiler.Compile(inputs.Leaves, [.. outputs.Select(o => o.Node)], pass.Updates);
        RunResults run = compiled.Run(inputs.Arguments);

        var faults = new StringBuilder();
        Assert.That(outputs.Where(o => o.Kind != "gradient").Select(o => $"{o.Kind}:{o.Name}"), Is.EquivalentTo(file.Of("output").Keys.Select(k => $"output:{k}").Concat(file.Of("inference").Keys.Select(k => $"inference:{k}"))));
        for (int i = 0; i < outputs.Length; i++)
        {
            Compare(faults, $"{outputs[i].Kind}:{outputs[i].Name}", file.Of(outputs[i].Kind)[outputs[i].Name], outputs[i].Node.Shape, run.GetArray<float>(i));
        }

        foreach ((string buffer, StoredTensor expected) in file.Of("after"))
        {
            Parameter held = parameters[buffer];
            if (held is Parameter<long> count)
            {
                Assert.That(count.Values.ToArray(), Is.EqualTo(expected.ToTensor<long>().ToArray()), buffer);
            }
            else
            {
                Compare(faults, $"after:{buffer}", expected, held.Shape, ((Parameter<float>)held).Values.ToArray());
            }
        }

        Assert.That(faults.ToString(), Is.Empty);
    }

    private static void Compare(StringBuilder faults, string name, StoredTensor expected, Shape shape, float[] found)
    {
        float[] values = [.. expected.ToTensor<float>()];
        if (shape != expected.Shape)
        {
            faults.AppendLine(CultureInfo.InvariantCulture, $"{name} is {shape}, not {expected.Shape}");
            return;
        }

        double scale = values.Aggregate(1.0, (largest, v) => Math.Max(largest, Math.Abs(v)));
        double apart = values.Zip(found, (v, f) => Math.Abs((double)v - f)).Max() / scale;
        if (!(apart <= Bound))
        {
            faults.AppendLine(CultureInfo.InvariantCulture, $"{name} differs by {apart:e1} of its scale: {string.Join(" ", found.Take(4))}, not {string.Join(" ", values.Take(4))}");
        }
    }
}

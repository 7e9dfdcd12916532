using System.Numerics.Tensors;
using System.Reflection;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>What holds for every layer.</summary>
internal sealed class LayerTests
{
    [TestCaseSource(typeof(LayerTable), nameof(LayerTable.Cases))]
    public void At_inference_nothing_is_random_and_nothing_changes(LayerRow row)
    {
        Layer layer = row.Make(new Generator(1));
        Node x = Input("x", row.Input, row.DType);
        Node? y = null;
        Node? expected = null;
        CompiledGraph graph = layer.Compile([x], () =>
        {
            y = layer.Forward(x);
            Assert.That(Pass.Current!.Updates, Is.Empty);
            expected = row.Expected?.Invoke(layer, x);
            return expected is null ? [y] : [y, expected];
        });
        using (graph)
        {
            Assert.That(IsRandom(y!), Is.False);
            Assert.That(y!.Shape, Is.EqualTo(expected?.Shape ?? y.Shape));

            byte[][] before = Bytes(layer);
            RunResults results = graph.Run(Values(row));
            Assert.That(Bytes(layer), Is.EqualTo(before));
            if (expected is not null)
            {
                Assert.That(results.GetArray<float>(0), Is.EqualTo(results.GetArray<float>(1)));
            }
        }
    }

    [TestCaseSource(typeof(LayerTable), nameof(LayerTable.Cases))]
    public void Training_is_random_and_writes_where_it_is_said(LayerRow row)
    {
        Layer layer = row.Make(new Generator(1));
        Node x = Input("x", row.Input, row.DType);
        using var pass = Pass.Training(new Generator(1));
        Node y = layer.Forward(x);
        Assert.That(IsRandom(y), Is.EqualTo(row.IsRandom));
        Assert.That(pass.Updates, Has.Count.EqualTo(row.Writes));
        Assert.That(layer.NamedParameters().All(p => p.IsBuffer || y.RequiresGrad));
    }

    [TestCaseSource(typeof(LayerTable), nameof(LayerTable.Differing))]
    public void What_differs_wants_a_pass_and_is_as_at_inference_where_it_is_frozen(LayerRow row)
    {
        Layer layer = row.Make(new Generator(1));
        var net = new Sequential(layer);
        Node x = Input("x", row.Input, row.DType);
        Assert.That(() => net.Forward(x), Throws.InvalidOperationException.With.Message.Match(@"^'0[^']*' \(.*\) differs between training and inference"));
        layer.Frozen = true;
        using var pass = Pass.Training(new Generator(1));
        Assert.That(IsRandom(net.Forward(x)), Is.False);
        Assert.That(pass.Updates, Is.Empty);
        Assert.That(net.Parameters(), Is.Empty);
    }

    [TestCaseSource(typeof(LayerTable), nameof(LayerTable.Cases))]
    public void What_does_not_fit_is_refused_by_the_layers_path(LayerRow row)
    {
        var net = new Sequential(Activation.Identity, row.Make(new Generator(1)));
        using var pass = Pass.Inference();
        foreach (Shape shape in new[] { row.WrongRank, row.WrongSize }.OfType<Shape>())
        {
            Assert.That(() => net.Forward(Input("x", shape, row.DType)), Throws.InstanceOf<GraphException>().With.Message.StartsWith("'1").And.Message.Contains($"{shape}"));
        }

        if (row.WrongDType is { } dtype)
        {
            Assert.That(() => net.Forward(Input("x", row.Input, dtype)), Throws.TypeOf<DTypeException>().With.Message.StartsWith("'1").And.Message.Contains($"{dtype}").IgnoreCase);
        }
    }

    [TestCaseSource(typeof(LayerTable), nameof(LayerTable.Made))]
    public void Gradients_are_right(LayerRow row)
    {
        Layer layer = row.Make(new Generator(1));
        Node x = Input("x", row.Input, row.DType, requiresGrad: row.DType.IsFloat());
        using var pass = Pass.Inference();
        Node y = layer.Forward(x);
        GradientCheck.Verify(y, [.. layer.Parameters().Append(x).Where(t => t.RequiresGrad)]);
    }

    [Test]
    public void No_layer_is_missing()
    {
        HashSet<Type> known = [.. LayerTable.Rows().Select(r => r.Make(new Generator(1)).GetType())];
        Assert.That(typeof(Layer).Assembly.GetExportedTypes().Where(t => t.IsSubclassOf(typeof(Layer)) && !t.IsAbstract && !known.Contains(t)), Is.Empty);
        string[] names = [.. LayerTable.Rows().Select(r => r.ToString()).Where(n => n.Length > 0)];
        Assert.That(names, Does.Contain("LeakyReLU(0.2)").And.Contain("Conv2D(3 → 4, [3, 2])").And.Contain("Dropout(0.4)").And.Contain("BatchNorm(3)"));
        int functions = typeof(Activation).GetMembers(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly).Count(m => m is PropertyInfo or MethodInfo { IsSpecialName: false });
        Assert.That(LayerTable.Rows().Select(r => r.Make(new Generator(1))).OfType<Activation>().Select(a => $"{a}".Split('(')[0]).Distinct().Count(), Is.EqualTo(functions - 1), "both forms of GELU have one name");
    }

    /// <summary>Whether a node depends on random numbers, be it within a body or a composite.</summary>
    private static bool IsRandom(Node root)
    {
        HashSet<Node> seen = [];
        return Visit(root);

        bool Visit(Node node) => seen.Add(node) && (node.Operation.StartsWith("Random", StringComparison.Ordinal) || node.Inputs.Any(Visit)
            || node.Bodies.Any(b => b.Results.Any(Visit)) || (node.IsComposite && node.Expand().Any(Visit)));
    }

    private static byte[][] Bytes(Layer layer) => [.. layer.NamedParameters().Select(p => p.Parameter.Bytes.ToArray())];

    /// <summary>Numbers of both signs, or indices from 0 to 2; symbols of the shape are 2.</summary>
    private static Argument Values(LayerRow row)
    {
        nint[] sizes = [.. row.Input.Select(d => (nint)(d.Constant ?? 2))];
        int count = (int)sizes.Aggregate((nint)1, (product, size) => product * size);
        return row.DType switch
        {
            DType.Int32 => Tensor.Create(Enumerable.Range(0, count).Select(i => i % 3).ToArray(), sizes),
            DType.Int64 => Tensor.Create(Enumerable.Range(0, count).Select(i => (long)i % 3).ToArray(), sizes),
            _ => Tensor.Create(Enumerable.Range(0, count).Select(i => (i * 37 % 19 / 8f) - 1).ToArray(), sizes),
        };
    }
}

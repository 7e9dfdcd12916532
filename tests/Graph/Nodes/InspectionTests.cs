using System.Reflection;
using System.Runtime.Loader;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;
using GraphCompiler.Tests.Compiler;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Nodes;

/// <summary>Graphs as a viewer or an exporter sees them, which knows no more than what is public.</summary>
internal sealed class InspectionTests
{
    /// <summary>Compiled as a stranger's program: nothing internal is seen.</summary>
    private const string Viewer = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using GraphCompiler;

        public static class Viewer
        {
            public static string View(IReadOnlyList<Node> roots)
            {
                List<string> lines = new();
                Dictionary<Node, int> numbers = new();
                foreach (Node root in roots)
                {
                    Walk(root);
                }

                return string.Join("\n", lines);

                int Walk(Node node)
                {
                    if (numbers.TryGetValue(node, out int known))
                    {
                        return known;
                    }

                    int[] inputs = node.Inputs.Select(Walk).ToArray();
                    string attributes = string.Join("; ", node.Attributes.Select(a => a.Name + " = " + Text(a.Value)));
                    string results = string.Join(", ", node.Results.Select(r => r.DType + " " + r.Shape));
                    foreach (Function body in node.Bodies)
                    {
                        lines.Add("(" + string.Join(", ", body.Parameters.Select(Walk)) + ") -> (" + string.Join(", ", body.Results.Select(Walk)) + ")");
                    }

                    lines.Add(numbers.Count + ": " + node.Operation + "(" + string.Join(", ", inputs) + ") {" + attributes + "} " + results);
                    return numbers[node] = numbers.Count;
                }
            }

            private static string Text(object value) => value switch
            {
                bool or long or double or string or DType or NodeType or Shape or Dim or EquatableArray<long> or EquatableArray<Dim> => value.ToString(),
                Generator generator => generator.State.ToString(),
                Array numbers => "[" + string.Join(", ", numbers.Cast<object>()) + "]",
                _ => throw new NotSupportedException(value.GetType().ToString()),
            };
        }
        """;

    private static readonly Lazy<Func<IReadOnlyList<Node>, string>> View = new(Compiled);

    [Test]
    public void Attributes_are_equal_where_numbers_are_to_the_bit()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new NodeAttribute("Slope", 0.0).Equals(new NodeAttribute("Slope", -0.0)), Is.False);
            Assert.That(new NodeAttribute("Slope", double.NaN).Equals(new NodeAttribute("Slope", double.NaN)), Is.True);
            Assert.That(new NodeAttribute("Slope", 1.0).Equals(new NodeAttribute("Bend", 1.0)), Is.False);
        }
    }

    [Test]
    public void A_stranger_sees_every_operation()
    {
        HashSet<string> seen = [];
        foreach (OperationRow row in OperationTable.Rows)
        {
            Node root = row.Build(new InputMaker(row.DTypes[0], "N", Layout.Dense, requiresGrad: false));
            IReadOnlyList<Node> roots = Parts.WithParts([root, .. InlineCalls.Run([root])]);
            string view = View.Value(roots);
            foreach (Node node in GraphWalk.WithBodies(roots))
            {
                Assert.That(view, Does.Contain($": {node.Operation}("), row.ToString());
                seen.Add(node.Op.GetType().Name);
            }
        }

        Assert.That(OperationTable.Rows.Select(r => r.Op.Name).Except(seen), Is.Empty);
    }

    [Test]
    public void Attributes_tell_apart_what_operations_tell_apart()
    {
        HashSet<Op> seen = [];
        Dictionary<string, Op> texts = [];
        foreach (OperationRow row in OperationTable.Rows)
        {
            Node root = row.Build(new InputMaker(row.DTypes[0], "N", Layout.Dense, requiresGrad: false));
            foreach (Node node in GraphWalk.TopologicalOrder([root]).Where(n => !n.Op.IsLeaf && n.Bodies.Count == 0 && seen.Add(n.Op)))
            {
                // A constant's shape and dtype are those of its node.
                string text = $"{node.Operation} {string.Join(", ", node.Attributes.Select(a => $"{a.Name} {(a.Value is Array array ? $"{node.Results[0]} {string.Join(' ', array.Cast<object>())}" : a.Value)}"))}";
                Assert.That(texts.TryAdd(text, node.Op), Is.True, () => $"{text}: {node.Op} and {texts[text]}");
            }
        }
    }

    [Test]
    public void What_a_node_says_of_itself()
    {
        Input<float> x = Input("x", ["N", 6]);
        Node sum = Sum(x[.., 1..4], axes: 1);
        Assert.That((sum.Operation, sum.Inputs[0].Operation, x.Operation, x.Inputs.Count), Is.EqualTo(("Sum", "Slice", "Input", 0)));
        Assert.That(sum.Attributes, Is.EqualTo(new[] { new NodeAttribute("Axes", EquatableArray.Create([1L])) }));
        Assert.That(sum.Inputs[0].Attributes.Select(a => $"{a.Name} {a.Value}"), Is.EqualTo(new[] { "Starts [0, 1]", "Sizes [N, 3]", "Steps [1, 1]" }));
        Assert.That(Constant(new[] { 1.5f, -0f }).Attributes.Single().Value, Is.EqualTo(new[] { 1.5f, -0f }));
        (Node q, Node r) = QR(Input("a", [3, 3]));
        Assert.That((q.Operation, r.Operation, q.Inputs[0] == r.Inputs[0], q.Inputs[0].Operation), Is.EqualTo(("Output", "Output", true, "QR")));
        Assert.That(q.Inputs[0].Results, Has.Count.EqualTo(2));
        Assert.That(r.Attributes, Is.EqualTo(new[] { new NodeAttribute("Index", 1L) }));
    }

    [Test]
    public void The_body_of_a_call_is_a_graph_of_its_own()
    {
        Input<float> x = Input("x", [2]);
        Parameter<float> w = Parameter("w", 2f);
        Node call = Call("scaled", [x], v => Tanh(v[0] * w));
        Function body = call.Bodies.Single();
        Assert.That((call.Operation, call.Inputs.Count, body.Parameters.Count), Is.EqualTo(("Call", 2, 2)));
        Assert.That(call.Attributes, Is.EqualTo(new[] { new NodeAttribute("Arguments", 1L), new NodeAttribute("Name", "scaled") }), "of two inputs, the second is what the body uses from outside");
        Assert.That(body.Results.Single().Operation, Is.EqualTo("Tanh"));
        Assert.That(View.Value([call]), Does.Contain("Tanh(").And.Contain("-> ("));
    }

    [Test]
    public void Composites_are_expanded_by_whoever_does_not_know_them()
    {
        foreach (OperationRow row in OperationTable.Rows)
        {
            Node root = row.Build(new InputMaker(row.DTypes[0], "N", Layout.Dense, requiresGrad: row.DTypes[0].IsFloat()));
            foreach (Node node in Parts.WithParts([root]))
            {
                if (!node.IsComposite)
                {
                    Assert.That(node.Expand, Throws.TypeOf<GraphException>().With.Message.EqualTo($"{node.Describe()} is no composite and cannot be expanded; IsComposite tells which are."));
                    continue;
                }

                NodeList parts = node.Expand();
                Assert.That(parts.Select(p => p.Results[0]), Is.EqualTo(node.Results), row.ToString());
                Assert.That(parts.Any(p => p.RequiresGrad), Is.EqualTo(node.RequiresGrad), row.ToString());
            }
        }
    }

    [Test]
    public void The_parts_of_a_composite()
    {
        Input<float> x = Input("x", [2, 3], requiresGrad: true);
        Node softmax = Softmax(x);
        Assert.That((softmax.IsComposite, softmax.Operation, softmax.Attributes.Single()), Is.EqualTo((true, "Softmax", new NodeAttribute("Axis", 1L))));
        Assert.That(softmax.Expand().Single().Operation, Is.EqualTo("Div"));
        var (sine, square) = Call("both", [x], v => [Sin(v[0]), v[0] * v[0]]);
        var (first, second) = sine.Inputs[0].Expand();
        Assert.That((first.Operation, second.Operation, first.Inputs[0], sine.IsComposite, square.IsComposite), Is.EqualTo(("Sin", "Mul", x, false, false)));
        using (GradMode.NoGrad())
        {
            Assert.That((softmax.Expand()[0].RequiresGrad, Softmax(x).Expand()[0].RequiresGrad), Is.EqualTo((true, false)));
        }

        Assert.That(Relu(Detach(x)).Expand()[0].RequiresGrad, Is.False);
    }

    private static Func<IReadOnlyList<Node>, string> Compiled()
    {
        IEnumerable<string> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Stranger",
            [CSharpSyntaxTree.ParseText(Viewer)],
            references.Select(r => MetadataReference.CreateFromFile(r)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        Assert.That(compilation.Emit(image).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        image.Position = 0;
        MethodInfo view = AssemblyLoadContext.Default.LoadFromStream(image).GetType("Viewer")!.GetMethod("View")!;
        return view.CreateDelegate<Func<IReadOnlyList<Node>, string>>();
    }
}

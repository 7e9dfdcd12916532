using System.Linq.Expressions;
using GraphCompiler.Emit;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;
using GraphCompiler.Tests.Nodes;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Every operation compiled against the interpreter, for each dtype, vector width, size and layout.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class OperationTests
{
    private static readonly long[] Sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 37];

    private static IEnumerable<TestCaseData> Cells() =>
        from row in OperationTable.Rows
        from dtype in row.DTypes
        select new TestCaseData(row, dtype).SetArgDisplayNames(row.ToString(), dtype.ToString());

    private static IEnumerable<TestCaseData> FloatCells() =>
        from row in OperationTable.Rows
        from dtype in row.DTypes
        where row.HasGradient && dtype.IsFloat()
        select new TestCaseData(row, dtype).SetArgDisplayNames(row.ToString(), dtype.ToString());

    [Test]
    public void EveryOperationHasARow()
    {
        IEnumerable<Type> all = typeof(Op).Assembly.GetTypes().Where(t => t.IsSealed && t.IsSubclassOf(typeof(Op)));
        Assert.That(all.Except(OperationTable.Rows.Select(r => r.Op)).Select(t => t.Name), Is.Empty);
    }

    [Test]
    public void EachRowHoldsItsOperation()
    {
        foreach (OperationRow row in OperationTable.Rows)
        {
            IReadOnlyList<Node> nodes = Parts.WithParts(row.DTypes.Select(t => row.Build(new InputMaker(t, "N", Layout.Dense, requiresGrad: false))));
            bool holds = nodes.Any(n => n.Op.GetType() == row.Op) || row.Variant is " with index";
            Assert.That(holds, row.ToString());
        }
    }

    [TestCaseSource(nameof(Cells))]
    public void EveryWidthAgreesWithTheInterpreter(object row, DType dtype)
    {
        CompileOptions[] options = [.. VectorWidths.Supported.Select(w => new CompileOptions { Width = w })];
        Agrees((OperationRow)row, dtype, "N", Layout.Dense, options);
        Agrees((OperationRow)row, dtype, 19, Layout.Dense, options);
    }

    [TestCaseSource(nameof(Cells))]
    public void EveryLayoutAgreesWithTheInterpreter(object row, DType dtype)
    {
        VectorWidth narrowest = VectorWidths.Supported.Take(2).Last();
        foreach (Layout layout in (Layout[])[Layout.Permuted, Layout.Sliced, Layout.Strided, Layout.Broadcast])
        {
            Agrees((OperationRow)row, dtype, "N", layout, [new() { Width = narrowest }, new() { Width = VectorWidths.Best }]);
        }
    }

    [TestCaseSource(nameof(Cells))]
    public void EveryOptionAgreesWithTheInterpreter(object row, DType dtype)
    {
        CompileOptions[] options =
        [
            new() { Passes = new() { Inline = false } },
            new() { Passes = new() { Simplify = false } },
            new() { Passes = new() { UseFastExpressionCompiler = false } },
            new() { Checked = true },
            new() { Verify = true },
        ];
        Agrees((OperationRow)row, dtype, "N", Layout.Dense, options);
        Agrees((OperationRow)row, dtype, 0, Layout.Dense, [CompileOptions.Default]);
        Agrees((OperationRow)row, dtype, 1, Layout.Dense, [CompileOptions.Default]);
        Agrees((OperationRow)row, dtype, 16, Layout.Sliced, [new() { Checked = true }]);
    }

    [TestCaseSource(nameof(FloatCells))]
    public void GradientsAgreeWithTheInterpreter(object row, DType dtype)
    {
        Agrees((OperationRow)row, dtype, "N", Layout.Dense, [new() { Width = VectorWidth.Scalar }, new() { Width = VectorWidths.Best }], gradient: true);
        Agrees((OperationRow)row, dtype, 5, Layout.Strided, [CompileOptions.Default], gradient: true);
        Agrees((OperationRow)row, dtype, "N", Layout.Permuted, [new() { Checked = true }], gradient: true);
    }

    private static void Agrees(OperationRow row, DType dtype, Dim n, Layout layout, CompileOptions[] options, bool gradient = false)
    {
        if (n.Constant < row.Least)
        {
            return;
        }

        var maker = new InputMaker(dtype, n, layout, requiresGrad: gradient);
        Node output = row.Build(maker);
        Node[] outputs = [output];
        if (gradient)
        {
            if (!output.RequiresGrad)
            {
                return;
            }

            Node[] targets = [.. maker.Inputs.Select(i => i.Node).Where(i => i.RequiresGrad)];
            Node seed = Ops.Iota([output.Shape.ElementCount], 0, dtype).Reshape(output.Shape) * 0.01 + 0.5;
            outputs = [.. Ops.Vjp([output], targets, [seed], Unreached.Zeros)];
        }

        // A stream counts the calls of all its graphs: one that draws is made anew for each option.
        if (options.Length > 1 && GraphWalk.TopologicalOrder(outputs).Any(o => o.Op is RandomStreamOp))
        {
            foreach (CompileOptions option in options)
            {
                Agrees(row, dtype, n, layout, [option], gradient);
            }

            return;
        }

        // Compared with what the graph says, whatever makes it stable.
        Node[] inputs = [.. maker.Inputs.Select(i => i.Node)];
        bool usesN = inputs.Any(i => i.Shape.Any(d => d.Symbol is not null));
        Dim? given = n.Constant is null && !usesN ? n : null;
        if (given is not null)
        {
            inputs = [.. inputs, Ops.Placeholder(new NodeType(DType.Bool, [n]), "n", false)];
            maker.Inputs.Add((inputs[^1], null));
        }

        // Interpreted once for all options.
        List<(long Size, Dictionary<Node, TensorValue> Values, TensorValue[] Expected)> calls = [];
        foreach (long size in n.Constant is { } constant ? [constant] : Sizes.Where(s => s >= row.Least))
        {
            Random random = new((int)size + (17 * (int)dtype));
            Dictionary<Node, TensorValue> values = [];
            foreach ((Node node, Dim? bound) in maker.Inputs)
            {
                values[node] = row.Contents(node, bound?.Evaluate(_ => size), size, random, gradient);
            }

            ulong call = (ulong)calls.Count;
            calls.Add((size, values, Interpreter.Evaluate(outputs, values, _ => size, new RandomDraws(g => g.CallAt(call)))));
        }

        foreach (CompileOptions option in options)
        {
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile(inputs, outputs, null, option);
            foreach ((LoweredKernel kernel, CompiledKernel code) in compiled.Executor.Program.Kernels.Zip(compiled.Executor.Program.Compiled).Where(k => HostEntry.Of(k.First.Kernel) is null))
            {
                LambdaExpression expression = KernelCompiler.Express(kernel.Kernel, new(option.Width, option.Checked));
                Assert.That(ExpressionChecker.Check(expression), Is.Empty, () => $"{row}, {layout}, {option}: {kernel.Kernel.Name}\n{expression}");
                Assert.That(code.UsedFec, Is.EqualTo(option is { Passes.UseFastExpressionCompiler: true, Interpret: false }), () => $"{row}, {layout}, {option}: {kernel.Kernel.Name}\n{expression}");
            }

            foreach ((long size, Dictionary<Node, TensorValue> values, TensorValue[] expected) in calls)
            {
                RunResults results = compiled.Run([.. inputs.Select(i => Values.ToArgument(values[i]))]);
                for (int i = 0; i < outputs.Length; i++)
                {
                    TensorValue actual = Values.Read(results, i, outputs[i].DType, expected[i].Shape);
                    double most = gradient && expected[i].Count > 0 ? expected[i].Reals.Select(Math.Abs).Where(double.IsFinite).DefaultIfEmpty(0).Max() : 0;
                    string? difference = gradient
                        ? Values.Difference(expected[i], actual, 128, Math.Max(most, 4), signsOfZeros: false)
                        : Values.Difference(expected[i], actual, row.Ulps, row.Floor(size) + (row.Ulps == 0 ? 0 : dtype == DType.Float32 ? 1e-37 : 1e-307));
                    Assert.That(difference, Is.Null, () =>
                        $"{row} {dtype}, N = {size}, {layout}, {option.Width}, output {i}, {(option with { RetainGrad = [] })}\n{new Graph(inputs, outputs)}{string.Join("\n", values.Select(v => $"{v.Key}: {string.Join(" ", Enumerable.Range(0, (int)Math.Min(40, v.Value.Count)).Select(k => v.Value[k]))}"))}");
                }
            }
        }
    }
}

using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>0 and −0 give 1/x = ±∞: the interpreter's sign at every width, for known and unknown sizes, with and without options.</summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class ZeroSignTests
{
    private static readonly double[] Numbers = [-0.0, 0, -0.3, 0.3, -1, -0.0, -0.0, double.NaN, -0.0];

    // The sign of each at x = −0, if it is worth saying.
    private static readonly (string Name, Func<Node, Node> Of, int Sign)[] Functions =
    [
        ("relu", Relu, 1), ("relu6", Relu6, 1), ("maximum of x and 0", x => Maximum(x, Number(x, 0.0)), 1), ("maximum of 0 and x", x => Maximum(ZerosLike(x), x), 1),
        ("maximum of x and −0", x => Maximum(x, Number(x, -0.0)), -1), ("minimum of x and 0", x => Minimum(x, Number(x, 0.0)), -1), ("minimum of x and −0", x => Minimum(x, Number(x, -0.0)), -1),
        ("maximum of x and −x", x => Maximum(x, -x), 1), ("minimum of x and −x", x => Minimum(x, -x), -1),
        ("fmax", x => FMax(x, ZerosLike(x)), 0), ("fmin", x => FMin(x, ZerosLike(x)), 0),
        ("clamp from 0", x => Clamp(x, 0, 1), 1), ("clamp to 0", x => Clamp(x, -1, 0), -1), ("clamp from −0", x => Clamp(x, -0.0, 1), -1),
        ("clamp to −0", x => Clamp(x, -1, -0.0), -1), ("clamp by nodes", x => Clamp(x, -x, Abs(x)), 1),
        ("hardTanh", x => HardTanh(x, 0, 1), 1), ("hardSigmoid", x => HardSigmoid(x - 3), 1), ("threshold", x => Threshold(x, -1, 5), -1),
        ("abs", Abs, 1), ("negate", x => -x, 1), ("sign", Sign, -1), ("sqrt", Sqrt, -1), ("floor", Floor, -1), ("ceil", Ceil, -1), ("round", Round, -1), ("trunc", Trunc, -1),
        ("frac", Frac, 0), ("copySign", x => CopySign(ZerosLike(x), x), -1), ("fmod", x => FMod(x, OnesLike(x)), -1), ("remainder", x => Remainder(x, OnesLike(x)), -1),
        ("where", x => Where(x > 0, 1.0, x), -1), ("cast", x => Cast(Cast(x, DType.Float64), x.DType), -1),
        ("x + 0", x => x + 0.0, 1), ("x − 0", x => x - 0.0, -1), ("0 − x", x => 0.0 - x, 1), ("x·1", x => x * 1, -1), ("−(−x)", x => -(-x), -1), ("x − x", x => x - x, 1),
        ("largest", x => Max(Stacked(x, -Abs(x)), 0), -1), ("smallest", x => Min(Stacked(x, Abs(x)), 0), -1), ("largest of both", x => Max(Stacked(x, -x), 0), 1),
        ("smallest of both", x => Min(Stacked(-x, x), 0), -1), ("largest along the last axis", x => Max(Stack([x, -x, -Abs(x), -Abs(x), -1 * Abs(x)], 1), 1), 0),
        ("cumulative maximum", x => CumulativeMax(x, 0).Values, 0), ("cumulative minimum", x => CumulativeMin(x, 0).Values, 0),
        ("sum of x alone", x => Sum(Stacked(x), 0), 1), ("sum of some", x => Sum(Stacked(x, x, x), 0), 1), ("sum of all", x => Sum(x * 0.0), 0), ("sum of a broadcast", x => Sum(BroadcastTo(x, [3, x.Shape[0]]), 0), 1),
        ("product", x => Prod(Stacked(x, OnesLike(x)), 0), -1), ("cumulative sum", x => CumulativeSum(-Abs(x) * 0, 0), 0), ("mean", x => Mean(Stacked(x, x), 0), 1),
        ("product of matrices", x => MatMul(Unsqueeze(x, 1), Ones([1, 3], x.DType)), 0), ("relu of a product", x => Relu(MatMul(Unsqueeze(x, 1), Ones([1, 3], x.DType)) * -1), 0),
        ("maxPool", x => MaxPool1D(Reshape(x, [1, 1, x.Shape[0]]), 1), 0), ("positions of the largest", x => 0 * Cast(ArgMax(Stacked(-Abs(x), Abs(x)), 0), x.DType), 1),
    ];

    private static IEnumerable<TestCaseData> Cases() => Functions.Select(f => new TestCaseData(f.Of, f.Sign).SetArgDisplayNames(f.Name));

    [TestCaseSource(nameof(Cases))]
    public void The_sign_of_zero_is_the_same_everywhere(Func<Node, Node> function, int sign)
    {
        CompileOptions[] widths = [.. VectorWidths.Supported.Select(w => new CompileOptions { Width = w })];
        CompileOptions[] options = [.. widths, new() { Checked = true }, new() { Verify = true }, new() { Passes = new() { Inline = false } }, new() { Passes = new() { Simplify = false } }];
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
        {
            Agree(dtype, "N", [1, 3, 37], options);
            Agree(dtype, 1, [1], widths);
            Agree(dtype, 37, [37], widths);
        }

        void Agree(DType dtype, Dim size, long[] sizes, CompileOptions[] options)
        {
            Node x = Placeholder(new NodeType(dtype, [size]), "x", false);
            Node y = 1 / function(x);
            TensorValue[] given = [.. sizes.Select(n => TensorValue.OfReals(dtype, [n], [.. Enumerable.Range(0, (int)n).Select(i => Numbers[i % Numbers.Length])]))];
            TensorValue[] expected = [.. given.Select(g => Interpreter.Evaluate([y], new Dictionary<Node, TensorValue> { [x] = g }, _ => g.Count)[0])];
            Assert.That(expected.Select(e => e[0]), sign == 0 ? Is.All.Not.Null : Is.All.EqualTo(sign * double.PositiveInfinity));
            foreach (CompileOptions option in options)
            {
                using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], [y], null, option);
                for (int i = 0; i < sizes.Length; i++)
                {
                    TensorValue actual = Values.Read(compiled.Run([Values.ToArgument(given[i])]), 0, dtype, expected[i].Shape);
                    Assert.That(Values.Difference(expected[i], actual, 4, 0), Is.Null, $"{dtype}, {sizes[i]} of {size}, {option}");
                }
            }
        }
    }

    private static Node Number(Node x, double value) => Full(x.Shape, value, x.DType);

    private static Node Stacked(params Node[] nodes) => Stack(nodes);
}

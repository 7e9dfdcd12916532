using static GraphCompiler.AxisIndex;
using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Indexing, scatters and contractions: values that follow from plain counting, and mistakes.</summary>
public class IndexTests
{
    private static readonly Node F = Input("f", [2, 3]);
    private static readonly Node I = Input<long>("i", [2]);
    private static readonly Node B = Input<bool>("b", [2, 3]);
    private static readonly Node Count = Reshape(Arange(24), [2, 3, 4]);

    private static IEnumerable<TestCaseData> Mistakes() =>
    [
        Case("too many", () => F[0, 0, 0], "At:", "3 indices", "2 axes", "'f'"),
        Case("rest twice", () => F[Rest, Rest], "At:", "twice"),
        Case("behind the last", () => F[^0], "At:", "^1"),
        Case("outside", () => F[2], "no element 2", "axis 0 of size 2"),
        Case("mask", () => F[B], "At:", "MaskedSelect with a bound"),
        Case("floats", () => F[F], "At:", "use Cast"),
        Case("indices apart", () => F[I, Constant((long[])[0, 1, 2])], "At:", "do not broadcast"),
        Case("IndexPut", () => IndexPut(F, [I, I, I], F), "IndexPut:", "3 indices"),
        Case("IndexPut of bools", () => IndexPut(F, [B], F), "int32 or int64"),
        Case("Scatter shape", () => Scatter(F, 0, Zeros([1, 3], DType.Int64), F), "Scatter:", "shape [1, 3] of the indices"),
        Case("Scatter dtype", () => Scatter(F, 0, Zeros([2, 3], DType.Int64), B), "Scatter:", "float32", "use Cast"),
        Case("ScatterReduce of bools", () => ScatterReduce(B, 0, Zeros([2, 3], DType.Int64), B, ScatterReduction.Max), "ScatterReduce:", "not bool"),
        Case("IndexCopy", () => IndexCopy(F, 0, Zeros([1, 1], DType.Int64), F), "IndexCopy:", "a vector"),
        Case("IndexFill", () => IndexFill(F, 0, I, F), "IndexFill:", "a scalar"),
        Case("MaskedSelect", () => MaskedSelect(F, B, -1).Values, "below 0"),
        Case("Embedding", () => Embedding(I, I), "Embedding:", "[rows, columns]"),
        Case("Embedding padding", () => Embedding(I, F, 2), "Embedding:", "no row 2"),
        Case("EmbeddingBag", () => EmbeddingBag(I, F), "EmbeddingBag:", "offsets"),
        Case("EmbeddingBag of mean factors", () => EmbeddingBag(Reshape(I, [1, -1]), F, factors: F), "EmbeddingBag:", "BagReduction.Sum", "mean"),
        Case("EmbeddingBag factors", () => EmbeddingBag(Reshape(I, [1, -1]), F, BagReduction.Sum, factors: F), "EmbeddingBag:", "one factor for each index", "'f'"),
        Case("Einsum arrows", () => Einsum("ij->i->j", F), "Einsum", "more than one arrow"),
        Case("Einsum inputs", () => Einsum("ij,jk", F), "Einsum", "2 inputs, and 1 are given", "'f'"),
        Case("Einsum letters", () => Einsum("i1->i", F), "Einsum", "'1'", "no letter"),
        Case("Einsum rank", () => Einsum("ijk->i", F), "Einsum", "3 axes, and the input has 2"),
        Case("Einsum result", () => Einsum("ij->ik", F), "Einsum", "'k' of the result is in no input"),
        Case("Einsum twice", () => Einsum("ij->ii", F), "Einsum", "occurs twice"),
        Case("Einsum sizes", () => Einsum("ij,jk->ik", F, F), "Einsum", "'j'", "3 and 2"),
        Case("Einsum diagonal", () => Einsum("ii->i", F), "Einsum", "2 and 3"),
        Case("Einsum dtypes", () => Einsum("ij,ij->", F, Input<double>("d", [2, 3])), "Einsum", "use Cast"),
        Case("TensorDot", () => TensorDot(F, F, 3), "TensorDot:", "3 axes"),
        Case("TensorDot pairs", () => TensorDot(F, F, [0], [1]), "TensorDot:", "size 2", "size 3"),
        Case("TensorDot lists", () => TensorDot(F, F, [0], []), "TensorDot:", "no pairs"),
        Case("Bmm", () => Bmm(F, F), "Bmm:", "3 and 3 axes"),
        Case("Dot", () => Dot(F, F), "Dot:", "1 and 1 axes"),
        Case("MultiDot", () => MultiDot(F), "MultiDot:", "at least two"),
        Case("Cross", () => Cross(F, F, 0), "Cross:", "size 3, not 2"),
    ];

    [TestCaseSource(nameof(Mistakes))]
    public void Says_what_is_wrong(Func<Node> make, string[] parts)
    {
        GraphException error = Assert.Catch<GraphException>(() => make())!;
        Assert.That(parts.Where(p => !error.Message.Contains(p, StringComparison.Ordinal)), Is.Empty, error.Message);
    }

    [Test]
    public void Indices_are_NumPys()
    {
        void Same(Node found, long[] shape, params long[] values)
        {
            TensorValue value = Run(found);
            Assert.That(value.Shape, Is.EqualTo(shape));
            Assert.That(value.Integers, Is.EqualTo(values));
        }

        Node rows = Constant((long[])[-1, 0]);
        using (Assert.EnterMultipleScope())
        {
            Same(Count[1, ^1, 0], [], 20);
            Same(Count[^1, 1..^1, Every(2)], [1, 2], 16, 18);
            Same(Count[Rest, 1][NewAxis, 1], [1, 3], 13, 17, 21);
            Same(Count[.., rows, 0], [2, 2], 8, 0, 20, 12);
            Same(Count[rows, .., rows], [2, 3], 15, 19, 23, 0, 4, 8);
            Same(Count[0, rows, Unsqueeze(rows, 1)], [2, 2], 11, 3, 8, 0);
            Same(Scatter(Arange(4), 0, Constant((long[])[1, 3, 1]), Constant((long[])[7, 8, 9])), [4], 0, 9, 2, 8);
            Same(IndexPut(Zeros([2, 2], DType.Int64), [rows, rows], Constant((long[])[5, 6])), [2, 2], 6, 0, 0, 5);
            Same(NonZero(Constant((long[])[0, 3, 4]), 4).Indices, [4, 1], 1, 2, -1, -1);
            Same(NonZero(Constant((long[])[0, 3, 4]), 1).Count, [], 2);
            Same(MaskedSelect(Count[0], Greater(Count[0], Scalar(9, DType.Int64)), 3, -5).Values, [3], 10, 11, -5);
            Same(OneHot(Constant((long[])[2, 0]), 3), [2, 3], 0, 0, 1, 1, 0, 0);
            Same(MaskedScatter(Arange(4), Constant((bool[])[true, true, false, true]), Constant((long[])[7, 8])), [4], 7, 8, 2, 3);
        }
    }

    [Test]
    public void An_index_outside_is_named_with_its_axis_and_size([Values] bool second)
    {
        Node x = Input("x", [2, 5]);
        Node i = Input<long>("i", ["N"]);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x, i], second ? x[i, i] : OneHot(i, 2, DType.Float32) + Sum(x));
        Assert.That(() => compiled.Run(new float[10], (long[])[1, 3]), Throws.InstanceOf<ExecutionException>().With.Message.Contains("index 3").And.Message.Contains("size 2").And.Message.Contains(second ? "Take 'At'" : "axis 1"));
    }

    /// <summary>The order of joining is by cost: a vector at the end is multiplied into the matrices first.</summary>
    [Test]
    public void Contractions_take_the_cheapest_order()
    {
        Node m = Input("m", [50, 50]);
        Node v = Input("v", [50]);
        long Work(Node node) => GraphWalk.TopologicalOrder([node]).Where(n => n.Op is GraphCompiler.Operations.MatMulOp).Sum(n => n.Shape.ElementCount.Constant!.Value * n.Inputs[0].Shape[^1].Constant!.Value);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Work(Einsum("ab,bc,cd,d->a", m, m, m, v)), Is.EqualTo(3 * 50 * 50));
            Assert.That(Work(MultiDot(m, m, m, v)), Is.EqualTo(3 * 50 * 50));
        }
    }

    /// <summary>Transposed and batched operands are strides of the products: nothing is copied.</summary>
    [TestCase("bij,bkj->bik")]
    [TestCase("bhqd,bhkd->bhqk")]
    [TestCase("bqhd,bkhd->bhqk")]
    [TestCase("ij,ik->jk")]
    public void Contractions_copy_nothing(string equation)
    {
        string[] terms = equation.Split("->")[0].Split(',');
        Node[] inputs = [.. terms.Select((t, i) => Input($"x{i}", Shape.Of(t.Select(c => Dim.Of((c * 7 % 5) + 8)))))];
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile(inputs, Einsum(equation, inputs));
        Assert.That(compiled.Executor.Program.Kernels.Where(k => !k.Scratch.Any()).SelectMany(k => k.Roots).Select(r => r.Describe()).Distinct(), Has.Exactly(1).StartsWith("MatMul"));
    }

    private static TestCaseData Case(string name, Func<Node> make, params string[] parts) => new TestCaseData(make, parts).SetArgDisplayNames(name);
}

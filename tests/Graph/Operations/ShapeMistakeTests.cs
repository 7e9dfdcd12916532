using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.Operations;

/// <summary>Mistakes in functions of shape, and values that gradients do not show.</summary>
public class ShapeMistakeTests
{
    private static readonly Node F = Input("f", [2, 3]);
    private static readonly Node N = Input("n", ["N", "M"]);

    private static IEnumerable<TestCaseData> Mistakes() =>
    [
        Case("Flip", () => Flip(F, 2), "Flip:", "axis 2", "'f'"),
        Case("Flip twice", () => Flip(F, (int[])[0, -2]), "Flip:", "named twice"),
        Case("Roll", () => Roll(F, [1], [0, 1]), "Roll:", "1 shift for 2 axes"),
        Case("Roll along one axis", () => Roll(F, [1, 2], [0]), "Roll:", "2 shifts for 1 axis;"),
        Case("Diff", () => Diff(F, 3, 0), "Diff:", "axis 0 of size 2 has no differences of order 3", "'f'"),
        Case("Rot90", () => Rot90(F, 1, 0, -2), "Rot90:", "two different axes"),
        Case("MoveAxis", () => MoveAxis(F, [0, 1], [1, 1]), "MoveAxis:", "each once"),
        Case("Tile", () => Tile(F, -2), "Tile:", "below 0"),
        Case("Repeat", () => Repeat(F, 2), "Repeat:", "1 count for 2 axes", "use Tile"),
        Case("RepeatInterleave", () => RepeatInterleave(F, [1, -1], 0), "RepeatInterleave:", "each at least 0"),
        Case("RepeatInterleave of few", () => RepeatInterleave(F, [1], 0), "RepeatInterleave:", "as many counts"),
        Case("MeshGrid", () => MeshGrid([F])[0], "MeshGrid:", "vectors", "'f'"),
        Case("MeshGrid of none", () => MeshGrid([])[0], "MeshGrid:", "at least one"),
        Case("BroadcastTensors", () => BroadcastTensors(F, Input("g", [2]))[0], "BroadcastTensors:", "do not broadcast"),
        Case("Narrow", () => Narrow(F, 1, 2, 2), "axis 1", "start 2, 2 elements", "'f'"),
        Case("Split of nothing", () => Split(F, 0)[0], "Split:", "at least 1"),
        Case("Split of a symbol", () => Split(N, 2)[0], "Split:", "axis 0 of size N", "give the sizes"),
        Case("Split into sizes", () => Split(F, [1, 1], 1)[0], "Split:", "add up to 2, not to the size 3"),
        Case("Chunk", () => Chunk(F, 0)[0], "Chunk:", "at least one"),
        Case("Chunk of a symbol", () => Chunk(N, 2)[0], "Chunk:", "size N", "with Split"),
        Case("Unbind", () => Unbind(N)[0], "Unbind:", "must be a number"),
        Case("Tril", () => Tril(Input("v", [3])), "Tril:", "at least two axes"),
        Case("Diagonal", () => Diagonal(F, 0, 1, -1), "Diagonal:", "between two axes"),
        Case("Diagonal of symbols", () => Diagonal(N), "Diagonal:", "N or M is less"),
        Case("DiagEmbed", () => DiagEmbed(F, 0, 1, 1), "DiagEmbed:", "an axis each"),
        Case("Diag", () => Diag(Input("c", [2, 2, 2])), "Diag:", "vector or a matrix"),
        Case("Trace", () => Trace(Input("c", [2, 2, 2])), "Trace:", "a matrix"),
        Case("SelectScatter", () => SelectScatter(F, Input("g", [2]), 0, 0), "SelectScatter:", "float32[3]", "'g'"),
        Case("SelectScatter beyond", () => SelectScatter(F, Input("g", [3]), 0, 2), "SelectScatter:", "no element 2"),
        Case("SliceScatter", () => SliceScatter(F, F, 1, 1), "SliceScatter:", "float32[2, 2]"),
        Case("PixelShuffle", () => PixelShuffle(Input("i", [3, 4, 4]), 2), "PixelShuffle:", "3 channels", "multiple of 4"),
        Case("PixelUnshuffle", () => PixelUnshuffle(Input("i", [3, 4, 5]), 2), "PixelUnshuffle:", "4 by 5"),
    ];

    [TestCaseSource(nameof(Mistakes))]
    public void Says_what_is_wrong(Func<Node> make, string[] parts)
    {
        GraphException error = Assert.Catch<GraphException>(() => make())!;
        Assert.That(parts.Where(p => !error.Message.Contains(p, StringComparison.Ordinal)), Is.Empty, error.Message);
    }

    [Test]
    public void A_split_into_sizes_asks_for_their_sum_when_sizes_are_bound()
    {
        Node x = Input("x", ["N"]);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], Split(x, [2, Dim.OfSymbol("N") / 2])[1]);
        Assert.That(() => compiled.Run(new float[6]), Throws.InstanceOf<GraphException>());
    }

    [Test]
    public void Parts_are_PyTorchs()
    {
        long[] Sizes(NodeList parts) => [.. parts.Select(p => p.Shape[0].Constant!.Value)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Sizes(Chunk(Arange(11), 6)), Is.EqualTo((long[])[2, 2, 2, 2, 2, 1]));
            Assert.That(Sizes(Chunk(Arange(4), 3)), Is.EqualTo((long[])[2, 2]));
            Assert.That(Sizes(Chunk(Arange(0), 3)), Is.EqualTo((long[])[0, 0, 0]));
            Assert.That(Sizes(Split(Arange(0), 3)), Is.EqualTo((long[])[0]));
            Assert.That(Sizes(Split(Arange(7), 3)), Is.EqualTo((long[])[3, 3, 1]));
            Assert.That(Run(Concat(Split(Arange(7), 3))).Integers, Is.EqualTo(Enumerable.Range(0, 7)));
            Assert.That(Run(Roll(Arange(5), 7, 0)).Integers, Is.EqualTo((long[])[3, 4, 0, 1, 2]));
            Assert.That(Run(Flatten(MeshGrid([Arange(2), Arange(3)], xy: true)[0])).Integers, Is.EqualTo((long[])[0, 1, 0, 1, 0, 1]));
            Assert.That(Diagonal(Zeros([2, 3]), 3).Shape.Constants, Is.EqualTo((long[])[0]));
            Assert.That(Diagonal(Zeros([2, 3]), -5).Shape.Constants, Is.EqualTo((long[])[0]));
        }
    }

    /// <summary>Views cost nothing: one kernel reads through all of them.</summary>
    [Test]
    public void Flips_and_diagonals_are_read_in_place()
    {
        Node x = Input("x", [8, 8]);
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], Diagonal(Flip(x, 0)) * Flip(Diagonal(x), 0));
        Assert.That(compiled.Executor.Program.Kernels, Has.Length.EqualTo(1));
    }

    private static TestCaseData Case(string name, Func<Node> make, params string[] parts) => new TestCaseData(make, parts).SetArgDisplayNames(name);
}

using GraphCompiler.Loops;
using static GraphCompiler.Tests.Compiler.LoopBuilder;

namespace GraphCompiler.Tests.Compiler.Loops;

/// <summary>Loops that are written out, and buffers that become variables, leave what they left.</summary>
internal sealed class UnrollTests
{
    private static readonly LoopBuffer X = Input("x", DType.Float32, Int(12));
    private static readonly LoopBuffer Y = Output("y", DType.Float32, Int(12));
    private static readonly LoopBuffer Z = Output("z", DType.Float32, Int(4));

    [Test]
    public void Few_iterations_are_written_out_and_indices_are_numbers()
    {
        Kernel kernel = Nest();
        LoopStatement unrolled = Unroll.Run(kernel.Body, most: 4);
        Assert.That(LoopTree.Contains<For>(unrolled) || LoopTree.Contains<If>(unrolled), Is.False);
        Assert.That(LoopTree.Statements(unrolled).OfType<Store>(), Has.All.Matches<Store>(s => s!.Index is Literal));
        AssertSame(kernel, unrolled);

        LoopStatement outer = Unroll.Run(kernel.Body, most: 3);
        Assert.That(LoopTree.Statements(outer).OfType<For>().Count(), Is.EqualTo(3));
        AssertSame(kernel, outer);
    }

    [Test]
    public void A_loop_may_be_short_in_one_copy_and_long_in_another()
    {
        (Local i, Local lane) = (Index("i"), Index("lane"));
        foreach (bool shrinking in new[] { false, true })
        {
            // Eight and four elements, or four and eight.
            LoopValue length = Add(Int(shrinking ? 8 : 4), Multiply(i, Int(shrinking ? -4 : 4)));
            LoopValue at = Add(Multiply(i, Int(shrinking ? 8 : 4)), lane);
            Kernel kernel = Kernel("blocks", [X, Y, Z], (_, _) => new For(i, Int(0), Int(2), LoopKind.Serial, new For(lane, Int(0), length, LoopKind.Vector, new Store(Y, at, new Load(X, at)))));
            LoopStatement unrolled = Unroll.Run(kernel.Body, most: 4);
            Assert.That(LoopTree.Statements(unrolled).OfType<For>().Count(), Is.EqualTo(1));
            AssertSame(kernel, unrolled);
        }
    }

    [Test]
    public void Small_buffers_with_known_indices_become_variables()
    {
        Kernel kernel = Nest();
        LoopStatement unrolled = Unroll.Run(kernel.Body, most: 4);
        Assert.That(ScalarReplacement.Find(kernel.Body, [X, Y, Z], most: 12), Is.Empty, "nobody knows the indices in loops");
        Assert.That(ScalarReplacement.Find(unrolled, [X, Y, Z], most: 4), Is.EquivalentTo(new[] { Z }));
        Local[] elements = [.. Enumerable.Range(0, 4).Select(i => new Local($"z{i}", DType.Float32))];
        LoopStatement replaced = ScalarReplacement.Run(unrolled, new Dictionary<LoopBuffer, Local[]> { [Z] = elements });
        Assert.That(LoopTree.Statements(replaced).OfType<Store>(), Has.All.Matches<Store>(s => s!.Buffer == Y));
        AssertSame(kernel, Sequence([.. elements.Select((e, i) => new Let(e, new Load(Z, Int(i)))), replaced, .. elements.Select((e, i) => new Store(Z, Int(i), e))]));
    }

    [Test]
    public void A_store_in_independent_iterations_stays()
    {
        Local i = Index("i");
        Assert.That(ScalarReplacement.Find(new For(i, Int(0), N, LoopKind.Parallel, new Store(Z, Int(1), Literal.Of(1f))), [Z], most: 4), Is.Empty);
        Assert.That(ScalarReplacement.Find(new For(i, Int(0), N, LoopKind.Serial, new Store(Z, Int(1), Literal.Of(1f))), [Z], most: 4), Is.Not.Empty);
    }

    /// <summary>Loops in a loop, with what is computed of their numbers, branches on these, sums, and elements that are read after they are written.</summary>
    private static Kernel Nest() => Kernel("nest", [X, Y, Z], (_, _) =>
    {
        (Local i, Local j, Local at) = (Index("i"), Index("j"), Index("at"));
        var sum = new Local("sum", DType.Float32);
        return new For(i, Int(0), Int(3), LoopKind.Serial, Sequence(
            new Let(sum, Literal.Of(0.5f)),
            new For(j, Int(0), Int(4), LoopKind.Serial, Sequence(
                new Let(at, Add(Multiply(i, Int(4)), j)),
                new Assign(sum, Add(sum, new Load(X, at))),
                new If(Less(j, i), new Store(Y, at, Multiply(sum, new Load(X, at))), new Store(Y, at, sum)))),
            new Store(Z, i, sum),
            new Store(Z, Int(3), Add(new Load(Z, i), new Load(Z, Int(3))))));
    });

    private static void AssertSame(Kernel kernel, LoopStatement body)
    {
        Kernel other = kernel with { Body = body };
        LoopVerifier.Verify(other);
        byte[][] data = KernelRun.Data(kernel, [1]);
        Assert.That(KernelRun.Run(KernelRun.Evaluated(other), other, [1], data).Contents, Is.EqualTo(KernelRun.Run(KernelRun.Evaluated(kernel), kernel, [1], data).Contents));
    }
}

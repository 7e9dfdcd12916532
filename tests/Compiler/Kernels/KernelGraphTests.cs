using GraphCompiler.Kernels;

namespace GraphCompiler.Tests.Compiler.Kernels;

/// <summary>What stands between nodes and loops: buffers, which nodes have one, and kernels in order.</summary>
internal sealed class KernelGraphTests
{
    private static readonly Input<float> X = Ops.Input("x", ["N", 4]);
    private static readonly Node A = Ops.Exp(X);
    private static readonly Node B = A * A;

    [Test]
    public void The_buffer_of_a_value_is_the_same_however_it_is_named_and_scratch_only_itself()
    {
        var scratch = KernelBuffer.Scratch(A, DType.Float32, "N");
        HashSet<KernelBuffer> all = [KernelBuffer.Of(A), KernelBuffer.Of(A), KernelBuffer.Of(B), scratch, scratch, KernelBuffer.Scratch(A, DType.Float32, "N")];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(all, Has.Count.EqualTo(4));
            Assert.That(KernelBuffer.Of(A).Node, Is.SameAs(A));
            Assert.That(scratch.Node, Is.Null);
            Assert.That(scratch.Describe(), Does.StartWith("scratch memory of Exp"));
        }
    }

    [Test]
    public void What_would_be_without_a_value_changes_nothing()
    {
        var all = new Materialization([X, A], leavesLast: false);
        Materialization without = all.Without(A);
        Materialization with = without.With(B, without: [X]).Settled();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new[] { X, A, B }.Select(all.IsMaterialized), Is.EqualTo((bool[])[true, true, false]));
            Assert.That(new[] { X, A, B }.Select(without.IsMaterialized), Is.EqualTo((bool[])[true, false, false]));
            Assert.That(new[] { X, A, B }.Select(with.IsMaterialized), Is.EqualTo((bool[])[false, false, true]));
        }
    }

    [Test]
    public void An_expression_is_read_through_what_has_no_value()
    {
        var all = new Materialization([X, A], leavesLast: false);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(NodeWork.Of(B, all).Sources, Is.EqualTo((Node[])[A]));
            Assert.That(NodeWork.Of(B, all.Without(A)).Sources, Is.EqualTo((Node[])[X]));
        }
    }

    [Test]
    public void Kernels_run_after_those_whose_values_they_read()
    {
        var all = new Materialization([X, A, B], leavesLast: false);
        Assert.That(() => KernelVerifier.Verify(Of(all, Fused(A, all), Fused(B, all))), Throws.Nothing);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => KernelVerifier.Verify(Of(all, Fused(B, all), Fused(A, all))), Throws.TypeOf<CompileException>().With.Message.Contains("which no kernel before it stores"));
            Assert.That(() => KernelVerifier.Verify(Of(all, Fused(A, all), Fused(A, all))), Throws.TypeOf<CompileException>().With.Message.Contains("another one stores too"));
            Assert.That(() => KernelVerifier.Verify(Of(all.Without(A), Fused(A, all))), Throws.TypeOf<CompileException>().With.Message.Contains("has no value of its own"));
        }
    }

    private static FusedSpec Fused(Node node, Materialization materialization) =>
        new([node], [node], new Domain(node.Shape, []), new Dictionary<Node, NodeWork> { [node] = NodeWork.Of(node, materialization) });

    private static KernelGraph Of(Materialization materialization, params KernelSpec[] specs) => new(specs, materialization, new FusionLog(), Steps: 0);
}

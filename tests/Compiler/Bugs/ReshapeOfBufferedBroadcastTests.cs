using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Bugs;

/// <summary>
/// A broadcast that is an output has a buffer of its own, with other strides than the broadcast: a reshape of its permutation, which could follow
/// the strides of 0, has to read a copy.
/// </summary>
[TestFixture]
public sealed class ReshapeOfBufferedBroadcastTests
{
    [Test]
    public void A_reshape_of_a_permuted_output_is_read_from_a_copy()
    {
        Input<float> x = Input("x", [2, 1, 2]);
        Node wide = BroadcastTo(x, [2, 3, 2]);
        Node flat = Reshape(Permute(wide, 1, 0, 2), [12]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], [wide, flat, Tanh(Reshape(Permute(wide, 1, 0, 2), [12, 1]))]);
        RunResults results = graph.Run((float[])[1, 2, 3, 4]);
        Assert.That(results.GetArray<float>(0), Is.EqualTo((float[])[1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]));
        Assert.That(results.GetArray<float>(1), Is.EqualTo((float[])[1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]));
    }

    [Test]
    public void A_reshape_with_a_buffer_of_its_own_reads_a_copy_too()
    {
        Input<float> x = Input("x", []);
        Input<float> y = Input("y", [1, 2]);
        Node wide = BroadcastTo(x, [2, 3, 2]);
        Node column = Reshape(Permute(wide, 1, 0, 2), [12, 1]);
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x, y], [wide, column, MatMul(column, y)]);
        RunResults results = graph.Run(2f, (float[])[1, 3]);
        Assert.That(results.GetArray<float>(2).Take(4), Is.EqualTo((float[])[2, 6, 2, 6]));
    }
}

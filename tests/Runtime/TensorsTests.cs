using System.Numerics.Tensors;

namespace GraphCompiler.Tests;

[TestFixture]
public sealed class TensorsTests
{
    [Test]
    public void Constants_fill_their_shapes()
    {
        Assert.That(Tensors.Zeros<float>(2, 3).ToArray(), Is.EqualTo(new float[6]));
        Assert.That(Tensors.Zeros<bool>(2).ToArray(), Is.EqualTo(new bool[2]));
        Assert.That(Tensors.Ones<int>(2, 2).ToArray(), Is.EqualTo(new[] { 1, 1, 1, 1 }));
        Assert.That(Tensors.Full([2], true).ToArray(), Is.EqualTo(new[] { true, true }));
        var tensor = Tensors.Full([3, 1], 0.5);
        Assert.That(tensor.Lengths.ToArray(), Is.EqualTo(new nint[] { 3, 1 }));
        Assert.That(Tensors.Zeros<double>(tensor.Lengths).Lengths.ToArray(), Is.EqualTo(new nint[] { 3, 1 }));
        Assert.That(Tensors.Ones<float>().Lengths.ToArray(), Is.EqualTo(new nint[] { 1 }));
        Assert.That(Tensors.Zeros<float>(0, 4).Lengths.ToArray(), Is.EqualTo(new nint[] { 0, 4 }));
    }

    [Test]
    public void Sizes_are_checked()
    {
        Assert.That(() => Tensors.Zeros<float>(3, -2), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("[3, -2]"));
        Assert.That(() => Tensors.Zeros<float>(1 << 20, 1 << 20), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("1048576"));
        Assert.That(Tensors.Zeros<float>(int.MaxValue, int.MaxValue, int.MaxValue, 0).FlattenedLength, Is.EqualTo((nint)0));
        Assert.That(() => Tensors.From([1, 2, 3], 2, 2), Throws.ArgumentException.With.Message.Contains("[2, 2] has 4 elements, not the 3 values"));
    }

    [TestCase(0, 5, 1, new[] { 0, 1, 2, 3, 4 })]
    [TestCase(0, 5, 2, new[] { 0, 2, 4 })]
    [TestCase(0, 6, 2, new[] { 0, 2, 4 })]
    [TestCase(5, 0, -2, new[] { 5, 3, 1 })]
    [TestCase(6, 0, -2, new[] { 6, 4, 2 })]
    [TestCase(5, 0, 1, new int[0])]
    [TestCase(0, 0, 3, new int[0])]
    [TestCase(0, 5, -1, new int[0])]
    [TestCase(-3, 3, 4, new[] { -3, 1 })]
    [TestCase(int.MinValue, int.MaxValue, int.MaxValue, new[] { int.MinValue, -1, int.MaxValue - 1 })]
    public void Ranges_stop_before_their_bound(int start, int stop, int step, int[] expected)
    {
        Assert.That(Tensors.Arange(start, stop, step).ToArray(), Is.EqualTo(expected));
        Assert.That(Tensors.Arange((long)start, stop, step).ToArray(), Is.EqualTo(expected));
        Assert.That(Tensors.Arange((double)start, stop, step).ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Ranges_of_floats_do_not_add_up_errors()
    {
        Assert.That(Tensors.Arange(4f).ToArray(), Is.EqualTo(new[] { 0f, 1, 2, 3 }));
        Assert.That(Tensors.Arange(1, 4).ToArray(), Is.EqualTo(new[] { 1, 2, 3 }));
        var values = Tensors.Arange(0f, 1000f, 0.1f).ToArray();
        Assert.That(values[9_999], Is.EqualTo((float)(9_999 * (double)0.1f)));
        Assert.That(() => Tensors.Arange(0f, 1f, 0f), Throws.ArgumentException.With.Message.Contains("step 0"));
        Assert.That(() => Tensors.Arange(0f, float.PositiveInfinity, 1f), Throws.ArgumentException);
        Assert.That(() => Tensors.Arange(0L, long.MaxValue, 1L), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Values_keep_their_order()
    {
        Assert.That(Tensors.Of(1f, 2f, 3f).Lengths.ToArray(), Is.EqualTo(new nint[] { 3 }));
        float[] flat = [1, 2, 3, 4, 5, 6];
        var tensor = Tensors.From(flat, 2, 3);
        Assert.That(tensor[1, 0], Is.EqualTo(4f));
        flat[3] = 0;
        Assert.That(tensor[1, 0], Is.EqualTo(4f), "copied");
        Assert.That(Tensors.From(flat).Lengths.ToArray(), Is.EqualTo(new nint[] { 6 }));
        var rows = Tensors.From(new[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.That(rows.Lengths.ToArray(), Is.EqualTo(new nint[] { 2, 3 }));
        Assert.That(rows.ToArray(), Is.EqualTo(new[] { 1, 2, 3, 4, 5, 6 }));
        var cube = Tensors.From(new bool[,,] { { { true, false } }, { { false, true } } });
        Assert.That(cube.Lengths.ToArray(), Is.EqualTo(new nint[] { 2, 1, 2 }));
        Assert.That(cube.ToArray(), Is.EqualTo(new[] { true, false, false, true }));
        Assert.That(() => Tensors.From((float[,])null!), Throws.ArgumentNullException);
    }

    [Test]
    public void Strided_tensors_become_arrays_in_row_major_order()
    {
        var tensor = Tensors.From([1, 2, 3, 4, 5, 6], 2, 3);
        Assert.That(Tensor.PermuteDimensions(tensor, [1, 0]).ToArray(), Is.EqualTo(new[] { 1, 4, 2, 5, 3, 6 }));
        Assert.That(tensor.Slice([0..2, 1..3]).ToArray(), Is.EqualTo(new[] { 2, 3, 5, 6 }));
        Assert.That(tensor.Slice([1..1, 1..3]).ToArray(), Is.Empty);
        Assert.That(Tensor<int>.Empty.ToArray(), Is.Empty);
    }
}

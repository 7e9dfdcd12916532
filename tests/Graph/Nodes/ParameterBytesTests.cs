using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests;

/// <summary>Values of parameters as bytes: out to a stream, in from whatever fills memory, and apart from parameters.</summary>
internal sealed class ParameterBytesTests
{
    [Test]
    public void Values_are_copied_to_a_stream_as_they_lie()
    {
        Parameter<double> w = Parameter("w", new[,] { { 1d, 2, 3 }, { 4, 5, 6 } });
        using var stream = new MemoryStream();
        w.CopyTo(stream);
        Parameter("none", [0, 3], 1f).CopyTo(stream);
        Assert.That(MemoryMarshal.Cast<byte, double>(stream.ToArray()).ToArray(), Is.EqualTo(new[] { 1d, 2, 3, 4, 5, 6 }));
        Assert.That(() => w.CopyTo(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void All_are_written_in_place_each_once()
    {
        Parameter<float> w = Parameter("w", [2], 0f);
        Parameter<int> n = Parameter("n", [3], 0, requiresGrad: false);
        List<Parameter> order = [];
        new Parameter[] { w, n, w }.SetBytes((parameter, bytes) =>
        {
            order.Add(parameter);
            bytes.Clear();
            bytes[0] = (byte)bytes.Length;
        });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(order, Is.EqualTo(new Parameter[] { w, n }));
            Assert.That(n.Values.ToArray(), Is.EqualTo(new[] { 12, 0, 0 }));
            Assert.That(w.Bytes[0], Is.EqualTo(8));
            Assert.That((w.Version, n.Version), Is.EqualTo((1L, 1L)));
        }
    }

    [Test]
    public void A_byte_that_is_not_0_is_true()
    {
        Parameter<bool> mask = Parameter("mask", [4], false, requiresGrad: false);
        new Parameter[] { mask }.SetBytes((_, bytes) => ((ReadOnlySpan<byte>)[0, 1, 2, 255]).CopyTo(bytes));
        Assert.That(mask.Bytes.ToArray(), Is.EqualTo(new byte[] { 0, 1, 1, 1 }));
    }

    [Test]
    public void While_one_is_being_written_none_is()
    {
        Parameter<float> w = Parameter("w", [2], 1f), v = Parameter("v", [2], 2f);
        Parameter[] both = [w, v];
        using (v.Edit())
        {
            Assert.That(() => both.SetBytes((_, bytes) => bytes.Clear()), Throws.TypeOf<GraphException>().With.Message.Contains("'v'"));
        }

        Assert.That(w.Values[0], Is.EqualTo(1));
        Assert.That(() => both.SetBytes((_, _) => v.Fill(3)), Throws.TypeOf<GraphException>().With.Message.Contains("'v'"), "nor while these are");
        Assert.That(() => both.SetBytes((parameter, bytes) =>
        {
            bytes.Clear();
            throw new IOException(parameter.Name);
        }), Throws.TypeOf<IOException>().With.Message.EqualTo("w"));
        v.Fill(4);
        Assert.That((w.Values[0], v.Values[0]), Is.EqualTo((0f, 4f)), "what threw is not in the way of others");
    }

    [Test]
    public void Values_of_what_a_caller_has_are_a_copy()
    {
        float[] numbers = [1, 2, 3];
        var flat = ParameterValues.Of(numbers);
        numbers[0] = 9;
        Tensor<long> strided = Tensors.From([1L, 2, 3, 4, 5, 6], 2, 3).PermuteDimensions([1, 0]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(flat.ToString(), Is.EqualTo("float32[3]"));
            Assert.That(MemoryMarshal.Cast<byte, float>(flat.Bytes.Span).ToArray(), Is.EqualTo(new[] { 1f, 2, 3 }));
            Assert.That(ParameterValues.Of(2.5).ToString(), Is.EqualTo("float64[]"));
            Assert.That(ParameterValues.Of(new bool[2, 0]).ToString(), Is.EqualTo("bool[2, 0]"));
            Assert.That(ParameterValues.Of(strided).ToString(), Is.EqualTo("int64[3, 2]"));
            Assert.That(MemoryMarshal.Cast<byte, long>(ParameterValues.Of(strided).Bytes.Span).ToArray(), Is.EqualTo(new[] { 1L, 4, 2, 5, 3, 6 }));
            Assert.That(() => ParameterValues.Of((float[])null!), Throws.ArgumentNullException);
        }
    }
}

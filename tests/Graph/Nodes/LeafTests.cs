using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Nodes;

/// <summary>Inputs and parameters whatever their element type.</summary>
internal sealed class LeafTests
{
    private static readonly DType[] All = Enum.GetValues<DType>();

    [TestCaseSource(nameof(All))]
    public void Are_made_of_a_dtype_that_the_program_learns_when_it_runs(DType dtype)
    {
        Shape shape = ["N", 2];
        Input input = Input("x", shape, dtype, requiresGrad: dtype.IsFloat());
        Parameter parameter = Parameter("w", [2, 3], 1, dtype);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((input.Name, input.DType, input.Shape, input.RequiresGrad), Is.EqualTo(("x", dtype, shape, dtype.IsFloat())));
            Assert.That((parameter.Name, parameter.DType, parameter.RequiresGrad), Is.EqualTo(("w", dtype, dtype.IsFloat())));
            Assert.That((parameter.ElementCount, parameter.ByteCount), Is.EqualTo((6L, 6L * dtype.Size())));
            Assert.That(parameter.Bytes.Length, Is.EqualTo(6 * dtype.Size()));
            Assert.That(parameter.GetType().GetGenericArguments(), Is.EqualTo(new[] { dtype.ClrType() }));
            Assert.That(input.GetType().GetGenericArguments(), Is.EqualTo(new[] { dtype.ClrType() }));
            Assert.That(Evaluate(Cast(parameter, DType.Float64).Sum()), Is.EqualTo(6));
        }
    }

    [Test]
    public void Those_that_cannot_be_are_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Input("x", [], (DType)9), Throws.TypeOf<DTypeException>());
            Assert.That(() => Input("x", [], DType.Int64, requiresGrad: true), Throws.TypeOf<DTypeException>().With.Message.Contains("Only floating point"));
            Assert.That(() => Parameter("n", [2], 0.5, DType.Int32), Throws.TypeOf<DTypeException>().With.Message.Contains("'n'").And.Message.Contains("0.5 is no int32"));
            Assert.That(() => Parameter("n", ["N"], 0, DType.Int32), Throws.TypeOf<ShapeException>().With.Message.Contains("symbol"));
            Assert.That(() => Parameter("n", [], 0, (DType)9), Throws.TypeOf<DTypeException>());
        }
    }

    [Test]
    public void Gradients_are_seen_and_forgotten_without_the_element_type()
    {
        Parameter<double> w = Parameter("w", new double[] { 1, 2 });
        Input<float> x = Input("x", [2], requiresGrad: true);
        Leaf[] leaves = [w, x, Input("y", [2])];
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x, leaves[2]], (w * w).Sum() + Cast((x * x * leaves[2]).Sum(), DType.Float64));
        Assert.That(leaves.Select(l => l.HasGrad), Is.EqualTo(new[] { false, false, false }));
        model.Forward(new float[] { 3, 4 }, new float[] { 1, 1 });
        model.Backward();
        Assert.That(leaves.Select(l => l.HasGrad), Is.EqualTo(new[] { true, true, false }));
        IReadOnlyTensor? grad = leaves[0].Grad;
        Assert.That(grad, Is.SameAs(w.Grad));
        Assert.That((grad!.Lengths.ToArray(), grad[1]), Is.EqualTo((new nint[] { 2 }, (object)4.0)));
        Assert.That(((Tensor<float>)leaves[1].Grad!).ToArray(), Is.EqualTo(new float[] { 6, 8 }));
        Assert.That(leaves[2].Grad, Is.Null);
        leaves[0].ZeroGrad(setToNull: false);
        leaves[1].ZeroGrad();
        leaves[2].ZeroGrad();
        Assert.That((w.Grad!.ToArray(), x.Grad), Is.EqualTo((new double[] { 0, 0 }, (Tensor<float>?)null)));
    }

    [Test]
    public void A_parameter_is_set_to_what_has_its_dtype_and_shape()
    {
        Parameter<float> w = Parameter("w", [2, 3], 0f);
        Parameter any = w;
        float[] values = [1, 2, 3, 4, 5, 6];
        long version = any.Version;
        any.Set(values);
        Assert.That(Taken(), Is.EqualTo(values));
        any.Set(values.AsMemory());
        Assert.That(Taken(), Is.EqualTo(values));
        any.Set(new float[,] { { 6, 5, 4 }, { 3, 2, 1 } });
        Assert.That(Taken(), Is.EqualTo(values.Reverse()));
        any.Set(Tensor.PermuteDimensions(Tensors.From(values, 3, 2), [1, 0]));
        Assert.That(Taken(), Is.EqualTo(new float[] { 1, 3, 5, 2, 4, 6 }), "strided");
        any.Set(Parameter("other", [2, 3], 7f));
        Assert.That(Taken(), Is.EqualTo(new float[] { 7, 7, 7, 7, 7, 7 }));
        w.Set([1, 2, 3, 4, 5, 6]);
        any.Set(any);
        Assert.That(Taken(), Is.EqualTo(values), "itself");
        Parameter scalar = Parameter("s", 0L);
        scalar.Set(5L);
        scalar.Set(Tensors.Of(6L));
        Assert.That(((Parameter<long>)scalar).Values.ToArray(), Is.EqualTo(new long[] { 6 }));
        Assert.That(any.Version, Is.EqualTo(version + 7));

        float[] Taken() => w.Values.ToArray();
    }

    [Test]
    public void What_has_another_is_refused_and_both_are_named()
    {
        Parameter w = Parameter("w", [2, 3], 1f);
        long version = w.Version;
        using (Assert.EnterMultipleScope())
        {
            Refuses<DTypeException>(() => w.Set(new double[6]), "Parameter 'w' float32[2, 3]", "float64 of 6 elements", "dtypes");
            Refuses<ShapeException>(() => w.Set(new float[5]), "'w'", "6 elements", "float32 of 5 elements");
            Refuses<ShapeException>(() => w.Set(new float[3, 2]), "'w' float32[2, 3]", "float32 [3, 2]");
            Refuses<ShapeException>(() => w.Set(Tensors.Zeros<float>(6)), "'w' float32[2, 3]", "float32 [6]");
            Refuses<ShapeException>(() => w.Set(1f), "'w'", "6 elements");
            Refuses<DTypeException>(() => w.Set(Parameter("u", [2, 3], 1.0)), "'w' float32[2, 3]", "Parameter 'u' float64[2, 3]");
            Refuses<ShapeException>(() => w.Set(Parameter("u", [3, 2], 1f)), "'w' float32[2, 3]", "Parameter 'u' float32[3, 2]");
            Refuses<ShapeException>(() => w.SetBytes(new byte[20]), "'w'", "24 bytes", "20");
            Assert.That(() => w.Set((float[]?)null), Throws.ArgumentNullException);
            Assert.That(() => w.Set((Parameter)null!), Throws.ArgumentNullException);
            Assert.That((w.Version, ((Parameter<float>)w).Values.ToArray()), Is.EqualTo((version, new float[] { 1, 1, 1, 1, 1, 1 })));
        }

        static void Refuses<TError>(Action set, params string[] parts)
            where TError : Exception
        {
            Exception error = Assert.Throws<TError>(set.Invoke)!;
            Assert.That(parts, Has.All.Matches<string>(part => part is not null && error.Message.Contains(part, StringComparison.Ordinal)), error.Message);
        }
    }

    [TestCaseSource(nameof(All))]
    public void Bytes_go_out_and_in(DType dtype)
    {
        Parameter from = Parameter("from", [3], 1, dtype);
        Parameter to = Parameter("to", [3], 0, dtype);
        long version = to.Version;
        to.SetBytes(from.Bytes);
        Assert.That((to.Bytes.SequenceEqual(from.Bytes), to.Version), Is.EqualTo((true, version + 1)));
        Assert.That(Evaluate(to[2]), Is.EqualTo(1));
    }

    [Test]
    public void A_byte_that_is_no_bool_is_refused()
    {
        Parameter mask = Parameter("mask", new[] { true, false, true });
        Assert.That(() => mask.SetBytes([1, 0, 2]), Throws.TypeOf<DTypeException>().With.Message.Contains("'mask'").And.Message.Contains("at 2, is 2"));
        Assert.That(mask.Bytes.ToArray(), Is.EqualTo(new byte[] { 1, 0, 1 }));
    }

    [Test]
    public void A_path_is_given_once_and_shown_from_then_on()
    {
        Parameter w = Parameter("weight", [2], 1f);
        Assert.That((w.Path, w.ToString()), Is.EqualTo(("weight", "Parameter 'weight' float32[2]")));
        Node loss = (w * w).Sum();
        w.Path = "encoder.layer1.weight";
        w.Path = "encoder.layer1.weight";
        using (Assert.EnterMultipleScope())
        {
            Assert.That((w.Name, w.Path, w.ToString()), Is.EqualTo(("weight", "encoder.layer1.weight", "Parameter 'encoder.layer1.weight' float32[2]")));
            Assert.That(
                () => w.Path = "decoder.weight",
                Throws.InvalidOperationException.With.Message.Contains("'encoder.layer1.weight'").And.Message.Contains("'decoder.weight'"));
            Assert.That(() => w.Path = string.Empty, Throws.ArgumentException);
            Assert.That(w.Path, Is.EqualTo("encoder.layer1.weight"));
            Assert.That(() => w.Set(new float[3]), Throws.TypeOf<ShapeException>().With.Message.Contains("'encoder.layer1.weight'"));
            Assert.That(() => w + Zeros([3]), Throws.TypeOf<ShapeException>().With.Message.Contains("'encoder.layer1.weight'"));
        }

        var graph = new Graph([], [loss]);
        Assert.That(graph.ToString(), Does.Contain("Parameter 'encoder.layer1.weight'()").And.Contain("# encoder.layer1.weight").And.Not.Contain("'weight'"));
        Assert.That(graph.ToMermaid(), Does.Contain("Parameter 'encoder.layer1.weight'").And.Not.Contain("'weight'"));
        using CompiledGraph model = GraphCompiler.Compiler.Compile([], loss);
        model.Forward();
        w.Set(new float[] { 3, 4 });
        Assert.That(() => model.Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("'encoder.layer1.weight' float32[2] was written"));
    }

    private static double Evaluate(Node node)
    {
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([], Cast(node, DType.Float64));
        return graph.Run().Scalar<double>();
    }
}

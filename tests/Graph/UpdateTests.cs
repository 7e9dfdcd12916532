using static GraphCompiler.Ops;

namespace GraphCompiler.Tests;

/// <summary>New values of parameters, as pairs and as records.</summary>
internal sealed class UpdateTests
{
    [Test]
    public void A_pair_is_an_update_and_is_taken_apart_again()
    {
        Parameter<float> w = Parameter("w", [2], 1f);
        Node next = w * 3;
        Update update = (w, next);
        (Parameter parameter, Node value) = update;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((parameter, value), Is.EqualTo(((Parameter)w, next)));
            Assert.That(update, Is.EqualTo(new Update(w, next)));
            Assert.That((update.Parameter, update.Value), Is.EqualTo(((Parameter)w, next)));
            Assert.That(update.ToString(), Is.EqualTo("Parameter 'w' float32[2] ← Mul float32[2]"));
        }

        using CompiledGraph step = GraphCompiler.Compiler.Compile([], [w.Sum()], [(w, next)]);
        Assert.That(step.Run().Scalar<float>(), Is.EqualTo(2));
        Assert.That(w.Values.ToArray(), Is.EqualTo(new float[] { 3, 3 }));
    }

    [Test]
    public void One_that_does_not_fit_is_refused_where_it_is_made()
    {
        Parameter<float> w = Parameter("w", [3], 0f);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new Update(w, Zeros([2])), Throws.TypeOf<ShapeException>().With.Message.Contains("Parameter 'w' float32[3]").And.Message.Contains("float32[2]"));
            Assert.That(() => new Update(w, Zeros([3], DType.Float64)), Throws.TypeOf<DTypeException>().With.Message.Contains("'w'").And.Message.Contains("float64[3]"));
            Assert.That(() => new Update(null!, w), Throws.ArgumentNullException);
            Assert.That(() => new Update(w, null!), Throws.ArgumentNullException);
            Assert.That(() => GraphCompiler.Compiler.Compile([], [w], [null!]), Throws.ArgumentNullException);
        }
    }
}

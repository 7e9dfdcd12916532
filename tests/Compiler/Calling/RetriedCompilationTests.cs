using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>What failed once is tried again.</summary>
internal sealed class RetriedCompilationTests
{
    [Test]
    public void A_pullback_that_threw_is_asked_again()
    {
        bool fails = false;
        Input<float> x = Input("x", [3], requiresGrad: true);
        Node y = CustomGradient("square", [x], i => i[0] * i[0], (i, _, g) => fails ? throw new InvalidOperationException("not now") : [g * i[0] * 2f]);

        // It was asked once already, where the call was made.
        fails = true;
        using CompiledGraph model = GraphCompiler.Compiler.Compile([x], y.Sum());
        for (int i = 0; i < 2; i++)
        {
            Assert.That(() => model.Forward((float[])[1, 2, 3]), Throws.InvalidOperationException.With.Message.EqualTo("not now"));
        }

        fails = false;
        model.Forward((float[])[1, 2, 3]);
        model.Backward();
        Assert.That(x.Grad!.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
    }

    [Test]
    public void A_value_made_on_demand_is_made_once_and_what_failed_is_made_again()
    {
        int calls = 0;
        var value = new OnDemand<string>(() => ++calls < 3 ? throw new InsufficientMemoryException() : "made");
        Assert.That(value.Made, Is.Null);
        Assert.That(() => value.Value, Throws.InstanceOf<OutOfMemoryException>());
        Assert.That(() => value.Value, Throws.InstanceOf<OutOfMemoryException>());
        Assert.That(value.Value, Is.EqualTo("made"));
        Assert.That(value.Value, Is.SameAs(value.Made));
        Assert.That(calls, Is.EqualTo(3));
    }

    [Test]
    public void Threads_that_ask_at_once_get_one_value()
    {
        int calls = 0;
        var value = new OnDemand<object>(() =>
        {
            Interlocked.Increment(ref calls);
            return new object();
        });
        object[] got = new object[16];
        Parallel.For(0, got.Length, i => got[i] = value.Value);
        Assert.That(got, Is.All.SameAs(value.Value));
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public void A_value_that_asks_for_itself_is_an_error()
    {
        OnDemand<string>? value = null;
        value = new OnDemand<string>(() => value!.Value);
        Assert.That(() => value.Value, Throws.InvalidOperationException);
    }
}

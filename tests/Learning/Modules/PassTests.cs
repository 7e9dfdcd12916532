using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Modules;

/// <summary>Training and inference are said, never guessed.</summary>
internal sealed class PassTests
{
    private static readonly Generator Random = new(1);

    [Test]
    public void A_layer_that_differs_refuses_to_guess()
    {
        Node x = Input("x", ["N", 3]);
        var net = new Sequential(new Counting());
        Assert.That(() => net.Forward(x), Throws.InvalidOperationException.With.Message.Contains("'0' (Counting) differs between training and inference, and nothing says which"));
        using (Pass.Inference())
        {
            Assert.That(net.Forward(x), Is.SameAs(x));
        }
    }

    [Test]
    public void A_second_use_reads_what_the_first_wrote()
    {
        Leaf x = Input("x", [3]);
        var counting = new Counting();
        using var pass = Pass.Training(Random);
        Node y = counting.Forward(counting.Forward(x));
        Assert.That(pass.Updates, Has.Count.EqualTo(1));
        Compiler.Compile([x], [y], pass.Updates).Run(new float[3]);
        Assert.That(counting.Count.Values.ToArray(), Is.EqualTo((float[])[2]));
    }

    [Test]
    public void What_is_frozen_is_defined_as_at_inference()
    {
        Node x = Input("x", [3]);
        var counting = new Counting { Frozen = true };
        using var pass = Pass.Training(Random);
        Assert.That(counting.Forward(x), Is.SameAs(x));
        using (Pass.Inference())
        {
            Assert.That(Pass.For(new Counting()).IsTraining, Is.False);
        }

        Assert.That(Pass.For(new Counting()).IsTraining, Is.True);
        Assert.That(pass.Updates, Is.Empty);
    }

    [Test]
    public void A_pass_that_was_never_closed_is_named()
    {
        Leaf x = Input("x", [3]);
        var net = new Counting();
        var outer = Pass.Inference();
        var forgotten = Pass.Inference();
        Assert.That(outer.Dispose, Throws.InvalidOperationException.With.Message.Match(@"The pass opened at PassTests\.cs:\d+ was never closed"));
        Assert.That(Pass.Current, Is.Null);
        forgotten.Dispose();

        using (Pass.Training(Random))
        {
            Assert.That(() => net.Compile([x], () => net.Forward(x)), Throws.InvalidOperationException.With.Message.Match(@"opened at PassTests\.cs:\d+ is still open"));
            Assert.That(() => Pass.Training(Random), Throws.InvalidOperationException.With.Message.Contains("is still open"));
        }

        Assert.That(Pass.Current, Is.Null);
        Assert.That(net.Compile<Func<float[], float[]>>([x], () => net.Forward(x))([1, 2, 3]), Is.EqualTo((float[])[1, 2, 3]));
    }

    [Test]
    public void A_pass_that_is_closed_is_open_nowhere()
    {
        var first = Pass.Inference();
        var second = Pass.Inference();
        var third = Pass.Inference();
        Assert.That(first.Dispose, Throws.InvalidOperationException);
        Assert.That(Pass.Current, Is.Null);
        third.Dispose();
        second.Dispose();
        Assert.That(Pass.Current, Is.Null);
        var elsewhere = Pass.Training(Random);
        Task.Run(elsewhere.Dispose).Wait();
        Assert.That(() => new Counting().Forward(Input("x", [3])), Throws.InvalidOperationException.With.Message.Contains("nothing says which"));
        Pass.Training(Random).Dispose();
        Assert.That(Pass.Current, Is.Null);
    }

    [Test]
    public void Nothing_is_written_from_the_body_of_a_loop()
    {
        var net = new Sequential(new BatchNorm(2));
        using var pass = Pass.Training(Random);
        Assert.That(
            () => Scan(Input("x", [4, 2]), 3, (carried, _) => net.Forward(carried)),
            Throws.TypeOf<GraphException>().With.Message.Contains("'0' (BatchNorm(2)): Parameter '0.running_mean'").And.Message.Contains("cannot be updated within the body of Scan"));
        Assert.That(pass.Updates, Is.Empty);
    }

    [Test]
    public void Only_buffers_are_written_and_only_by_training()
    {
        var linear = new Linear(1, 1, Random);
        var counting = new Counting();
        using (Pass pass = Pass.Training(Random))
        {
            Assert.That(() => pass.Write(linear.Bias!, linear.Bias! * 2), Throws.ArgumentException.With.Message.Contains("requires gradients"));
        }

        using (Pass pass = Pass.Inference())
        {
            Assert.That(() => pass.Write(counting.Count, counting.Count + 1), Throws.InvalidOperationException.With.Message.Contains("for inference, which changes nothing"));
            Assert.That(() => pass.Random, Throws.InvalidOperationException.With.Message.Contains("no random numbers"));
        }
    }

    private sealed class Counting : Layer
    {
        public Parameter<float> Count { get; } = Buffer(0f, 1);

        protected override Node Define(Node x)
        {
            var pass = Pass.For(this);
            if (!pass.IsTraining)
            {
                return x;
            }

            pass.Write(Count, pass.Read(Count) + 1);
            return x * 1;
        }
    }
}

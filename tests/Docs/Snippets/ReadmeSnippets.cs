using System.Numerics.Tensors;
using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

public sealed class ReadmeSnippets
{
    [Test]
    public void The_readme_example_runs_and_learns()
    {
        // snippet: readme
        // Define: nodes are symbolic, nothing is computed yet.
        var x = Input("x", ["N", 4]);                       // N is a symbol: any batch size, compiled once
        var y = Input("y", ["N", 1]);
        var random = new Generator(seed: 0);
        var w = Parameter("w", random.Normal(4, 1));        // a parameter requires a gradient
        var b = Parameter("b", random.Normal(1));
        var prediction = MatMul(x, w) + b;
        var loss = (prediction - y).Pow(2).Sum();

        // Run forward and backward, PyTorch's way.
        Tensor<float> xs = random.Normal(8, 4);
        Tensor<float> ys = random.Normal(8, 1);
        using var model = Compiler.Compile([x, y], loss);
        float before = model.Forward(xs, ys).Scalar<float>();
        model.Backward();                                   // w.Grad and b.Grad hold tensors now; inputs have none

        // Or the functional way: gradients are nodes like any others. This is a whole training step in one call.
        var (dw, db) = Gradients(loss, w, b);               // or let Optimizers.Adam(loss, [w, b], 0.01) make the updates
        using var step = Compiler.Compile([x, y], [loss], updates: [(w, w - (0.01f * dw)), (b, b - (0.01f * db))]);
        float after = before;
        for (int i = 0; i < 100; i++)
        {
            after = step.Run(xs, ys).Scalar<float>();
        }

        // Inference: a delegate of your own type.
        var predict = Compiler.Compile<Func<float[], float[]>>([x], prediction);
        float[] predictions = predict([1, 2, 3, 4, 5, 6, 7, 8]);

        // A C# lambda is a differentiable elementwise function.
        var swish = Map(prediction, v => v / (1 + MathF.Exp(-v)));
        var slope = Gradients(swish.Sum(), prediction)[0];

        // A gradient check that names the operation at fault, for your own functions.
        GradientCheck.Verify(swish.Sum(), [w, b]);

        Console.WriteLine($"the loss fell from {before} to {after}; {predictions.Length} predictions");

        // end
        Assert.Multiple(() =>
        {
            Assert.That(after, Is.LessThan(before));
            Assert.That(predictions, Has.Length.EqualTo(2));
            Assert.That(w.Grad, Is.Not.Null);
            Assert.That(b.Grad, Is.Not.Null);
            Assert.That(x.Grad, Is.Null);
            Assert.That(slope.Shape, Is.EqualTo(prediction.Shape));
        });
    }
}

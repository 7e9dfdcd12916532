// A linear model, step for step as PyTorch's autograd tutorial shows one: what has a gradient, when, and what has none.
using System.Numerics.Tensors;
using GraphCompiler;
using static GraphCompiler.Ops;

int wrong = 0;

// Define: nodes are symbolic, nothing is computed.
Input<float> x = Input("x", ["N", 4]);
Input<float> y = Input("y", ["N", 1]);
var random = new Generator(seed: 0);
Parameter<float> w = Parameter("w", random.Normal(4, 1));
Parameter<float> b = Parameter("b", random.Normal(1));
Node prediction = MatMul(x, w) + b;
Node loss = (prediction - y).Pow(2).Sum();

Check("prediction.RequiresGrad", prediction.RequiresGrad, true);
Check("x.RequiresGrad", x.RequiresGrad, false);

// Run: the first forward compiles.
Tensor<float> xs = random.Normal(4, 4);
Tensor<float> ys = random.Normal(4, 1);
CompiledGraph model = Compiler.Compile([x, y], loss);
float value = model.Forward(xs, ys).Scalar<float>();
Console.WriteLine($"loss = {value}");
Check("w.Grad is null before backward", w.Grad is null, true);
Check("b.Grad is null before backward", b.Grad is null, true);

model.Backward();
Console.WriteLine($"w.Grad = {Show(w.Grad)}");
Console.WriteLine($"b.Grad = {Show(b.Grad)}");
Check("w.Grad has the shape of w", w.Grad is { } dw && dw.Lengths.SequenceEqual([4, 1]), true);
Check("b.Grad has the shape of b", b.Grad is { } db && db.Lengths.SequenceEqual([1]), true);
Check("x.Grad is null", x.Grad is null, true);
Check("y.Grad is null", y.Grad is null, true);

// The same by hand: dw = 2·xᵀ(prediction − y), db = 2·Σ(prediction − y).
float[] error = new float[4];
float[] expected = new float[5];
for (int row = 0; row < 4; row++)
{
    error[row] = b.Values[0] - ys[row, 0];
    for (int column = 0; column < 4; column++)
    {
        error[row] += xs[row, column] * w.Values[column];
    }

    for (int column = 0; column < 4; column++)
    {
        expected[column] += 2 * error[row] * xs[row, column];
    }

    expected[4] += 2 * error[row];
}

Check("the gradients are those computed by hand", Enumerable.Range(0, 4).All(i => Near(w.Grad![i, 0], expected[i])) && Near(b.Grad![0], expected[4]), true);

// A second backward needs a second forward, and adds.
model.Forward(xs, ys);
model.Backward();
Check("backward adds into w.Grad", Near(w.Grad![0, 0], 2 * expected[0]), true);
model.ZeroGrad();
Check("w.Grad is null after ZeroGrad", w.Grad is null, true);

// Detach: the same values, no gradient.
Node detached = (MatMul(x, w) + b.Detach() - y).Pow(2).Sum();
CompiledGraph withoutB = Compiler.Compile([x, y], detached);
float same = withoutB.Forward(xs, ys).Scalar<float>();
withoutB.Backward();
Check("with b detached the loss is the same", Near(same, value), true);
Check("with b detached w has a gradient", w.Grad is not null, true);
Check("with b detached b has none", b.Grad is null, true);

// NoGrad: results made inside require none.
using (GradMode.NoGrad())
{
    Node inference = MatMul(x, w) + b;
    Check("under NoGrad prediction.RequiresGrad", inference.RequiresGrad, false);
}

Check("after NoGrad the mode is back", (MatMul(x, w) + b).RequiresGrad, true);
Console.WriteLine(wrong == 0 ? "all as expected" : $"{wrong} not as expected");
return wrong == 0 ? 0 : 1;

void Check(string what, bool actual, bool expectedValue)
{
    Console.WriteLine($"{(actual == expectedValue ? "ok   " : "WRONG")} {what}: {actual}");
    wrong += actual == expectedValue ? 0 : 1;
}

static bool Near(float a, float b) => MathF.Abs(a - b) <= 1e-4f * MathF.Max(1, MathF.Abs(b));

static string Show(Tensor<float>? tensor) => tensor is null ? "null" : $"[{string.Join(", ", tensor)}]";

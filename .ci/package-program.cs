// What programs that use the package do in ways that a trimmed or published one could lack: every call is also interpreted and compared.
using System.Numerics.Tensors;
using GraphCompiler;
using GraphCompiler.Learning;
using static GraphCompiler.Ops;

var x = Input("x", ["N", 4]);
if (args is ["refused"])
{
    try
    {
        Compiler.Compile([x], x.Sum());
        Console.WriteLine("compiled, although code cannot be generated");
        return 1;
    }
    catch (CompileException e) when (e.Message.Contains(nameof(CompileOptions.Interpret)))
    {
        Console.WriteLine(e.Message);
        return 0;
    }
}

bool interpret = args is ["interpreted"];
var dumps = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
var options = new CompileOptions { Interpret = interpret };
var careful = options with { Verify = true };
Tensor<float> xs = new Generator(seed: 1).Normal(8, 4);

// Functions of every kind, in both precisions.
foreach (Node typed in new[] { x, Cast(x, DType.Float64) })
{
    Node p = Abs(typed) + 0.5;
    Node[] values =
    [
        Exp(typed), Log(p), Tanh(typed), Sin(typed), Cos(100000 * typed), Erf(typed), Sigmoid(typed), Gelu(typed), Sinh(typed), Atan2(typed, p), LogGamma(p), Digamma(p),
        Pow(p, typed), Floor(typed), Round(typed), Sqrt(p), Where(typed > 0, typed, p), Cast(typed, DType.Int32), Cast(typed > 0, DType.Int64), Maximum(typed, p),
        typed.Sum(0), typed.Softmax(), typed.Max(1), ArgMax(typed), Sort(typed, 0).Values, CumulativeSum(typed, 0), MatMul(typed, Transpose(typed)), typed.Mean(), Normal(new Generator(seed: 2), typed.Shape, typed.DType),
        Cholesky(MatMul(Transpose(typed), typed)), Solve(MatMul(Transpose(typed), typed), Transpose(typed)),
    ];
    using var all = Compiler.Compile([x], values, options: careful);
    all.Run(xs);
}

// Training, with everything dumped.
var w = Parameter("w", new Generator(seed: 3).Normal(4, 1));
var loss = (MatMul(x, w) - 1).Pow(2).Mean();
using var model = Compiler.Compile([x], loss, options with { DumpDirectory = dumps });
float before = model.Forward(xs).Scalar<float>();
model.Backward();
using var step = Compiler.Compile([x], [loss], Optimizers.Adam(loss, [w], 0.05), options);
float after = before;
for (int i = 0; i < 200; i++)
{
    after = step.Run(xs).Scalar<float>();
}

bool dumped = Directory.EnumerateFiles(dumps, "timings.json", SearchOption.AllDirectories).Any();
Directory.Delete(dumps, recursive: true);

// Delegates.
var sums = Compiler.Compile<Func<Tensor<float>, float[]>>([x], x.Sum(1), options)(xs);
float sum = Compiler.Compile<Func<float[], float>>([x], x.Sum(), options)(xs.ToArray());
if (!interpret)
{
    var (doubled, first) = Compiler.Compile<Func<Tensor<float>, (Tensor<float>, float)>>([x], [x * 2, x[0, 0]], options: options)(xs);
    if (doubled[0, 0] != 2 * first)
    {
        Console.WriteLine("WRONG: a tuple");
        return 1;
    }
}

var into = Compiler.Compile<Action<Memory<float>, float[]>>([x], x + 1, options);
var target = new float[32];
into(xs.ToArray(), target);
float constant = 3;
var mapped = Compiler.Compile<Func<float[], float[]>>([x], Map(x, v => (v * constant) + MathF.Exp(constant - 3)), options)([1, 2, 3, 4]);
bool passed = GradientCheck.Run(Tanh(MatMul(x, w)).Sum(), [w]).Verdict == GradientVerdict.Passed;

// Layers: parameters are found in fields by reflection, saved, and loaded by their names.
var net = new Net(new Generator(seed: 4));
var file = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.safetensors");
Node error;
IReadOnlyList<Update> updates;
using (var pass = Pass.Training(new Generator(seed: 5)))
{
    error = (net.Forward(x) - x.Sum(1)).Square().Mean();
    updates = [.. Optimizers.Adam(error, net.Parameters(), 0.05), .. pass.Updates];
}

using var learn = Compiler.Compile([x], [error], updates, options);
float worst = learn.Run(xs).Scalar<float>();
for (int i = 0; i < 100; i++)
{
    learn.Run(xs);
}

net.Save(file);
var again = new Net(new Generator(seed: 6));
LoadReport report = again.Load(file);
File.Delete(file);
var best = again.Compile([x], () => (again.Forward(x) - x.Sum(1)).Square().Mean(), options).Run(xs).Scalar<float>();
var paths = string.Join(' ', net.NamedParameters().Select(p => p.Path));
bool learned = best < worst / 4 && paths == "layers.0.weight layers.0.bias last.weight last.bias steps" && report.Loaded.Count == 5 && again.Steps.Values[0] == 101
    && net.Summary(["N", 4]).Whole.Trained == 49;

bool right = after < before && learned && dumped && passed && sums.Length == 8 && Math.Abs(sums.Sum() - sum) < 1e-3 && target[0] == xs[0, 0] + 1
    && mapped.SequenceEqual([4f, 7, 10, 13]);
Console.WriteLine($"{(right ? "right" : "WRONG")}: the loss fell from {before} to {after}{(interpret ? ", interpreted" : string.Empty)}");
return right ? 0 : 1;

sealed class Net(Generator random) : Layer
{
    private readonly Layer[] layers = [new Linear(4, 8, random)];

    [Named("last")]
    private Linear Output { get; } = new(8, 1, random);

    public Parameter<long> Steps { get; } = Buffer(0L);

    protected override Node Define(Node x)
    {
        var pass = Pass.For(this);
        if (pass.IsTraining)
        {
            pass.Write(Steps, pass.Read(Steps) + 1);
        }

        return Squeeze(Output.Forward(Tanh(layers[0].Forward(x))), 1);
    }
}

using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>Kernels that are interpreted instead of compiled, and programs that may not generate code.</summary>
[Category("Foundation")]
internal sealed class InterpretationTests
{
    private static readonly CompileOptions Interpreted = new() { Interpret = true };

    private delegate float[] FromSpan(ReadOnlySpan<float> x);

    // Float32 functions are written out in the loops, so that not even their last bits differ.
    [Test]
    public void ResultsAreThoseOfScalarCodeBitForBit()
    {
        List<int[]> expected = Bits(new() { Width = VectorWidth.Scalar, Interpret = false });
        List<int[]> actual = Bits(Interpreted);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.That(actual[i], Is.EqualTo(expected[i]), $"output {i}");
        }

        static List<int[]> Bits(CompileOptions options)
        {
            Input<float> x = Input("x", ["N", 5]);
            Parameter<float> w = Parameter("w", new Generator(seed: 1).Normal(5, 3));
            Node y = MatMul(x, w);
            Node[] outputs =
            [
                Tanh(y), Exp(y), Erf(y), Sin(1e6 * y), y.Softmax(), y.Sum(), y.Max(0), Sort(x, 0).Values, CumulativeSum(x, 0), Uniform(new Generator(seed: 2), x.Shape),
                Cholesky(MatMul(Transpose(x), x)), Gradients(y.Softmax().Pow(2).Sum(), w)[0], Cast(y, DType.Int32), ArgMax(y, 0), y > 0,
            ];
            using CompiledGraph compiled = GraphCompiler.Compiler.Compile([x], outputs, options: options);
            RunResults results = compiled.Run(new Generator(seed: 3).Normal(37, 5));
            return
            [
                .. outputs.Select((o, i) => o.DType switch
                {
                    DType.Float32 => [.. results.GetArray<float>(i).Select(BitConverter.SingleToInt32Bits)],
                    DType.Int32 => results.GetArray<int>(i),
                    DType.Int64 => [.. results.GetArray<long>(i).Select(v => (int)v)],
                    _ => (int[])[.. results.GetArray<bool>(i).Select(v => v ? 1 : 0)],
                }),
            ];
        }
    }

    [Test]
    public void TrainingIsTheSame()
    {
        float[] compiled = Losses(new() { Width = VectorWidth.Scalar, Interpret = false });
        Assert.That(Losses(Interpreted), Is.EqualTo(compiled));
        Assert.That(compiled[^1], Is.LessThan(compiled[0]));

        static float[] Losses(CompileOptions options)
        {
            Input<float> x = Input("x", ["N", 4]);
            Parameter<float> w = Parameter("w", new Generator(seed: 1).Normal(4, 1));
            Node loss = (MatMul(x, w) - 1).Pow(2).Mean();
            using CompiledGraph step = GraphCompiler.Compiler.Compile([x], [loss], Optimizers.Adam(loss, [w], 0.1), options);
            Tensor<float> xs = new Generator(seed: 2).Normal(8, 4);
            return [.. Enumerable.Range(0, 20).Select(_ => step.Run(xs).Scalar<float>())];
        }
    }

    // In a process of its own: what may be generated is decided when one starts.
    [Test]
    public void WithoutDynamicCodeGraphsAreRefusedOrInterpretedIfThatIsAskedFor()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string assembly = typeof(InterpretationTests).Assembly.Location;
            JsonNode settings = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(assembly, ".runtimeconfig.json")))!;
            settings["runtimeOptions"]!["configProperties"]!["System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported"] = false;
            string file = Path.Combine(folder, "runtimeconfig.json");
            File.WriteAllText(file, settings.ToJsonString());
            string[] lines = OwnProcess.Run([new(Options.TestOptions.Variable, null)], ["exec", "--runtimeconfig", file], "without-dynamic-code");
            Assert.That(lines, Is.SupersetOf((string[])
            [
                "dynamic code: False",
                "run: 2 4 6",
                "delegate: 2 4 6",
                "tuple: 6, 2 4 6",
                "into: 2 4 6",
            ]));
            string output = string.Join('\n', lines);
            Assert.That(output, Does.Contain("refused: Graphs are compiled to code").And.Contain("DynamicCodeSupport").And.Contain("Interpret = true"));
            Assert.That(output, Does.Contain("span: The parameter 'x' is ReadOnlySpan<float>, which delegates cannot have where dynamic code is switched off"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What the test of a program without dynamic code reads.</summary>
    public static void RunWithoutDynamicCode()
    {
        Input<float> x = Input("x", ["N"]);
        Node y = x * 2;
        float[] xs = [1, 2, 3];
        var options = new CompileOptions { Interpret = true };
        Console.WriteLine($"dynamic code: {RuntimeFeature.IsDynamicCodeSupported}");
        Console.WriteLine($"refused: {Message(() => GraphCompiler.Compiler.Compile([x], y))}");
        using CompiledGraph graph = GraphCompiler.Compiler.Compile([x], y, options);
        Console.WriteLine($"run: {string.Join(' ', graph.Run(xs).GetArray<float>())}");
        Func<float[], float[]> plain = GraphCompiler.Compiler.Compile<Func<float[], float[]>>([x], y, options);
        Console.WriteLine($"delegate: {string.Join(' ', plain(xs))}");
        Func<ReadOnlyMemory<float>, (float, Tensor<float>)> tuple = GraphCompiler.Compiler.Compile<Func<ReadOnlyMemory<float>, (float, Tensor<float>)>>([x], [x.Sum(), y], options: options);
        (float sum, Tensor<float> doubled) = tuple(xs);
        Console.WriteLine($"tuple: {sum}, {string.Join(' ', doubled.ToArray())}");
        var target = new float[3];
        GraphCompiler.Compiler.Compile<Action<float[], Memory<float>>>([x], y, options)(xs, target);
        Console.WriteLine($"into: {string.Join(' ', target)}");
        Console.WriteLine($"span: {Message(() => GraphCompiler.Compiler.Compile<FromSpan>([x], y, options))}");

        static string Message(Action action)
        {
            try
            {
                action();
                return "nothing";
            }
            catch (CompileException e)
            {
                return e.Message;
            }
        }
    }
}

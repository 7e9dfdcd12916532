using System.Diagnostics;
using System.Globalization;
using System.Linq.Expressions;
using System.Text;
using System.Text.Json;
using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>One compilation: its options, what each pass took, and the dump of its stages.</summary>
internal sealed class CompilerContext(CompileOptions options)
{
    private static int dumps;

    private readonly List<(string Pass, TimeSpan Time)> timings = [];
    private readonly string? folder = options.DumpDirectory is { } root
        ? Directory.CreateDirectory(Path.Combine(root, Interlocked.Increment(ref dumps).ToString("000", CultureInfo.InvariantCulture))).FullName
        : null;

    private readonly KernelQueue compilations = new(EmitOptionsOf(options), options is { CacheKernels: true, Interpret: false });
    private string last = string.Empty;
    private int stage;

    public CompileOptions Options => options;

    /// <summary>Runs a pass from nodes to nodes, and dumps what it made if that differs from what it was given.</summary>
    public Node[] Pass(string name, Node[] nodes, Func<Node[], Node[]> run)
    {
        Node[] result = Timed(name, () => run(nodes));
        if (folder is not null)
        {
            string text = GraphPrinter.Print(GraphWalk.TopologicalOrder(result), result, gradients: false);
            if (text != last)
            {
                Write($"{stage:00}-{name}.txt", text);
                last = text;
            }

            stage++;
        }

        return result;
    }

    public T Timed<T>(string pass, Func<T> run)
    {
        long start = Stopwatch.GetTimestamp();
        T result = run();
        timings.Add((pass, Stopwatch.GetElapsedTime(start)));
        return result;
    }

    public EmitOptions EmitOptions => EmitOptionsOf(options);

    /// <summary>Begins to compile a kernel, while what follows is lowered.</summary>
    public void CompileAhead(LoweredKernel kernel) => compilations.Add(kernel.Kernel);

    /// <summary>Compiles kernels, several at a time.</summary>
    public CompiledKernel[] Compile(IEnumerable<LoweredKernel> kernels) => Timed("emit-and-compile", () => compilations.Get([.. kernels.Select(k => k.Kernel)]));

    /// <summary>Dumps what fusion joined and refused, and how much memory traffic is left.</summary>
    public void DumpFusion(KernelGraph graph, Traffic traffic)
    {
        if (folder is not null)
        {
            Write("fusion.txt", graph.Log.Describe(graph.Specs, traffic));
        }
    }

    /// <summary>Dumps the kernels, as loops and as generated C#, and the timings.</summary>
    public void Finish(Program program)
    {
        if (folder is null)
        {
            return;
        }

        for (int i = 0; i < program.Kernels.Length; i++)
        {
            var text = new StringBuilder();
            text.Append(LoopPrinter.Print(program.Kernels[i].Kernel)).Append('\n');
            foreach (string reason in program.Compiled[i].ScalarLoops)
            {
                text.Append(CultureInfo.InvariantCulture, $"// scalar: {reason}\n");
            }

            if (!options.Interpret)
            {
                Expression<KernelEntry> lambda = KernelCompiler.Express(program.Kernels[i].Kernel, EmitOptions);
                if (KernelSize.Of(lambda) is var size and > KernelSize.Most)
                {
                    text.Append(CultureInfo.InvariantCulture, $"// slow: a size of {size}, over {KernelSize.Most}: the JIT may leave calls in it\n");
                }

                if (CodeGeneration.HasFastExpressionCompiler)
                {
                    Write($"kernel-{i:000}.cs", InvariantText.Of(() => CodeGeneration.ToCSharp(lambda)));
                }
            }

            Write($"kernel-{i:000}.txt", text.ToString());
        }

        WriteTimings(program);
    }

    private void WriteTimings(Program program)
    {
        using FileStream file = File.Create(Path.Combine(folder!, "timings.json"));
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartArray("passes");
        foreach ((string pass, TimeSpan time) in timings)
        {
            json.WriteStartObject();
            json.WriteString("name", pass);
            json.WriteNumber("us", time.TotalMicroseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("kernels");
        foreach ((LoweredKernel kernel, CompiledKernel compiled) in program.Kernels.Zip(program.Compiled))
        {
            json.WriteStartObject();
            json.WriteString("name", kernel.Kernel.Name);
            json.WriteString("compiler", options.Interpret ? "none" : compiled.UsedFec ? "FastExpressionCompiler" : "System.Linq.Expressions");
            json.WriteBoolean("cached", compiled.FromCache);
            json.WriteNumber("emit_us", compiled.EmitTime.TotalMicroseconds);
            json.WriteNumber("compile_us", compiled.CompileTime.TotalMicroseconds);
            json.WriteNumber("jit_us", compiled.JitTime.TotalMicroseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static EmitOptions EmitOptionsOf(CompileOptions options) => new(options.Width, options.Checked, options.UseFastExpressionCompiler, options.Verify, options.Interpret);

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(folder!, file), text);
}

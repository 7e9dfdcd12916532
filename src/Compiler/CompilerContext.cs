using System.Diagnostics;
using System.Globalization;
using System.Linq.Expressions;
using System.Text;
using System.Text.Json;
using FastExpressionCompiler;
using GraphCompiler.Emit;
using GraphCompiler.Execution;
using GraphCompiler.Fusion;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>One compilation: its options, what each pass took, and the dump of its stages.</summary>
internal sealed class CompilerContext(CompileOptions options)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static int dumps;

    private readonly List<(string Pass, TimeSpan Time)> timings = [];
    private readonly string? folder = options.DumpDirectory is { } root
        ? Directory.CreateDirectory(Path.Combine(root, Interlocked.Increment(ref dumps).ToString("000", CultureInfo.InvariantCulture))).FullName
        : null;

    private readonly KernelQueue compilations = new(EmitOptionsOf(options), options.CacheKernels);
    private string last = string.Empty;
    private int stage;

    public CompileOptions Options => options;

    /// <summary>Runs a pass from nodes to nodes, and dumps what it made if that differs from what it was given.</summary>
    public Node[] Pass(string name, Node[] nodes, Func<Node[], Node[]> run)
    {
        Node[] result = Timed(name, () => run(nodes));
        if (folder is not null)
        {
            string text = GraphPrinter.Print(GraphWalk.TopologicalOrder(result), result);
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
    public void DumpFusion(Fused fused, Traffic traffic)
    {
        if (folder is not null)
        {
            Write("fusion.txt", fused.Log.Describe(fused.Groups, traffic));
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

            Expression<KernelEntry> lambda = KernelCompiler.Express(program.Kernels[i].Kernel, EmitOptions);
            if (KernelSize.Of(lambda) is var size and > KernelSize.Most)
            {
                text.Append(CultureInfo.InvariantCulture, $"// slow: a size of {size}, over {KernelSize.Most}: the JIT may leave calls in it\n");
            }

            Write($"kernel-{i:000}.txt", text.ToString());
            Write($"kernel-{i:000}.cs", InvariantText.Of(() => lambda.ToCSharpString()));
        }

        Write("timings.json", JsonSerializer.Serialize(
            new
            {
                passes = timings.Select(t => new { name = t.Pass, us = t.Time.TotalMicroseconds }),
                kernels = program.Compiled.Select((c, i) => new
                {
                    name = program.Kernels[i].Kernel.Name,
                    compiler = c.UsedFec ? "FastExpressionCompiler" : "System.Linq.Expressions",
                    cached = c.FromCache,
                    emit_us = c.EmitTime.TotalMicroseconds,
                    compile_us = c.CompileTime.TotalMicroseconds,
                    jit_us = c.JitTime.TotalMicroseconds,
                }),
            },
            Indented));
    }

    private static EmitOptions EmitOptionsOf(CompileOptions options) => new(options.Width, options.Checked, options.UseFastExpressionCompiler, options.Verify);

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(folder!, file), text);
}

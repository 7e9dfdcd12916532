using System.Diagnostics;
using System.Globalization;
using System.Linq.Expressions;
using System.Text;
using System.Text.Json;
using GraphCompiler.Emit;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>One compilation: the door that all its steps go through, which times, verifies and dumps them.</summary>
internal sealed class CompilerContext(CompileOptions options, CancellationToken cancellation = default)
{
    private static int dumps;

    private readonly List<StepCost> costs = [];
    private readonly string? folder = options.DumpDirectory is { } root
        ? Directory.CreateDirectory(Path.Combine(root, Interlocked.Increment(ref dumps).ToString("000", CultureInfo.InvariantCulture))).FullName
        : null;

    private readonly KernelQueue compilations = new(EmitOptions.Of(options), options is { Passes.CacheKernels: true, Interpret: false });
    private readonly Dictionary<object, string> last = new(ReferenceEqualityComparer.Instance);
    private int stage;

    /// <summary>Runs a step: it is timed, and what it leaves is verified, and dumped if it is not what a step before it has left.</summary>
    /// <param name="name">The name of the step.</param>
    /// <param name="level">What it leaves; null for what is but a part of the next level.</param>
    /// <param name="run">The step.</param>
    /// <exception cref="CompileException">A verifier refuses what it has left.</exception>
    /// <exception cref="OperationCanceledException">The compilation was cancelled before it.</exception>
    public T Step<T>(string name, Level<T>? level, Func<T> run)
    {
        cancellation.ThrowIfCancellationRequested();
        long start = Stopwatch.GetTimestamp();
        long before = GC.GetAllocatedBytesForCurrentThread();
        T made = run();
        costs.Add(new StepCost(name, Stopwatch.GetElapsedTime(start), GC.GetAllocatedBytesForCurrentThread() - before));
        if (level is not null && options.Verify)
        {
            Verify(name, level, made);
        }

        if (level is not null && folder is not null)
        {
            string text = level.Print(made);
            if (text != last.GetValueOrDefault(level))
            {
                Write($"{stage:00}-{name}.txt", text);
                last[level] = text;
            }
        }

        stage++;
        return made;
    }

    /// <summary>Begins to compile a kernel, while what follows is lowered.</summary>
    public void CompileAhead(LoweredKernel kernel) => compilations.Add(kernel.Kernel, cancellation);

    /// <summary>Compiles kernels, several at a time.</summary>
    public CompiledKernel[] Compile(IEnumerable<LoweredKernel> kernels) => compilations.Get([.. kernels.Select(k => k.Kernel)], cancellation);

    /// <summary>Compiles kernels when this compilation is long done: whoever cancels it is not meant any more.</summary>
    public CompiledKernel[] CompileLater(IEnumerable<LoweredKernel> kernels) => compilations.Get([.. kernels.Select(k => k.Kernel)]);

    /// <summary>Says what the steps took, and dumps that and the kernels, as loops and as generated C#.</summary>
    public void Finish(Program program)
    {
        program.Costs = costs;
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

            if (!options.Interpret && HostEntry.Of(program.Kernels[i].Kernel) is null)
            {
                Expression<KernelEntry> lambda = KernelCompiler.Express(program.Kernels[i].Kernel, EmitOptions.Of(options));
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
        foreach (StepCost step in costs)
        {
            json.WriteStartObject();
            json.WriteString("name", step.Name);
            json.WriteNumber("us", step.Time.TotalMicroseconds);
            json.WriteNumber("bytes", step.Bytes);
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

    private static void Verify<T>(string step, Level<T> level, T made)
    {
        try
        {
            level.Verify(made);
        }
        catch (CompileException e)
        {
            throw new CompileException($"The step {step} of the compiler has left what cannot go on: {e.Message}", e);
        }
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(folder!, file), text);
}

/// <summary>What a step of the compiler took.</summary>
/// <param name="Name">The name of the step.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Bytes">How much its thread allocated.</param>
internal sealed record StepCost(string Name, TimeSpan Time, long Bytes);

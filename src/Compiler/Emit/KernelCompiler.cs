using System.Diagnostics;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>How a kernel is emitted.</summary>
/// <param name="Width">The width of vector loops.</param>
/// <param name="Checked">Whether every load and store checks its index; loops are scalar then.</param>
/// <param name="UseFec">Whether FastExpressionCompiler compiles it, falling back to LINQ's own compiler; or that one at once.</param>
/// <param name="Verify">Whether the expression tree is checked against what FEC and the JIT are known to get wrong.</param>
/// <param name="Interpret">Whether it is not emitted at all: <see cref="LoopEvaluator"/> runs the loops.</param>
internal sealed record EmitOptions(VectorWidth Width, bool Checked = false, bool UseFec = true, bool Verify = false, bool Interpret = false)
{
    public static EmitOptions Of(CompileOptions options) => new(options.Width, options.Checked, options.Passes.UseFastExpressionCompiler, options.Verify, options.Interpret);
}

/// <summary>A kernel ready to run.</summary>
internal sealed record CompiledKernel(KernelEntry Entry)
{
    /// <summary>Whether FastExpressionCompiler compiled it.</summary>
    public required bool UsedFec { get; init; }

    /// <summary>Time to verify the kernel and to build the expression tree.</summary>
    public required TimeSpan EmitTime { get; init; }

    /// <summary>Time to turn the expression tree into IL.</summary>
    public required TimeSpan CompileTime { get; init; }

    /// <summary>Time to turn the IL into machine code.</summary>
    public required TimeSpan JitTime { get; init; }

    /// <summary>Vector loops that run scalar, each with its reason.</summary>
    public required IReadOnlyList<string> ScalarLoops { get; init; }

    /// <summary>Whether it is the code of an equal kernel that was compiled before; it took no time then.</summary>
    public bool FromCache { get; init; }

    /// <summary>The same code for an equal kernel.</summary>
    public CompiledKernel Again() => this with { FromCache = true, EmitTime = default, CompileTime = default, JitTime = default };
}

/// <summary>Compiles kernels of Loop IR to delegates.</summary>
internal static class KernelCompiler
{
    /// <summary>Verifies, emits and compiles a kernel, to machine code.</summary>
    /// <exception cref="CompileException">The kernel is malformed.</exception>
    public static CompiledKernel Compile(Kernel kernel, EmitOptions options)
    {
        CompilationCount.Add();
        if (!VectorWidths.IsSupported(options.Width))
        {
            throw new CompileException($"Kernel {kernel.Name}: this machine has no vectors of width {options.Width}; the widest is {VectorWidths.Best}.");
        }

        long start = Stopwatch.GetTimestamp();
        LoopVerifier.Verify(kernel);

        if (HostEntry.Of(kernel) is { } host)
        {
            return new CompiledKernel(host) { UsedFec = false, EmitTime = Stopwatch.GetElapsedTime(start), CompileTime = default, JitTime = default, ScalarLoops = [] };
        }

        // Without dynamic code nobody comes here who has not asked for interpretation: saying so leaves the emitter out of what is published for Native AOT.
        if (options.Interpret || !RuntimeFeature.IsDynamicCodeSupported)
        {
            KernelEntry evaluated = LoopEvaluator.Prepare(ExpandMath.Run(kernel));
            return new CompiledKernel(evaluated) { UsedFec = false, EmitTime = Stopwatch.GetElapsedTime(start), CompileTime = default, JitTime = default, ScalarLoops = [] };
        }

        (Expression<KernelEntry> lambda, IReadOnlyList<string> scalarLoops) = Emit(kernel, options);
        if (options.Verify)
        {
            ExpressionChecker.Verify(lambda);
        }

        TimeSpan emitTime = Stopwatch.GetElapsedTime(start);
        (KernelEntry Entry, TimeSpan Compile, TimeSpan Jit)? compiled = options.UseFec && CodeGeneration.HasFastExpressionCompiler ? TryFec(lambda) : null;
        bool usedFec = compiled is not null;
        (KernelEntry entry, TimeSpan compileTime, TimeSpan jitTime) = compiled ?? Finish(() => lambda.Compile());
        return new CompiledKernel(entry)
        {
            UsedFec = usedFec,
            EmitTime = emitTime,
            CompileTime = compileTime,
            JitTime = jitTime,
            ScalarLoops = scalarLoops,
        };
    }

    /// <summary>The kernel's expression tree. Compiled kernels do not keep theirs: it is far larger than the code.</summary>
    public static Expression<KernelEntry> Express(Kernel kernel, EmitOptions options) => Emit(kernel, options).Lambda;

    private static (Expression<KernelEntry> Lambda, IReadOnlyList<string> ScalarLoops) Emit(Kernel kernel, EmitOptions options) =>
        KernelEmitter.Emit(ExpandMath.Run(kernel), options);

    // FEC reports what it cannot do as null, an exception of some kind, or IL that the JIT refuses: all mean LINQ's compiler has to.
    private static (KernelEntry Entry, TimeSpan Compile, TimeSpan Jit)? TryFec(Expression<KernelEntry> lambda)
    {
        try
        {
            return Finish(() => CodeGeneration.TryCompileFast(lambda));
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return null;
        }
    }

    private static (KernelEntry Entry, TimeSpan Compile, TimeSpan Jit) Finish(Func<KernelEntry?> compile)
    {
        long start = Stopwatch.GetTimestamp();
        KernelEntry entry = compile() ?? throw new NotSupportedException();
        TimeSpan compileTime = Stopwatch.GetElapsedTime(start);
        RuntimeHelpers.PrepareDelegate(entry);
        return (entry, compileTime, Stopwatch.GetElapsedTime(start) - compileTime);
    }
}

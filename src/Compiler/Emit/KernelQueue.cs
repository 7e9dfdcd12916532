using System.Runtime.ExceptionServices;
using GraphCompiler.Loops;

namespace GraphCompiler.Emit;

/// <summary>
/// Compiles the kernels of a program: on other threads from the moment they are added, for lowering goes on meanwhile, and on all processors once they
/// are asked for. On one processor, one after the other when they are asked for.
/// </summary>
internal sealed class KernelQueue(EmitOptions options, bool useCache)
{
    // The thread that lowers keeps its processor.
    private readonly ConcurrentExclusiveSchedulerPair threads = new(TaskScheduler.Default, Math.Max(1, Environment.ProcessorCount - 1));

    // By their bodies: kernels that share one differ in name at most.
    private readonly Dictionary<LoopStatement, OnDemand<CompiledKernel>> compilations = new(ReferenceEqualityComparer.Instance);

    /// <summary>Begins to compile a kernel. What goes wrong is reported when it is asked for.</summary>
    public void Add(Kernel kernel, CancellationToken cancellation = default)
    {
        if (Environment.ProcessorCount == 1 || compilations.ContainsKey(kernel.Body))
        {
            return;
        }

        OnDemand<CompiledKernel> compilation = CompilationOf(kernel);
        Task.Factory.StartNew(() => compilation.Value, cancellation, TaskCreationOptions.None, threads.ConcurrentScheduler)
            .ContinueWith(failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>Kernels ready to run, in the order given.</summary>
    /// <exception cref="CompileException">A kernel is malformed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before all were compiled.</exception>
    public CompiledKernel[] Get(IReadOnlyList<Kernel> kernels, CancellationToken cancellation = default)
    {
        // Without a limit, threads of the pool would compile beside the caller even on one processor.
        var onAllProcessors = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation };
        OnDemand<CompiledKernel>[] wanted = [.. kernels.Select(CompilationOf)];
        try
        {
            Parallel.ForEach(wanted.Distinct(), onAllProcessors, compilation => _ = compilation.Value);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        HashSet<OnDemand<CompiledKernel>> seen = [];
        return [.. wanted.Select(compilation => seen.Add(compilation) ? compilation.Value : compilation.Value.Again())];
    }

    private OnDemand<CompiledKernel> CompilationOf(Kernel kernel)
    {
        if (!compilations.TryGetValue(kernel.Body, out OnDemand<CompiledKernel>? compilation))
        {
            // A function of the user's goes with the graph that it is for.
            bool isShared = useCache && !LoopTree.Contains<CallHost>(kernel.Body);
            compilation = new(() => isShared ? KernelCache.Shared.Get(kernel, options) : KernelCompiler.Compile(kernel, options));
            compilations.Add(kernel.Body, compilation);
        }

        return compilation;
    }
}

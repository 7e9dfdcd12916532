using GraphCompiler.Calling;
using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Planning;
using static GraphCompiler.Ops;

namespace GraphCompiler;

/// <summary>
/// The first compilation of a process spends most of its time in the JIT, on this compiler's own code. A small program that nobody asked for, compiled on
/// another thread from its kernels on and called, brings to life what comes after fusion while the passes before are at work. Not the whole of a
/// graph: both threads would come to the same methods at the same time, and wait for each other.
/// </summary>
internal static class WarmUp
{
    /// <summary>A size that hardly a graph has: its kernels are compiled for its own sake.</summary>
    internal const int Size = 20;

    private static int begun;

    /// <summary>Begins, once a process, if the machine has a processor to spare and there will be code to emit.</summary>
    public static void Begin(CompileOptions options)
    {
        if (!options.Interpret && Environment.ProcessorCount > 1 && Interlocked.Exchange(ref begun, 1) == 0)
        {
            // Whatever the caller has set for what it runs is none of this.
            using AsyncFlowControl apart = ExecutionContext.SuppressFlow();
            _ = Task.Run(Run);
        }
    }

    /// <summary>Compiles the example and calls it once.</summary>
    internal static void Run()
    {
        var options = new CompileOptions { DumpDirectory = null };
        (Regions regions, KernelGraph graph) = Example(options);
        using var executor = new Executor(CompilerPipeline.Run(regions, graph, new CompilerContext(options), options));
        executor.Run([new float[Size * Size]]);
    }

    /// <summary>A layer with a softmax of its rows, and a new value of its weights: most of what programs are made of.</summary>
    internal static (Regions Regions, KernelGraph Graph) Example(CompileOptions options)
    {
        Input<float> x = Input("x", ["N", Size]);
        Parameter<float> w = Parameter("w", [Size, Size], 0f);
        Node product = MatMul(x, w);
        Node largest = Max(product, 1);
        Node power = Exp(product - Unsqueeze(largest, 1));
        Node total = Sum(power, 1);
        Node result = power / Unsqueeze(total, 1);
        Node columns = Sum(power, 0);
        Node next = w - (columns * w);
        var regions = Regions.Of(new Computation([x], [new(result, true, RootKind.Output), new(next, true, RootKind.Update, w)], null));
        var stored = new Materialization([x, w, product, largest, power, total, result, columns, next], leavesLast: false);
        KernelSpec[] specs =
        [
            new ProductSpec([product], [product], MatMulChoice.Of(MatMulProblem.Find(product, null, stored)!, stored, options.Width)),
            Fused(new Domain(result.Shape, [1]), [largest, power, total, result, columns], [result, columns]),
            Fused(new Domain(next.Shape, []), [next], [next]),
        ];
        return (regions, new KernelGraph(specs, stored, new FusionLog(), 0));

        FusedSpec Fused(Domain domain, Node[] nodes, Node[] left) => new(nodes, left, domain, nodes.ToDictionary(n => n, n => NodeWork.Of(n, stored)));
    }
}

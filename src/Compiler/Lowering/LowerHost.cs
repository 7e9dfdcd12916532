using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>Functions of the user's.</summary>
internal static class LowerHost
{
    public static LoweredKernel Run(OperationSpec spec)
    {
        Node node = spec.Operation;
        var op = (HostFunctionOp)node.Op;
        var kernel = new KernelBuilder(spec.Results);
        LoopBuffer[] buffers =
        [
            .. node.Inputs.Take(op.Count).Select(i => kernel.Input(spec.ViewOf(i).Source)),
            .. node.Results.Select((type, i) => spec.ResultOf(i) is { } root ? kernel.Output(root) : kernel.WorkerScratch(type.DType, type.Shape.ElementCount)),
        ];

        // What it follows is there when it runs, though it does not look at it.
        foreach (Node before in node.Inputs.Skip(op.Count))
        {
            kernel.Input(spec.ViewOf(before).Source);
        }

        IEnumerable<Shape> shapes = node.Inputs.Take(op.Count).Select(i => i.Shape).Concat(node.Results.Select(r => r.Shape));
        int site = kernel.Site(new ErrorSite(node, 1, (_, _) => string.Empty) { IsThrown = true });
        return kernel.Build(1, new CallHost(new HostRoutine(op.Signature(node), op.Body), [.. buffers], [.. shapes.SelectMany(s => s).Select(kernel.Size)], site));
    }
}

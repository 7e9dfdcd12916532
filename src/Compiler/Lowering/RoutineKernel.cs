using System.Collections.Immutable;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>
/// Builds a kernel that calls a handwritten routine for each item of some leading axes, in parallel. A routine gets the item's part of each input, dense
/// and row-major, then that of each result, then scratch memory, then sizes; add them in this order. A result that nobody takes is scratch too.
/// </summary>
internal sealed class RoutineKernel
{
    private readonly OperationSpec spec;
    private readonly KernelBuilder kernel;
    private readonly int leading;
    private readonly Local item = LoopMath.Index("item");
    private readonly List<BufferPart> parts = [];
    private readonly List<LoopValue> sizes = [];

    /// <param name="spec">The operation.</param>
    /// <param name="leading">How many axes of the inputs and results count the items.</param>
    public RoutineKernel(OperationSpec spec, int leading)
    {
        (this.spec, this.leading) = (spec, leading);
        kernel = new KernelBuilder(spec.Results);
    }

    /// <summary>A size as a value of the kernel, for <see cref="Build"/>'s work.</summary>
    public LoopValue Value(Dim dim) => kernel.Size(dim);

    public RoutineKernel Input(Node input)
    {
        Node source = spec.ViewOf(input).Source;
        parts.Add(Part(kernel.Input(source), input.Shape));
        return this;
    }

    public RoutineKernel Result(int index)
    {
        NodeType type = spec.Operation.Results[index];
        return spec.ResultOf(index) is not { } root ? Scratch(type.DType, CountOf(type.Shape.Skip(leading))) : Add(Part(kernel.Output(root), type.Shape));
    }

    /// <summary>Memory that the routine has for itself; it holds anything at first.</summary>
    public RoutineKernel Scratch(DType type, Dim count) => Add(new BufferPart(kernel.WorkerScratch(type, count), LoopMath.Int(0), kernel.Size(count)));

    public RoutineKernel Size(Dim size)
    {
        sizes.Add(kernel.Size(size));
        return this;
    }

    /// <param name="routine">The routine.</param>
    /// <param name="work">About how many operations on numbers, or vectors of them, a call takes.</param>
    /// <param name="most">The largest number that a failing call returns.</param>
    /// <param name="failure">What it means, given the item and the number that the call returned; null if the routine never fails.</param>
    public LoweredKernel Build(Routine routine, LoopValue work, Dim? most = null, Func<long, long, string>? failure = null)
    {
        var status = new Local("status", DType.Int64);
        ImmutableArray<LoopStatement> body = [new Invoke(status, routine, [.. parts], [.. sizes]) { Work = work }];
        if (failure is not null)
        {
            // Item and number in one: a kernel leaves one detail.
            LoopValue detail = LoopMath.Plus(LoopMath.Times(ItemOrZero, LoopMath.Plus(kernel.Size(most!), LoopMath.Int(1))), status);
            int site = kernel.Site(spec.Operation, most!, (d, limit) => failure(d / (limit + 1), d % (limit + 1)));
            body = body.Add(new If(new BinaryValue(BinaryFunction.NotEqual, status, LoopMath.Int(0)), new Fail(site, detail)));
        }

        Local[] variables = leading == 0 ? [] : [item];
        return Nest.Serial(kernel, variables, [CountOf(spec.Operation.Results[0].Shape.Take(leading))], new Block(body));
    }

    private LoopValue ItemOrZero => leading == 0 ? LoopMath.Int(0) : item;

    private RoutineKernel Add(BufferPart part)
    {
        parts.Add(part);
        return this;
    }

    private BufferPart Part(LoopBuffer buffer, Shape shape)
    {
        LoopValue count = kernel.Size(CountOf(shape.Skip(leading)));
        return new BufferPart(buffer, LoopMath.Times(ItemOrZero, count), count);
    }

    private static Dim CountOf(IEnumerable<Dim> sizes) => sizes.Aggregate(Dim.Of(1), (product, size) => product * size);
}

using GraphCompiler.Lowering;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>What runs, in which order and on what: a plan without memory.</summary>
internal sealed record Schedule
{
    /// <summary>The steps.</summary>
    public required PlanStep[] Steps { get; init; }

    /// <summary>What each step computes.</summary>
    public required IReadOnlyList<LoweredKernel> Kernels { get; init; }

    /// <summary>What the forward part runs.</summary>
    public required PlanNode Forward { get; init; }

    /// <summary>What the backward part runs.</summary>
    public PlanNode Backward { get; init; } = new PlanNode.Sequence();

    /// <summary>What its loops stand for.</summary>
    public IReadOnlyDictionary<PlanNode, LoweredLoop> Loops { get; init; } = new Dictionary<PlanNode, LoweredLoop>();

    /// <summary>The buffers; those of the workspace have no blocks yet.</summary>
    public required PlanBuffer[] Buffers { get; init; }

    /// <summary>All sizes, each once.</summary>
    public required IReadOnlyList<Dim> Sizes { get; init; }

    /// <summary>The positions of the inputs' sizes in bytes.</summary>
    public int[] InputBytes { get; init; } = [];

    /// <summary>The buffers of streams of random numbers, which are written before the first step.</summary>
    public (RandomStreamOp Stream, int Buffer)[] Streams { get; init; } = [];

    /// <summary>What goes to memory of the caller.</summary>
    public RootBuffer[] Outputs { get; init; } = [];

    /// <summary>The new values of parameters.</summary>
    public RootBuffer[] Updates { get; init; } = [];

    /// <summary>Gradients.</summary>
    public RootBuffer[] Gradients { get; init; } = [];

    /// <summary>Inputs that are copied when the forward part has run.</summary>
    public (int From, int To)[] Saved { get; init; } = [];
}

using System.Runtime.CompilerServices;

namespace GraphCompiler.Kernels;

/// <summary>
/// Memory that kernels read and write. The value of a node lies in one buffer, by whatever object it is named; of scratch each object is a buffer of its own.
/// </summary>
internal sealed record KernelBuffer
{
    private readonly Node owner;

    private KernelBuffer(BufferKind kind, Node owner, DType type, Shape shape) => (Kind, this.owner, Type, Shape) = (kind, owner, type, shape);

    public BufferKind Kind { get; }

    /// <summary>What memory holds; of scratch that is what is computed with.</summary>
    public DType Type { get; }

    public Shape Shape { get; }

    public Dim Length => Shape.ElementCount;

    /// <summary>The node whose value it is; null for scratch.</summary>
    public Node? Node => Kind == BufferKind.Value ? owner : null;

    /// <summary>A word for it, in the names of loops' buffers.</summary>
    public string Name => Kind switch
    {
        BufferKind.Scratch => "scratch",
        BufferKind.WorkerScratch => "own",
        _ => owner.Op.Name,
    };

    /// <summary>The buffer of a node's value.</summary>
    public static KernelBuffer Of(Node node) => new(BufferKind.Value, node, node.DType, node.Shape);

    /// <summary>Memory between the kernels that compute a node: one fills it, the next ones read it.</summary>
    public static KernelBuffer Scratch(Node node, DType type, Dim length) => new(BufferKind.Scratch, node, type.Row().ComputedAs, [length]);

    /// <summary>Memory that each thread has for itself while it works on a kernel that computes a node.</summary>
    public static KernelBuffer WorkerScratch(Node node, DType type, Dim length) => new(BufferKind.WorkerScratch, node, type.Row().ComputedAs, [length]);

    /// <summary>The memory that plays the same part for other nodes of the same types.</summary>
    public KernelBuffer For(Func<Node, Node> other) => new(Kind, other(owner), Type, Shape);

    /// <summary>What an error calls it.</summary>
    public string Describe() => Kind == BufferKind.Value ? owner.Describe() : $"scratch memory of {owner.Describe()}";

    public bool Equals(KernelBuffer? other) => ReferenceEquals(this, other) || (Node is { } node && ReferenceEquals(node, other?.Node));

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(Node ?? (object)this);
}

/// <summary>What a buffer is for.</summary>
internal enum BufferKind
{
    /// <summary>The value of a node.</summary>
    Value,

    /// <summary>What lies between the kernels of a node.</summary>
    Scratch,

    /// <summary>What each thread has for itself within a kernel.</summary>
    WorkerScratch,
}

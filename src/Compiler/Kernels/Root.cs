namespace GraphCompiler.Kernels;

/// <summary>What a program must compute.</summary>
/// <param name="Node">The value.</param>
/// <param name="IsForward">Whether the forward part computes it.</param>
/// <param name="Kind">What becomes of it.</param>
/// <param name="Parameter">The parameter whose new value it is.</param>
internal sealed record Root(Node Node, bool IsForward, RootKind Kind, Parameter? Parameter = null)
{
    /// <summary>The value as it was given, whatever passes have made of it: what messages name.</summary>
    public Node Given { get; } = Node;
}

internal enum RootKind
{
    /// <summary>It goes to memory of the caller.</summary>
    Output,

    /// <summary>It is added to a leaf's gradient.</summary>
    Gradient,

    /// <summary>It is a parameter's new value.</summary>
    Update,
}

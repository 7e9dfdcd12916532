namespace GraphCompiler;

/// <summary>Ways to call a graph, each of which is compiled by itself.</summary>
[Flags]
public enum GraphCalls
{
    /// <summary>None: each is compiled when it is first made.</summary>
    None = 0,

    /// <summary><see cref="CompiledGraph.Run(ReadOnlySpan{Argument})"/>, and a Forward that keeps nothing.</summary>
    Run = 1,

    /// <summary><see cref="CompiledGraph.Forward(ReadOnlySpan{Argument})"/> and <see cref="CompiledGraph.Backward(bool, CancellationToken)"/>.</summary>
    Training = 2,

    /// <summary>These, and a Backward that adds to gradients that are there.</summary>
    Accumulation = Training | 4,

    /// <summary>All there are.</summary>
    All = Run | Accumulation,
}

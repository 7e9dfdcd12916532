using System.Numerics.Tensors;

namespace GraphCompiler.Nodes;

/// <summary>What a debugger shows of a leaf. It shows copies: a gradient that has been read is never written again, and looking at it must not change what a program does.</summary>
internal sealed class LeafView(Leaf leaf)
{
    public string Node => leaf.ToString();

    public bool RequiresGrad => leaf.RequiresGrad;

    public IReadOnlyTensor? Grad => leaf.Gradient?.Copy();

    /// <summary>The values; null of an input.</summary>
    public Array? Values => leaf switch
    {
        Parameter<float> p => p.Values.ToArray(),
        Parameter<double> p => p.Values.ToArray(),
        Parameter<int> p => p.Values.ToArray(),
        Parameter<long> p => p.Values.ToArray(),
        Parameter<bool> p => p.Values.ToArray(),
        _ => null,
    };

    /// <summary>How often a parameter has been written; null of an input.</summary>
    public long? Version => (leaf as Parameter)?.Version;
}

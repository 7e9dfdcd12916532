namespace GraphCompiler.Learning.Layers;

/// <summary>What blocks of transformers are made of.</summary>
internal static class Residual
{
    /// <summary>Something beside x, and a norm before it (Xiong et al., 2020) or after the sum (Vaswani et al., 2017).</summary>
    public static Node Around(Module module, Node x, Layer norm, bool normFirst, double dropout, Func<Node, Node> part) =>
        normFirst ? x + Chance.Drop(module, part(norm.Forward(x)), dropout) : norm.Forward(x + Chance.Drop(module, part(x), dropout));
}

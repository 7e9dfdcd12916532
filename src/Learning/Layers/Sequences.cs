using System.Globalization;

namespace GraphCompiler.Learning.Layers;

/// <summary>What layers over sequences ask of what they are applied to.</summary>
internal static class Sequences
{
    /// <summary>A batch of sequences, or one without the axis N.</summary>
    /// <param name="what">Which of the inputs it is.</param>
    /// <param name="x">The input.</param>
    /// <param name="order">Its axes, such as <c>[L, N, {0}]</c>.</param>
    /// <param name="width">The size of the last.</param>
    public static void Require(string what, Node x, string order, int width)
    {
        Layers.Require.Float(x);
        if (x.Rank is not (2 or 3) || x.Shape[^1] != width)
        {
            string batch = string.Format(CultureInfo.InvariantCulture, order, width);
            throw new ShapeException($"takes a {what} {batch}, or {batch.Replace("N, ", string.Empty, StringComparison.Ordinal)} without a batch, and was given {x.Shape}.");
        }
    }
}

namespace GraphCompiler.Learning.Layers;

/// <summary>Dropout within layers that are more than that.</summary>
internal static class Chance
{
    /// <summary>A probability that is one.</summary>
    public static double Checked(double p) => p is >= 0 and <= 1 ? p
        : throw new ArgumentOutOfRangeException(nameof(p), p, "A probability of dropout is from 0 to 1.");

    /// <summary>What functions that drop are given: nothing is dropped at inference, nor where the probability is 0.</summary>
    public static (double P, Generator? Random) Of(Module module, double p) => p > 0 && Pass.For(module) is { IsTraining: true } pass ? (p, pass.Random) : (0, null);

    /// <summary>x with elements dropped by training.</summary>
    public static Node Drop(Module module, Node x, double p) => Of(module, p) is { Random: { } random } ? Ops.Dropout(random, x, p) : x;
}

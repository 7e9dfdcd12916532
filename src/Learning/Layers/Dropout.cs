using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>A layer that drops something at random in training, and is nothing at inference: what all kinds of dropout have in common.</summary>
public abstract class DropoutLayer : Layer
{
    private protected DropoutLayer(double p) => P = Chance.Checked(p);

    /// <summary>The probability to be dropped.</summary>
    public double P { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}({P})");

    /// <inheritdoc/>
    protected sealed override Node Define(Node x)
    {
        Require.AnyFloat(x);
        Check(x);
        var pass = Pass.For(this);
        return pass.IsTraining ? Drop(x, pass.Random) : x;
    }

    private protected virtual void Check(Node x)
    {
    }

    private protected abstract Node Drop(Node x, Generator random);
}

/// <summary>
/// In training x·m/(1 − p), where each element of m is 0 with the probability p and 1 otherwise (Srivastava et al., 2014); at inference x. As PyTorch's <c>nn.Dropout</c>.
/// </summary>
/// <param name="p">The probability to be dropped, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
public sealed class Dropout(double p = 0.5) : DropoutLayer(p)
{
    private protected override Node Drop(Node x, Generator random) => Ops.Dropout(random, x, P);
}

/// <summary>Dropout of whole channels of a line, [N, C, L] or [C, L], as PyTorch's <c>nn.Dropout1d</c>.</summary>
/// <param name="p">The probability to be dropped, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
public sealed class Dropout1D(double p = 0.5) : DropoutLayer(p)
{
    private protected override void Check(Node x) => Require.Places(x, 1);

    private protected override Node Drop(Node x, Generator random) => Ops.Dropout1D(random, x, P);
}

/// <summary>Dropout of whole channels of a picture, [N, C, H, W] or [C, H, W], as PyTorch's <c>nn.Dropout2d</c>.</summary>
/// <param name="p">The probability to be dropped, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
public sealed class Dropout2D(double p = 0.5) : DropoutLayer(p)
{
    private protected override void Check(Node x) => Require.Places(x, 2);

    private protected override Node Drop(Node x, Generator random) => Ops.Dropout2D(random, x, P);
}

/// <summary>Dropout of whole channels of a volume, [N, C, D, H, W] or [C, D, H, W], as PyTorch's <c>nn.Dropout3d</c>.</summary>
/// <param name="p">The probability to be dropped, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
public sealed class Dropout3D(double p = 0.5) : DropoutLayer(p)
{
    private protected override void Check(Node x) => Require.Places(x, 3);

    private protected override Node Drop(Node x, Generator random) => Ops.Dropout3D(random, x, P);
}

/// <summary>Dropout that keeps mean 0 and variance 1, for networks of <see cref="Activation.Selu"/> (Klambauer et al., 2017), as PyTorch's <c>nn.AlphaDropout</c>.</summary>
/// <param name="p">The probability to be dropped, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
public sealed class AlphaDropout(double p = 0.5) : DropoutLayer(p)
{
    private protected override Node Drop(Node x, Generator random) => Ops.AlphaDropout(random, x, P);
}

/// <summary>
/// <see cref="AlphaDropout"/> of whole channels, [N, C, …]: what is dropped becomes −1.758…, the least that <see cref="Activation.Selu"/> gives, and all is scaled and shifted to mean 0 and
/// variance 1. As PyTorch's <c>nn.FeatureAlphaDropout</c>.
/// </summary>
/// <param name="p">The probability to be dropped, from 0 to 1.</param>
/// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
public sealed class FeatureAlphaDropout(double p = 0.5) : DropoutLayer(p)
{
    private const double Low = 1.7580993408473766;

    private protected override void Check(Node x)
    {
        if (x.Rank < 2)
        {
            throw new ShapeException($"takes [N, channels, …], and was given {x.Shape}.");
        }
    }

    private protected override Node Drop(Node x, Generator random)
    {
        if (P is 0 or 1)
        {
            return P == 0 ? x : x * 0;
        }

        double scale = 1 / Math.Sqrt((1 - P) * (1 + (P * Low * Low)));
        Node isKept = Ops.GreaterEqual(Ops.Uniform(random, [.. x.Shape.Select((size, axis) => axis < 2 ? size : 1)]), P);
        return (scale * Ops.Where(isKept, x, -Low)) + (scale * Low * P);
    }
}

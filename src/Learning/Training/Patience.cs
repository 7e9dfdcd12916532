namespace GraphCompiler.Learning;

/// <summary>Says when to stop: after so many epochs in which a loss has not become smaller. The loop asks: <c>if (patience.IsOver(epoch.Validation!.Loss)) break;</c>.</summary>
public sealed class Patience
{
    /// <summary>Patience for some epochs.</summary>
    /// <param name="epochs">How many epochs in a row may bring nothing, at least 1.</param>
    /// <param name="least">By how much a loss has to become smaller to count, at least 0.</param>
    public Patience(int epochs, double least = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        ArgumentOutOfRangeException.ThrowIfNegative(least);
        (Epochs, Least) = (epochs, least);
    }

    /// <summary>How many epochs in a row may bring nothing.</summary>
    public int Epochs { get; }

    /// <summary>By how much a loss has to become smaller to count.</summary>
    public double Least { get; }

    /// <summary>The smallest loss that was seen.</summary>
    public double Best { get; private set; } = double.PositiveInfinity;

    /// <summary>How many epochs brought nothing since.</summary>
    public int Waited { get; private set; }

    /// <summary>Takes in the loss of an epoch, and says whether it is time to stop. A loss that is NaN brings nothing.</summary>
    /// <param name="loss">The loss; where more is better, its negative.</param>
    public bool IsOver(double loss)
    {
        if (loss < Best - Least)
        {
            (Best, Waited) = (loss, 0);
        }
        else
        {
            Waited++;
        }

        return Waited >= Epochs;
    }
}

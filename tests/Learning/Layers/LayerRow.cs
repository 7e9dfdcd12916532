namespace GraphCompiler.Learning.Tests.Layers;

/// <summary>A layer and what it is applied to, of which what holds for every layer is tested.</summary>
/// <param name="Make">Makes one.</param>
/// <param name="Input">A shape that it takes, of numbers.</param>
internal sealed record LayerRow(Func<Generator, Layer> Make, Shape Input)
{
    /// <summary>The dtype that it takes.</summary>
    public DType DType { get; init; } = DType.Float32;

    /// <summary>A shape whose number of axes is wrong; null if any will do.</summary>
    public Shape? WrongRank { get; init; }

    /// <summary>A shape one of whose sizes is wrong; null if any will do.</summary>
    public Shape? WrongSize { get; init; }

    /// <summary>A dtype that it does not take; null if any will do.</summary>
    public DType? WrongDType { get; init; } = DType.Int32;

    /// <summary>Whether it is random in training.</summary>
    public bool IsRandom { get; init; }

    /// <summary>How many buffers it writes in training.</summary>
    public int Writes { get; init; }

    /// <summary>Whether it is made of calls whose gradients are worth a check.</summary>
    public bool IsMade { get; init; }

    /// <summary>What it is to give at inference, by functions of the core; null where other tests say.</summary>
    public Func<Layer, Node, Node>? Expected { get; init; }

    /// <summary>Whether training and inference differ.</summary>
    public bool Differs => IsRandom || Writes > 0;

    /// <summary>A row with what a layer of a type is to give.</summary>
    public static LayerRow Of<T>(Func<Generator, T> make, Shape input, Func<T, Node, Node>? expected = null)
        where T : Layer => new(make, input) { Expected = expected is null ? null : (layer, x) => expected((T)layer, x) };

    public override string ToString() => Make(new Generator(1)).ToString();
}

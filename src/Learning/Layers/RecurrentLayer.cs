using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>
/// What <see cref="Rnn"/>, <see cref="Lstm"/> and <see cref="Gru"/> have in common: layers one above the other, each with <c>weight_ih_l0</c> [gates·H, I], <c>weight_hh_l0</c>
/// [gates·H, H], <c>bias_ih_l0</c> and <c>bias_hh_l0</c> [gates·H], those that go from the end to the start with <c>_reverse</c> behind the name, as PyTorch has them. All
/// begin uniform between ∓1/√H.
/// </summary>
/// <remarks>Projections of the state (PyTorch's <c>proj_size</c>) there are none.</remarks>
public abstract class RecurrentLayer : Layer
{
    [Named("")]
    private readonly OrderedDictionary<string, Parameter<float>> weights = [];

    private protected RecurrentLayer(int gates, int inputs, int size, Generator random, int layers, bool bias, bool bidirectional)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        (Inputs, Size, Layers, Bidirectional) = (inputs, size, layers, bidirectional);
        Initializer init = Initializer.PyTorch(size);
        int directions = bidirectional ? 2 : 1;
        for (int i = 0; i < layers * directions; i++)
        {
            string suffix = string.Create(CultureInfo.InvariantCulture, $"l{i / directions}{(i % directions == 1 ? "_reverse" : string.Empty)}");
            weights.Add($"weight_ih_{suffix}", init.Make(random, gates * size, i < directions ? inputs : directions * size));
            weights.Add($"weight_hh_{suffix}", init.Make(random, gates * size, size));
            if (bias)
            {
                weights.Add($"bias_ih_{suffix}", init.Make(random, gates * size));
                weights.Add($"bias_hh_{suffix}", init.Make(random, gates * size));
            }
        }
    }

    /// <summary>I, the size of the last axis of what the layer is applied to.</summary>
    public int Inputs { get; }

    /// <summary>H, the size of a state, and of the outputs in each direction.</summary>
    public int Size { get; }

    /// <summary>How many layers are one above the other.</summary>
    public int Layers { get; }

    /// <summary>Whether each layer also goes from the end to the start, with outputs beside the others.</summary>
    public bool Bidirectional { get; }

    /// <summary>Whether sequences and outputs are [N, T, …], the batch first; false, [T, N, …], as PyTorch's default is.</summary>
    public bool BatchFirst { get; init; }

    /// <summary>The probability that training drops an output on its way from a layer to the next.</summary>
    public double Dropout { get; init => field = Chance.Checked(value); }

    /// <summary>The weights by their names, in the order of layers and directions.</summary>
    public IReadOnlyDictionary<string, Parameter<float>> Weights => weights;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}({Inputs} → {Size}{(Layers > 1 ? $", {Layers} layers" : string.Empty)}{(Bidirectional ? ", bidirectional" : string.Empty)})");

    /// <summary>The weights as functions take them, for a sequence that fits.</summary>
    private protected NodeList WeightsFor(Node x)
    {
        Sequences.Require("sequence", x, BatchFirst ? "[N, T, {0}]" : "[T, N, {0}]", Inputs);
        return [.. weights.Values];
    }

    /// <summary>What functions that drop are given.</summary>
    private protected (double P, Generator? Random) Dropped => Chance.Of(this, Layers > 1 ? Dropout : 0);

    /// <summary>The states that the cache of the pass has; none without a cache.</summary>
    private protected Parameter<float>[] StatesFor(Node x, int count, Node? lengths)
    {
        if (Pass.Current is not { Cache: { } cache } pass)
        {
            return [];
        }

        if (Bidirectional || lengths is not null)
        {
            throw new GraphException("goes on from a cache, which knows no tokens that come later: it is not bidirectional then, and takes no lengths.");
        }

        if (x.Rank != 3)
        {
            throw new ShapeException($"goes on from a cache for a batch of {cache.Batch}, and was given {x.Shape}, which is no batch.");
        }

        cache.RequireBatch(x.Shape[BatchFirst ? 0 : 1]);
        return cache.States(pass, this, count, [Layers, cache.Batch, Size]);
    }

    /// <summary>Says what states become.</summary>
    private protected static void Remember(Parameter<float>[] states, params ReadOnlySpan<Node> last)
    {
        for (int i = 0; i < states.Length; i++)
        {
            Pass.Current!.Write(states[i], last[i]);
        }
    }
}

namespace GraphCompiler.Learning;

/// <summary>
/// What layers remember of the tokens that a model has seen, so that a token costs the same wherever it stands, but for attention itself: keys and values of attention that is
/// causal, and states of recurrent layers. Of each batch of sequences a cache of its own.
/// </summary>
/// <remarks>
/// <para>
/// A model is defined within <see cref="Pass.Inference(DecodingCache, string, int)"/> for the tokens that are new, and compiled with <see cref="Seen"/> among its inputs and the
/// updates of the pass. Keys and values are written in place, where the tokens stand, and attention reads those that are there. <see cref="TextGenerator"/> does all of it.
/// </para>
/// <code>
/// using (Pass pass = Pass.Inference(cache))
/// {
///     step = Compiler.Compile([tokens, cache.Seen], [net.Forward(tokens)], pass.Updates);
/// }
///
/// RunResults logits = step.Run(next, cache.Next(1));
/// cache.Advance(1);
/// </code>
/// </remarks>
public sealed class DecodingCache
{
    private const string Tokens = "tokens";

    private readonly Dictionary<(Module Owner, int Use, string What), Parameter<float>> held = [];
    private readonly HashSet<Parameter> all = [];
    private long[] positions = [];

    /// <summary>A cache that is empty.</summary>
    /// <param name="batch">How many sequences there are.</param>
    /// <param name="capacity">How many tokens of each it can hold.</param>
    public DecodingCache(int batch, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        (Batch, Capacity) = (batch, capacity);
    }

    /// <summary>How many sequences there are.</summary>
    public int Batch { get; }

    /// <summary>How many tokens of each can be in the cache.</summary>
    public int Capacity { get; }

    /// <summary>How many tokens of each are in the cache.</summary>
    public int Count { get; private set; }

    /// <summary>Whether no layer keeps anything in the cache.</summary>
    public bool IsUnused => held.Count == 0;

    /// <summary>An input of what is compiled: the places of all tokens, those that are new among them; <see cref="Next"/> is what to give for it.</summary>
    public Input<long> Seen { get; } = Ops.Input<long>("seen", ["seen"]);

    /// <summary>What to give for <see cref="Seen"/> in a call with new tokens.</summary>
    /// <param name="tokens">How many are new, at least 1.</param>
    /// <exception cref="InvalidOperationException">There is no room for them.</exception>
    public ReadOnlyMemory<long> Next(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        if (tokens > Capacity - Count)
        {
            throw new InvalidOperationException($"The cache holds {Count} of at most {Capacity} tokens: there is no room for {tokens} more. Make a larger one, or Clear it.");
        }

        if (Count + tokens > positions.Length)
        {
            positions = [.. Enumerable.Range(0, (int)Math.Min(Capacity, Math.Max(Count + tokens, 2L * positions.Length)))];
        }

        return positions.AsMemory(0, Count + tokens);
    }

    /// <summary>Says that a call has put new tokens into the cache.</summary>
    /// <param name="tokens">How many.</param>
    /// <exception cref="InvalidOperationException">There is no room for them.</exception>
    public void Advance(int tokens) => Count = Next(tokens).Length;

    /// <summary>Makes the cache empty.</summary>
    public void Clear()
    {
        Count = 0;
        foreach (Parameter<float> state in held.Where(h => !h.Key.What.StartsWith(Tokens, StringComparison.Ordinal)).Select(h => h.Value))
        {
            state.Fill(0);
        }
    }

    /// <summary>Whether a parameter is one of the cache's.</summary>
    internal bool Holds(Parameter parameter) => all.Contains(parameter);

    /// <summary>The places of tokens that are new.</summary>
    internal Node Positions(Dim count) => Ops.Slice(Seen, 0, Seen.Shape[0] - count);

    /// <summary>For new tokens [count] and all [seen], true where a token comes later than one that looks; null if none does.</summary>
    internal Node? Later(Dim count)
    {
        Shape plane = [count, Seen.Shape[0]];
        return count.Constant == 1 ? null : Ops.Iota(plane, 1) > (Ops.Iota(plane, 0) + Ops.DimValue(Seen.Shape[0] - count));
    }

    /// <summary>Puts what a layer makes of new tokens, [N, count, E], behind what it made of those before; gives both.</summary>
    internal IReadOnlyList<Node> Append(Pass pass, Module owner, params IReadOnlyList<Node> made)
    {
        int use = pass.UsesOf(owner);
        return [.. made.Select((rows, i) =>
        {
            RequireBatch(rows.Shape[0]);
            Parameter<float> place = Held(owner, use, $"{Tokens}{i}", [Batch, Capacity, rows.Shape[2]]);
            Node whole = Ops.SliceScatter(pass.Read(place), rows, 1, Seen.Shape[0] - rows.Shape[1], Seen.Shape[0]);
            pass.Write(place, whole);
            return Ops.Slice(whole, 1, 0, Seen.Shape[0]);
        })];
    }

    /// <summary>States that a layer goes on from, each of the shape; zeros at first.</summary>
    internal Parameter<float>[] States(Pass pass, Module owner, int count, Shape shape)
    {
        int use = pass.UsesOf(owner);
        return [.. Enumerable.Range(0, count).Select(i => Held(owner, use, $"state{i}", shape))];
    }

    internal void RequireBatch(Dim batch)
    {
        if (batch != Batch)
        {
            throw new ShapeException($"goes on from a cache for a batch of {Batch}, and was given a batch of {batch}.");
        }
    }

    private Parameter<float> Held(Module owner, int use, string what, Shape shape)
    {
        if (!held.TryGetValue((owner, use, what), out Parameter<float>? parameter))
        {
            try
            {
                parameter = Ops.Parameter($"cache of {Definition.Describe(owner)}", shape, 0f, requiresGrad: false);
            }
            catch (Exception e) when (e is SizeException or OverflowException or OutOfMemoryException)
            {
                throw new SizeException($"would keep float32{shape} in a cache for a batch of {Batch} and a capacity of {Capacity} tokens, more than there can be or is room for; give a smaller capacity.", e);
            }

            held.Add((owner, use, what), parameter);
            all.Add(parameter);
        }

        return parameter;
    }
}

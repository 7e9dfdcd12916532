using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning;

/// <summary>
/// Makes a model go on with sequences of tokens, one token after another. The model maps tokens, int64 [N, T], to logits [N, T, tokens] of what follows each. It is compiled
/// once, for inference, with a <see cref="DecodingCache"/> if its layers have a use for one: the prompt in one call, then one call a token, of the new token alone.
/// </summary>
/// <remarks>
/// A layer that goes on from a cache gives what it would give for the whole sequence; that this holds for the model is tried when it is compiled, by 64 tokens. One sequence, or one batch of
/// sequences, is made at a time.
/// </remarks>
public sealed class TextGenerator : IDisposable
{
    /// <summary>So many tokens are tried at most, and so many of them one by one: what looks farther back by itself is not noticed.</summary>
    private const int MostTried = 64, TriedAlone = 4;

    private readonly DecodingCache? cache;
    private readonly CompiledGraph prompts;
    private readonly CompiledGraph? steps;
    private readonly int vocabulary;
    private int isBusy;

    /// <summary>Compiles a model.</summary>
    /// <param name="net">The model.</param>
    /// <param name="capacity">The most tokens of a sequence that the model sees, its prompt among them.</param>
    /// <param name="batch">How many sequences are made at once.</param>
    /// <param name="isCached">Whether a cache is used, if the model's layers use one; otherwise each token takes a call with all of them.</param>
    /// <param name="options">Options of the compiler.</param>
    /// <exception cref="InvalidOperationException">A pass is open; or token by token, the model gives other logits than for a whole sequence, or NaN.</exception>
    /// <exception cref="ArgumentException">A model that uses a cache has no place for as many tokens as the capacity.</exception>
    /// <exception cref="ShapeException">The model does not map [N, T] to [N, T, tokens].</exception>
    /// <exception cref="DTypeException">The logits are not of floats.</exception>
    public TextGenerator(Layer net, int capacity, int batch = 1, bool isCached = true, CompileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(net);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        (Capacity, Batch) = (capacity, batch);
        cache = isCached ? new DecodingCache(batch, capacity) : null;
        (prompts, vocabulary) = Compiled(net, "tokens", options);
        if (cache is { IsUnused: true })
        {
            prompts.Dispose();
            cache = null;
            (prompts, vocabulary) = Compiled(net, "tokens", options);
        }

        if (cache is not null)
        {
            (steps, _) = Compiled(net, 1, options);
            try
            {
                RequirePlaces(net);
                RequireSame(net);
            }
            catch
            {
                Dispose();
                throw;
            }
        }
    }

    /// <summary>The most tokens of a sequence that the model sees.</summary>
    public int Capacity { get; }

    /// <summary>How many sequences are made at once.</summary>
    public int Batch { get; }

    /// <summary>Whether tokens are fed one by one, and what was computed of those before is kept.</summary>
    public bool IsCached => cache is not null;

    /// <summary>Goes on with a sequence. A generator for a batch of 1.</summary>
    /// <param name="prompt">Its first tokens, at least one.</param>
    /// <param name="most">How many tokens are made at most.</param>
    /// <param name="sampling">How they are chosen; null for <see cref="Sampling.Greedy"/>.</param>
    /// <param name="stop">Tokens after which nothing follows; the one that is met is given as the last.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The tokens, each computed when it is asked for.</returns>
    /// <exception cref="ArgumentException">The prompt is empty, a token is none of the model's, or prompt and new tokens are more than <see cref="Capacity"/>.</exception>
    /// <exception cref="InvalidOperationException">The generator is for another batch, or makes a sequence already.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IEnumerable<long> Generate(
        IReadOnlyList<long> prompt, int most, Sampling? sampling = null, IReadOnlyCollection<long>? stop = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return GenerateBatch([prompt], most, sampling, stop, cancellation).Select(tokens => tokens[0]);
    }

    /// <summary>Goes on with a sequence without holding up the caller; see <see cref="Generate"/>.</summary>
    /// <param name="prompt">Its first tokens, at least one.</param>
    /// <param name="most">How many tokens are made at most.</param>
    /// <param name="sampling">How they are chosen; null for <see cref="Sampling.Greedy"/>.</param>
    /// <param name="stop">Tokens after which nothing follows; the one that is met is given as the last.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ArgumentException">The prompt is empty, a token is none of the model's, or prompt and new tokens are more than <see cref="Capacity"/>.</exception>
    /// <exception cref="InvalidOperationException">The generator is for another batch, or makes a sequence already.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IAsyncEnumerable<long> GenerateAsync(
        IReadOnlyList<long> prompt, int most, Sampling? sampling = null, IReadOnlyCollection<long>? stop = null, CancellationToken cancellation = default) =>
        Stream(token => Generate(prompt, most, sampling, stop, token), cancellation);

    /// <summary>Goes on with a batch of sequences.</summary>
    /// <param name="prompts">Their first tokens, as many for each.</param>
    /// <param name="most">How many tokens are made at most.</param>
    /// <param name="sampling">How they are chosen; null for <see cref="Sampling.Greedy"/>.</param>
    /// <param name="stop">Tokens after which nothing follows: a sequence that met one gives it again until all have.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The next token of each sequence, computed when it is asked for.</returns>
    /// <exception cref="ArgumentException">A prompt is empty or of another length, a token is none of the model's, or prompt and new tokens are more than <see cref="Capacity"/>.</exception>
    /// <exception cref="InvalidOperationException">The generator is for another batch, or makes sequences already.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IEnumerable<long[]> GenerateBatch(
        IReadOnlyList<IReadOnlyList<long>> prompts, int most, Sampling? sampling = null, IReadOnlyCollection<long>? stop = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        if (prompts.Count != Batch)
        {
            throw new InvalidOperationException($"The generator makes {Batch} sequences at once, and was given {prompts.Count}; 'batch' says how many, where it is made.");
        }

        int length = prompts[0]?.Count ?? 0;
        foreach ((int row, IReadOnlyList<long> prompt) in prompts.Index())
        {
            RequirePrompt(prompt, row, length, most);
        }

        return Tokens([.. prompts.Select(p => p.ToArray())], most, sampling ?? Sampling.Greedy, [.. stop ?? []], cancellation);
    }

    /// <summary>Frees what was compiled.</summary>
    public void Dispose()
    {
        prompts.Dispose();
        steps?.Dispose();
    }

    private static async IAsyncEnumerable<long> Stream(Func<CancellationToken, IEnumerable<long>> begin, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using IEnumerator<long> tokens = begin(cancellation).GetEnumerator();
        while (await Task.Run(tokens.MoveNext, cancellation).ConfigureAwait(false))
        {
            yield return tokens.Current;
        }
    }

    private static Node LogitsOf(Layer net, Node tokens)
    {
        Node logits = net.Forward(tokens);
        if (logits.Rank != 3 || logits.Shape[0] != tokens.Shape[0] || logits.Shape[1] != tokens.Shape[1] || logits.Shape[2].Constant is not > 0)
        {
            throw new ShapeException($"{net} generates tokens if it maps tokens [N, T] to logits [N, T, tokens] of what follows each, and it maps {tokens.Shape} to {logits.Shape}.");
        }

        return logits.DType == DType.Float32 ? logits : throw new DTypeException($"{net} generates tokens if it gives logits of Float32, and it gives {logits.DType}.");
    }

    private IEnumerable<long[]> Tokens(long[][] prompted, int most, Sampling sampling, HashSet<long> stop, CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref isBusy, 1) != 0)
        {
            throw new InvalidOperationException("The generator makes a sequence already: one at a time. Finish it, or dispose of its enumerator, or make another generator.");
        }

        try
        {
            cache?.Clear();
            float[] logits = new float[Batch * vocabulary];
            long[]? last = null;

            // What is enumerated again begins with the prompts again.
            long[][] seen = [.. prompted];
            long[] given = [.. seen.SelectMany(s => s)];
            for (int i = 0; i < most; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                Run(given, logits, cancellation);
                long[] next = new long[Batch];
                for (int row = 0; row < Batch; row++)
                {
                    next[row] = last is not null && stop.Contains(last[row]) ? last[row] : sampling.Choose(logits.AsSpan(row * vocabulary, vocabulary));
                }

                yield return [.. next];
                if (next.All(stop.Contains))
                {
                    break;
                }

                last = next;
                given = cache is not null ? next : [.. seen.Zip(next).SelectMany((p, row) => seen[row] = [.. p.First, p.Second])];
            }
        }
        finally
        {
            Volatile.Write(ref isBusy, 0);
        }
    }

    /// <summary>Feeds tokens, of each sequence as many, and computes the logits of what follows the last.</summary>
    private void Run(long[] tokens, float[] logits, CancellationToken cancellation = default)
    {
        int count = tokens.Length / Batch;
        Argument given = new ReadOnlyMemory<long>(tokens);
        if (cache is null)
        {
            prompts.Run([given], [logits], cancellation);
            return;
        }

        (count == 1 ? steps! : prompts).Run([given, cache.Next(count)], [logits], cancellation);
        cache.Advance(count);
    }

    /// <summary>The logits of what follows the last token, for so many tokens of each sequence.</summary>
    private (CompiledGraph Graph, int Vocabulary) Compiled(Layer net, Dim count, CompileOptions? options)
    {
        Input<long> tokens = Ops.Input<long>("tokens", [Batch, count]);
        (Node last, IReadOnlyList<Update> updates) = net.Defined(() => (Ops.Select(LogitsOf(net, tokens), 1, -1), Pass.Current!.Updates), cache, nameof(TextGenerator));
        return (Compiler.Compile(cache is null ? [tokens] : [tokens, cache.Seen], [last], updates, options), checked((int)last.Shape[1].Constant!));
    }

    /// <summary>Refuses a model that has no place for the last token, such as one of a table of places.</summary>
    private void RequirePlaces(Layer net)
    {
        try
        {
            // The token alone, at the last place: there is nothing to compute of those before it.
            steps!.Run([new ReadOnlyMemory<long>(new long[Batch]), new ReadOnlyMemory<long>([Capacity - 1])], [new float[Batch * vocabulary]]);
        }
        catch (ExecutionException e)
        {
            throw new ArgumentException($"{net} cannot be given as many tokens as the capacity, {Capacity}: {e.Message}", e);
        }

        cache!.Clear();
    }

    /// <summary>Refuses a model that looks at earlier tokens by other means than the cache: the last ones are fed one by one, those before them in one call.</summary>
    private void RequireSame(Layer net)
    {
        int count = Math.Min(Capacity, MostTried);
        if (count == 1)
        {
            return;
        }

        long[][] places = [.. Enumerable.Range(0, count).Select(t => Enumerable.Range(0, Batch).Select(row => (((row + 1L) * 7919) + (t * 104_729L)) % vocabulary).ToArray())];
        long[] All(int tokens) => [.. Enumerable.Range(0, Batch).SelectMany(row => places.Take(tokens).Select(p => p[row]))];
        float[] whole = new float[Batch * vocabulary];
        float[] stepwise = new float[Batch * vocabulary];
        Run(All(count), whole);
        cache!.Clear();
        int together = Math.Max(0, count - TriedAlone);
        if (together > 0)
        {
            Run(All(together), stepwise);
        }

        foreach (long[] tokens in places.Skip(together))
        {
            Run(tokens, stepwise);
        }

        cache.Clear();
        if (whole.Any(float.IsNaN))
        {
            throw new InvalidOperationException($"{net} gives NaN for tokens, so that it cannot be tried whether it gives the same one by one. Load its parameters first, or generate without a cache, 'isCached: false'.");
        }

        // What a model forbids is −∞ either way.
        float scale = whole.Where(float.IsFinite).Select(MathF.Abs).DefaultIfEmpty().Max();
        float difference = whole.Zip(stepwise, (a, b) => a == b ? 0 : float.IsFinite(a - b) ? MathF.Abs(a - b) : float.PositiveInfinity).Max();
        if (difference > 1e-3f * scale)
        {
            throw new InvalidOperationException(
                $"{net} gives other logits when it is given tokens one by one than for the whole sequence (by {difference} of {scale}): some layer looks at earlier tokens, or takes their places, by other means than the cache. Places come from Pass.Positions, and causal attention and recurrent layers remember what was before; or generate without a cache, 'isCached: false'.");
        }
    }

    private void RequirePrompt(IReadOnlyList<long>? prompt, int row, int length, int most)
    {
        if (prompt is null)
        {
            throw new ArgumentNullException(nameof(prompt), $"Prompt {row} of the batch is null.");
        }

        if (prompt.Count == 0)
        {
            throw new ArgumentException("A prompt has at least one token, such as the one that begins a text.", nameof(prompt));
        }

        if (prompt.Count != length)
        {
            throw new ArgumentException($"The prompts of a batch have one length; prompt 0 has {length} tokens, and prompt {row} has {prompt.Count}.", nameof(prompt));
        }

        if (prompt.Count > Capacity || most > Capacity - prompt.Count)
        {
            throw new ArgumentException($"A prompt of {prompt.Count} tokens and {most} more are above the capacity of {Capacity}.", nameof(prompt));
        }

        foreach ((int place, long token) in prompt.Index())
        {
            if (token < 0 || token >= vocabulary)
            {
                throw new ArgumentException($"Token {token} at place {place} of the prompt is none of the model's, which are 0 to {vocabulary - 1}.", nameof(prompt));
            }
        }
    }
}

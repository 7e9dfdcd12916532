using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Generation;

/// <summary>Sequences of tokens that models go on with.</summary>
internal sealed class TextGeneratorTests
{
    private static readonly long[] Prompt = [1, 5, 2];

    private static IEnumerable<TestCaseData> Nets() => new Layer[] { new Models.Gpt(), new Models.Llama(), new Models.Mixed() }.Select(n => new TestCaseData(n).SetArgDisplayNames(n.GetType().Name));

    [TestCaseSource(nameof(Nets))]
    public void Tokens_are_the_same_with_and_without_a_cache(Layer net)
    {
        using var cached = new TextGenerator(net, capacity: 20, batch: 2);
        using var whole = new TextGenerator(net, capacity: 20, batch: 2, isCached: false);
        Assert.That((cached.IsCached, whole.IsCached, cached.Capacity, cached.Batch), Is.EqualTo((true, false, 20, 2)));
        long[][] prompts = [Prompt, [7, 0, 9]];
        foreach (Func<Sampling> sampling in (Func<Sampling>[])[() => Sampling.Greedy, () => new Sampling(new Generator(3)) { Temperature = 0.8, TopK = 6, TopP = 0.95 }])
        {
            long[][] found = [.. cached.GenerateBatch(prompts, 17, sampling())];
            Assert.That(found, Is.EqualTo(whole.GenerateBatch(prompts, 17, sampling()).ToArray()));
            Assert.That(found, Has.Length.EqualTo(17));
            Assert.That(cached.GenerateBatch(prompts, 17, sampling()).ToArray(), Is.EqualTo(found), "once more");
        }

        foreach (TextGenerator generator in (TextGenerator[])[cached, whole])
        {
            IEnumerable<long[]> tokens = generator.GenerateBatch(prompts, 17);
            long[][] first = [.. tokens];
            Assert.That(tokens, Is.EqualTo(first), "enumerated twice");
        }
    }

    [TestCaseSource(nameof(Nets))]
    public void Logits_are_the_same_in_pieces_of_any_length(Layer net)
    {
        var cache = new DecodingCache(batch: 1, capacity: 8);
        Input<long> tokens = Input<long>("tokens", [1, "T"]);
        using CompiledGraph whole = net.Compile([tokens], () => net.Forward(tokens));
        CompiledGraph piece;
        using (Pass pass = Pass.Inference(cache))
        {
            Assert.That(pass.Cache, Is.SameAs(cache));
            piece = Compiler.Compile([tokens, cache.Seen], [net.Forward(tokens)], pass.Updates);
        }

        using (piece)
        {
            long[] all = [3, 1, 4, 1, 5, 9, 2, 6];
            float[] expected = whole.Run(Row(all)).GetArray<float>();
            int[][] pieces = [[8], [1, 1, 1, 1, 1, 1, 1, 1], [3, 1, 4], [2, 5, 1]];
            foreach (int[] lengths in pieces)
            {
                cache.Clear();
                List<float> found = [];
                foreach (int length in lengths)
                {
                    found.AddRange(piece.Run(Row(all[cache.Count..(cache.Count + length)]), cache.Next(length)).GetArray<float>());
                    cache.Advance(length);
                }

                Assert.That(found, Is.EqualTo(expected).Within(1e-4f));
            }

            Assert.That((cache.Count, cache.Capacity, cache.Batch, cache.IsUnused), Is.EqualTo((8, 8, 1, false)));
            Assert.That(() => cache.Next(1), Throws.InvalidOperationException.With.Message.Contains("holds 8 of at most 8 tokens"));
            Assert.That(() => cache.Advance(1), Throws.InvalidOperationException);
        }

        static long[,] Row(long[] tokens)
        {
            long[,] row = new long[1, tokens.Length];
            for (int i = 0; i < tokens.Length; i++)
            {
                row[0, i] = tokens[i];
            }

            return row;
        }
    }

    [Test]
    public void A_token_that_is_forbidden_is_not_made()
    {
        using var cached = new TextGenerator(new Models.Adding(new Models.Gpt(), float.NegativeInfinity), capacity: 32);
        long[] found = [.. cached.Generate(Prompt, 29, new Sampling(new Generator(2)) { Temperature = 5 })];
        Assert.That((cached.IsCached, found), Is.EqualTo((true, found.Where(t => t != 0).ToArray())));
    }

    [Test]
    public void A_model_without_memory_needs_no_cache()
    {
        using var generator = new TextGenerator(new Models.Counting(), capacity: 30);
        Assert.That(generator.IsCached, Is.False);
        Assert.That(generator.Generate(Prompt, 5), Is.EqualTo((long[])[3, 4, 5, 6, 7]));
        Assert.That(generator.Generate(Prompt, 20, stop: [5, 6]), Is.EqualTo((long[])[3, 4, 5]));
        Assert.That(generator.Generate(Prompt, 0), Is.Empty);
        using var two = new TextGenerator(new Models.Counting(), capacity: 30, batch: 2);
        Assert.That(two.GenerateBatch([[1], [3]], 20, stop: [4]), Is.EqualTo((long[][])[[2, 4], [3, 4], [4, 4]]));
    }

    [Test]
    public async Task Tokens_come_as_a_stream_that_ends_when_it_is_told_to()
    {
        using var generator = new TextGenerator(new Models.Counting(), capacity: 30);
        List<long> tokens = [];
        await foreach (long token in generator.GenerateAsync(Prompt, 4))
        {
            tokens.Add(token);
        }

        Assert.That(tokens, Is.EqualTo((long[])[3, 4, 5, 6]));
        using var cancellation = new CancellationTokenSource();
        Assert.That(
            async () =>
            {
                await foreach (long token in generator.GenerateAsync(Prompt, 20, cancellation: cancellation.Token))
                {
                    await cancellation.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>());
        using IEnumerator<long> first = generator.Generate(Prompt, 20).GetEnumerator();
        Assert.That(first.MoveNext(), Is.True);
        Assert.That(() => generator.Generate(Prompt, 20).First(), Throws.InvalidOperationException.With.Message.Contains("one at a time"));
        first.Dispose();
        Assert.That(generator.Generate(Prompt, 20).First(), Is.EqualTo(3));
    }

    [Test]
    public void What_is_asked_for_in_vain_is_refused()
    {
        using var generator = new TextGenerator(new Models.Counting(), capacity: 6);
        Assert.That(() => generator.Generate([], 1), Throws.ArgumentException.With.Message.Contains("A prompt has at least one token"));
        Assert.That(() => generator.Generate([1, 2, 3, 4, 5, 6, 7], 0), Throws.ArgumentException.With.Message.Contains("A prompt of 7 tokens and 0 more are above the capacity of 6"));
        Assert.That(() => generator.Generate(Prompt, 4), Throws.ArgumentException.With.Message.Contains("A prompt of 3 tokens and 4 more are above the capacity of 6"));
        Assert.That(() => generator.Generate([1, 11], 1), Throws.ArgumentException.With.Message.Contains("Token 11 at place 1 of the prompt is none of the model's, which are 0 to 10"));
        Assert.That(() => generator.Generate([-1], 1), Throws.ArgumentException);
        Assert.That(() => generator.Generate([1], -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => generator.GenerateBatch([[1], [2]], 1), Throws.InvalidOperationException.With.Message.Contains("makes 1 sequences at once, and was given 2"));
        using var two = new TextGenerator(new Models.Counting(), capacity: 6, batch: 2);
        Assert.That(() => two.GenerateBatch([[1], [2, 3]], 1), Throws.ArgumentException.With.Message.Contains("prompt 0 has 1 tokens, and prompt 1 has 2"));
        Assert.That(() => two.GenerateBatch([null!, [2]], 1), Throws.ArgumentNullException.With.Message.Contains("Prompt 0 of the batch is null"));
        Assert.That(() => two.GenerateBatch([[2], null!], 1), Throws.ArgumentNullException.With.Message.Contains("Prompt 1 of the batch is null"));
    }

    [Test]
    public void Models_that_cannot_generate_are_refused()
    {
        Assert.That(() => new TextGenerator(new Embedding(5, 3, new Generator(1)), 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new TextGenerator(Activation.Of("First", x => Cast(x, DType.Float32)), 4), Throws.TypeOf<ShapeException>().With.Message.Contains("maps tokens [N, T] to logits [N, T, tokens]").And.Message.Contains("it maps [1, tokens] to [1, tokens]"));
        Assert.That(() => new TextGenerator(Activation.Of("Whole", x => OneHot(x, 3)), 4), Throws.TypeOf<DTypeException>().With.Message.Contains("gives logits of Float32"));
        Assert.That(() => new TextGenerator(new Models.Peeking(), 4), Throws.TypeOf<GraphException>().With.Message.StartsWith("'attention' (MultiHeadAttention(8, 2 heads)): goes on from a cache").And.Message.Contains("set Causal"));
        Assert.That(() => new TextGenerator(new Models.Summing(), 4), Throws.InvalidOperationException.With.Message.Contains("gives other logits when it is given tokens one by one"));
        foreach (Layer net in (Layer[])[new Models.Adding(new Models.Summing(), float.NegativeInfinity), new Models.LookingBack(5)])
        {
            Assert.That(() => new TextGenerator(net, 8), Throws.InvalidOperationException.With.Message.Contains("gives other logits when it is given tokens one by one"));
        }

        Assert.That(() => new TextGenerator(new Models.Adding(new Models.Summing(), float.NaN), 8), Throws.InvalidOperationException.With.Message.Contains("gives NaN"));
        Assert.That(() => new TextGenerator(new Models.Gpt(), 33), Throws.ArgumentException.With.Message.Contains("Gpt cannot be given as many tokens as the capacity, 33: ").And.Message.Contains("'places.weight'"));
        using (Pass.Inference())
        {
            Assert.That(() => new TextGenerator(new Models.Counting(), 4), Throws.InvalidOperationException.With.Message.Contains("is still open"));
        }

        using var whole = new TextGenerator(new Models.Summing(), 4, isCached: false);
        Assert.That(whole.Generate([1], 3).Count(), Is.EqualTo(3));
    }

    [Test]
    public void Layers_that_cannot_go_on_from_a_cache_say_so()
    {
        var random = new Generator(1);
        var cache = new DecodingCache(2, 4);
        Node x = Input("x", [2, 1, 4]);
        Node mask = Input<bool>("mask", [1, 1]);
        using var pass = Pass.Inference(cache);
        Assert.That(() => new Gru(4, 3, random, bidirectional: true) { BatchFirst = true }.Forward(x), Throws.TypeOf<GraphException>().With.Message.Contains("not bidirectional"));
        Assert.That(() => new Gru(4, 3, random) { BatchFirst = true }.ForwardWithState(x, lengths: Input<long>("lengths", [2])), Throws.TypeOf<GraphException>().With.Message.Contains("takes no lengths"));
        Assert.That(() => new Gru(4, 3, random).Forward(x), Throws.TypeOf<ShapeException>().With.Message.Contains("a cache for a batch of 2, and was given a batch of 1"));
        Assert.That(() => new Gru(4, 3, random).Forward(Input("x", [1, 4])), Throws.TypeOf<ShapeException>().With.Message.Contains("which is no batch"));
        Assert.That(() => new GroupedQueryAttention(4, 2, 1, random) { Causal = true }.Forward(x, mask), Throws.TypeOf<GraphException>().With.Message.Contains("give no masks"));
        Assert.That(() => new MultiHeadAttention(4, 2, random) { Causal = true }.Forward(Input("x", [1, 4])), Throws.TypeOf<ShapeException>().With.Message.Contains("which is no batch"));

        // What looks at something else than itself remembers nothing, nor does what is given a state.
        Node memory = Input("memory", [2, 5, 4]);
        Assert.That(new MultiHeadAttention(4, 2, random) { BatchFirst = true }.Forward(x, memory, memory).Shape, Is.EqualTo(x.Shape));
        Assert.That(new Gru(4, 4, random) { BatchFirst = true }.ForwardWithState(x, Input("h", [1, 2, 4])).Outputs.Shape, Is.EqualTo(x.Shape));
        Assert.That((cache.IsUnused, pass.Updates.Count), Is.EqualTo((true, 0)));
        Assert.That(() => new DecodingCache(0, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new DecodingCache(1, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_capacity_takes_memory_where_something_is_kept_for_each_token()
    {
        var random = new Generator(1);
        var cache = new DecodingCache(1, int.MaxValue);
        Assert.That((cache.Capacity, cache.Next(3).ToArray()), Is.EqualTo((int.MaxValue, (long[])[0, 1, 2])));
        cache.Advance(3);
        Assert.That(cache.Next(4).ToArray(), Is.EqualTo((long[])[0, 1, 2, 3, 4, 5, 6]));
        Node x = Input("x", [1, 1, 4]);
        using var pass = Pass.Inference(cache);
        Assert.That(new Gru(4, 4, random) { BatchFirst = true }.Forward(x).Shape, Is.EqualTo(x.Shape));
        Assert.That(
            () => new MultiHeadAttention(4, 2, random) { BatchFirst = true, Causal = true }.Forward(x),
            Throws.TypeOf<SizeException>().With.Message.StartsWith("MultiHeadAttention(4, 2 heads): would keep float32[1, 2147483647, 4] in a cache for a batch of 1 and a capacity of 2147483647 tokens").And.Message.Contains("give a smaller capacity"));
    }
}

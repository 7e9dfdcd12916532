using System.Net;
using Microsoft.AspNetCore.Builder;
using Server;

namespace GraphCompiler.Learning.Tests.SamplePrograms;

/// <summary>The sample that serves a model, with a model that counts: what is answered, together and to whom, and what is refused.</summary>
public sealed class ServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [TestCase(8, new[] { 1, 5 })]
    [TestCase(3, new[] { 1, 3, 2 })]
    [TestCase(1, new[] { 1, 1, 1, 1, 1, 1 })]
    public async Task What_waits_is_answered_together(int most, int[] expected)
    {
        using var model = new Doubling(isHeld: true);
        await using var batcher = new Batcher(model.Run, row: 2, answer: 2, most, queue: 10);
        Task<float[]> first = Ask(batcher, 0);
        model.WaitForRun();
        Task<float[]>[] others = [.. Enumerable.Range(1, 5).Select(i => Ask(batcher, i))];
        model.Release();

        Assert.That(await first.WaitAsync(Patience), Is.EqualTo((float[])[0, 1]));
        for (int i = 0; i < others.Length; i++)
        {
            Assert.That(await others[i].WaitAsync(Patience), Is.EqualTo((float[])[2 * (i + 1), 2 * (i + 1) + 1]));
        }

        Assert.That(model.Rows, Is.EqualTo(expected));
        Assert.That((batcher.Runs, batcher.Answered), Is.EqualTo((expected.Length, 6)));
    }

    [Test]
    public async Task A_queue_that_is_full_takes_nothing()
    {
        using var model = new Doubling(isHeld: true);
        await using var batcher = new Batcher(model.Run, row: 2, answer: 2, most: 8, queue: 2);
        List<Task<float[]>> taken = [Ask(batcher, 0)];
        model.WaitForRun();
        taken.AddRange(Ask(batcher, 1), Ask(batcher, 2));
        Assert.That(batcher.TryAsk([3, 3], CancellationToken.None, out _), Is.False);
        model.Release();
        await Task.WhenAll(taken).WaitAsync(Patience);
        Assert.That(await Ask(batcher, 4).WaitAsync(Patience), Is.EqualTo((float[])[8, 9]));
    }

    [Test]
    public async Task Who_leaves_is_not_waited_for()
    {
        using var model = new Doubling(isHeld: true);
        await using var batcher = new Batcher(model.Run, row: 2, answer: 2, most: 8, queue: 10);
        Task<float[]> first = Ask(batcher, 0);
        model.WaitForRun();
        using var leaving = new CancellationTokenSource();
        Assert.That(batcher.TryAsk([1, 1], leaving.Token, out Task<float[]> left), Is.True);
        Task<float[]> staying = Ask(batcher, 2);
        await leaving.CancelAsync();
        Assert.That(async () => await left, Throws.InstanceOf<OperationCanceledException>());
        model.Release();
        Assert.That(await staying.WaitAsync(Patience), Is.EqualTo((float[])[4, 5]));
        await first;
        Assert.That(model.Rows, Is.EqualTo((int[])[1, 1]));
    }

    [Test]
    public async Task A_run_that_fails_is_heard_of_and_the_next_is_another()
    {
        using var model = new Doubling();
        await using var batcher = new Batcher(model.Run, row: 2, answer: 2, most: 8, queue: 10);
        Assert.That(async () => await Ask(batcher, float.NaN).WaitAsync(Patience), Throws.InvalidOperationException.With.Message.EqualTo("not a number"));
        Assert.That(await Ask(batcher, 3).WaitAsync(Patience), Is.EqualTo((float[])[6, 7]));
    }

    [Test]
    public async Task What_waits_is_answered_before_the_end()
    {
        using var model = new Doubling(isHeld: true);
        var batcher = new Batcher(model.Run, row: 2, answer: 2, most: 1, queue: 10);
        Task<float[]>[] asked = [.. Enumerable.Range(0, 4).Select(i => Ask(batcher, i))];
        ValueTask ended = batcher.DisposeAsync();
        Assert.That(batcher.TryAsk([1, 1], CancellationToken.None, out _), Is.False);
        model.Release();
        await ended;
        Assert.That(asked.Select(a => a.Result[0]), Is.EqualTo((float[])[0, 2, 4, 6]));
    }

    [TestCase(1)]
    [TestCase(64)]
    public async Task Each_gets_its_own_answer(int most)
    {
        await using WebApplication app = await Started(Sums, new ServerOptions(Most: most, IsQuiet: true));
        using var client = new Client(new Uri(app.Urls.Single()));
        float[][] images = [.. Enumerable.Range(0, 30).Select(i => Enumerable.Repeat(i / 4f, Image.Size).ToArray())];
        Load load = await client.Ask(images, (i, chances) => chances[3] == images[i].Sum() + 3, requests: 200, concurrency: 16);
        Assert.That((load.Requests, load.Wrong), Is.EqualTo((200, 0)));
        Assert.That(load.Rate, Is.Positive);
        Assert.That(load.P99, Is.GreaterThanOrEqualTo(load.P50));
        Assert.That((await client.Ask(images, (i, _) => i != 7, requests: 30, concurrency: 2)).Wrong, Is.EqualTo(1));
    }

    [Test]
    public async Task Bad_requests_are_told_what_is_wrong()
    {
        await using WebApplication app = await Started(Sums, new ServerOptions(IsQuiet: true));
        using var client = new Client(new Uri(app.Urls.Single()));
        (string Body, int Status, string Text)[] cases =
        [
            (Pixels("1", "2"), 400, "\"pixels\":[\"has 2 numbers, and an image 64\"]"),
            (Pixels([.. Enumerable.Repeat("1", 63), "17"]), 400, "\"pixels[63]\":[\"is 17, and a pixel from 0 to 16\"]"),
            (Pixels(["1", "-0.5", .. Enumerable.Repeat("1", 62)]), 400, "\"pixels[1]\":[\"is -0.5, and a pixel from 0 to 16\"]"),
            (Pixels(["\"NaN\"", .. Enumerable.Repeat("1", 63)]), 400, "\"pixels[0]\":[\"is NaN, and a pixel from 0 to 16\"]"),
            (Pixels([.. Enumerable.Repeat("1", 63), "1e99"]), 400, "\"pixels[63]\":[\"is Infinity, and a pixel from 0 to 16\"]"),
            (Pixels("1", "true"), 400, "\"pixels[1]\":[\"is not what is asked for"),
            (Pixels("1", "NaN"), 400, "\"pixels[1]\":[\"is not what is asked for"),
            ("{\"pixels\": null}", 400, "\"pixels\":[\"is missing; it has 64 numbers\"]"),
            ("null", 400, "is missing; it has 64 numbers"),
            ("[1]", 400, "\"body\":[\"is not what is asked for"),
            (string.Empty, 400, "\"body\":[\"is not what is asked for"),
            (new string(' ', DigitServer.LongestBody + 1), 413, "4096 bytes"),
        ];
        foreach ((string body, int status, string text) in cases)
        {
            (int answered, string answer) = await client.Send(body);
            Assert.That(answered, Is.EqualTo(status), body);
            Assert.That(answer, Does.Contain(text), body);
        }

        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using var plain = new StringContent("1 2 3");
        using HttpResponseMessage response = await http.PostAsync(new Uri("digits", UriKind.Relative), plain);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
        Assert.That(await http.GetStringAsync(new Uri("health", UriKind.Relative)), Is.EqualTo("Healthy"));
        Assert.That((await client.Send(Zeros)).Text, Is.EqualTo("{\"digit\":9,\"chances\":[0,1,2,3,4,5,6,7,8,9]}"));
    }

    [Test]
    public async Task A_model_without_sense_is_not_healthy()
    {
        await using WebApplication app = await Started((_, answers) => answers.Span.Fill(float.NaN), new ServerOptions(IsQuiet: true));
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        using HttpResponseMessage response = await http.GetAsync(new Uri("health", UriKind.Relative));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
    }

    [Test]
    public async Task A_busy_server_sends_away_who_is_too_many_and_answers_the_others_before_it_stops()
    {
        using var model = new Doubling(isHeld: true, Image.Size, Reading.Classes);
        await using WebApplication app = await Started(model.Run, new ServerOptions(Queue: 1, IsQuiet: true));
        using var client = new Client(new Uri(app.Urls.Single()));
        var running = client.Send(Zeros);
        model.WaitForRun();

        // One of these waits, and the others are sent away.
        Task<(int Status, string Text)>[] more = [.. Enumerable.Range(0, 3).Select(_ => client.Send(Zeros))];
        foreach (int _ in (int[])[0, 1])
        {
            Task<(int Status, string Text)> away = await Task.WhenAny(more).WaitAsync(Patience);
            Assert.That((await away).Status, Is.EqualTo(503));
            Assert.That((await away).Text, Does.Contain("Too many requests wait"));
            more = [.. more.Where(t => t != away)];
        }

        Task stopped = app.StopAsync();
        model.Release();
        await stopped.WaitAsync(Patience);
        Assert.That((await running).Status, Is.EqualTo(200));
        Assert.That((await more.Single()).Status, Is.EqualTo(200));
    }

    private static string Zeros => Pixels([.. Enumerable.Repeat("0", Image.Size)]);

    private static string Pixels(params string[] numbers) => "{\"pixels\": [" + string.Join(", ", numbers) + "]}";

    private static Task<float[]> Ask(Batcher batcher, float value)
    {
        Assert.That(batcher.TryAsk([value, value], CancellationToken.None, out Task<float[]> answer), Is.True);
        return answer;
    }

    private static async Task<WebApplication> Started(Action<ReadOnlyMemory<float>, Memory<float>> read, ServerOptions options)
    {
        WebApplication app = DigitServer.Create(read, options);
        await app.StartAsync();
        return app;
    }

    // Chance i of an image is the sum of its pixels, and i.
    private static void Sums(ReadOnlyMemory<float> pixels, Memory<float> answers)
    {
        for (int i = 0; i < answers.Length; i++)
        {
            float sum = 0;
            foreach (float pixel in pixels.Span.Slice(i / Reading.Classes * Image.Size, Image.Size))
            {
                sum += pixel;
            }

            answers.Span[i] = sum + (i % Reading.Classes);
        }
    }

    /// <summary>A model whose answer to a row that begins with x is 2x, 2x + 1, …; it may be held, and counts the rows of its runs.</summary>
    private sealed class Doubling(bool isHeld = false, int row = 2, int answer = 2) : IDisposable
    {
        private readonly ManualResetEventSlim entered = new();
        private readonly ManualResetEventSlim released = new(!isHeld);
        private readonly List<int> rows = [];

        public IReadOnlyList<int> Rows => rows;

        public void Run(ReadOnlyMemory<float> given, Memory<float> answers)
        {
            entered.Set();
            Assert.That(released.Wait(Patience), Is.True);
            rows.Add(given.Length / row);
            for (int i = 0; i < answers.Length; i++)
            {
                float x = given.Span[i / answer * row];
                answers.Span[i] = float.IsNaN(x) ? throw new InvalidOperationException("not a number") : (2 * x) + (i % answer);
            }
        }

        public void WaitForRun() => Assert.That(entered.Wait(Patience), Is.True);

        public void Release() => released.Set();

        public void Dispose()
        {
            released.Set();
            entered.Dispose();
            released.Dispose();
        }
    }
}

using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Server;

/// <summary>What a client saw.</summary>
/// <param name="Requests">How many requests it sent.</param>
/// <param name="Wrong">How many answers were not the right ones.</param>
/// <param name="Rate">Requests a second.</param>
/// <param name="P50">Half of the answers took less, in milliseconds.</param>
/// <param name="P99">All but a hundredth took less.</param>
internal sealed record Load(int Requests, int Wrong, double Rate, double P50, double P99);

/// <summary>A client that asks as fast as it is answered.</summary>
internal sealed class Client(Uri server) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = server };

    /// <summary>Sends requests, so many at a time, and compares each answer.</summary>
    /// <param name="images">What is asked, one after the other, and anew.</param>
    /// <param name="isRight">Whether chances are those of the image of a number.</param>
    /// <param name="requests">How many.</param>
    /// <param name="concurrency">How many wait for their answers at a time.</param>
    public async Task<Load> Ask(IReadOnlyList<float[]> images, Func<int, float[], bool> isRight, int requests, int concurrency)
    {
        byte[][] bodies = [.. images.Select(pixels => JsonSerializer.SerializeToUtf8Bytes(new Image(pixels), JsonSerializerOptions.Web))];
        var took = new double[requests];
        int next = -1;
        int wrong = 0;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(async () =>
        {
            for (int i = Interlocked.Increment(ref next); i < requests; i = Interlocked.Increment(ref next))
            {
                long asked = Stopwatch.GetTimestamp();
                Reading? reading = await Read(bodies[i % bodies.Length]);
                took[i] = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
                if (reading is null || !isRight(i % bodies.Length, reading.Chances))
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Array.Sort(took);
        return new Load(requests, wrong, requests / seconds, took[requests / 2], took[requests * 99 / 100]);
    }

    /// <summary>Sends a body as JSON, and gives the answer as it is.</summary>
    public async Task<(int Status, string Text)> Send(string body, CancellationToken cancellation = default)
    {
        using HttpResponseMessage response = await Post(System.Text.Encoding.UTF8.GetBytes(body), cancellation);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellation));
    }

    public void Dispose() => http.Dispose();

    private async Task<Reading?> Read(byte[] body)
    {
        using HttpResponseMessage response = await Post(body, CancellationToken.None);
        return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<Reading>() : null;
    }

    private async Task<HttpResponseMessage> Post(byte[] body, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return await http.PostAsync(new Uri("digits", UriKind.Relative), content, cancellation);
    }
}

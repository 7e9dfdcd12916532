using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Server;

/// <summary>A server and its client in one process: what comes of requests one by one and together, and of bad ones.</summary>
internal static class Measurement
{
    /// <summary>How often the model sees the images: enough to read most of the others.</summary>
    public const int Epochs = 2;

    private const double LeastAccuracy = 0.85;

    /// <summary>0 if all answers were right.</summary>
    public static async Task<int> Run(string path, bool isQuick)
    {
        long start = Stopwatch.GetTimestamp();
        var digits = DigitRows.Load();
        double accuracy = await DigitReader.Train(digits, Epochs, path);
        using var reader = new DigitReader(path);
        Console.WriteLine($"trained, saved and loaded in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s; reads {accuracy:0.0%} of {digits.Images.Count} other images right");

        // An image has the same chances by itself and among others, but for sums that may be in another order there, as the machine has it.
        float[][] right = [.. digits.Images.Select(image => DigitServer.Alone(reader.Read, image))];
        bool IsRight(int image, float[] chances) => chances.Length == right[image].Length && chances.Zip(right[image]).All(c => Math.Abs(c.First - c.Second) <= 1e-5f);

        int requests = isQuick ? 300 : 5000;
        Console.WriteLine("at a time  answered    requests/s  p50 ms  p99 ms  requests a run");
        List<Load> alone = [];
        List<Load> together = [];
        foreach (int concurrency in isQuick ? (int[])[1, 32] : [1, 4, 16, 64, 128])
        {
            alone.Add(await Measure(new ServerOptions(Most: 1, IsQuiet: true), "one by one"));
            together.Add(await Measure(new ServerOptions(IsQuiet: true), "together"));

            async Task<Load> Measure(ServerOptions options, string name)
            {
                await using WebApplication app = DigitServer.Create(reader.Read, options);
                await app.StartAsync();
                using var client = new Client(new Uri(app.Urls.Single()));
                await client.Ask(digits.Images, IsRight, requests / 5, concurrency);       // connections, and code that is compiled when it is hot
                Load load = await client.Ask(digits.Images, IsRight, requests, concurrency);
                var batcher = app.Services.GetRequiredService<Batcher>();
                await app.StopAsync();
                string size = options.Most == 1 ? string.Empty : $"{(double)batcher.Answered / batcher.Runs:0.0}";
                Console.WriteLine($"{concurrency,9}  {name,-10}  {load.Rate,10:0}  {load.P50,6:0.00}  {load.P99,6:0.00}  {size,14}");
                return load;
            }
        }

        bool isRefused = await IsBadInputRefused(reader);
        Console.WriteLine($"bad requests refused, and good ones answered beside them: {(isRefused ? "yes" : "no")}");
        Console.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s in all");
        int wrong = alone.Concat(together).Sum(l => l.Wrong);
        (Load single, Load batched) = (alone.MaxBy(l => l.Rate)!, together.MaxBy(l => l.Rate)!);
        Console.WriteLine($"server: {alone.Concat(together).Sum(l => l.Requests)} requests, {(wrong == 0 ? "all answers right" : $"{wrong} ANSWERS WRONG")}; "
            + $"{single.Rate:0} requests/s, p99 {single.P99:0.0} ms; together {batched.Rate:0} requests/s, p99 {batched.P99:0.0} ms");
        return wrong == 0 && isRefused && accuracy >= LeastAccuracy ? 0 : 1;
    }

    private static async Task<bool> IsBadInputRefused(DigitReader reader)
    {
        await using WebApplication app = DigitServer.Create(reader.Read, new ServerOptions(IsQuiet: true));
        await app.StartAsync();
        using var client = new Client(new Uri(app.Urls.Single()));
        bool isRefused = true;
        foreach ((string body, int status) in ((string, int)[])
            [("{\"pixels\": [1, 2, 3]}", 400), ("{\"pixels\": [\"NaN\"]}", 400), ("{}", 400), ("nonsense", 400), (new string(' ', DigitServer.LongestBody + 1), 413)])
        {
            (int answered, string text) = await client.Send(body);
            JsonElement problem = JsonElement.Parse(text);
            Console.WriteLine($"  {(body.Length > 30 ? $"{body.Length} bytes" : body)}: {answered} {(problem.TryGetProperty("errors", out JsonElement errors) ? errors : problem.GetProperty("detail"))}");
            isRefused &= answered == status;
        }

        string image = "{\"pixels\": [" + string.Join(", ", Enumerable.Repeat("0", Image.Size)) + "]}";
        isRefused &= (await client.Send(image)).Status == 200;
        await app.StopAsync();
        return isRefused;
    }
}

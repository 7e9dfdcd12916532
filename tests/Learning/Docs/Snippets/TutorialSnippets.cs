using System.Globalization;
using System.Net.Http.Json;
using GraphCompiler.Learning;
using GraphCompiler.Learning.Data;
using GraphCompiler.Learning.Tests.Files;
using Microsoft.AspNetCore.Builder;
using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

/// <summary>The tutorial's two programs, from its first line to its last: one that trains and saves, and one that loads and serves.</summary>
internal sealed class TutorialSnippets
{
    [Test]
    public async Task The_tutorial_is_followed()
    {
        using var folder = new Scratch();
        await Train(folder);

        var served = new TaskCompletionSource<WebApplication>();
        Task serving = Task.Run(() => Serve(folder, served, ["--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "None"]));
        Assert.That(await Task.WhenAny(served.Task, serving), Is.SameAs(served.Task), () => $"{serving.Exception}");
        await using WebApplication app = await served.Task;
        var started = new TaskCompletionSource();
        app.Lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task;

        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var chances = (await http.GetFromJsonAsync<Dictionary<string, float>>(new Uri("?weight=120&length=18&red=0.1", UriKind.Relative)))!;
        Assert.That(chances.Keys, Is.EqualTo((string[])["apple", "banana", "pear"]));
        Assert.That(chances["banana"], Is.GreaterThan(0.99f));
        await app.StopAsync();
        await serving;
    }

    private static async Task Train(Scratch folder)
    {
        // snippet: tutorial-data
        string file = "fruit.csv";
        string[] kinds = ["apple", "banana", "pear"];
        var random = new Generator(seed: 1);                            // where chance comes from: the same seed, the same numbers
        var lines = new List<string> { "weight,length,red,kind" };      // grams, centimetres, from 0 for green and yellow to 1 for red
        // aside
        file = folder["fruit.csv"];
        // back
        for (int i = 0; i < 900; i++)
        {
            (double weight, double length, double red) = (i % 3) switch
            {
                0 => (170 + (30 * random.NextNormal()), 7.5 + (0.8 * random.NextNormal()), 0.7 + (0.2 * random.NextNormal())),
                1 => (120 + (20 * random.NextNormal()), 18 + (2 * random.NextNormal()), 0.1 + (0.05 * random.NextNormal())),
                _ => (180 + (30 * random.NextNormal()), 9.5 + (1 * random.NextNormal()), 0.3 + (0.2 * random.NextNormal())),
            };
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{weight:0},{length:0.0},{red:0.00},{kinds[i % 3]}"));
        }

        File.WriteAllLines(file, lines);

        // end
        // snippet: tutorial-rows
        CsvTable table = Csv.Read(file, "weight", "length", "red", CsvColumn.Text("kind"));
        float[,] features = table.Matrix("weight", "length", "red");
        long[] labels = [.. table.Texts("kind").Select(kind => (long)Array.IndexOf(kinds, kind))];          // 0, 1 or 2
        (Rows train, Rows validation, Rows test) = Rows.Of(("x", features), ("y", labels)).Split(0.6, 0.2, 0.2, seed: 1);

        // end
        // snippet: tutorial-model
        var net = new Sequential(
            Standardizer.Of(train, "x"),                                // each column with mean 0 and deviation 1
            new Linear(3, 16, random),
            Activation.Relu,
            new Linear(16, 3, random));
        var x = Input("x", ["N", 3]);                                   // any number of fruit, three numbers each
        var y = Input<long>("y", ["N"]);                                // their kinds
        Objective Define()
        {
            var scores = net.Forward(x);                                // [N, 3]: the higher, the likelier
            return Objective.CrossEntropy(scores, y).With(Metric.Accuracy(scores, y));
        }

        // end
        // snippet: tutorial-training
        using var trainer = new Trainer(net, [x, y], Define, random) { Optimizers = [new AdamW(0.01)] };
        await foreach (Epoch epoch in trainer.Fit(train.Shuffle(seed: 1).Batch(32), validation.Batch(100), epochs: 20))
        {
            Console.WriteLine($"{epoch.Number}: loss {epoch.Loss:0.000}, of others {epoch.Validation}");
        }

        trainer.Best.Restore();                                         // as it was after its best epoch

        // end
        // snippet: tutorial-saving
        string model = "fruit.safetensors";
        Evaluation result = trainer.Evaluate(test.Batch(100));
        Console.WriteLine($"of fruit that it has never seen: {result}");
        // aside
        model = folder["fruit.safetensors"];
        // back
        net.Save(model);

        // end
        Assert.That(result["accuracy"], Is.GreaterThan(0.85));
    }

    private static void Serve(Scratch folder, TaskCompletionSource<WebApplication> served, string[] args)
    {
        // snippet: tutorial-serving
        string model = "../Fruit/fruit.safetensors";
        string[] kinds = ["apple", "banana", "pear"];
        var random = new Generator(seed: 1);
        var net = new Sequential(new Standardizer(3), new Linear(3, 16, random), Activation.Relu, new Linear(16, 3, random));
        // aside
        model = folder["fruit.safetensors"];
        // back
        net.Load(model);                                                // all weights, and the means and deviations
        var x = Input("x", ["N", 3]);
        var predict = net.Compile<Func<float[], float[]>>([x], () => Softmax(net.Forward(x)));

        var app = WebApplication.Create(args);
        app.MapGet("/", (float weight, float length, float red) =>
        {
            float[] chances = predict([weight, length, red]);           // requests may call it at the same time
            return kinds.Zip(chances).ToDictionary(pair => pair.First, pair => pair.Second);
        });
        // aside
        served.SetResult(app);
        // back
        app.Run();

        // end
    }
}

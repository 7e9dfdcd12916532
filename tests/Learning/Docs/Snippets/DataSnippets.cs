using GraphCompiler.Learning;
using GraphCompiler.Learning.Data;
using GraphCompiler.Learning.Tests.Data.Images;
using GraphCompiler.Learning.Tests.Files;
using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

internal sealed class DataSnippets
{
    // snippet: data-mixed-model
    private sealed class Rents(Standardizer areas, OneHotEncoder towns, Generator random) : Module
    {
        private readonly Linear linear = new(1 + towns.Count, 1, random);

        public Node Forward(Node area, Node town) => linear.Forward(Concat([areas.Forward(area), towns.Forward(town)], 1));
    }

    // end
    [Test]
    public void Numbers_beside_a_text_are_learned_from()
    {
        using var folder = new Scratch();
        string file = folder.Write("rents.csv", System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 80).Select(i => $"{30 + i},{(i % 3 == 0 ? "Bonn" : "Ulm")},{(10 * (30 + i)) + (i % 3 == 0 ? 200 : 0)}").Prepend("area,town,rent"))));
        string saved = folder["rents.safetensors"];

        // snippet: data-mixed
        CsvTable table = Csv.Read(file, "area", CsvColumn.Text("town"), "rent");
        OneHotEncoder towns = OneHotEncoder.Of(table.Texts("town"));
        Rows rows = Rows.Of(("area", table.Matrix("area")), ("town", towns.Encode(table.Texts("town"))), ("rent", table.Matrix("rent")));

        var random = new Generator(seed: 1);
        var net = new Rents(Standardizer.Of(rows, "area"), towns, random);
        var (area, town, rent) = (Input("area", ["N", 1]), Input<long>("town", ["N"]), Input("rent", ["N", 1]));
        Objective Define()
        {
            var prediction = net.Forward(area, town);
            return Objective.MeanSquaredError(prediction, rent).With(Metric.RootMeanSquaredError(prediction, rent), Metric.R2(prediction, rent));
        }

        using var trainer = new Trainer(net, [area, town, rent], Define, random) { Optimizers = [new Adam(0.1)] };      // columns go to inputs by their order
        foreach (StepReport step in trainer.Steps(rows.Shuffle(seed: 1).Batch(16), epochs: 100))
        {
        }

        net.Save(saved);
        var again = new Rents(new Standardizer(1), new OneHotEncoder(towns.Count, towns.Length), new Generator(seed: 2));
        again.Load(saved);                                                              // of the same sizes: two towns, whose longest name has four characters

        // end
        Evaluation before = trainer.Evaluate(rows.Batch(80));
        Assert.That(before["r2"], Is.GreaterThan(double.NegativeInfinity));
        Assert.That(again.NamedParameters().Select(p => p.Path), Is.EqualTo(net.NamedParameters().Select(p => p.Path)));
    }

    [Test]
    public async Task A_logistic_regression_is_learned_from_separated_values()
    {
        using var folder = new Scratch();
        string file = folder.Write("patients.csv", Patients());
        string saved = folder["recovery.safetensors"];

        // snippet: learning-csv
        CsvTable table = Csv.Read(file, "age", "dose", "recovered");                    // lines of numbers below names; recovered is 0 or 1
        (Rows train, Rows test) = Rows.Of(("x", table.Matrix("age", "dose")), ("y", table.Matrix("recovered"))).Split(0.8, 0.2, seed: 1);

        var random = new Generator(seed: 1);
        var net = new Sequential(Standardizer.Of(train, "x"), new Linear(2, 1, random));
        var (x, y) = (Input("x", ["N", 2]), Input("y", ["N", 1]));
        Objective Define()
        {
            var logits = net.Forward(x);
            return Objective.BinaryCrossEntropy(logits, y).With(Metric.BinaryAccuracy(logits, y));
        }

        using var trainer = new Trainer(net, [x, y], Define, random) { Optimizers = [new Adam(0.05)] };
        await foreach (Epoch epoch in trainer.Fit(train.Shuffle(seed: 1).Batch(32), test.Batch(256), epochs: 20))
        {
            Console.WriteLine($"{epoch.Number}: {epoch.Loss:0.000}, {epoch.Validation}");
        }

        net.Save(saved);                                                                // means and deviations with it
        var predict = net.Compile<Func<float[,], float[]>>([x], () => Sigmoid(net.Forward(x)));
        float[] chances = predict(new float[,] { { 43, 1.5f }, { 71, 0.2f } });         // of patients of 43 and 71 years

        // end
        Assert.That(trainer.Evaluate(test.Batch(256))["accuracy"], Is.GreaterThan(0.85));
        Assert.That(chances[0], Is.GreaterThan(0.9).And.GreaterThan(chances[1]));
        var again = new Sequential(new Standardizer(2), new Linear(2, 1, random));
        Assert.That(again.Load(saved).Loaded, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task A_convolutional_network_is_trained_on_images()
    {
        using var folder = new Scratch();
        string photos = folder.Folder;
        DrawShapes(folder);

        // snippet: learning-images
        var images = ImageFolder.Open(photos, new ImageOptions(16, 16) { Channels = 1, Fit = ImageFit.Crop });      // a folder in it for each class
        (Rows train, Rows test) = Rows.Of(("x", images.Pixels), ("y", images.Labels)).Split(0.75, 0.25, seed: 1, by: "y");

        var random = new Generator(seed: 1);
        var net = new Sequential(
            new Conv2D(1, 8, 3, random) { Padding = 1 },
            new BatchNorm(8),
            Activation.Relu,
            new MaxPool2D(2),                                                           // [N, 8, 8, 8]
            new Conv2D(8, 16, 3, random) { Padding = 1 },
            new BatchNorm(16),
            Activation.Relu,
            new MaxPool2D(2),                                                           // [N, 16, 4, 4]
            new Flatten(),
            new Linear(256, images.Classes.Count, random));
        var (x, y) = (Input("x", ["N", 1, 16, 16]), Input<long>("y", ["N"]));
        Objective Define()
        {
            var logits = net.Forward(x);
            return Objective.CrossEntropy(logits, y).With(Metric.Accuracy(logits, y));
        }

        using var trainer = new Trainer(net, [x, y], Define, random) { Optimizers = [new Adam(0.01)] };
        Rows batches = train.Map(Mirror, seed: 1).Shuffle(seed: 1).Batch(16).Prefetch(4);                           // decoded ahead by another thread
        await foreach (Epoch epoch in trainer.Fit(batches, test.Batch(64), epochs: 4))
        {
            Console.WriteLine($"{epoch.Number}: {epoch.Loss:0.000}, {epoch.Validation}");
        }

        static void Mirror(Row row, Generator chance)                                   // each second time, from left to right
        {
            bool isMirrored = chance.NextDouble() < 0.5;
            for (int line = 0; line < 256 && isMirrored; line += 16)
            {
                row.Get<float>("x").Slice(line, 16).Reverse();
            }
        }

        // end
        Assert.That(trainer.Evaluate(test.Batch(64))["accuracy"], Is.GreaterThan(0.9));
    }

    [Test]
    public void Rows_are_looked_at_split_and_padded()
    {
        float[,] features = new float[60, 4];
        long[] labels = [.. Enumerable.Range(0, 60).Select(i => (long)(i % 5 == 0 ? 0 : 1 + (i % 2)))];
        long[][] tokens = [.. Enumerable.Range(0, 60).Select(i => new long[1 + (i % 20)])];

        // snippet: data-rows
        Rows rows = Rows.Of(("x", features), ("y", labels)).RequireFinite().RequireLabels("y", classes: 3);         // what is wrong is named by column and row
        (Rows train, Rows validation, Rows test) = rows.Split(0.6, 0.2, 0.2, seed: 1, by: "y");                     // each with its share of each class
        float[] weights = train.ClassWeights("y", classes: 3);                                                      // for Objective.CrossEntropy(logits, y, Constant(weights))
        foreach ((Rows most, Rows rest) in rows.KFold(5, seed: 1, by: "y"))
        {
            Console.WriteLine($"trained on {most.Count}, tested on {rest.Count}");
        }

        Rows sentences = Rows.Of(("tokens", tokens), ("y", labels))
            .Pad("tokens", 0L, padding: "padding")                                      // to the longest of a batch; padding says where, as attention takes it
            .Bucket("tokens", 5, 10)                                                    // up to 5 tokens, up to 10, and more
            .Shuffle(seed: 1)
            .Batch(8);

        // end
        Assert.That((train.Count, validation.Count, test.Count, weights.Length), Is.EqualTo((36, 12, 12, 3)));
        Assert.That(sentences.Batches(0).First().Columns.Select(c => c.Name), Is.EqualTo((string[])["tokens", "y", "padding"]));
    }

    /// <summary>40 images of bars that stand and 40 of bars that lie, on noise.</summary>
    private static void DrawShapes(Scratch folder)
    {
        var random = new Random(1);
        for (int i = 0; i < 80; i++)
        {
            (int at, bool stands) = (random.Next(3, 13), i % 2 == 0);
            byte[] png = ImageFiles.Png(20, 16, 0, 8, (x, y, _) => (stands ? x - 2 : y) == at ? 255 : random.Next(100));
            ImageFiles.Write(folder, stands ? "standing" : "lying", $"{i}.png", png);
        }
    }

    /// <summary>300 patients, who are the likelier to recover the younger they are and the more they got.</summary>
    private static byte[] Patients()
    {
        var random = new Generator(seed: 2);
        float[] draws = random.Uniform(900).ToArray();
        var text = new System.Text.StringBuilder("age,dose,recovered\n");
        for (int i = 0; i < 300; i++)
        {
            (float age, float dose) = (20 + (60 * draws[3 * i]), 2 * draws[(3 * i) + 1]);
            bool recovered = ((50 - age) / 10) + (3 * (dose - 1)) + (2 * (draws[(3 * i) + 2] - 0.5f)) > 0;
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{age:0.0},{dose:0.00},{(recovered ? 1 : 0)}\n");
        }

        return System.Text.Encoding.UTF8.GetBytes(text.ToString());
    }
}

// A training from a file, shown: what the packages for files and for consoles do in a trimmed program.
using GraphCompiler;
using GraphCompiler.Learning;
using GraphCompiler.Learning.Data;
using static GraphCompiler.Ops;

var file = Path.GetTempFileName();
File.WriteAllLines(file, Enumerable.Range(0, 64).Select(i => $"{i % 8},{i / 8},{(i % 8 > i / 8 ? 1 : 0)}").Prepend("x,y,larger"));
CsvTable table = Csv.Read(file, "x", "y", "larger");
File.Delete(file);
Rows rows = Rows.Of(("x", table.Matrix("x", "y")), ("larger", table.Matrix("larger")));
var random = new Generator(seed: 1);
var net = new Sequential(Standardizer.Of(rows, "x"), new Linear(2, 1, random));
var (x, larger) = (Input("x", ["N", 2]), Input("larger", ["N", 1]));
Objective Define()
{
    var logits = net.Forward(x);
    return Objective.BinaryCrossEntropy(logits, larger).With(Metric.BinaryAccuracy(logits, larger));
}

foreach (ConsoleProgress progress in new[] { new ConsoleProgress(), new ConsoleProgress(Console.Out, 80) })
{
    using var trainer = new Trainer(net, [x, larger], Define, random) { Optimizers = [new Adam(0.1)], Listeners = [progress] };
    await foreach (Epoch epoch in trainer.Fit(rows.Shuffle(seed: 1).Batch(16), rows.Batch(64), epochs: 5))
    {
    }

    if (trainer.Best.Loss > 0.5)
    {
        Console.WriteLine($"WRONG: a loss of {trainer.Best.Loss}");
        return 1;
    }
}

return 0;

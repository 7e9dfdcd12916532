using System.Globalization;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>The lines that a run leaves of its epochs: one each, whatever interrupts it.</summary>
internal sealed class EpochLogTests
{
    private static readonly Input<float> X = Input("x", ["N", 1]);
    private string folder = string.Empty;

    private string LogPath => Path.Combine(folder, "epochs.csv");

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("log").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, true);

    [Test]
    public async Task A_run_leaves_a_line_for_each_epoch()
    {
        // A culture that writes numbers with commas.
        CultureInfo culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        List<Epoch> epochs = await Train(2);
        CultureInfo.CurrentCulture = before;
        string[] lines = File.ReadAllLines(LogPath);
        Assert.That(lines[0], Is.EqualTo("epoch,step,loss,size,\"a, \"\"b\"\"\",validation_loss,validation_size,\"validation_a, \"\"b\"\"\",learning_rate,gradient_norm,largest_gradient_norm,spikes,examples,seconds,best"));
        Assert.That(lines, Has.Length.EqualTo(3));
        for (int i = 0; i < 2; i++)
        {
            Epoch epoch = epochs[i];
            string[] fields = lines[i + 1].Split(',');
            double[] numbers = [.. fields.Select(f => double.Parse(f, CultureInfo.InvariantCulture))];
            double[] expected =
            [
                epoch.Number, epoch.Step, epoch.Loss, epoch.Training["size"], epoch.Training["a, \"b\""], epoch.Validation!.Loss, epoch.Validation["size"], epoch.Validation["a, \"b\""],
                epoch.LearningRate, epoch.GradientNorm, epoch.LargestGradientNorm, epoch.Spikes, 3, epoch.Duration.TotalSeconds, epoch.IsBest ? 1 : 0,
            ];
            Assert.That(numbers, Is.EqualTo(expected));
        }
    }

    [Test]
    public async Task Lines_behind_the_checkpoint_are_cut_and_one_that_was_torn()
    {
        await Train(3);
        string[] lines = File.ReadAllLines(LogPath);

        // As if it had been killed between a line and its checkpoint.
        File.Delete(Directory.GetFiles(folder, "step-*").Order().Last());
        File.AppendAllText(LogPath, "3,8,0.1");
        await Train(4);
        string[] again = File.ReadAllLines(LogPath);
        Assert.That(again, Has.Length.EqualTo(5));
        Assert.That(again[..3], Is.EqualTo(lines[..3]));
        Assert.That(again.Skip(1).Select(l => l.Split(',')[0]), Is.EqualTo((string[])["0", "1", "2", "3"]));
        Assert.That(Loss(again[3]), Is.EqualTo(Loss(lines[3])), "the epoch that was done again");

        static string Loss(string line) => line.Split(',')[2];
    }

    [TestCase("")]
    [TestCase("epoch,st")]
    [TestCase("epoch,step,lo")]
    public async Task What_was_torn_within_the_first_line_is_nothing(string text)
    {
        await File.WriteAllTextAsync(LogPath, text);
        await Train(1);
        Assert.That(File.ReadAllLines(LogPath), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task What_is_measured_may_change_and_what_was_is_kept()
    {
        await Train(1);
        string old = File.ReadAllText(LogPath);
        await Train(2, validate: false);
        Assert.That(File.ReadAllText(Path.Combine(folder, "epochs.until-1.csv")), Is.EqualTo(old));
        Assert.That(File.ReadAllLines(LogPath), Has.Length.EqualTo(2).And.All.Not.Contains("validation"));
    }

    [Test]
    public void A_file_of_something_else_is_refused_and_stays()
    {
        File.WriteAllText(LogPath, "name,age\nAda,36\n");
        Assert.That(async () => await Train(1), Throws.TypeOf<InvalidDataException>().With.Message.Contains("epochs.csv' is no log of epochs").And.Message.Contains("begins with 'epoch,step,'"));
        Assert.That(File.ReadAllText(LogPath), Is.EqualTo("name,age\nAda,36\n"));
        Assert.That(Directory.GetFiles(folder), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task A_name_with_half_a_character_is_one_column()
    {
        await Train(2, name: "a\uD800");
        Assert.That(File.ReadAllLines(LogPath), Has.Length.EqualTo(3));
        Assert.That(Directory.GetFiles(folder, "epochs*"), Has.Length.EqualTo(1));
    }

    private async Task<List<Epoch>> Train(int count, bool validate = true, string name = "a, \"b\"")
    {
        var net = new Linear(1, 1, new Generator(1));
        Objective Define()
        {
            Node y = net.Forward(X);
            return Objective.Mean(y.Square()).With(Metric.Mean("size", y.Abs()), Metric.Mean(name, y));
        }

        using var trainer = new Trainer(net, [X], Define, new Generator(2)) { Optimizers = [new Sgd(0.125)] };
        Rows rows = Rows.Of((float[,])new float[,] { { 1 }, { 2 }, { 3 } }).Batch(2);
        List<Epoch> epochs = [];
        await foreach (Epoch epoch in trainer.Fit(rows, validate ? rows : null, count, folder))
        {
            epochs.Add(epoch);
        }

        return epochs;
    }
}

using System.Buffers.Binary;
using System.Text;
using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>Files of events, read back by a reader that knows the format from TensorFlow's documents alone.</summary>
internal sealed class TensorBoardLogTests
{
    private static readonly Input<float> X = Input("x", ["N", 1]);
    private string folder = string.Empty;

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("board").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, true);

    [Test]
    public async Task Steps_epochs_and_weights_are_told()
    {
        var net = new Linear(1, 1, new Generator(1));
        Objective Define()
        {
            Node y = net.Forward(X);
            return Objective.Mean(y.Square()).With(Metric.Mean("size", y.Abs()));
        }

        List<StepReport> steps = [];
        List<Epoch> epochs = [];
        using (var board = new TensorBoardLog(Path.Combine(folder, "new")) { Every = 2, Weights = net })
        {
            using var trainer = new Trainer(net, [X], Define, new Generator(2)) { Optimizers = [new Sgd(0.125)], Listeners = [board, TrainingListener.Of(steps.Add)] };
            Rows rows = Rows.Of((float[,])new float[,] { { 1 }, { 2 }, { 3 }, { 4 }, { 5 } }).Batch(2);
            await foreach (Epoch epoch in trainer.Fit(rows, rows, 1))
            {
                epochs.Add(epoch);

                // What is told may be read while the log is open.
                Assert.That(Read(Files("new").Single()), Has.Count.EqualTo(4));
            }
        }

        string file = Files("new").Single();
        Assert.That(Path.GetFileName(file), Does.Match(@"^events\.out\.tfevents\.\d{10}\."));
        List<Event> events = Read(file);
        Assert.That(events[0].Version, Is.EqualTo("brain.Event:2"));
        Assert.That(events.Select(e => e.WallTime), Is.Ordered.And.All.GreaterThan(1.7e9));
        Assert.That(events.Skip(1).Select(e => e.Step), Is.EqualTo((long[])[0, 2, 2]));
        for (int i = 0; i < 2; i++)
        {
            StepReport step = steps[2 * i];
            Assert.That(events[1 + i].Scalars, Is.EqualTo((Dictionary<string, float>)new() { ["loss/step"] = (float)step.Loss, ["gradient_norm"] = (float)step.GradientNorm, ["learning_rate"] = 0.125f }));
        }

        Assert.That(events[3].Scalars, Is.EqualTo((Dictionary<string, float>)new()
        {
            ["loss/training"] = (float)epochs[0].Loss,
            ["size/training"] = (float)epochs[0].Training["size"],
            ["loss/validation"] = (float)epochs[0].Validation!.Loss,
            ["size/validation"] = (float)epochs[0].Validation!["size"],
        }));
        Assert.That(events[3].Histograms.Keys, Is.EquivalentTo((string[])["weights/weight", "weights/bias"]));
        Histogram weight = events[3].Histograms["weights/weight"];
        double value = net.Weight.Values[0];
        Assert.That((weight.Least, weight.Most, weight.Count, weight.Sum, weight.Squares), Is.EqualTo((value, value, 1.0, value, value * value)));
        Assert.That(weight.Limits, Has.Length.EqualTo(30).And.Ordered.And.Unique);
        Assert.That(weight.Counts.Sum(), Is.EqualTo(1));
    }

    [Test]
    public void A_training_that_goes_on_has_later_steps_forgotten()
    {
        var net = new Linear(1, 1, new Generator(1));
        Rows rows = Rows.Of((float[,])new float[,] { { 1 }, { 2 } }).Batch(1);
        for (int run = 1; run <= 2; run++)
        {
            using var board = new TensorBoardLog(folder);
            using var trainer = new Trainer(net, [X], () => Objective.Mean(net.Forward(X)), new Generator(2)) { Optimizers = [new Sgd(0.125)], Listeners = [board] };
            Assert.That(trainer.Steps(rows, run, Path.Combine(folder, "run")).Count(), Is.EqualTo(2));
        }

        List<List<Event>> files = [.. Files(string.Empty).Select(Read)];
        Assert.That(files, Has.Count.EqualTo(2));
        Assert.That(files.Count(f => f.Exists(e => e.Session is not null)), Is.EqualTo(1));
        Event started = files.SelectMany(f => f).Single(e => e.Session is not null);
        Assert.That((started.Step, started.Session), Is.EqualTo((2L, 1L)));
    }

    [Test]
    public void What_cannot_be_is_refused()
    {
        Assert.That(() => new TensorBoardLog(folder) { Every = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new TensorBoardLog(string.Empty), Throws.ArgumentException);
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, string.Empty);
        using var board = new TensorBoardLog(file);
        Assert.That(() => board.Stepped(default), Throws.InstanceOf<IOException>());
        board.Dispose();
        Assert.That(() => board.Stepped(default), Throws.TypeOf<ObjectDisposedException>());
    }

    private string[] Files(string within) => Directory.GetFiles(Path.Combine(folder, within), "events*");

    private static List<Event> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new BinaryReader(stream);
        List<Event> events = [];
        while (stream.Position < stream.Length)
        {
            byte[] length = reader.ReadBytes(8);
            Assert.That(reader.ReadUInt32(), Is.EqualTo(Masked(length)));
            byte[] data = reader.ReadBytes((int)BinaryPrimitives.ReadInt64LittleEndian(length));
            Assert.That(reader.ReadUInt32(), Is.EqualTo(Masked(data)));
            events.Add(EventOf(data));
        }

        return events;
    }

    /// <summary>The checksum bit by bit, as its polynomial says.</summary>
    private static uint Masked(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        crc = ~crc;
        return unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8);
    }

    private static Event EventOf(byte[] data)
    {
        var read = new Event();
        foreach ((int field, byte[] value) in Fields(data))
        {
            switch (field)
            {
                case 1:
                    read.WallTime = BitConverter.ToDouble(value);
                    break;
                case 2:
                    read.Step = BitConverter.ToInt64(value);
                    break;
                case 3:
                    read.Version = Encoding.UTF8.GetString(value);
                    break;
                case 5:
                    foreach ((_, byte[] summary) in Fields(value))
                    {
                        Dictionary<int, byte[]> parts = Fields(summary).ToDictionary(f => f.Field, f => f.Value);
                        string tag = Encoding.UTF8.GetString(parts[1]);
                        if (parts.TryGetValue(2, out byte[]? scalar))
                        {
                            read.Scalars.Add(tag, BitConverter.ToSingle(scalar));
                        }
                        else
                        {
                            double[][] numbers = [.. Fields(parts[5]).OrderBy(f => f.Field).Select(f => f.Value.Chunk(8).Select(n => BitConverter.ToDouble(n)).ToArray())];
                            read.Histograms.Add(tag, new Histogram(numbers[0][0], numbers[1][0], numbers[2][0], numbers[3][0], numbers[4][0], numbers[5], numbers[6]));
                        }
                    }

                    break;
                case 7:
                    read.Session = BitConverter.ToInt64(Fields(value).Single(f => f.Field == 1).Value);
                    break;
                default:
                    Assert.Fail($"field {field}");
                    break;
            }
        }

        return read;
    }

    /// <summary>The fields of a message; whole numbers as eight bytes.</summary>
    private static List<(int Field, byte[] Value)> Fields(byte[] message)
    {
        List<(int, byte[])> fields = [];
        int at = 0;
        while (at < message.Length)
        {
            ulong key = Number();
            byte[] value = (key & 7) switch
            {
                0 => BitConverter.GetBytes(Number()),
                1 => Take(8),
                2 => Take((int)Number()),
                5 => Take(4),
                _ => throw new InvalidDataException($"kind {key & 7}"),
            };
            fields.Add(((int)(key >> 3), value));
        }

        return fields;

        ulong Number()
        {
            ulong number = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte b = message[at++];
                number |= (ulong)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    return number;
                }
            }
        }

        byte[] Take(int count) => message[at..(at += count)];
    }

    private sealed record Histogram(double Least, double Most, double Count, double Sum, double Squares, double[] Limits, double[] Counts);

    private sealed class Event
    {
        public double WallTime { get; set; }

        public long Step { get; set; }

        public string? Version { get; set; }

        public long? Session { get; set; }

        public Dictionary<string, float> Scalars { get; } = [];

        public Dictionary<string, Histogram> Histograms { get; } = [];
    }
}

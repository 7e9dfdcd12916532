namespace GraphCompiler.Learning.Tests.Files;

/// <summary>What a module loads and saves, and what it refuses.</summary>
internal sealed class ModuleFilesTests
{
    private readonly Scratch scratch = new();

    [OneTimeTearDown]
    public void DeleteFiles() => scratch.Dispose();

    [TestCase("net.safetensors")]
    [TestCase("net.npz")]
    public void What_is_saved_is_loaded(string name)
    {
        var net = new Net(1);
        net.Seen.Fill(7);
        net.Save(scratch[name]);
        var other = new Net(2);
        LoadReport report = other.Load(scratch[name]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Bytes(other), Is.EqualTo(Bytes(net)));
            Assert.That(other.Cache.Values[0], Is.Zero);
            Assert.That(report.Loaded, Is.EqualTo(new[] { "body.weight", "body.bias", "head.weight", "head.bias", "seen", "mask" }));
            Assert.That(report.Path, Is.EqualTo(scratch[name]));
            Assert.That(report.Missing.Count + report.Unexpected.Count + report.WrongShape.Count + report.WrongDType.Count + report.Widened.Count + report.Conflicting.Count, Is.Zero);
            Assert.That($"{report}", Is.EqualTo($"{scratch[name]}: 6 loaded"));
        }
    }

    [Test]
    public void Metadata_say_whose_conventions_and_what_the_user_says()
    {
        new Net(1).Save(scratch["said.safetensors"], new Dictionary<string, string> { ["epoch"] = "3" });
        using var file = TensorFile.Open(scratch["said.safetensors"]);
        Assert.That(file.Metadata, Is.EquivalentTo(new Dictionary<string, string> { ["epoch"] = "3", ["format"] = "pt" }));
        Assert.That(() => new Net(1).Save(scratch["no.safetensors"], new Dictionary<string, string> { ["tied"] = "" }), Throws.ArgumentException.With.Message.Contains("'tied'"));
        Assert.That(() => new Net(1).Save(scratch["no.npz"], new Dictionary<string, string> { ["epoch"] = "3" }), Throws.ArgumentException.With.Message.Contains("metadata"));
        Assert.That(() => new Net(1).Save(scratch["no.bin"]), Throws.ArgumentException.With.Message.Contains("no.bin"));
    }

    [Test]
    public void What_does_not_fit_is_all_said_and_nothing_is_loaded()
    {
        Write("wrong.safetensors", ("body.weigth", new float[3, 4]), ("body.bias", new float[5]), ("head.weight", new double[2, 3]), ("head.bias", new float[2]), ("seen", 1L), ("mask", new[] { true, true }));
        var net = new Net(1);
        byte[][] before = Bytes(net);
        LoadException error = Assert.Throws<LoadException>(() => net.Load(scratch["wrong.safetensors"]))!;
        LoadReport report = error.Report;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Bytes(net), Is.EqualTo(before));
            Assert.That(report.Loaded, Is.EqualTo(new[] { "head.bias", "seen", "mask" }));
            Assert.That(report.Missing, Is.EqualTo(new[] { "body.weight" }));
            Assert.That(report.Unexpected, Is.EqualTo(new[] { "body.weigth" }));
            Assert.That(report.NearestTo("body.weight"), Is.EqualTo("body.weigth"));
            Assert.That(report.NearestTo("seen"), Is.Null);
            Assert.That(report.WrongShape, Is.EqualTo(new[] { new ShapeDifference("body.bias", [3], [5]) }));
            Assert.That(report.WrongDType, Is.EqualTo(new[] { new DTypeDifference("head.weight", DType.Float32, "F64") }));
            Assert.That(error.Message.ReplaceLineEndings("\n"), Is.EqualTo($"""
                Net is not loaded, for '{scratch["wrong.safetensors"]}' does not fit it:
                {scratch["wrong.safetensors"]}: 3 that would be loaded
                1 missing: 'body.weight' (near: 'body.weigth')
                1 unexpected: 'body.weigth' (near: 'body.weight')
                1 of another shape: 'body.bias' is [3], in the file [5]
                1 of another dtype: 'head.weight' is float32, in the file F64
                """.ReplaceLineEndings("\n")));
        }
    }

    [Test]
    public void What_may_be_missing_is_said_by_patterns()
    {
        Write("backbone.safetensors", ("body.weight", Filled(3, 4)), ("body.bias", new float[3]), ("head.bias", new float[10]), ("pooler.weight", new float[1]), ("position_ids", new long[4]));
        var net = new Net(1);
        Assert.That(() => net.Load(scratch["backbone.safetensors"], missing: "head.*", unexpected: ["pooler.*", "position_ids"]), Throws.TypeOf<LoadException>().With.Message.Contains("'seen'"));
        LoadReport report = net.Load(scratch["backbone.safetensors"], missing: ["head.*", "seen", "ma?k"], unexpected: ["pooler.*", "position_ids"]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(report.Loaded, Is.EqualTo(new[] { "body.weight", "body.bias" }));
            Assert.That(report.Missing, Is.EqualTo(new[] { "head.weight", "seen", "mask" }));
            Assert.That(report.WrongShape, Is.EqualTo(new[] { new ShapeDifference("head.bias", [2], [10]) }), "a head for other classes need not fit");
            Assert.That(report.Unexpected, Is.EqualTo(new[] { "position_ids", "pooler.weight" }));
            Assert.That(net.Body.Weight.Values[0], Is.EqualTo(1));
            Assert.That(() => net.Load(scratch["backbone.safetensors"], missing: "head.*", unexpected: "*"), Throws.TypeOf<LoadException>());
        }
    }

    [Test]
    public void Patterns_are_one_or_several()
    {
        NamePatterns one = "head.*", several = ["a", "*.bias"], none = default, nothing = (string?)null;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(one.Match("head.0.weight") && !one.Match("Head.0") && !one.Match("ahead.0"));
            Assert.That(several.Match("a") && several.Match("x.y.bias") && !several.Match("x.a"));
            Assert.That(!none.Match("a") && !nothing.Match(string.Empty));
            Assert.That(several, Is.EqualTo(new[] { "a", "*.bias" }));
            Assert.That(none, Is.Empty);
        }
    }

    [Test]
    public void Names_of_others_are_renamed()
    {
        Write("theirs.safetensors", ("model.fc1.kernel", Filled(3, 4)), ("model.fc1.b", new float[3]), ("model.head.weight", new float[2, 3]), ("model.head.bias", new float[2]));
        var net = new Net(1);
        LoadReport report = net.Load(scratch["theirs.safetensors"], missing: ["seen", "mask"], rename: n => n["model.".Length..].Replace("fc1.kernel", "body.weight").Replace("fc1.b", "body.bias"));
        Assert.That(report.Loaded, Has.Count.EqualTo(4));
        Assert.That(() => net.Load(scratch["theirs.safetensors"], missing: "*"), Throws.TypeOf<LoadException>().With.Message.Contains("'model.head.bias' (near: 'head.bias')"));
        Assert.That(() => net.Load(scratch["theirs.safetensors"], missing: "*", rename: _ => "same"), Throws.ArgumentException.With.Message.Contains("'same'").And.Message.Contains("'model.fc1.b'").And.Message.Contains("'model.fc1.kernel'"));
    }

    [Test]
    public void A_prefix_that_all_names_have_on_one_side_is_said()
    {
        var net = new Sequential(new Linear(2, 2, new Generator(1)), new Linear(2, 3, new Generator(1)));
        net.Save(scratch["plain.safetensors"]);
        new Sequential(net).Save(scratch["within.safetensors"]);
        Assert.That(() => net.Load(scratch["within.safetensors"]), Throws.TypeOf<LoadException>().With.Message.EndsWith("What is missing begins with '0.' in the file: 'rename' can take that away."));
        Assert.That(() => new Sequential(net).Load(scratch["plain.safetensors"]), Throws.TypeOf<LoadException>().With.Message.EndsWith("What is unexpected begins with '0.' in the module: 'rename' can put that before it."));
        Assert.That(net.Load(scratch["within.safetensors"], rename: name => name["0.".Length..]).Loaded, Has.Count.EqualTo(4));
    }

    [Test]
    public void Narrower_floats_are_widened_and_reported()
    {
        var net = new Linear(2, 1, new Generator(1));
        byte[] header = "{\"weight\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[0,4]},\"bias\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[4,6]}}"u8.ToArray();
        scratch.Write("narrow.safetensors", [.. BitConverter.GetBytes((long)header.Length), .. header, 0x80, 0x3f, 0x00, 0xc0, .. BitConverter.GetBytes((Half)0.5)]);
        LoadReport report = net.Load(scratch["narrow.safetensors"]);
        Assert.That(net.Weight.Values.ToArray(), Is.EqualTo(new[] { 1f, -2 }));
        Assert.That(net.Bias!.Values.ToArray(), Is.EqualTo(new[] { 0.5f }));
        Assert.That(report.Widened, Is.EqualTo(new[] { new DTypeDifference("weight", DType.Float32, "BF16"), new DTypeDifference("bias", DType.Float32, "F16") }));
        Assert.That($"{report}", Does.Contain("2 widened: 'weight' from BF16 to float32, 'bias' from F16 to float32"));
    }

    [Test]
    public void What_is_tied_is_saved_once_and_has_either_name()
    {
        var net = new Tied(1);
        net.Save(scratch["tied.safetensors"]);
        using (var file = TensorFile.Open(scratch["tied.safetensors"]))
        {
            Assert.That(file.Tensors.Select(t => t.Name), Is.EquivalentTo(new[] { "tokens.weight", "tokens.bias", "head.bias" }));
            Assert.That(file.Metadata["tied"], Is.EqualTo("""{"head.weight":"tokens.weight"}"""));
        }

        float[] kept = net.Head.Weight.Values.ToArray();
        foreach (string[] names in (string[][])[["tokens.weight"], ["head.weight"], ["tokens.weight", "head.weight"]])
        {
            Write("names.safetensors", [("tokens.bias", new float[3]), ("head.bias", new float[3]), .. names.Select(n => (n, (Argument)Tensors.From(kept, 3, 3)))]);
            var other = new Tied(2);
            Assert.That(other.Load(scratch["names.safetensors"]).Loaded, Has.Count.EqualTo(3));
            Assert.That(other.Head.Weight.Values.ToArray(), Is.EqualTo(kept));
        }

        Write("two.safetensors", ("tokens.bias", new float[3]), ("head.bias", new float[3]), ("tokens.weight", new float[3, 3]), ("head.weight", Filled(3, 3)));
        Assert.That(() => net.Load(scratch["two.safetensors"]), Throws.TypeOf<LoadException>().With.Message.Contains("two values for one parameter: 'tokens.weight'"));
        Assert.That(net.Head.Weight.Values.ToArray(), Is.EqualTo(kept));
    }

    [Test]
    public void A_module_that_ties_nothing_loads_what_was_tied()
    {
        new Tied(1).Save(scratch["tied.safetensors"]);
        var net = new Tied(2, isTied: false);
        LoadReport report = net.Load(scratch["tied.safetensors"]);
        Assert.That(report.Loaded, Has.Count.EqualTo(4));
        Assert.That(net.Head.Weight.Values.ToArray(), Is.EqualTo(net.Tokens.Weight.Values.ToArray()));
    }

    [TestCase("""["head.weight"]""")]
    [TestCase("""{"head.weight":1}""")]
    [TestCase("tied")]
    public void What_the_metadata_say_of_ties_must_be_right(string tied)
    {
        TensorFile.Save(scratch["ties.safetensors"], new Dictionary<string, ParameterValues>(), new Dictionary<string, string> { ["tied"] = tied });
        Assert.That(() => new Tied(1).Load(scratch["ties.safetensors"]), Throws.TypeOf<InvalidDataException>().With.Message.Contains(scratch["ties.safetensors"]));
    }

    [Test]
    public void A_file_that_turns_out_to_be_damaged_changes_nothing()
    {
        var net = new Net(1);
        byte[][] before = Bytes(net);
        net.Save(scratch["damaged.safetensors"]);
        byte[] bytes = File.ReadAllBytes(scratch["damaged.safetensors"]);
        bytes[^1] = 2;
        Assert.That(() => new Net(2).Load(scratch.Write("bool.safetensors", bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("'mask'"));
        new Net(2).Save(scratch["damaged.npz"]);
        bytes = File.ReadAllBytes(scratch["damaged.npz"]);
        int at = bytes.AsSpan().IndexOf("seen.npy"u8) + 160;
        bytes[at] ^= 1;
        Assert.That(() => net.Load(scratch.Write("flipped.npz", bytes)), Throws.TypeOf<InvalidDataException>());
        Assert.That(Bytes(net), Is.EqualTo(before));
    }

    [TestCase("cut.safetensors", "the file ends within it")]
    [TestCase("cut.npz", "cannot be read")]
    [Platform(Exclude = "Win", Reason = "Who reads a file keeps others from writing it there")]
    public void A_file_that_becomes_shorter_while_it_is_open_changes_nothing(string name, string error)
    {
        var net = new Net(1);
        byte[][] before = Bytes(net);
        new Net(2).Save(scratch[name]);
        using var file = TensorFile.Open(scratch[name]);
        using (FileStream stream = new(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            // The last tensor is of bools, which are looked at in any case.
            stream.SetLength(name.EndsWith(".npz", StringComparison.Ordinal) ? stream.Length / 2 : stream.Length - file["mask"].ByteCount - 1);
        }

        Assert.That(() => net.Load(file), Throws.TypeOf<InvalidDataException>().With.Message.Contains(file.Path).And.Message.Contains(error));
        Assert.That(Bytes(net), Is.EqualTo(before));
    }

    [Test]
    public void While_a_parameter_is_being_written_nothing_is_loaded()
    {
        var net = new Net(1);
        net.Save(scratch["busy.safetensors"]);
        var other = new Net(2);
        byte[][] before = Bytes(other);
        using (other.Seen.Edit())
        {
            Assert.That(() => other.Load(scratch["busy.safetensors"]), Throws.TypeOf<GraphException>().With.Message.Contains("'seen'"));
        }

        Assert.That(Bytes(other), Is.EqualTo(before));
    }

    [Test]
    public void A_file_of_another_model_says_so_briefly()
    {
        TensorFile.Save(scratch["other.safetensors"], Enumerable.Range(0, 500).ToDictionary(i => $"layers.{i}.attention.query_key_value.weight", i => ParameterValues.Of(1f)));
        string message = Assert.Throws<LoadException>(() => new Net(1).Load(scratch["other.safetensors"]))!.Message;
        Assert.That(message, Does.Contain("500 unexpected").And.Contain(", …").And.Contain("6 missing"));
        Assert.That(message, Has.Length.LessThan(2000));
    }

    private static byte[][] Bytes(Module module) => [.. module.NamedParameters().Where(p => p.IsSaved).Select(p => p.Parameter.Bytes.ToArray())];

    private static float[,] Filled(int rows, int columns)
    {
        float[,] values = new float[rows, columns];
        values[0, 0] = 1;
        return values;
    }

    private void Write(string name, params (string Name, Argument Value)[] tensors) => TensorFile.Save(scratch[name], tensors.ToDictionary(t => t.Name, t => ParameterValues.Of(t.Value)));

    private sealed class Net(ulong seed) : Module
    {
        public Linear Body { get; } = new(4, 3, new Generator(seed));

        public Linear Head { get; } = new(3, 2, new Generator(seed + 1));

        public Parameter<long> Seen { get; } = Buffer(0L);

        public Parameter<bool> Mask { get; } = Buffer(true, 2);

        [Transient]
        public Parameter<float> Cache { get; } = Buffer(0f, 8);
    }

    private sealed class Tied : Module
    {
        public Tied(ulong seed, bool isTied = true)
        {
            Tokens = new Linear(3, 3, new Generator(seed));
            Head = isTied ? new Linear(3, 3, new Generator(seed + 1)) { Weight = Tokens.Weight } : new Linear(3, 3, new Generator(seed + 1));
        }

        public Linear Tokens { get; }

        public Linear Head { get; }
    }
}

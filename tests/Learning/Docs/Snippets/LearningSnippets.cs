using GraphCompiler.Learning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Docs.Snippets;

internal sealed class LearningSnippets
{
    [Test]
    public void A_model_is_trained_and_used()
    {
        // snippet: learning
        var random = new Generator(seed: 1);
        var net = new Sequential(new Linear(2, 16, random), Activation.Relu, new Linear(16, 2, random));
        var x = Input("x", ["N", 2]);
        var y = Input<long>("y", ["N"]);

        // Once for training: layers that differ ask the pass. What they write themselves, such as running statistics, are its updates.
        CompiledGraph step;
        using (var pass = Pass.Training(random))
        {
            var loss = CrossEntropy(net.Forward(x), y);
            step = Compiler.Compile([x, y], [loss], [.. Optimizers.Adam(loss, net.Parameters(), 0.05), .. pass.Updates]);
        }

        // Once for inference, by a pass of its own. Both use the same parameters.
        var predict = net.Compile<Func<float[], float[]>>([x], () => Softmax(net.Forward(x)));
        for (int i = 0; i < 100; i++)
        {
            step.Run(new float[] { 0, 0, 0, 1, 1, 0, 1, 1 }, new long[] { 0, 1, 1, 0 });     // exclusive or
        }

        float[] probabilities = predict([1, 0]);            // [1, 2]

        // end
        Assert.That(probabilities[1], Is.GreaterThan(0.9f));
    }

    // snippet: learning-block
    /// <summary>x + a network of one hidden layer on it.</summary>
    private sealed class Block(int width, Generator random) : Layer
    {
        private readonly Linear up = new(width, 4 * width, random);                 // up.weight, up.bias
        [Named("proj")] private readonly Linear down = new(4 * width, width, random);       // proj.weight, proj.bias

        public Parameter<float> Scale { get; } = Initializer.Ones.Make(width);      // scale

        protected override Node Define(Node x) => x + (Scale * down.Forward(Gelu(up.Forward(x))));
    }

    // end
    [Test]
    public void Names_are_those_of_fields()
    {
        var random = new Generator(seed: 1);

        // snippet: learning-names
        var net = new Sequential(new Block(8, random), new Linear(8, 2, random));
        string names = string.Join(", ", net.NamedParameters().Select(p => p.Path));
        // 0.up.weight, 0.up.bias, 0.proj.weight, 0.proj.bias, 0.scale, 1.weight, 1.bias

        // end
        Assert.That(names, Is.EqualTo("0.up.weight, 0.up.bias, 0.proj.weight, 0.proj.bias, 0.scale, 1.weight, 1.bias"));
    }

    // snippet: learning-pass
    /// <summary>Noise in training, nothing at inference, and a count of the steps.</summary>
    private sealed class Noise(float deviation) : Layer
    {
        public Parameter<long> Steps { get; } = Buffer(0L);                         // a parameter that no optimiser trains

        protected override Node Define(Node x)
        {
            var pass = Pass.For(this);                                              // throws if nobody said which it is
            if (!pass.IsTraining)
            {
                return x;
            }

            pass.Write(Steps, pass.Read(Steps) + 1);                                // an update of the step
            return x + (deviation * Normal(pass.Random, x.Shape));
        }
    }

    // end
    [Test]
    public void Passes_are_said()
    {
        // snippet: learning-passes
        var net = new Sequential(new Noise(0.1f));
        var x = Input("x", [3]);
        using (var pass = Pass.Training(new Generator(seed: 1)))
        {
            var noisy = net.Forward(x);
            Compiler.Compile([x], [noisy], pass.Updates).Run(new float[3]);
        }

        var clean = net.Compile<Func<float[], float[]>>([x], () => net.Forward(x));

        // end
        Assert.That(clean([1, 2, 3]), Is.EqualTo((float[])[1, 2, 3]));
        Assert.That(((Noise)net[0]).Steps.Values[0], Is.EqualTo(1));
        Assert.That(() => net.Forward(x), Throws.InvalidOperationException.With.Message.StartsWith("'0' (Noise) differs between training and inference, and nothing says which"));
    }

    [Test]
    public void A_file_is_fine_tuned()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string file = Path.Combine(folder, "model.safetensors");
        try
        {
            var others = new Generator(seed: 2);
            new Pretrained(others, classes: 1000).Save(file);

            // snippet: learning-fine-tuning
            var random = new Generator(seed: 1);
            var net = new Pretrained(random, classes: 3);
            LoadReport report = net.Load(file, missing: "head.*");                  // a head of 1000 classes is in the file, and ours has 3
            net.Frozen = true;                                                      // all of it
            net.Head.Frozen = false;                                                // but for the head
            var (x, y) = (Input("x", ["N", 8]), Input<long>("y", ["N"]));
            using var trainer = new Trainer(net, [x, y], () => Objective.CrossEntropy(net.Forward(x), y), random) { Optimizers = [new Adam(0.01)] };
            double first = trainer.Step(random.Normal(6, 8), new long[] { 0, 1, 2, 0, 1, 2 }).Loss;

            // end
            Assert.That(report.Loaded, Is.EqualTo((string[])["body.weight", "body.bias"]));
            Assert.That(report.WrongShape.Select(d => d.Name), Is.EqualTo((string[])["head.weight", "head.bias"]));
            Assert.That(net.Parameters().Select(p => p.Path), Is.EqualTo((string[])["head.weight", "head.bias"]));
            Assert.That(first, Is.GreaterThan(0));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Models_are_kept_in_files()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            // snippet: learning-files
            var net = new Pretrained(new Generator(seed: 1), classes: 3);
            net.Save(Path.Combine(folder, "net.safetensors"));                      // written beside and renamed: the old file or the new one
            net.Save(Path.Combine(folder, "net.npz"));                              // numpy.load reads it

            var again = new Pretrained(new Generator(seed: 2), classes: 3);
            LoadReport report = again.Load(Path.Combine(folder, "net.safetensors"));
            using var file = TensorFile.Open(Path.Combine(folder, "net.npz"));      // tensors by name, without a model
            var weight = file["head.weight"];

            // end
            Assert.That(again.Head.Weight.Values.ToArray(), Is.EqualTo(net.Head.Weight.Values.ToArray()));
            Assert.That(report.Loaded, Has.Count.EqualTo(4));
            Assert.That(weight.Shape, Is.EqualTo(Shape.Create([3, 4])));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void A_summary_is_printed()
    {
        // snippet: learning-summary
        var random = new Generator(seed: 1);
        var net = new Sequential(new Linear(784, 128, random), Activation.Relu, new Linear(128, 10, random));
        Console.WriteLine(net.Summary(["N", 784]));

        // end
        string page = File.ReadAllText(Path.Combine(Tests.Repository.Root, "docs", "learning.md"));
        Assert.That(page, Does.Contain(net.Summary(["N", 784]).ToString().ReplaceLineEndings("\n")));
    }

    // snippet: learning-pretrained
    private sealed class Pretrained(Generator random, int classes) : Layer
    {
        private readonly Linear body = new(8, 4, random);

        public Linear Head { get; } = new(4, classes, random);

        protected override Node Define(Node x) => Head.Forward(Relu(body.Forward(x)));
    }

    // end
}

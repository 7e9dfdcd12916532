using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.References;

/// <summary>The other way: models that were trained here are loaded by PyTorch, strictly, and give the same there.</summary>
internal sealed class PyTorchReadsTests
{
    [Test]
    public void What_was_trained_here_gives_the_same_there()
    {
        string python = Python.With("torch");
        string folder = Directory.CreateTempSubdirectory("trained-here").FullName;
        try
        {
            string[] names = [.. ReferenceFile.Names.Where(n => TrainAndSave(n, folder))];

            (int faults, string said) = Python.Run(python, "-B", "-W", "ignore", Path.Combine(ReferenceFile.Folder, "check-modules.py"), folder);
            Assert.That(faults, Is.Zero, said);
            Assert.That(said.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(names.Length), said);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A step of training, and then what the model makes of the reference's inputs; if there is anything to train.</summary>
    private static bool TrainAndSave(string name, string folder)
    {
        using ReferenceFile file = ReferenceFile.Open(name);
        if (!file.State.Any())
        {
            return false;
        }

        ReferenceModel model = ReferenceModels.Make(name);
        model.Module.Load(file.Path, unexpected: "*:*");
        ReferenceInputs inputs = new(file);
        using (var pass = Pass.Training(new Generator(1)))
        {
            Node loss = model.Apply(inputs.Nodes).Values.Select(r => Sum(r * r)).Aggregate((sum, part) => sum + part);
            IReadOnlyList<Parameter> trained = model.Module.Parameters();
            NodeList gradients = Gradients(loss, trained, Unreached.Zeros);
            Update[] updates = [.. trained.Select((p, i) => new Update(p, p - (0.01 * gradients[i]))), .. pass.Updates];
            using CompiledGraph step = Compiler.Compile(inputs.Leaves, [loss], updates);
            step.Run(inputs.Arguments);
        }

        Dictionary<string, Node> results = [];
        using CompiledGraph compiled = model.Module.Compile(inputs.Leaves, () => [.. (results = model.Apply(inputs.Nodes)).Values]);
        RunResults run = compiled.Run(inputs.Arguments);
        model.Module.Save(Path.Combine(folder, $"{name}.safetensors"));
        TensorFile.Save(
            Path.Combine(folder, $"{name}.results.safetensors"),
            results.Keys.Select((r, i) => KeyValuePair.Create($"output:{r}", (Parameter)Parameter(r, run.Get<float>(i)))));
        return true;
    }
}

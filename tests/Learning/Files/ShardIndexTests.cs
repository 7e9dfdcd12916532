namespace GraphCompiler.Learning.Tests.Files;

/// <summary>Several safetensors files with an index.</summary>
internal sealed class ShardIndexTests
{
    [Test]
    public void They_are_one()
    {
        using var folder = new Scratch();
        TensorFile.Save(folder["model-1.safetensors"], new Dictionary<string, ParameterValues> { ["a"] = ParameterValues.Of(1f), ["b"] = ParameterValues.Of(2f) });
        TensorFile.Save(folder["model-2.safetensors"], new Dictionary<string, ParameterValues> { ["c"] = ParameterValues.Of(3f) });
        File.WriteAllText(folder["model.safetensors.index.json"], """{"metadata": {"total_size": 12, "by": "hand"}, "weight_map": {"a": "model-1.safetensors", "c": "model-2.safetensors", "b": "model-1.safetensors"}}""");
        foreach (string path in (string[])[folder.Folder, folder["model.safetensors.index.json"]])
        {
            using var file = TensorFile.Open(path);
            Assert.That("abc".Select(n => file[$"{n}"].ToTensor<float>()[0]), Is.EqualTo(new[] { 1f, 2, 3 }));
            Assert.That(file.Metadata, Is.EquivalentTo(new Dictionary<string, string> { ["total_size"] = "12", ["by"] = "hand" }));
        }
    }

    [TestCase("""{"weight_map": {"a": "../model-1.safetensors"}}""", "'../model-1.safetensors'")]
    [TestCase("""{"weight_map": {"a": "/etc/passwd"}}""", "'/etc/passwd'")]
    [TestCase("""{"weight_map": {"a": "x\\y"}}""", "without a path")]
    [TestCase("""{"weight_map": {"a": ".."}}""", "'..'")]
    [TestCase("""{"weight_map": {"a": "C:evil"}}""", "'C:evil'")]
    [TestCase("""{"weight_map": {"a": ""}}""", "without a path")]
    [TestCase("""{"weight_map": {"a": "m.safetensors", "a": "m.safetensors"}}""", "'a' twice")]
    [TestCase("""{"weight_map": {"b": "m.safetensors"}}""", "has no such tensor")]
    [TestCase("""{"weight_map": {"a": 1}}""", "JSON")]
    [TestCase("""{"metadata": {}}""", "no 'weight_map'")]
    [TestCase("""{"metadata": {"a": 1, "a": 2}, "weight_map": {}}""", "metadata 'a' twice")]
    [TestCase("""{"weight_map": {}, "weight_map": {}}""", "'weight_map'")]
    [TestCase("""{"else": {}}""", "'else'")]
    [TestCase("[]", "JSON")]
    public void An_index_that_is_wrong_is_refused(string index, string error)
    {
        using var folder = new Scratch();
        TensorFile.Save(folder["m.safetensors"], new Dictionary<string, ParameterValues> { ["a"] = ParameterValues.Of(1f) });
        File.WriteAllText(folder["m.safetensors.index.json"], index);
        Assert.That(() => TensorFile.Open(folder["m.safetensors.index.json"]), Throws.TypeOf<InvalidDataException>().With.Message.Contains(folder["m.safetensors.index.json"]).And.Message.Contains(error));
    }

    [Test]
    public void An_index_has_all_that_its_files_have()
    {
        using var folder = new Scratch();
        TensorFile.Save(folder["m.safetensors"], new Dictionary<string, ParameterValues> { ["a"] = ParameterValues.Of(1f), ["b"] = ParameterValues.Of(1f) });
        File.WriteAllText(folder["model.safetensors.index.json"], """{"weight_map": {"a": "m.safetensors"}}""");
        Assert.That(() => TensorFile.Open(folder.Folder), Throws.TypeOf<InvalidDataException>().With.Message.Contains("'b'").And.Message.Contains("'m.safetensors'"));
        File.WriteAllText(folder["model.safetensors.index.json"], """{"weight_map": {"a": "m.safetensors", "b": "n.safetensors"}}""");
        Assert.That(() => TensorFile.Open(folder.Folder), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("n.safetensors"));
    }
}

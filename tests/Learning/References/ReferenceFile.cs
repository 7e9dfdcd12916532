namespace GraphCompiler.Learning.Tests.References;

/// <summary>A module of PyTorch's, as make-modules.py wrote it: its state, what it was given, and what it made of that.</summary>
internal sealed class ReferenceFile : IDisposable
{
    private readonly TensorFile file;

    private ReferenceFile(string path) => (Path, file) = (path, TensorFile.Open(path));

    /// <summary>The folder of this file's source.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>The files that there are, by name.</summary>
    public static IEnumerable<string> Names => Directory.GetFiles(System.IO.Path.Combine(Folder, "modules")).Select(f => System.IO.Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    public string Path { get; }

    /// <summary>The tensors of the state, under PyTorch's names.</summary>
    public IEnumerable<string> State => file.Tensors.Select(t => t.Name).Where(n => !n.Contains(':'));

    public static ReferenceFile Open(string name) => new(System.IO.Path.Combine(Folder, "modules", $"{name}.safetensors"));

    /// <summary>The tensors of a kind, such as <c>input</c>, without it in their names.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Of(string kind) =>
        file.Tensors.Where(t => t.Name.StartsWith($"{kind}:", StringComparison.Ordinal)).ToDictionary(t => t.Name[(kind.Length + 1)..]);

    public void Dispose() => file.Dispose();

    private static string FindFolder()
    {
        var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
        string inRepository = System.IO.Path.Combine("tests", "Learning", "References");
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, inRepository, "make-modules.py")))
        {
            folder = folder.Parent ?? throw new FileNotFoundException(inRepository);
        }

        return System.IO.Path.Combine(folder.FullName, inRepository);
    }
}

using System.Text.Json;

namespace GraphCompiler.Tests.References;

/// <summary>A reference case: an expression of PyTorch with inputs, results, gradients and second-order products.</summary>
internal sealed class ReferenceCase
{
    private ReferenceCase(JsonElement json)
    {
        Group = json.GetProperty("group").GetString()!;
        Case = json.GetProperty("case").GetString()!;
        Expression = json.GetProperty("torch").GetString()!;
        Inputs = [.. json.GetProperty("inputs").EnumerateObject().Select(p => (p.Name, ReferenceTensor.Read(p.Value)!))];
        Diff = [.. json.GetProperty("diff").EnumerateArray().Select(d => d.GetString()!)];
        Outputs = [.. json.GetProperty("outputs").EnumerateArray().Select(o => ReferenceTensor.Read(o)!)];
        GradOutputs = [.. json.GetProperty("grad_outputs").EnumerateArray().Select(ReferenceTensor.Read)];
        GradInputs = ByName(json, "grad_inputs") ?? [];
        Direction = ByName(json, "hvp_v");
        Hvp = ByName(json, "hvp");
        FdChecked = json.GetProperty("fd_checked").ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };
    }

    /// <summary>Where the files lie.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "References", "torch");

    public string Group { get; }

    public string Case { get; }

    public string Key => $"{Group}/{Case}";

    public string Expression { get; }

    public IReadOnlyList<(string Name, ReferenceTensor Value)> Inputs { get; }

    /// <summary>The names of the inputs that are differentiated.</summary>
    public IReadOnlyList<string> Diff { get; }

    public IReadOnlyList<ReferenceTensor> Outputs { get; }

    /// <summary>The gradient of each output; null for one that has none.</summary>
    public IReadOnlyList<ReferenceTensor?> GradOutputs { get; }

    /// <summary>The gradients of the inputs; null for one that no output depends on.</summary>
    public IReadOnlyDictionary<string, ReferenceTensor?> GradInputs { get; }

    /// <summary>v of the second-order product, or null where there is none.</summary>
    public IReadOnlyDictionary<string, ReferenceTensor?>? Direction { get; }

    /// <summary>The gradient of ⟨gradients, v⟩.</summary>
    public IReadOnlyDictionary<string, ReferenceTensor?>? Hvp { get; }

    /// <summary>Whether finite differences agree: binding if so; false marks a kink, tie or singular point.</summary>
    public bool? FdChecked { get; }

    public static ReferenceCase Load(string key)
    {
        using FileStream file = File.OpenRead(Path.Combine(Folder, key + ".json"));
        using JsonDocument document = JsonDocument.Parse(file);
        return new ReferenceCase(document.RootElement);
    }

    /// <summary>The names group/case of the files of expressions.</summary>
    public static IEnumerable<string> Keys() => Directory.EnumerateDirectories(Folder)
        .Where(d => Path.GetFileName(d) is not ("optim" or "seed"))
        .SelectMany(d => Directory.EnumerateFiles(d, "*.json"))
        .Select(f => $"{Path.GetFileName(Path.GetDirectoryName(f))}/{Path.GetFileNameWithoutExtension(f)}")
        .Order(StringComparer.Ordinal);

    private static Dictionary<string, ReferenceTensor?>? ByName(JsonElement json, string field) => json.TryGetProperty(field, out JsonElement tensors)
        ? tensors.EnumerateObject().ToDictionary(p => p.Name, p => ReferenceTensor.Read(p.Value))
        : null;
}

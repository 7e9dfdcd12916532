using System.Text;
using GraphCompiler.Learning.Files;

namespace GraphCompiler.Learning;

/// <summary>A parameter that has another shape in a file.</summary>
/// <param name="Name">Its path in the module.</param>
/// <param name="Expected">The parameter's shape.</param>
/// <param name="Found">The shape in the file.</param>
public sealed record ShapeDifference(string Name, Shape Expected, Shape Found);

/// <summary>A parameter that has another element type in a file.</summary>
/// <param name="Name">Its path in the module.</param>
/// <param name="Expected">The parameter's element type.</param>
/// <param name="Found">What the file calls the type that it has, such as <c>F16</c> (<see cref="StoredTensor.StoredAs"/>).</param>
public sealed record DTypeDifference(string Name, DType Expected, string Found);

/// <summary>What was loaded from a file into a module, and what does not fit; <see cref="ToString"/> says it in lines.</summary>
public sealed class LoadReport
{
    /// <summary>More names of a kind are counted only.</summary>
    private const int MostShown = 12;

    private readonly Dictionary<string, string> nearest;
    private readonly bool isRefused;

    internal LoadReport(string path, LoadPlan plan)
    {
        Path = path;
        (Loaded, isRefused) = (plan.Loaded, plan.IsRefused);
        (Missing, Unexpected, Conflicting) = (plan.Missing, plan.Unexpected, plan.Conflicting);
        (WrongShape, WrongDType, Widened) = (plan.WrongShape, plan.WrongDType, plan.Widened);
        nearest = Missing.Take(MostShown).Select(name => (name, Found: NearestName.Of(name, Unexpected)))
            .Concat(Unexpected.Take(MostShown).Select(name => (name, Found: NearestName.Of(name, Missing))))
            .Where(n => n.Found is not null).DistinctBy(n => n.name).ToDictionary(n => n.name, n => n.Found!);
    }

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The parameters and buffers that have the file's values, each once, by their paths in the module. Of a file that was refused, those that would have had them.</summary>
    public IReadOnlyList<string> Loaded { get; }

    /// <summary>The parameters and buffers that the file does not have.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>The tensors of the file, by their names as they were given (renamed), that are nothing of the module's.</summary>
    public IReadOnlyList<string> Unexpected { get; }

    /// <summary>What has another shape in the file.</summary>
    public IReadOnlyList<ShapeDifference> WrongShape { get; }

    /// <summary>What has another element type in the file, and one that is not widened to the parameter's.</summary>
    public IReadOnlyList<DTypeDifference> WrongDType { get; }

    /// <summary>What has a narrower element type in the file, all of whose values the parameter's has, as float32 has those of float16 and bfloat16.</summary>
    public IReadOnlyList<DTypeDifference> Widened { get; }

    /// <summary>The parameters that are in several places of the module, for which the file has different values.</summary>
    public IReadOnlyList<string> Conflicting { get; }

    /// <summary>What a missing or unexpected name may have been meant to be, among those that are unexpected or missing; null if none is near.</summary>
    /// <param name="name">One of the first of <see cref="Missing"/> or <see cref="Unexpected"/>.</param>
    public string? NearestTo(string name) => nearest.GetValueOrDefault(name);

    /// <summary>All of it, a line a kind.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Path}: {Loaded.Count} {(isRefused ? "that would be " : string.Empty)}loaded");
        Add("missing", Missing, Named);
        Add("unexpected", Unexpected, Named);
        Add("of another shape", WrongShape, d => $"'{d.Name}' is {d.Expected}, in the file {d.Found}");
        Add("of another dtype", WrongDType, d => $"'{d.Name}' is {d.Expected.Display()}, in the file {d.Found}");
        Add("with two values for one parameter", Conflicting, name => $"'{name}'");
        Add("widened", Widened, d => $"'{d.Name}' from {d.Found} to {d.Expected.Display()}");
        if (PrefixOf(Missing, Unexpected) is { } before)
        {
            text.AppendLine().Append($"What is missing begins with '{before}' in the file: 'rename' can take that away.");
        }
        else if (PrefixOf(Unexpected, Missing) is { } lacking)
        {
            text.AppendLine().Append($"What is unexpected begins with '{lacking}' in the module: 'rename' can put that before it.");
        }

        return text.ToString();

        void Add<T>(string kind, IReadOnlyList<T> items, Func<T, string> display)
        {
            if (items.Count > 0)
            {
                text.AppendLine().Append($"{items.Count} {kind}: {string.Join(", ", items.Take(MostShown).Select(display))}{(items.Count > MostShown ? ", …" : string.Empty)}");
            }
        }

        string Named(string name) => NearestTo(name) is { } other ? $"'{name}' (near: '{other}')" : $"'{name}'";
    }

    /// <summary>What all names have before them among others, such as <c>model.</c>; null if there is no such.</summary>
    private static string? PrefixOf(IReadOnlyList<string> names, IReadOnlyList<string> others)
    {
        if (names.Count == 0)
        {
            return null;
        }

        HashSet<string> all = [.. others];
        return others.Where(o => o.EndsWith($".{names[0]}", StringComparison.Ordinal)).Select(o => o[..^names[0].Length]).FirstOrDefault(p => names.All(n => all.Contains(p + n)));
    }
}

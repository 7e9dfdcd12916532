using System.Reflection;
using System.Text.RegularExpressions;

namespace GraphCompiler.Tests.Docs.Operations;

/// <summary>A public function of <see cref="Ops"/> as its source declares it: signature and comment, and the method that reflection knows.</summary>
internal sealed partial class PublicFunction
{
    private PublicFunction(string file, string name, string signature, string summary, string? returns, IReadOnlyDictionary<string, string> parameters, MethodInfo method)
    {
        File = file;
        Name = name;
        Signature = signature;
        Summary = summary;
        Returns = returns;
        Parameters = parameters;
        Method = method;
    }

    /// <summary>The file's name, which is that of its family.</summary>
    public string File { get; }

    public string Name { get; }

    public string Signature { get; }

    public string Summary { get; }

    /// <summary>What it gives, if its comment says that.</summary>
    public string? Returns { get; }

    public IReadOnlyDictionary<string, string> Parameters { get; }

    public MethodInfo Method { get; }

    /// <summary>All of them, in the order of the files.</summary>
    public static IReadOnlyList<PublicFunction> All(string root)
    {
        List<PublicFunction> functions = [];
        foreach (string path in Directory.EnumerateFiles(Path.Combine(root, "src", "Graph", "Surface"), "Ops.*.cs").Order(StringComparer.Ordinal))
        {
            string text = System.IO.File.ReadAllText(path);
            foreach (Match match in Declaration().Matches(text))
            {
                functions.Add(Read(Path.GetFileName(path), match, functions));
            }
        }

        return functions;
    }

    private static PublicFunction Read(string file, Match match, List<PublicFunction> before)
    {
        string name = match.Groups["name"].Value;
        string list = Spaces().Replace(match.Groups["parameters"].Value, " ").Trim();
        MethodInfo method = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static).SingleOrDefault(m => m.Name == name && m.IsGenericMethod == match.Groups["generic"].Success && Matches(m, list))
            ?? throw new InvalidOperationException($"No method is {name}({list}).");
        string comment = Spaces().Replace(string.Join(' ', match.Groups["comment"].Value.Split('\n').Select(l => l.Trim().TrimStart('/'))), " ");
        PublicFunction? inherited = Summaries().IsMatch(comment) ? null : before.Last(f => f.Name == name);
        string summary = inherited?.Summary ?? Plain(Summaries().Match(comment).Groups[1].Value);
        string? returns = inherited?.Returns ?? (Returned().Match(comment) is { Success: true } given ? Plain(given.Groups[1].Value) : null);
        IReadOnlyDictionary<string, string> parameters = inherited?.Parameters ?? Params().Matches(comment).ToDictionary(m => m.Groups[1].Value, m => Plain(m.Groups[2].Value));
        return new PublicFunction(file, name, $"{name}{match.Groups["generic"].Value}({list})", summary, returns, parameters, method);
    }

    private static bool Matches(MethodInfo method, string list)
    {
        string[] written = [.. Split(Tuples().Replace(list, "ValueTuple<$1, $2>")).Select(p => p.Split('=')[0].Trim().Replace("params ", string.Empty, StringComparison.Ordinal).Replace("?", string.Empty, StringComparison.Ordinal))];
        return method.GetParameters().Select(p => $"{TypeName(p.ParameterType)} {p.Name}").SequenceEqual(written);
    }

    private static string TypeName(Type type) => Nullable.GetUnderlyingType(type) is { } inner ? TypeName(inner)
        : type.IsArray ? $"{TypeName(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]"
        : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(TypeName))}>"
        : type == typeof(float) ? "float"
        : type == typeof(double) ? "double"
        : type == typeof(int) ? "int"
        : type == typeof(long) ? "long"
        : type == typeof(bool) ? "bool"
        : type == typeof(string) ? "string"
        : type.Name;

    private static List<string> Split(string list)
    {
        List<string> parts = [];
        (int depth, int start) = (0, 0);
        for (int i = 0; i < list.Length; i++)
        {
            depth += list[i] is '<' or '(' or '[' ? 1 : list[i] is '>' or ')' or ']' ? -1 : 0;
            if (list[i] == ',' && depth == 0)
            {
                parts.Add(list[start..i].Trim());
                start = i + 1;
            }
        }

        return start < list.Length ? [.. parts, list[start..].Trim()] : parts;
    }

    private static string Plain(string xml) => Spaces().Replace(
        Tags().Replace(References().Replace(xml, m => m.Groups[1].Value.Split('(', '.')[0]), string.Empty)
            .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal),
        " ").Trim();

    [GeneratedRegex(@"(?<comment>(?:^ *///[^\n]*\n)+)(?: *\[[^\n]*\n)* *public static (?<result>\([^)]*\)|[\w\[\]?]+(?:<[\w<>, ?]+>)?) (?<name>\w+)(?<generic><\w+>)?\((?<parameters>(?:[^()]|\([^()]*\))*)\)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\((\w+)\?? \w+, (\w+)\?? \w+\)")]
    private static partial Regex Tuples();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"<summary>(.*?)</summary>")]
    private static partial Regex Summaries();

    [GeneratedRegex(@"<returns>(.*?)</returns>")]
    private static partial Regex Returned();

    [GeneratedRegex("<param name=\"(\\w+)\">(.*?)</param>")]
    private static partial Regex Params();

    [GeneratedRegex("<\\w+ (?:c?ref|name)=\"([^\"]+)\" ?/>")]
    private static partial Regex References();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex Tags();
}

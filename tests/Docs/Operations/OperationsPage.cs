using System.Text;
using System.Text.RegularExpressions;
using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Docs.Operations;

/// <summary>docs/operations.md: a row for each public function, from its declaration, its comment and a trace of it.</summary>
internal static partial class OperationsPage
{
    private static readonly (string File, string Title)[] Families =
    [
        ("Ops.Sources.cs", "Inputs, parameters and constants"),
        ("Ops.Sequences.cs", "Sequences and identities"),
        ("Ops.Elementwise.cs", "Arithmetic"),
        ("Ops.Functions.cs", "Elementary and special functions"),
        ("Ops.Rounding.cs", "Rounding and remainders"),
        ("Ops.Logic.cs", "Comparisons, logic, bits and selection"),
        ("Ops.Activations.cs", "Activations"),
        ("Ops.Reductions.cs", "Reductions"),
        ("Ops.Statistics.cs", "Statistics"),
        ("Ops.Quantiles.cs", "Quantiles and modes"),
        ("Ops.Differences.cs", "Differences and integrals"),
        ("Ops.Norms.cs", "Norms and distances"),
        ("Ops.Scans.cs", "Scans"),
        ("Ops.Sorting.cs", "Sorting and searching"),
        ("Ops.Contraction.cs", "Products of matrices"),
        ("Ops.Affine.cs", "Products of matrices with something added"),
        ("Ops.Tensors.cs", "Contractions"),
        ("Ops.Factorizations.cs", "Factorisations of matrices"),
        ("Ops.LinearSystems.cs", "Linear systems, determinants and functions of matrices"),
        ("Ops.Movement.cs", "Shapes"),
        ("Ops.Moving.cs", "Moving elements and axes, stacking"),
        ("Ops.Repeating.cs", "Repeating"),
        ("Ops.Parts.cs", "Parts"),
        ("Ops.Diagonals.cs", "Diagonals"),
        ("Ops.Indexing.cs", "Indexing"),
        ("Ops.AdvancedIndexing.cs", "Indexing as x[…]"),
        ("Ops.Scattering.cs", "Scattering and masks"),
        ("Ops.Embedding.cs", "Embeddings"),
        ("Ops.Windows.cs", "Windows"),
        ("Ops.Convolution.cs", "Convolutions"),
        ("Ops.MaxPooling.cs", "Largest elements of windows"),
        ("Ops.AveragePooling.cs", "Means and norms of windows"),
        ("Ops.AdaptivePooling.cs", "Pooling to a size"),
        ("Ops.Resize.cs", "Resizing"),
        ("Ops.GridSample.cs", "Sampling"),
        ("Ops.Losses.cs", "Losses of numbers"),
        ("Ops.ClassLosses.cs", "Losses of classes"),
        ("Ops.Distances.cs", "Distances and their losses"),
        ("Ops.Normalisation.cs", "Normalisation"),
        ("Ops.Attention.cs", "Attention"),
        ("Ops.Random.cs", "Random numbers"),
        ("Ops.GammaFamily.cs", "Random numbers of the gamma family"),
        ("Ops.Sampling.cs", "Random choices"),
        ("Ops.Dropout.cs", "Dropout"),
        ("Ops.ControlFlow.cs", "Loops and branches"),
        ("Ops.Recurrent.cs", "Recurrent layers"),
        ("Ops.FixedPoints.cs", "Fixed points and roots"),
        ("Ops.Minimizers.cs", "Minimizers"),
        ("Ops.Ode.cs", "Differential equations"),
        ("Ops.Quadrature.cs", "Integrals"),
        ("Ops.Composites.cs", "Limits and composition"),
        ("Ops.CustomGradients.cs", "Derivatives of your own"),
        ("Ops.HostFunctions.cs", "Host functions"),
        ("Ops.Map.cs", "Functions of your own"),
        ("Ops.Gradients.cs", "Gradients"),
        ("Ops.Vmap.cs", "Many examples at once"),
        ("Ops.Jacobians.cs", "Jacobians and Hessians"),
    ];

    public static string Write(string root)
    {
        IReadOnlyList<PublicFunction> functions = PublicFunction.All(root);
        string[] unknown = [.. functions.Select(f => f.File).Distinct().Except(Families.Select(f => f.File))];
        if (unknown.Length > 0)
        {
            throw new InvalidOperationException($"No family of the page is for {string.Join(", ", unknown)}; give it a title in OperationsPage.");
        }

        Dictionary<string, string> files = OperationFiles(root);
        var page = new StringBuilder();
        page.Append("""
            # Operations

            Every function of `Ops`, where `using static GraphCompiler.Ops;` finds it. This page is written by a test from declarations, comments and
            graphs that the functions make; change those, and run `GRAPHCOMPILER_WRITE_DOCS=1 dotnet test tests/GraphCompiler.Tests.csproj --filter OperationsPage`.

            - **dtypes** of the first input; others have the same unless the text says otherwise. f is float32 and float64, i is int32 and int64.
            - **shapes**: of inputs → of the result, or, of what takes functions or lists, in words. Elementwise functions broadcast as NumPy does, but a symbol never
              stands for 1.
            - **derivative**: what flows back for a cotangent g of the result y. A formula is the operation's own rule, simplified; `scaleCotangent(g, s)` and
              the products written for it are 0 wherever g is 0, see [semantics](semantics.md). "of its parts" is what the operations give that the function
              is made of.

            """.Replace("\r", string.Empty, StringComparison.Ordinal));
        foreach ((string file, string title) in Families)
        {
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n## {title}\n\nIn [{file}](../src/Graph/Surface/{file}).\n\n| function | | dtypes | shapes | derivative | operation |\n| --- | --- | --- | --- | --- | --- |\n");
            foreach (PublicFunction function in functions.Where(f => f.File == file))
            {
                page.Append(Row(function, FunctionTrace.Of(function), files)).Append('\n');
            }
        }

        return page.ToString();
    }

    private static string Row(PublicFunction function, FunctionTrace? trace, Dictionary<string, string> files)
    {
        string[] cells = trace is null
            ? [$"`{function.Signature}`", Text(function), string.Empty, Shapes(function), string.Empty, string.Empty]
            : [$"`{function.Signature}`", Text(function), DTypes(trace), Shapes(trace), trace.Derivative(), Operation(trace, files)];
        return $"| {string.Join(" | ", cells.Select(c => Bars().Replace(c, "\\|")))} |";
    }

    private static string Text(PublicFunction function) => function.Returns is null ? function.Summary : $"{function.Summary} *Returns:* {function.Returns}";

    /// <summary>What the comment says of the shapes of nodes that are given.</summary>
    private static string Shapes(PublicFunction function) => string.Join(
        ' ', function.Parameters.Where(p => ShapesInText().IsMatch(p.Value)).Select(p => $"`{p.Key}`: {p.Value}"));

    private static string DTypes(FunctionTrace trace)
    {
        bool Has(params DType[] types) => types.All(trace.DTypes.Contains);
        List<string> names = [];
        if (Has(DType.Float32, DType.Float64))
        {
            names.Add("f");
        }

        if (Has(DType.Int32, DType.Int64))
        {
            names.Add("i");
        }

        if (Has(DType.Bool))
        {
            names.Add("bool");
        }

        return string.Join(", ", names);
    }

    private static string Shapes(FunctionTrace trace) => trace.IsElementwise
        ? "elementwise"
        : $"{string.Join(", ", trace.Inputs.Select(i => i.Shape))} → {string.Join(", ", trace.Results.Select(r => r.Shape))}";

    /// <summary>The operation that the function is, if it is one.</summary>
    private static string Operation(FunctionTrace trace, Dictionary<string, string> files)
    {
        Node result = trace.Results[0];
        bool single = trace.Results.Count == 1 && result.Op is not InputOp && result.Inputs.All(i => FunctionTrace.IsGiven(i, mayBeReshaped: false));
        string name = result.Op.GetType().Name;
        return single && result.Op is NamedOp ? result.Op.Name : single && files.TryGetValue(name, out string? file) ? $"[{result.Op.Kind}](../src/Graph/Operations/{file})" : string.Empty;
    }

    private static Dictionary<string, string> OperationFiles(string root) =>
        (from path in Directory.EnumerateFiles(Path.Combine(root, "src", "Graph", "Operations"), "*.cs")
         from Match match in Records().Matches(File.ReadAllText(path))
         select (Name: match.Groups[1].Value, File: Path.GetFileName(path))).ToDictionary(p => p.Name, p => p.File);

    [GeneratedRegex(@"\[[^\]]*[A-Z…·][^\]]*\]")]
    private static partial Regex ShapesInText();

    [GeneratedRegex(@"sealed record (\w+Op)\b")]
    private static partial Regex Records();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bars();
}

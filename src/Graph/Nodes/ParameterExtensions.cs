namespace GraphCompiler;

/// <summary>Values of many parameters at once, by their paths: of a model, or of what an optimiser remembers (<see cref="Optimizer.State"/>).</summary>
public static class ParameterExtensions
{
    /// <summary>A copy of the values of each, by its <see cref="Parameter.Path"/>.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="ArgumentException">Two have the same path.</exception>
    /// <exception cref="SizeException">There is no memory for one, or it has more bytes than an array may have.</exception>
    public static Dictionary<string, ParameterValues> ToValues(this IEnumerable<Parameter> parameters) =>
        ByPath(parameters).ToDictionary(p => p.Key, p => new ParameterValues(p.Value.DType, p.Value.Shape, p.Value.CopyBytes()));

    /// <summary>Replaces the values of all, or of none.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="values">Values for each by its path, of its dtype and shape, and no others: what <see cref="ToValues"/> gave.</param>
    /// <exception cref="ArgumentException">Two have the same path, one has no values, or there are values of no parameter; none has changed.</exception>
    /// <exception cref="ShapeException">Values have another shape than their parameter; none has changed.</exception>
    /// <exception cref="DTypeException">Values have another dtype, or a byte of a bool is neither 0 nor 1; none has changed.</exception>
    /// <exception cref="GraphException">Another call is writing one; none has changed.</exception>
    public static void SetValues(this IEnumerable<Parameter> parameters, IReadOnlyDictionary<string, ParameterValues> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Dictionary<string, Parameter> all = ByPath(parameters);
        RequirePaths([.. all.Keys], [.. values.Keys]);
        foreach ((string path, Parameter parameter) in all)
        {
            ArgumentNullException.ThrowIfNull(values[path], nameof(values));
            parameter.Check(values[path]);
        }

        Rewrite(all.Values, parameter => parameter.Write(values[parameter.Path].Bytes.Span));
    }

    /// <summary>Writes the values of all in place, or of none if somebody else is writing one of them. What <paramref name="write"/> has written when it throws stays.</summary>
    /// <param name="parameters">The parameters; of one that is there twice, the values are written once.</param>
    /// <param name="write">
    /// Is given a parameter and memory for the bytes of its next elements, row-major, which it fills: all at once, or part after part where they are more than a span may have. Of a bool
    /// every byte but 0 is true.
    /// </param>
    /// <exception cref="GraphException">Another call is writing one; none has changed.</exception>
    public static void SetBytes(this IEnumerable<Parameter> parameters, Action<Parameter, Span<byte>> write)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(write);
        Parameter[] all = [.. parameters.Distinct()];
        Items.ThrowIfNull(all, nameof(parameters));
        Rewrite(all, parameter => parameter.Write(write));
    }

    /// <summary>Writes each while nobody else writes any.</summary>
    private static void Rewrite(IReadOnlyCollection<Parameter> parameters, Action<Parameter> write)
    {
        var writer = new Writer();
        writer.Turn.TryTake();
        try
        {
            if (writer.Claim([.. parameters.Select(p => p.Written)]) is { } refused)
            {
                throw refused.Refusal();
            }

            foreach (Parameter parameter in parameters)
            {
                write(parameter);
            }
        }
        finally
        {
            writer.Turn.GiveBack();
        }
    }

    /// <summary>Refuses values of other parameters than there are.</summary>
    private static void RequirePaths(string[] parameters, string[] values)
    {
        string[] missing = [.. parameters.Except(values)];
        string[] surplus = [.. values.Except(parameters)];
        if (missing.Length + surplus.Length > 0)
        {
            string[] faults =
            [
                .. missing.Length == 0 ? [] : (string[])[$"there are none of {Some(missing)}"],
                .. surplus.Length == 0 ? [] : (string[])[$"{Some(surplus)} {(surplus.Length == 1 ? "is" : "are")} of no parameter"],
            ];
            throw new ArgumentException(
                $"These values are not those of these parameters: {string.Join(", and ", faults)}. There are {InvariantText.Count(parameters.Length, "parameter")}{Listed(parameters)}, and values of {InvariantText.Count(values.Length, "parameter")}{Listed(values)}.", nameof(values));
        }
    }

    /// <summary>Parameters by their paths.</summary>
    /// <exception cref="ArgumentException">Two have the same.</exception>
    internal static Dictionary<string, Parameter> ByPath(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameter[] all = [.. parameters];
        Items.ThrowIfNull(all, nameof(parameters));
        Dictionary<string, Parameter> byPath = [];
        foreach (Parameter parameter in all)
        {
            if (!byPath.TryAdd(parameter.Path, parameter) && byPath[parameter.Path] is var other && other != parameter)
            {
                throw new ArgumentException($"{other.Describe()} and {parameter.Describe()} have one path, under which only one can be filed; give each parameter a Path of its own, and each of two optimisers of one kind a Name.", nameof(parameters));
            }
        }

        return byPath;
    }

    private static string Some(string[] paths) => $"{string.Join(", ", paths.Take(8).Select(p => $"'{p}'"))}{(paths.Length > 8 ? ", …" : string.Empty)}";

    private static string Listed(string[] paths) => paths.Length == 0 ? string.Empty : $" ({Some(paths)})";
}

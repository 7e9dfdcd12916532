namespace GraphCompiler;

/// <summary>Values of many parameters at once, by their paths: of a model, or of what an optimiser remembers (<see cref="Optimizer.State"/>).</summary>
public static class ParameterExtensions
{
    /// <summary>A copy of the values of each, see <see cref="Parameter.Bytes"/>, by its <see cref="Parameter.Path"/>.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="ArgumentException">Two have the same path.</exception>
    /// <exception cref="SizeException">There is no memory for one, or it has more bytes than an array may have.</exception>
    public static Dictionary<string, byte[]> ToBytes(this IEnumerable<Parameter> parameters) => ByPath(parameters).ToDictionary(p => p.Key, p => p.Value.CopyBytes());

    /// <summary>Replaces the values of all.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="bytes">What <see cref="ToBytes"/> gave of parameters with these paths, dtypes and shapes; it may have more.</param>
    /// <exception cref="ArgumentException">Two have the same path, or there are no bytes of one; none has changed.</exception>
    /// <exception cref="ShapeException">There are not as many bytes as one has; none has changed.</exception>
    /// <exception cref="DTypeException">A byte of a bool is neither 0 nor 1; none has changed.</exception>
    /// <exception cref="GraphException">Another call is writing one; none has changed.</exception>
    public static void SetBytes(this IEnumerable<Parameter> parameters, IReadOnlyDictionary<string, byte[]> bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        Dictionary<string, Parameter> all = ByPath(parameters);
        foreach ((string path, Parameter parameter) in all)
        {
            parameter.CheckBytes(bytes.TryGetValue(path, out byte[]? given) && given is not null ? given
                : throw new ArgumentException($"There are no bytes of {parameter.Describe()} among those of {InvariantText.Count(bytes.Count, "parameter")}{Some(bytes.Keys)}.", nameof(bytes)));
        }

        var writer = new Writer();
        writer.Turn.TryTake();
        try
        {
            if (writer.Claim([.. all.Values.Select(p => p.Written)]) is { } refused)
            {
                throw refused.Refusal();
            }

            foreach ((string path, Parameter parameter) in all)
            {
                parameter.Write(bytes[path]);
            }
        }
        finally
        {
            writer.Turn.GiveBack();
        }
    }

    private static Dictionary<string, Parameter> ByPath(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Dictionary<string, Parameter> byPath = [];
        foreach (Parameter parameter in parameters)
        {
            ArgumentNullException.ThrowIfNull(parameter, nameof(parameters));
            if (!byPath.TryAdd(parameter.Path, parameter) && byPath[parameter.Path] is var other && other != parameter)
            {
                throw new ArgumentException($"{other.Describe()} and {parameter.Describe()} have one path, under which only one can be filed; give each a Path of its own, or save what two optimisers of one kind remember apart.", nameof(parameters));
            }
        }

        return byPath;
    }

    private static string Some(IEnumerable<string> paths) => paths.Any() ? $": {string.Join(", ", paths.Take(8))}{(paths.Skip(8).Any() ? ", …" : string.Empty)}" : string.Empty;
}

namespace GraphCompiler.Learning.Files;

/// <summary>Which tensor of a file goes into which parameter of a module, and what does not fit.</summary>
internal sealed class LoadPlan
{
    private readonly Dictionary<string, StoredTensor> tensors = [];
    private readonly Dictionary<Parameter, StoredTensor> sources = [];

    /// <summary>Compares a module and a file, of which values are read only where one parameter has two.</summary>
    /// <exception cref="ArgumentException">Two tensors are given one name.</exception>
    public LoadPlan(Module module, TensorFile file, NamePatterns missing, NamePatterns unexpected, Func<string, string>? rename)
    {
        foreach (StoredTensor tensor in file.Tensors)
        {
            string name = rename?.Invoke(tensor.Name) ?? tensor.Name;
            if (!tensors.TryAdd(name, tensor))
            {
                throw new ArgumentException($"'{tensors[name].Name}' and '{tensor.Name}' of '{file.Path}' are both given the name '{name}'.", nameof(rename));
            }
        }

        Dictionary<string, string> aliases = Ties.Of(file, rename);
        HashSet<string> places = [];
        foreach (IGrouping<Parameter, ModuleParameter> place in module.NamedParameters().Where(p => p.IsSaved).GroupBy(p => p.Parameter))
        {
            string[] names = [.. place.Select(p => p.Path)];
            places.UnionWith(names);
            string[] saved = [.. names.Select(n => tensors.ContainsKey(n) ? n : aliases.GetValueOrDefault(n)).OfType<string>().Where(tensors.ContainsKey).Distinct()];
            places.UnionWith(saved);
            Choose(place.Key, names, [.. saved.Select(n => tensors[n])], missing);
        }

        Unexpected = [.. tensors.Keys.Where(n => !places.Contains(n))];
        IsRefused |= Unexpected.Any(n => !unexpected.Match(n));
    }

    public List<string> Loaded { get; } = [];

    public List<string> Missing { get; } = [];

    public IReadOnlyList<string> Unexpected { get; }

    public List<ShapeDifference> WrongShape { get; } = [];

    public List<DTypeDifference> WrongDType { get; } = [];

    public List<DTypeDifference> Widened { get; } = [];

    public List<string> Conflicting { get; } = [];

    /// <summary>Whether something does not fit that no pattern allows.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Loads. What may be found wrong is looked for before, so that nothing has changed if it is.</summary>
    public void Run()
    {
        foreach (StoredTensor tensor in sources.Values.Distinct())
        {
            tensor.Verify();
        }

        StoredTensor? current = null;
        ElementReader? reader = null;
        try
        {
            sources.Keys.SetBytes((parameter, part) =>
            {
                if (current != sources[parameter] || reader!.IsAtEnd)
                {
                    reader?.Dispose();
                    current = sources[parameter];
                    reader = current.Open();
                }

                reader.Read(part);
            });
        }
        finally
        {
            reader?.Dispose();
        }
    }

    private void Choose(Parameter parameter, string[] names, StoredTensor[] found, NamePatterns missing)
    {
        string name = names[0];
        bool isOptional = names.Any(missing.Match);
        if (found is not [var tensor, ..])
        {
            Missing.Add(name);
            IsRefused |= !isOptional;
        }
        else if (Array.Find(found, t => t.DType != parameter.DType) is { } otherType)
        {
            WrongDType.Add(new(name, parameter.DType, otherType.StoredAs));
            IsRefused = true;
        }
        else if (Array.Find(found, t => t.Shape != parameter.Shape) is { } otherShape)
        {
            WrongShape.Add(new(name, parameter.Shape, otherShape.Shape));
            IsRefused |= !isOptional;
        }
        else if (found.Skip(1).Any(t => !tensor.HasValuesOf(t)))
        {
            Conflicting.Add(name);
            IsRefused = true;
        }
        else
        {
            sources.Add(parameter, tensor);
            Loaded.Add(name);
            if (tensor.IsWidened)
            {
                Widened.Add(new(name, parameter.DType, tensor.StoredAs));
            }
        }
    }
}

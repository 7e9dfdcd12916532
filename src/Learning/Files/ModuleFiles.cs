using GraphCompiler.Learning.Files;

namespace GraphCompiler.Learning;

/// <summary>Modules and files: parameters and buffers under their paths, which are PyTorch's names.</summary>
public static class ModuleFiles
{
    /// <summary>
    /// Loads a module from a file, strictly: every parameter and buffer of the module is in the file, in the same shape and dtype, and every tensor of the file is in the
    /// module; else nothing is loaded. Narrower types are widened where that loses nothing (float16 and bfloat16 to float32), and the report says so. A parameter that
    /// is in several places may have any of its names, and the same values if it has more.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="path">A file, or a folder, as <see cref="TensorFile.Open"/> opens it.</param>
    /// <param name="missing">What the file need not have, and may have in another shape: <c>"head.*"</c>. Those parameters stay as they are.</param>
    /// <param name="unexpected">Tensors of the file, by the names that they are given, that the module need not have.</param>
    /// <param name="rename">Gives each name of the file that of the module: <c>name => name.Replace("gamma", "weight")</c>.</param>
    /// <returns>What was loaded, and what not.</returns>
    /// <exception cref="LoadException">The file does not fit; nothing was loaded.</exception>
    /// <exception cref="InvalidDataException">It is no file of tensors, or damaged; nothing was loaded.</exception>
    /// <exception cref="ArgumentException">Two tensors are given one name; nothing was loaded.</exception>
    /// <exception cref="GraphException">Another call is writing a parameter; nothing was loaded.</exception>
    /// <exception cref="IOException">The file cannot be read. If it could be opened, parameters that were read before hold its values.</exception>
    public static LoadReport Load(this Module module, string path, NamePatterns missing = default, NamePatterns unexpected = default, Func<string, string>? rename = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        using var file = TensorFile.Open(path);
        return module.Load(file, missing, unexpected, rename);
    }

    /// <summary>Loads a module from a file that is open, as <see cref="Load(Module, string, NamePatterns, NamePatterns, Func{string, string})"/> does.</summary>
    /// <param name="module">The module.</param>
    /// <param name="file">The file.</param>
    /// <param name="missing">What the file need not have, and may have in another shape.</param>
    /// <param name="unexpected">Tensors of the file that the module need not have.</param>
    /// <param name="rename">Gives each name of the file that of the module.</param>
    /// <returns>What was loaded, and what not.</returns>
    /// <exception cref="LoadException">The file does not fit; nothing was loaded.</exception>
    /// <exception cref="InvalidDataException">It is damaged; nothing was loaded.</exception>
    /// <exception cref="ArgumentException">Two tensors are given one name; nothing was loaded.</exception>
    /// <exception cref="GraphException">Another call is writing a parameter; nothing was loaded.</exception>
    /// <exception cref="IOException">The file cannot be read. Parameters that were read before hold its values.</exception>
    public static LoadReport Load(this Module module, TensorFile file, NamePatterns missing = default, NamePatterns unexpected = default, Func<string, string>? rename = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(file);
        var plan = new LoadPlan(module, file, missing, unexpected, rename);
        var report = new LoadReport(file.Path, plan);
        if (plan.IsRefused)
        {
            throw new LoadException(module, report);
        }

        plan.Run();
        return report;
    }

    /// <summary>
    /// Saves a module's parameters and buffers under their paths, as what the path ends with says: <c>.safetensors</c>, whose metadata name the others of what is in several
    /// places (<c>tied</c>) and PyTorch's conventions (<c>format</c>), or <c>.npz</c>. The file is there as a whole or, if that fails, the old one still.
    /// </summary>
    /// <param name="module">The module.</param>
    /// <param name="path">The path of the file.</param>
    /// <param name="metadata">What else the file is to say of itself; only safetensors has room for it.</param>
    /// <exception cref="ArgumentException">The path ends otherwise, npz is given metadata, or the metadata have <c>tied</c>, a null or half of a surrogate pair, as a name may.</exception>
    /// <exception cref="IOException">The file cannot be written; the old one is as it was.</exception>
    public static void Save(this Module module, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        IGrouping<Parameter, ModuleParameter>[] places = [.. module.NamedParameters().Where(p => p.IsSaved).GroupBy(p => p.Parameter)];
        IEnumerable<KeyValuePair<string, Parameter>> tensors = places.Select(p => KeyValuePair.Create(p.First().Path, p.Key));
        if (path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            TensorFile.Save(path, tensors, metadata);
            return;
        }

        if (metadata?.ContainsKey(Ties.Key) is true)
        {
            throw new ArgumentException($"The metadata have '{Ties.Key}', under which a module itself says what is in several places.", nameof(metadata));
        }

        // Transformers refuses files with metadata that do not say this.
        Dictionary<string, string> all = new() { ["format"] = "pt" };
        foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
        {
            all[key] = value;
        }

        if (Ties.Of(places) is { } ties)
        {
            all[Ties.Key] = ties;
        }

        TensorFile.Save(path, tensors, all);
    }
}

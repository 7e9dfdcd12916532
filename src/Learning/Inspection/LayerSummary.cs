namespace GraphCompiler.Learning;

/// <summary>A line of a <see cref="ModelSummary"/>: a module where it was defined, with all that is in it.</summary>
public sealed record LayerSummary
{
    internal LayerSummary(Module module)
    {
        ModuleParameter[] held = [.. module.NamedParameters().Where(p => p.Alias is null)];
        (Module, Path) = (module, Definition.PathOf(module));
        Trained = held.Where(p => p.IsTrained).Sum(p => p.Parameter.ElementCount);
        Buffers = held.Where(p => p.IsBuffer).Sum(p => p.Parameter.ElementCount);
        Frozen = held.Sum(p => p.Parameter.ElementCount) - Trained - Buffers;
        Bytes = held.Sum(p => p.Parameter.ElementCount * p.Parameter.DType.Size());
    }

    /// <summary>The module.</summary>
    public Module Module { get; }

    /// <summary>The module's place; empty for the whole model.</summary>
    public string Path { get; }

    /// <summary>In how many others it was defined.</summary>
    public int Depth { get; internal init; }

    /// <summary>The shapes of what it gave; none of a module that was not defined.</summary>
    public IReadOnlyList<Shape> Outputs { get; internal init; } = [];

    /// <summary>How many numbers are trained, each once.</summary>
    public long Trained { get; }

    /// <summary>How many numbers of parameters are not trained, since their modules are <see cref="Module.Frozen"/>.</summary>
    public long Frozen { get; }

    /// <summary>How many numbers the buffers hold.</summary>
    public long Buffers { get; }

    /// <summary>The memory of parameters and buffers.</summary>
    public long Bytes { get; }

    /// <summary>How many products of two numbers are summed, in products of matrices and convolutions; of a loop that a condition ends, in one step.</summary>
    public Dim MultiplyAdds { get; internal init; } = 0;

    /// <summary>Whether the module has a line above already, whose parameters these are.</summary>
    public bool IsRepeated { get; internal init; }
}

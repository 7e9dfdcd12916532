namespace GraphCompiler.Learning.Modules;

/// <summary>Hears which modules are being defined, and what comes of it.</summary>
internal abstract class DefinitionListener
{
    private static readonly AsyncLocal<DefinitionListener?> Listening = new();

    /// <summary>Who listens in the current flow of control; null if nobody does.</summary>
    public static DefinitionListener? Current
    {
        get => Listening.Value;
        set => Listening.Value = value;
    }

    /// <summary>A module begins to be defined, within those that have begun before and not ended.</summary>
    /// <param name="module">The module.</param>
    /// <param name="given">What it is applied to, as far as that is known: a layer's input.</param>
    public abstract void Begins(Module module, Node? given);

    /// <summary>The module that began last, and has not ended yet, is defined.</summary>
    /// <param name="result">A node, several, or what else it gave.</param>
    public abstract void Ends(object? result);
}

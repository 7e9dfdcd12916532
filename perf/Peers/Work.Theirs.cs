namespace GraphCompiler.Peers;

/// <content>The others' side.</content>
internal abstract partial class Work
{
    /// <summary>The others, those that load.</summary>
    public abstract IEnumerable<Contender> Theirs(Systems systems);
}

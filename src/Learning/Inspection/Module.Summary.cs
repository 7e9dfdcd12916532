namespace GraphCompiler.Learning;

/// <content>What a module is made of.</content>
public abstract partial class Module
{
    /// <summary>Defines something for inference and tells what it is made of: <c>net.Summary(() => net.Forward(source, target))</c>.</summary>
    /// <param name="define">Defines a node.</param>
    /// <exception cref="InvalidOperationException">A pass is open.</exception>
    public ModelSummary Summary(Func<Node> define) => Summary<Node>(define);

    /// <summary>Defines several nodes for inference and tells what they are made of.</summary>
    /// <param name="define">Defines the nodes.</param>
    /// <exception cref="InvalidOperationException">A pass is open.</exception>
    public ModelSummary Summary(Func<IReadOnlyList<Node>> define) => Summary<IReadOnlyList<Node>>(define);

    private ModelSummary Summary<T>(Func<T> define)
    {
        ArgumentNullException.ThrowIfNull(define);
        Dim multiplyAdds = 0;
        IReadOnlyList<LayerSummary> layers = Defined(() => SummaryTrace.Of(this, define, out multiplyAdds));
        return new ModelSummary(new LayerSummary(this) { MultiplyAdds = multiplyAdds }, layers);
    }
}

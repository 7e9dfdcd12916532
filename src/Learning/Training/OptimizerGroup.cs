namespace GraphCompiler.Learning;

/// <summary>An optimiser, and what it trains: of the groups of a trainer the first whose predicate holds for a parameter has it.</summary>
/// <param name="Optimizer">The optimiser.</param>
/// <param name="Predicate">Whether it trains a parameter, which has its path by then: <c>p =&gt; p.Rank &gt; 1</c>.</param>
public sealed record OptimizerGroup(Optimizer Optimizer, Func<Parameter, bool> Predicate)
{
    /// <summary>An optimiser of all parameters.</summary>
    /// <param name="optimizer">The optimiser.</param>
    public OptimizerGroup(Optimizer optimizer)
        : this(optimizer, _ => true)
    {
    }

    /// <summary>An optimiser of all parameters.</summary>
    /// <param name="optimizer">The optimiser.</param>
    public static implicit operator OptimizerGroup(Optimizer optimizer) => FromOptimizer(optimizer);

    /// <summary>An optimiser of all parameters.</summary>
    /// <param name="optimizer">The optimiser.</param>
    public static OptimizerGroup FromOptimizer(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return new(optimizer);
    }
}

using System.Numerics.Tensors;
using GraphCompiler.GradientChecking;

namespace GraphCompiler;

/// <summary>
/// Holds the gradients of a graph against differences of its values. Everything runs in double, also for float32 models. Central differences
/// at steps that halve are extrapolated to a derivative and an error bar (Ridders, 1982); the tolerance grows with the bar, and where the bar is
/// too wide to tell, the answer is inconclusive, not passed. Where slopes differ on the two sides, a gradient between them is accepted and
/// marked. Forward mode is held against reverse mode. A failure names the operation whose pullback is wrong.
/// </summary>
/// <remarks>
/// What is detached, or was made under <see cref="GradMode.NoGrad"/>, counts as a constant. Targets may be intermediate nodes; they are then varied
/// as if they were inputs. Random operations draw once: all evaluations of a check see the same numbers, which are those that a call would have seen.
/// Gamma numbers move with their concentrations as if their probabilities stayed.
/// </remarks>
public static class GradientCheck
{
    /// <summary>Checks gradients and throws unless every comparison passed: the form for tests.</summary>
    /// <param name="loss">A node that requires a gradient; several elements are projected with fixed random numbers.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients; none may depend on another.</param>
    /// <param name="values">
    /// Values of inputs and parameters, of their shapes (a scalar's of length 1); parameters that are not listed have their own values, and inputs
    /// random ones.
    /// </param>
    /// <param name="options">How to check; null for the defaults.</param>
    /// <exception cref="GradientCheckException">A derivative is wrong, or no difference can tell; the report is attached.</exception>
    /// <exception cref="GradientException">The loss or a target requires no gradient.</exception>
    /// <exception cref="BindingException">A value does not fit its node.</exception>
    public static void Verify(Node loss, IReadOnlyList<Node> targets, IReadOnlyDictionary<Node, Tensor<double>>? values = null, GradientCheckOptions? options = null)
    {
        GradientReport report = Run(loss, targets, values, options);
        if (report.Verdict == GradientVerdict.Failed)
        {
            throw new GradientCheckException($"The gradient is wrong. {report}", report);
        }

        if (report.Verdict == GradientVerdict.Inconclusive)
        {
            throw new GradientCheckException(
                "The gradient could not be checked: differences do not settle at these values. Give other values, away from where the function is singular " +
                $"or not finite, or look at the report with Run. {report}",
                report);
        }
    }

    /// <summary>Checks gradients and reports every comparison.</summary>
    /// <param name="loss">A node that requires a gradient; several elements are projected with fixed random numbers.</param>
    /// <param name="targets">Leaves or intermediate nodes that require gradients; none may depend on another.</param>
    /// <param name="values">
    /// Values of inputs and parameters, of their shapes (a scalar's of length 1); parameters that are not listed have their own values, and inputs
    /// random ones.
    /// </param>
    /// <param name="options">How to check; null for the defaults.</param>
    /// <returns>The comparisons, and the operation at fault if one failed.</returns>
    /// <exception cref="GradientException">The loss or a target requires no gradient.</exception>
    /// <exception cref="BindingException">A value does not fit its node.</exception>
    public static GradientReport Run(Node loss, IReadOnlyList<Node> targets, IReadOnlyDictionary<Node, Tensor<double>>? values = null, GradientCheckOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(targets);
        options ??= new GradientCheckOptions();
        options.Validate();
        var draws = new RandomDraws(holds: true);
        using (GradMode.EnableGrad())
        {
            return new GradientChecker(loss, targets, values ?? new Dictionary<Node, Tensor<double>>(), options, new InterpreterEvaluator(draws), draws).Run();
        }
    }
}

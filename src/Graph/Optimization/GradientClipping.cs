namespace GraphCompiler;

/// <summary>Gradients kept from growing too large, before an optimiser's <see cref="Optimizer.Update"/>.</summary>
public static class GradientClipping
{
    /// <summary>All gradients scaled by min(1, limit/(‖g‖ₚ + 10⁻⁶)), where the norm is that of all their numbers together.</summary>
    /// <param name="gradients">The gradients.</param>
    /// <param name="limit">The largest norm, at least 0.</param>
    /// <param name="order">The order of the norm: above 0, +∞ for the largest magnitude.</param>
    /// <returns>The scaled gradients, and the norm before.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 0 or the order not above 0.</exception>
    public static (NodeList Gradients, Node Norm) ByNorm(IReadOnlyList<Node> gradients, double limit, double order = 2)
    {
        Items.ThrowIfNull(gradients);
        if (!(limit >= 0))
        {
            throw InvariantText.OutOfRange(nameof(limit), limit, "The limit must be at least 0.");
        }

        if (!(order > 0))
        {
            throw InvariantText.OutOfRange(nameof(order), order, "The order is above 0.");
        }

        DType type = gradients.Any(g => g.DType == DType.Float64) ? DType.Float64 : DType.Float32;
        Node[] sizes = [.. gradients.Where(g => g.Shape.ElementCount.Constant != 0).Select(g => Ops.Cast(Ops.Norm(g, order), type))];
        Node norm = sizes switch
        {
            [] => Ops.Scalar(0, type),
            [var only] => only,
            _ => Ops.Norm(Ops.Stack(sizes), order),
        };
        Node factor = Ops.Clamp(limit / (norm + 1e-6), high: 1);
        return ([.. gradients.Select(g => g * Ops.Cast(factor, g.DType))], norm);
    }

    /// <summary>Each number of the gradients cut to [−limit, limit].</summary>
    /// <param name="gradients">The gradients.</param>
    /// <param name="limit">The largest magnitude, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 0.</exception>
    public static NodeList ByValue(IReadOnlyList<Node> gradients, double limit)
    {
        Items.ThrowIfNull(gradients);
        return limit >= 0 ? [.. gradients.Select(g => Ops.Clamp(g, -limit, limit))]
            : throw InvariantText.OutOfRange(nameof(limit), limit, "The limit must be at least 0.");
    }
}

using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>Windows along the spatial axes, and x with what they ask of its sizes.</summary>
    private static PoolAxis[] PoolAxes(string op, ref Node x, PerAxis kernelSize, PerAxis stride, PerAxis padding, PerAxis dilation, bool ceilMode)
    {
        int spatial = x.Rank - 2;
        Window[] windows = SpatialWindows(op, spatial, kernelSize, stride, dilation, 0);
        int[] pad = padding.For(spatial, 0, 0, op, "padding");
        var axes = new PoolAxis[spatial];
        for (int i = 0; i < spatial; i++)
        {
            (Window window, Dim size, int low) = (windows[i], x.Shape[2 + i], pad[i]);
            long reach = window.Reach.Constant!.Value;
            if (2 * low > reach)
            {
                throw new ShapeException($"{op}: the padding {low} is more than half of the {InvariantText.Count(reach, "element")} that a window spans along axis {i - spatial}.");
            }

            Dim high = low;
            if (ceilMode)
            {
                // The last window begins before the input ends, and the one before does not reach the end of the padded input.
                Dim last = (low + window.Stride <= reach ? size + (2 * low) - reach + (window.Stride - 1) : size + low - 1) / window.Stride;
                high = (last * window.Stride) + Math.Max(reach, window.Stride) - size - low;
            }

            axes[i] = new PoolAxis(window, low, high);
            string message = $"a window spans {InvariantText.Count(reach, "element")} along axis {i - spatial}, more than the {low + size + high} of the padded input.";
            x = Conditions.AtLeast(op, x, low + size + high, reach, message);
            x = Conditions.AtLeast(op, x, size, 1, $"axis {i - spatial} has no elements.");
        }

        return axes;
    }
}

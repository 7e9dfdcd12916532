using GraphCompiler.Operations;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>Windows along the spatial axes, and x with what they ask of its sizes.</summary>
    private static PoolAxis[] PoolAxes(string op, ref Node x, PerAxis kernelSize, PerAxis stride, Padding padding, PerAxis dilation, bool ceilMode)
    {
        int spatial = x.Rank - 2;
        Window[] windows = SpatialWindows(op, spatial, kernelSize, stride, dilation, 0);
        (Dim Before, Dim After)[] widths = Widths(op, x, padding, windows);
        var axes = new PoolAxis[spatial];
        for (int i = 0; i < spatial; i++)
        {
            (Window window, Dim size, Dim low, Dim high) = (windows[i], x.Shape[2 + i], widths[i].Before, widths[i].After);
            long reach = window.Reach.Constant!.Value;
            if (ceilMode && high.Constant < reach)
            {
                // The last window begins before the input ends, and the one before does not reach the end of the padded input; behind wide padding nothing is left.
                Dim last = (high.Constant + window.Stride <= reach ? size + low + high - reach + (window.Stride - 1) : size + low - 1) / window.Stride;
                high = (last * window.Stride) + Math.Max(reach, window.Stride) - size - low;
            }

            axes[i] = new PoolAxis(window, checked((int)low.Constant!.Value), high);
            string message = $"a window spans {InvariantText.Count(reach, "element")} along axis {i - spatial}, more than the {low + size + high} of the padded input.";
            x = Conditions.AtLeast(op, x, low + size + high, reach, message);
            x = Conditions.AtLeast(op, x, size, 1, $"axis {i - spatial} has no elements.");
        }

        return axes;
    }
}

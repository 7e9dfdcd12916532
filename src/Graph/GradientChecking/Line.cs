namespace GraphCompiler.GradientChecking;

/// <summary>The outputs along a line through the point, at steps that halve; each point is computed once, and only if asked for.</summary>
/// <param name="first">The first step, a power of two: then steps are exact unless they round away.</param>
/// <param name="evaluate">The outputs, one after the other, at a step, and the step that rounding made of it.</param>
internal sealed class Line(double first, Func<double, (double Step, double[] Outputs)> evaluate)
{
    private readonly Dictionary<(int Level, int Side), (double Step, double[] Outputs)> points = [];

    /// <summary>The step and outputs at a level, on the side of +1 or −1; the step has the side's sign.</summary>
    public (double Step, double[] Outputs) At(int level, int side)
    {
        if (!points.TryGetValue((level, side), out (double Step, double[] Outputs) point))
        {
            points[(level, side)] = point = evaluate(side * Math.ScaleB(first, -level));
        }

        return point;
    }

    /// <summary>One number of outputs, and the magnitude that its rounding is relative to. Outputs of weight 0 do not count.</summary>
    public static (double Value, double Magnitude) Project(double[] outputs, double[] cotangent)
    {
        double sum = 0;
        double magnitude = 0;
        for (int i = 0; i < cotangent.Length; i++)
        {
            if (cotangent[i] != 0)
            {
                sum += cotangent[i] * outputs[i];
                magnitude += Math.Abs(cotangent[i] * outputs[i]);
            }
        }

        return (sum, magnitude);
    }
}

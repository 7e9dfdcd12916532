using GraphCompiler;
using static GraphCompiler.Ops;

namespace Physics;

/// <summary>u″ + u = 0 with u(0) = 0 and u′(0) = 1, which is the sine: a network whose residuals at points in [0, π] are made least.</summary>
internal static class Oscillator
{
    /// <summary>How far from the sine the solution may be.</summary>
    public const double MostError = 1e-3;

    /// <summary>Solves the equation, and tells whether it is solved.</summary>
    public static bool Solve(int points, int hidden)
    {
        var weights = Input<double>("weights", [(3 * hidden) + 1], requiresGrad: true);

        // The points are made in the graph, of its length: the equation is about derivatives in what is computed.
        var length = Parameter("length", Math.PI);
        Node t = length * LinSpace(0, 1, points, DType.Float64);
        Node u = t + (t * t * Network(t, weights, hidden));
        Node slope = Gradients(u.Sum(), t)[0];
        Node curvature = Gradients(slope.Sum(), t)[0];
        using var search = new LeastSquares(weights, curvature + u);
        double[] start = new Generator(seed: 2).Normal<double>(0, 1, [(3 * hidden) + 1]).ToArray();
        (double[] found, double cost, int steps) = search.Run(start, most: 100);
        using CompiledGraph error = Compiler.Compile([weights], Max(Abs(u - Sin(t))));
        double most = error.Run(found).Scalar<double>();
        Console.WriteLine($"oscillator: {steps} steps, half the sum of squares {cost:0.0e0}, error {most:0.0e0}");
        return most <= MostError;
    }

    /// <summary>A layer of tanh between points and values, [points].</summary>
    private static Node Network(Node t, Node weights, int hidden)
    {
        Node inner = Tanh((Unsqueeze(t, 1) * weights[..hidden]) + weights[hidden..(2 * hidden)]);
        return MatMul(inner, weights[(2 * hidden)..(3 * hidden)]) + weights[3 * hidden];
    }
}

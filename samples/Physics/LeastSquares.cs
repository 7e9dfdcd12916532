using GraphCompiler;
using static GraphCompiler.Ops;

namespace Physics;

/// <summary>
/// The sum of squares of residuals made least by Gauss and Newton's method on their Jacobian, damped where a whole step would not lower it (Levenberg 1944, Marquardt 1963).
/// </summary>
internal sealed class LeastSquares : IDisposable
{
    private readonly CompiledGraph graph;
    private readonly Func<double[], double, (double Cost, double[] Next)> step;

    /// <param name="parameters">What is sought: a vector.</param>
    /// <param name="residuals">A vector that depends on it.</param>
    public LeastSquares(Input<double> parameters, Node residuals)
    {
        var damping = Input<double>("damping", []);
        Node jacobian = Jacobian(residuals, parameters);
        Node normal = MatMul(Transpose(jacobian), jacobian);
        Node damped = normal + (damping * Eye(parameters.Shape[0], dtype: DType.Float64) * Mean(Diagonal(normal)));
        Node move = Solve(damped, MatMul(Transpose(jacobian), Unsqueeze(residuals, 1)));
        graph = Compiler.Compile([parameters, damping], [residuals.Square().Sum() / 2, parameters - Squeeze(move, 1)]);
        step = graph.CreateDelegate<Func<double[], double, (double, double[])>>();
    }

    /// <summary>The parameters where half the sum of squares is least, near a start; and that.</summary>
    public (double[] Parameters, double Cost, int Steps) Run(double[] start, int most)
    {
        double damping = 1e-2;
        (double[] best, int steps) = (start, 1);
        (double cost, double[] next) = step(best, damping);
        while (steps++ < most && damping < 1e8)
        {
            (double nextCost, double[] afterwards) = step(next, damping / 3);
            if (nextCost < cost)
            {
                bool isDone = cost - nextCost < 1e-12 * cost;
                (best, cost, next, damping) = (next, nextCost, afterwards, damping / 3);
                if (isDone)
                {
                    break;
                }
            }
            else
            {
                damping *= 4;
                (_, next) = step(best, damping);
            }
        }

        return (best, cost, steps);
    }

    public void Dispose() => graph.Dispose();
}

using Charts;
using GraphCompiler;
using static GraphCompiler.Ops;

namespace Physics;

/// <summary>Prey and predators (Lotka 1925, Volterra 1926): x′ = a·x − b·x·y, y′ = d·x·y − c·y. Of noisy counts, a, b, c and d are found.</summary>
internal static class Populations
{
    /// <summary>How far from the truth a parameter may be found, in its standard errors.</summary>
    public const double MostErrors = 3;

    private const double Time = 12;
    private const double Noise = 0.1;
    private const int StepsBetween = 4;
    private static readonly double[] Truth = [1.1, 0.5, 0.9, 0.3];
    private static readonly double[] Guess = [0.9, 0.6, 1.1, 0.25];
    private static readonly string[] Names = ["a", "b", "c", "d"];

    /// <summary>Fits the parameters, and tells whether they are the true ones.</summary>
    public static bool Fit(int observations, string path)
    {
        var parameters = Input<double>("parameters", [4], requiresGrad: true);
        Node course = Course(parameters, observations);
        using CompiledGraph simulation = Compiler.Compile([parameters], course);
        var observed = simulation.Run(Truth).GetArray<double>();
        var random = new Generator(seed: 5);
        double[] noise = random.Normal<double>(0, Noise, [observed.Length]).ToArray();
        for (int i = 0; i < observed.Length; i++)
        {
            observed[i] += noise[i];
        }

        Node residuals = (Flatten(course) - Constant(observed)) / Noise;
        using var search = new LeastSquares(parameters, residuals);
        (double[] found, double cost, int steps) = search.Run(Guess, most: 50);

        // Of residuals in units of their noise, the inverse of the Hessian is the covariance of what was found.
        Node covariance = Inverse(Hessian(residuals.Square().Sum() / 2, parameters));
        using CompiledGraph errors = Compiler.Compile([parameters], Sqrt(Diagonal(covariance)));
        double[] error = errors.Run(found).GetArray<double>();
        Console.WriteLine($"populations: {observed.Length} counts, {steps} steps, χ² {2 * cost:0.0}");
        bool isFitted = true;
        for (int i = 0; i < Truth.Length; i++)
        {
            isFitted &= Math.Abs(found[i] - Truth[i]) <= MostErrors * error[i];
            Console.WriteLine($"  {Names[i]} = {found[i]:0.0000} ± {error[i]:0.0000}, in truth {Truth[i]:0.0000}");
        }

        Console.WriteLine($"fit: {Drawn(Time / observations, observed, simulation.Run(found).GetArray<double>()).Save(path)}");
        return isFitted;
    }

    /// <summary>Prey and predators, which are in turn in both, as observed and as the equation gives them.</summary>
    private static Curves Drawn(double interval, double[] observed, double[] fitted)
    {
        var curves = new Curves("time", "number");
        double[] times = [.. Enumerable.Range(1, observed.Length / 2).Select(i => i * interval)];
        string[] names = ["prey", "predators"];
        for (int i = 0; i < names.Length; i++)
        {
            int each = i;
            curves.Points($"{names[i]}, observed", times, observed.Where((_, k) => k % 2 == each))
                .Line($"{names[i]}, fitted", times, fitted.Where((_, k) => k % 2 == each), like: $"{names[i]}, observed");
        }

        return curves;
    }

    /// <summary>Both populations at each time of observation, [observations, 2], by the fourth-order method of Runge and Kutta.</summary>
    private static Node Course(Node parameters, int observations)
    {
        double step = Time / (observations * StepsBetween);
        Node start = Constant(new double[] { 2, 1 });
        Node steps = Scan(start, Dim.Of(observations * StepsBetween), (state, _) =>
        {
            Node k1 = Slope(state);
            Node k2 = Slope(state + (k1 * (step / 2)));
            Node k3 = Slope(state + (k2 * (step / 2)));
            Node k4 = Slope(state + (k3 * step));
            return state + ((k1 + (2 * k2) + (2 * k3) + k4) * (step / 6));
        }).Outputs;
        return Slice(steps, 0, StepsBetween - 1, step: StepsBetween);

        Node Slope(Node state)
        {
            (Node prey, Node predators) = (state[0], state[1]);
            Node met = prey * predators;
            return Stack([(parameters[0] * prey) - (parameters[1] * met), (parameters[3] * met) - (parameters[2] * predators)]);
        }
    }
}

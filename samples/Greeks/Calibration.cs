using GraphCompiler;
using static GraphCompiler.Ops;

namespace Greeks;

/// <summary>Heston's v₀, κ, θ, ξ and ρ from prices of calls of several strikes and maturities, by Gauss and Newton's method with Levenberg and Marquardt's damping.</summary>
internal static class Calibration
{
    private static readonly double[] Strikes = [80, 90, 100, 110, 120];
    private static readonly double[] Maturities = [0.25, 0.5, 1, 2];
    private static readonly string[] Names = ["v₀", "κ", "θ", "ξ", "ρ"];
    private static readonly double[] Guess = [0.1, 2, 0.15, 0.6, -0.2];

    /// <summary>Finds the parameters of quotes that the model itself made; tells how far they are from the true ones.</summary>
    public static double Run()
    {
        double[] truth = OptionModel.Lewis[4..];
        var quotes = Input<double>("quotes", [Strikes.Length * Maturities.Length]);
        (Node found, _, Node converged, Node steps) = LevenbergMarquardt(p => Calls(p) - quotes, Constant(Guess));
        using CompiledGraph model = Compiler.Compile([], Calls(Constant(truth)));
        using CompiledGraph fit = Compiler.Compile([quotes], [found, converged, steps]);
        RunResults results = fit.Run(model.Run().GetArray<double>());
        double[] values = results.GetArray<double>();
        double[] errors = [.. values.Zip(truth, (a, b) => Math.Abs(a - b))];
        Console.WriteLine($"calibration: {quotes.Shape[0]} quotes, {results.Scalar<long>(2)} steps{(results.Scalar<bool>(1) ? "" : ", not converged")}");
        for (int i = 0; i < truth.Length; i++)
        {
            Console.WriteLine($"  {Names[i]} {Guess[i],6:0.00} → {values[i]:0.0000000}, in truth {truth[i]}: {errors[i]:0.0e0}");
        }

        return results.Scalar<bool>(1) ? errors.Aggregate(Math.Max) : double.NaN;
    }

    private static Node Calls(Node variance)
    {
        double[] strikes = [.. Maturities.SelectMany(_ => Strikes)];
        double[] maturities = [.. Maturities.SelectMany(t => Strikes.Select(_ => t))];
        var market = new Market(Constant(OptionModel.Lewis[0]), Constant(OptionModel.Lewis[1]), Constant(OptionModel.Lewis[2]), Constant(maturities));
        return HestonModel.Call(market, Constant(strikes), variance, step: 0.1, points: 1200);
    }
}

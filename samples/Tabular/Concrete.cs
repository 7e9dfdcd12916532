using Charts;
using GraphCompiler.Learning;

namespace Tabular;

/// <summary>How good forecasts are over all folds.</summary>
/// <param name="Rmse">The root of the mean squared error, in MPa.</param>
/// <param name="Covered">The part of the strengths that lie in their intervals.</param>
/// <param name="Width">The mean width of an interval, in MPa.</param>
internal sealed record ConcreteResult(double Rmse, double Covered, double Width);

/// <summary>How strong concrete is: a model for each fold, tested by the rows that it has not seen.</summary>
internal static class Concrete
{
    /// <summary>Trains and tests on the first folds, several at a time.</summary>
    public static async Task<ConcreteResult> Run(int folds, int epochs, string picture)
    {
        (Rows Train, Rows Test)[] parts = [.. Tables.ConcreteFolds().Take(folds)];
        var results = new (float[] Measured, Forecast Forecast)[folds];
        await Parallel.ForEachAsync(Enumerable.Range(0, folds), async (fold, _) =>
        {
            var model = new ConcreteModel(parts[fold].Train, seed: (ulong)fold);
            await model.Train(epochs).ConfigureAwait(false);
            results[fold] = (Tables.Column<float>(parts[fold].Test, "y"), model.Predict(Tables.Column<float>(parts[fold].Test, "x")));
            Console.WriteLine($"concrete: fold {fold}  {Text(Judge([results[fold]]))}");
        });
        Console.WriteLine($"predictions and intervals of {Draw(results[0].Measured, results[0].Forecast).Save(picture)}");
        ConcreteResult all = Judge(results);
        Console.WriteLine($"concrete: all      {Text(all)}");
        return all;
    }

    private static ConcreteResult Judge(IReadOnlyList<(float[] Measured, Forecast Forecast)> results)
    {
        (double squares, double covered, double widths, int count) = (0, 0, 0, 0);
        foreach ((float[] measured, Forecast forecast) in results)
        {
            for (int i = 0; i < measured.Length; i++)
            {
                double error = forecast.Strengths[i] - measured[i];
                squares += error * error;
                covered += measured[i] >= forecast.Lows[i] && measured[i] <= forecast.Highs[i] ? 1 : 0;
                widths += forecast.Highs[i] - forecast.Lows[i];
                count++;
            }
        }

        return new ConcreteResult(Math.Sqrt(squares / count), covered / count, widths / count);
    }

    private static string Text(ConcreteResult result) => $"RMSE {result.Rmse:0.00}, intervals {result.Width:0.0} wide cover {result.Covered:0.000}";

    /// <summary>The rows of a fold, the strongest by their predictions first.</summary>
    private static Curves Draw(float[] measured, Forecast forecast)
    {
        int[] order = [.. Enumerable.Range(0, measured.Length).OrderByDescending(i => forecast.Strengths[i])];
        double[] places = [.. order.Select((_, place) => (double)place)];
        return new Curves("row of the first fold, the strongest first", "strength, MPa")
            .Line("predicted", places, Of(forecast.Strengths))
            .Line("90 % interval, from", places, Of(forecast.Lows))
            .Line("to", places, Of(forecast.Highs), like: "90 % interval, from")
            .Points("measured", places, Of(measured));

        IEnumerable<double> Of(float[] values) => order.Select(i => (double)values[i]);
    }
}

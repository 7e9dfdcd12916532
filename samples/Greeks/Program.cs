// Prices of options and all their derivatives: by formulas, by Monte Carlo in a loop, and backwards from prices to the parameters of a model.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using GraphCompiler;
using Greeks;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var quick = new Option<bool>("--quick") { Description = "A sixteenth of the paths." };
var output = new Option<FileInfo>("--out") { Description = "Where the picture goes.", DefaultValueFactory = _ => new FileInfo("greeks.png") };
var command = new RootCommand("Prices options with all their derivatives, and finds a model's parameters from prices.") { quick, output };
command.SetAction(given => Run(given.GetValue(quick), given.GetRequiredValue(output).FullName));
return command.Parse(args).Invoke();

static int Run(bool isQuick, string path)
{
    const double MostError = 1e-10;
    const double MostDeviations = 3;
    const double MostCalibrationError = 1e-4;
    long start = Stopwatch.GetTimestamp();
    (double hestonError, double barrierError) = (References.HestonError(), References.BarrierError(strike: 100, barrier: 90));
    Console.WriteLine($"formulas: {hestonError:0.0e0} from Lewis's prices by Heston's model, {barrierError:0.0e0} from the integral of what a barrier leaves");
    (double error, double deviations, double cost) = (Math.Max(hestonError, barrierError), 0, 0);
    foreach (OptionModel model in (OptionModel[])[OptionModel.European, OptionModel.DownAndOut, OptionModel.Heston])
    {
        using var study = new Study(model, new Paths(isQuick ? 4096 : 32768, Steps: 32, new Generator(seed: 1)));
        double formulaError = study.FormulaError();
        Console.WriteLine($"{model.Name}: derivatives of the formula {formulaError:0.0e0} from those {(model.ByHand is null ? "by differences" : "by hand")}");
        error = Math.Max(error, formulaError);
        deviations = Math.Max(deviations, study.Compare(calls: isQuick ? 32 : 64));
        cost = Math.Max(cost, study.Cost(turns: isQuick ? 3 : 7));
        if (model == OptionModel.Heston)
        {
            Console.WriteLine($"  delta and gamma over the spot: {Picture.Save(study, model.Parameters, path)}");
        }
    }

    double calibrationError = Calibration.Run();
    Console.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s in all");
    Console.WriteLine(
        $"greeks: largest error {error:0.0e0} of closed forms, Monte Carlo within {deviations:0.0} standard errors, backward {cost:0.0} times the price, Heston calibrated to {calibrationError:0.0e0}");
    return error <= MostError && deviations <= MostDeviations && calibrationError <= MostCalibrationError ? 0 : 1;
}

using System.Diagnostics;
using GraphCompiler;
using static GraphCompiler.Ops;

namespace Greeks;

/// <summary>One option: its formula against derivatives by other ways, its simulation against the formula, and what derivatives cost.</summary>
internal sealed class Study : IDisposable
{
    private readonly OptionModel model;
    private readonly int count;
    private readonly CompiledGraph formula;
    private readonly CompiledGraph price;
    private readonly CompiledGraph greeks;
    private readonly CompiledGraph simulation;
    private readonly Paths paths;

    public Study(OptionModel model, Paths paths)
    {
        (this.model, this.paths, count) = (model, paths, model.Parameters.Length);
        var parameters = Input<double>("parameters", [count], requiresGrad: true);
        formula = Compiler.Compile([parameters], [All(model.Price(parameters), parameters)]);
        Node mean = model.Payoffs(parameters, paths).Mean();
        price = Compiler.Compile([parameters], mean);
        greeks = Compiler.Compile([parameters], [mean, Gradients(mean, parameters)[0]]);
        simulation = Compiler.Compile([parameters], [All(mean, parameters)]);
    }

    /// <summary>By the formula: the price, its derivatives in each parameter, gamma and vanna.</summary>
    public double[] Exact(double[] parameters) => formula.Run(parameters).GetArray<double>();

    /// <summary>How far the formula's derivatives are from those by hand or, where there are none, by differences: of numbers above 1 relatively.</summary>
    public double FormulaError()
    {
        double[] exact = Exact(model.Parameters);
        double[] other = model.ByHand is { } byHand ? ByHand(byHand) : ByDifferences();
        return exact.Zip(other, (a, b) => Math.Abs(a - b) / Math.Max(1, Math.Abs(b))).Aggregate(Math.Max);
    }

    /// <summary>Shows what the simulation gives beside the formula, and tells the largest difference in standard errors.</summary>
    public double Compare(int calls)
    {
        (double[] exact, (double Mean, double Error)[] estimates) = (Exact(model.Parameters), Estimate(model.Parameters, calls));
        string[] names = ["price", .. model.Greeks, "gamma", "vanna"];
        Console.WriteLine($"  {(long)calls * paths.Count:N0} paths of {paths.Steps} steps, beside the formula");
        double most = 0;
        for (int i = 0; i < names.Length; i++)
        {
            double off = (estimates[i].Mean - exact[i]) / estimates[i].Error;
            most = Math.Max(most, Math.Abs(off));
            Console.WriteLine($"  {names[i],-12} {exact[i],11:0.00000} {estimates[i].Mean,11:0.00000} ± {estimates[i].Error:0.0e0} {off,5:0.0}");
        }

        return most;
    }

    /// <summary>The mean of several calls, each of other paths, and its standard error.</summary>
    public (double Mean, double Error)[] Estimate(double[] parameters, int calls)
    {
        double[][] all = [.. Enumerable.Range(0, calls).Select(_ => simulation.Run(parameters).GetArray<double>())];
        return [.. Enumerable.Range(0, count + 3).Select(i =>
        {
            double mean = all.Average(a => a[i]);
            return (mean, Math.Sqrt(all.Sum(a => (a[i] - mean) * (a[i] - mean)) / (calls - 1) / calls));
        })];
    }

    /// <summary>Measures the price alone, with all first derivatives, with the second ones of the spot, and by bumping; tells how many prices the first derivatives cost.</summary>
    public double Cost(int turns)
    {
        double[] at = model.Parameters;
        double[][] times = [.. Enumerable.Range(0, turns + 1).Select(_ => (double[])[Time(() => price.Run(at)), Time(() => greeks.Run(at)), Time(() => simulation.Run(at))])];
        double[] medians = [.. Enumerable.Range(0, 3).Select(i => times.Skip(1).Select(t => t[i]).Order().ElementAt(turns / 2))];
        (double ratio, double bumped) = (medians[1] / medians[0], Time(Bump));
        Console.WriteLine(
            $"  price {medians[0]:0.0} ms, with {count} Greeks {medians[1]:0.0} ({ratio:0.00} times), with gamma and vanna {medians[2]:0.0} ({medians[2] / medians[0]:0.00}), "
            + $"bumped {bumped:0.0} ({bumped / medians[0]:0.00})");
        return ratio;

        void Bump()
        {
            GeneratorState state = paths.Generator.State;
            for (int i = 0; i <= 2 * count; i++)
            {
                paths.Generator.State = state;                  // the same paths, or the difference would be noise
                price.Run(i == 0 ? at : Differences.Moved(at, (i - 1) / 2, i % 2 == 0 ? 1e-3 : -1e-3));
            }
        }
    }

    public void Dispose()
    {
        formula.Dispose();
        price.Dispose();
        greeks.Dispose();
        simulation.Dispose();
    }

    /// <summary>A price, its gradient, and of its Hessian's row of the spot, which is a Hessian-vector product, gamma and vanna, [p + 3].</summary>
    private static Node All(Node price, Input<double> parameters)
    {
        Node spot = OneHot(Constant(0L), parameters.Shape[0], DType.Float64);
        Node row = HessianVectorProduct(price, [parameters], [spot])[0];
        return Concat([Unsqueeze(price, 0), Gradients(price, parameters)[0], row[..1], row[4..5]]);
    }

    private double[] ByHand(Func<Node, Node> byHand)
    {
        var parameters = Input<double>("parameters", [count]);
        using CompiledGraph graph = Compiler.Compile([parameters], byHand(parameters));
        return graph.Run(model.Parameters).GetArray<double>();
    }

    private double[] ByDifferences()
    {
        double[][] slopes = [.. Enumerable.Range(0, count).Select(i => Differences.SixthOrder(Exact, model.Parameters, i))];
        return [Exact(model.Parameters)[0], .. slopes.Select(s => s[0]), slopes[0][1], slopes[0][5]];
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}

// Side by side with other systems, in one process, in turn, on the same inputs: see README.md.
using System.CommandLine;
using System.Globalization;
using GraphCompiler.Peers;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var list = new Option<bool>("--list") { Description = "Name the works and what they are, and stop." };
var only = new Option<string?>("--only") { Description = "Works to run, separated by commas: names, or what names begin with before a dash (mlp, matmul). 'machine' alone measures the limits only." };
var threads = new Option<int>("--threads") { Description = "Threads that every system may use.", DefaultValueFactory = _ => 1 };
var rounds = new Option<int>("--rounds") { Description = "Samples of each side; the median counts.", DefaultValueFactory = _ => 15 };
var output = new Option<string?>("--out") { Description = "A file to write the results to, as JSON." };
var command = new RootCommand("Measures GraphCompiler side by side with TorchSharp and ONNX Runtime.") { list, only, threads, rounds, output };
command.SetAction(options =>
{
    IReadOnlyList<Work> works;
    try
    {
        works = Catalogue.Select(options.GetValue(only));
    }
    catch (ArgumentException e)
    {
        Console.Error.WriteLine(e.Message);
        return 2;
    }

    if (options.GetValue(list))
    {
        foreach (Work work in works)
        {
            Console.WriteLine($"{work.Name,-18} {work.Description}");
        }

        return 0;
    }

    if (options.GetValue(threads) < 1 || options.GetValue(rounds) < 1)
    {
        Console.Error.WriteLine("--threads and --rounds are at least 1.");
        return 2;
    }

    IReadOnlyList<Row> rows = Session.Run(works, options.GetValue(threads), options.GetValue(rounds), Console.Out);
    if (options.GetValue(output) is { } path)
    {
        Row.Write(path, rows);
    }

    return rows.Any(r => r.Error is not null) ? 1 : 0;
});
return command.Parse(args).Invoke();

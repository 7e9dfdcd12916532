// A server of a model: requests that wait are answered together, by one call of a graph that was compiled once. Measured by a client of its own, or run for anybody.
using System.CommandLine;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Server;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var quick = new Option<bool>("--quick") { Description = "Fewer requests." };
var model = new Option<FileInfo>("--model") { Description = "Where the model is saved and loaded from.", DefaultValueFactory = _ => new FileInfo(Path.Combine(Path.GetTempPath(), "digits.safetensors")) };
var port = new Option<int>("--port") { Description = "Where the server listens on the loopback address; 0 for a port that is free.", DefaultValueFactory = _ => 5000 };
var most = new Option<int>("--most") { Description = "The most requests that one run answers; 1 for each by itself.", DefaultValueFactory = _ => new ServerOptions().Most };
var queue = new Option<int>("--queue") { Description = "The most requests that wait.", DefaultValueFactory = _ => new ServerOptions().Queue };
Between(port, 0, 65535);
Between(most, 1, 1024);
Between(queue, 1, 1 << 20);

var command = new RootCommand("Measures a server of a model that reads digits, with requests answered one by one and together.") { quick, model };
command.SetAction(given => Measurement.Run(given.GetRequiredValue(model).FullName, given.GetValue(quick)));
var serve = new Command("serve", "Serves until it is stopped by Ctrl+C.") { model, port, most, queue };
serve.SetAction(async given =>
{
    string path = given.GetRequiredValue(model).FullName;
    if (!File.Exists(path))
    {
        double accuracy = await DigitReader.Train(DigitRows.Load(), Measurement.Epochs, path);
        Console.WriteLine($"trained; reads {accuracy:0.0%} of 360 other images right");
    }

    using var reader = new DigitReader(path);
    await using WebApplication app = DigitServer.Create(reader.Read, new ServerOptions(given.GetValue(port), given.GetValue(most), given.GetValue(queue)));
    await app.RunAsync();
});
command.Subcommands.Add(serve);
return await command.Parse(args).InvokeAsync();

static void Between(Option<int> option, int least, int most) => option.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() is var value && (value < least || value > most))
    {
        result.AddError($"{option.Name} is between {least} and {most}.");
    }
});

// A small language model: learns first names letter by letter, beats a 3-gram model on names it has not seen, and makes up new ones.
using System.CommandLine;
using System.Globalization;
using CharLm;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var steps = new Option<int>("--steps") { Description = "Training steps; a run of fewer than by default is not judged.", DefaultValueFactory = _ => Options.FullSteps };
var seed = new Option<int>("--seed") { Description = "Decides how names are divided, the first weights, and every draw.", DefaultValueFactory = _ => 1 };
var threads = new Option<int>("--threads") { Description = "Threads; the numbers are the same at any.", DefaultValueFactory = _ => Environment.ProcessorCount };
var temperature = new Option<double>("--temperature") { Description = "How daring made-up names are: 1 as the model expects them, less for likelier ones.", DefaultValueFactory = _ => 0.8 };
var names = new Option<int>("--names") { Description = "How many names to make up.", DefaultValueFactory = _ => 30 };
var output = new Option<FileInfo>("--out") { Description = "Where the picture of the losses goes.", DefaultValueFactory = _ => new FileInfo("charlm-loss.png") };
var save = new Option<FileInfo>("--save") { Description = "Where the model goes.", DefaultValueFactory = _ => new FileInfo("charlm.safetensors") };
var from = new Option<FileInfo>("--from") { Description = "A model that a run saved.", DefaultValueFactory = _ => new FileInfo("charlm.safetensors") };
AtLeast(steps, 1);
AtLeast(seed, 0);
AtLeast(threads, 1);
AtLeast(names, 0);
temperature.Validators.Add(result =>
{
    if (result.GetValueOrDefault<double>() is not (> 0 and < double.PositiveInfinity))
    {
        result.AddError("--temperature is a number above 0.");
    }
});

var command = new RootCommand("Trains a character language model on first names, and makes up new ones.") { steps, seed, threads, temperature, names, output, save };
command.SetAction(given => Run.Execute(new Options
{
    Steps = given.GetValue(steps),
    Seed = given.GetValue(seed),
    Threads = given.GetValue(threads),
    Temperature = given.GetValue(temperature),
    Names = given.GetValue(names),
    Out = given.GetRequiredValue(output).FullName,
    Save = given.GetRequiredValue(save).FullName,
}));
var generate = new Command("generate", "Makes up names by a model that was saved.") { from, seed, temperature, names };
generate.SetAction(given => Run.Generate(given.GetRequiredValue(from).FullName, given.GetValue(names), given.GetValue(temperature), given.GetValue(seed)));
command.Subcommands.Add(generate);
return command.Parse(args).Invoke();

static void AtLeast(Option<int> option, int least) => option.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() < least)
    {
        result.AddError($"{option.Name} is at least {least}.");
    }
});

// Whose novel is this passage from? A small transformer reads Jane Austen's novels, names the novel of passages from chapters it has not seen, and writes in the voice of each.
using System.CommandLine;
using System.Globalization;
using Text;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var quick = new Option<bool>("--quick") { Description = "Learns from a part of the passages, for a few seconds; the bar is lower." };
var seed = new Option<ulong>("--seed") { Description = "Decides the first weights, and every draw.", DefaultValueFactory = _ => 1 };
var threads = new Option<int>("--threads") { Description = "Threads; the numbers are the same at any.", DefaultValueFactory = _ => Environment.ProcessorCount };
threads.Validators.Add(result =>
{
    if (result.GetValueOrDefault<int>() < 1)
    {
        result.AddError("--threads is at least 1.");
    }
});

var command = new RootCommand("Trains a transformer to name the novel that a passage is from, and to write in the voice of each.") { quick, seed, threads };
command.SetAction((given, cancellation) => Run.Execute(given.GetValue(quick), given.GetValue(seed), given.GetValue(threads), cancellation));
return await command.Parse(args).InvokeAsync();

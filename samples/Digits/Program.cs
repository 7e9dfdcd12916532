// Hand-written digits: a convolutional network with batch norm, trained on images that are distorted anew in every epoch, tested on rows that other people wrote.
using System.CommandLine;
using System.Globalization;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var quick = new Option<bool>("--quick") { Description = "Three epochs, to see that it works." };
var folder = new Option<DirectoryInfo?>("--run") { Description = "Where checkpoints and pictures go, by default artifacts/digits; a run that was interrupted goes on from there." };
var command = new RootCommand("Trains a convolutional network on images of hand-written digits.") { quick, folder };
command.SetAction((given, cancellation) =>
{
    // A quick run has another schedule, and is not gone on with by a whole one.
    bool isQuick = given.GetValue(quick);
    return Digits.Run(isQuick, given.GetValue(folder) ?? new DirectoryInfo(Path.Combine("artifacts", isQuick ? "digits-quick" : "digits")), cancellation);
});
return await command.Parse(args).InvokeAsync();

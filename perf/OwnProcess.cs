using System.Diagnostics;

namespace GraphCompiler.Perf;

/// <summary>This program once more, in a process that has done nothing else before.</summary>
internal static class OwnProcess
{
    /// <summary>Runs the program with other arguments.</summary>
    /// <returns>What it wrote to its output; errors go where ours go.</returns>
    /// <exception cref="InvalidOperationException">It did not end well.</exception>
    public static string Run(params ReadOnlySpan<string> arguments)
    {
        // Started by `dotnet run` the process is this program's own host, started as `dotnet perf.dll` it is dotnet.
        string[] command = Environment.GetCommandLineArgs();
        string self = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(self) == "dotnet";
        var start = new ProcessStartInfo(self) { RedirectStandardOutput = true };
        foreach (string argument in (string[])[.. isHost ? [command[0]] : Array.Empty<string>(), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"The process with the arguments {string.Join(" ", arguments.ToArray())} ended with {process.ExitCode}.");
    }
}

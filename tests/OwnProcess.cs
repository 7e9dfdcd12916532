using System.Diagnostics;

namespace GraphCompiler.Tests;

/// <summary>This assembly in a process of its own, see <see cref="EntryPoint"/>.</summary>
internal static class OwnProcess
{
    /// <summary>
    /// The variable of the environment that says how this program is started where that is not by dotnet: a published program, or one that is emulated,
    /// with arguments before its own, all of them separated as paths are.
    /// </summary>
    private const string Variable = "GRAPHCOMPILER_TEST_PROGRAM";

    /// <summary>What it writes, a line each. It must end well.</summary>
    public static string[] Run(params string[] arguments) => Run([], [], arguments);

    /// <summary>The same with other variables of the environment (null takes one away) and arguments of the host.</summary>
    public static string[] Run(IEnumerable<KeyValuePair<string, string?>> environment, IEnumerable<string> host, params string[] arguments)
    {
        string dotnet = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        string[] program = [dotnet, .. host, typeof(OwnProcess).Assembly.Location];
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            Assume.That(host, Is.Empty, "A published program is its own host.");
            program = given.Split(Path.PathSeparator);
        }

        var start = new ProcessStartInfo(program[0], [.. program[1..], .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, errors.Result);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}

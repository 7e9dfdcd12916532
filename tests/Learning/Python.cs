using System.ComponentModel;
using System.Diagnostics;

namespace GraphCompiler.Learning.Tests;

/// <summary>Python, where there is one.</summary>
internal static class Python
{
    /// <summary>A Python that has a module; where there is none, the test is ignored.</summary>
    public static string With(string module)
    {
        string? python = Array.Find(["python3", "/usr/bin/python3"], p => Run(p, "-c", $"import {module}").ExitCode == 0);
        if (python is null)
        {
            Assert.Ignore($"There is no python3 with {module} here.");
        }

        return python;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>How it ended, −1 if there is none such, and what it wrote, errors last.</returns>
    public static (int ExitCode, string Said) Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, (said + errors.Result).ReplaceLineEndings("\n"));
        }
        catch (Win32Exception)
        {
            return (-1, string.Empty);
        }
    }
}

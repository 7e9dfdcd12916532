using System.Diagnostics;
using System.Security;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace GraphCompiler.Tests;

/// <summary>
/// Tests of this assembly in this process, a line each that fails: a program published for a machine without SDK, or one that is emulated, tests itself.
/// </summary>
internal sealed class TestRun : ITestListener
{
    private readonly Stopwatch watch = Stopwatch.StartNew();

    /// <summary>Runs what every filter holds of, see <see cref="EntryPoint"/>; the exit code.</summary>
    public static int Of(IEnumerable<string> filters)
    {
        var runner = new NUnitTestAssemblyRunner(new DefaultTestAssemblyBuilder());
        runner.Load(typeof(TestRun).Assembly, new Dictionary<string, object>());
        ITestResult result = runner.Run(new TestRun(), TestFilter.FromXml($"<filter><and>{string.Concat(filters.Select(XmlOf))}</and></filter>"));
        Console.WriteLine($"{result.PassCount} passed, {result.FailCount} failed, {result.SkipCount + result.InconclusiveCount} skipped");
        return result.FailCount == 0 && result.PassCount > 0 ? 0 : 1;
    }

    public void TestStarted(ITest test)
    {
    }

    public void TestFinished(ITestResult result)
    {
        if (result.Test is TestFixture)
        {
            Console.WriteLine($"{watch.Elapsed.TotalSeconds,6:F0} s  {result.Test.FullName}: {result.PassCount} passed in {result.Duration:F1} s");
        }
        else if (!result.HasChildren && result.ResultState.Status == TestStatus.Failed)
        {
            Console.WriteLine($"FAILED: {result.FullName}\n{result.Message}\n{result.StackTrace}");
        }
    }

    public void TestOutput(TestOutput output)
    {
    }

    public void SendMessage(TestMessage message)
    {
    }

    // The filters of NUnit's own runners, as XML.
    private static string XmlOf(string filter) => filter switch
    {
        ['-', .. var rest] => $"<not>{XmlOf(rest)}</not>",
        _ when filter.StartsWith("cat=", StringComparison.Ordinal) => $"<cat>{SecurityElement.Escape(filter[4..])}</cat>",
        _ => $"<test re='1'>{SecurityElement.Escape(filter)}</test>",
    };
}

using System.Globalization;
using GraphCompiler.Tests.Options;

/// <summary>Before and after all tests; outside any namespace, so that it is for all of them.</summary>
[SetUpFixture]
#pragma warning disable CA1050 // That is what makes it run for every test.
public sealed class WholeRun
#pragma warning restore CA1050
{
    [OneTimeSetUp]
    public void TheRunIsWhatTheEnvironmentSays()
    {
        // From here it flows into every test, on whatever thread.
        CultureInfo.CurrentCulture = TestCulture.OfRun ?? CultureInfo.InvariantCulture;
        if (TestOptions.Mistake is { } mistake)
        {
            Assert.Fail(mistake);
        }
    }
}

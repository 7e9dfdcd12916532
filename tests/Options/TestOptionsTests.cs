namespace GraphCompiler.Tests.Options;

[Category("Foundation")]
internal sealed class TestOptionsTests
{
    [Test]
    public void OptionsAreChangedByName()
    {
        CompileOptions options = new();
        TestOptions.Parse("Inline=false; Width=Scalar;Checked=true")(options);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(options.Passes.Inline, Is.False);
            Assert.That(options.Width, Is.EqualTo(VectorWidth.Scalar));
            Assert.That(options.Checked, Is.True);
            Assert.That(options.Passes.Simplify, Is.EqualTo(CompileOptions.Default.Passes.Simplify));
        }
    }

    [TestCase("Inlined=false", "no option 'Inlined'")]
    [TestCase("Inlined=false", "Inline, ")]
    [TestCase("Inline=no", "'no' is no value of Inline; give true or false")]
    [TestCase("Inline", "'' is no value of Inline")]
    [TestCase("Width=256", "Scalar, Bits128, Bits256, Bits512")]
    [TestCase("RetainGrad=[]", "no option 'RetainGrad'")]
    public void MistakesAreNamed(string text, string message) =>
        Assert.That(() => TestOptions.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains(message));

    [Test]
    public void TheDefaultsOfThisRunAreWhatTheEnvironmentSays()
    {
        CompileOptions expected = new();
        TestOptions.Parse(Environment.GetEnvironmentVariable(TestOptions.Variable) ?? string.Empty)(expected);
        Assert.That(CompileOptions.Default, Is.EqualTo(expected));
        Assert.That(new CompileOptions(), Is.EqualTo(expected));
    }

    [Test]
    public void EverySwitchHasAConfiguration()
    {
        string[] all = [.. Configurations.All];

        // A machine, or a process with switches, may run just one width.
        bool hasWidths = VectorWidths.Supported.Skip(1).Any();
        foreach (string name in TestOptions.Properties.Select(p => p.Name).Where(n => hasWidths || n != nameof(CompileOptions.Width)))
        {
            Assert.That(all.Any(c => c.Contains($"={name}=", StringComparison.Ordinal)), name);
        }

        foreach (string configuration in all.Where(c => c.StartsWith(TestOptions.Variable, StringComparison.Ordinal)))
        {
            Assert.That(() => TestOptions.Parse(configuration.Split('=', 2)[1]), Throws.Nothing, configuration);
        }
    }
}

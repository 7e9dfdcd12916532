using System.Reflection;
using GraphCompiler.Tests.Options;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler;

/// <summary>A value that an option cannot have is refused before anything is compiled, and the option is named.</summary>
[Category("Foundation")]
internal sealed class CompileOptionsTests
{
    private static readonly string Occupied = typeof(CompileOptionsTests).Assembly.Location;

    private static IEnumerable<(string Option, Func<CompileOptions> Make, string Message)> Mistakes =>
    [
        (nameof(CompileOptions.Width), () => new() { Width = (VectorWidth)9 }, "Width is 9, no width of vectors; choose from Scalar"),
        (nameof(CompileOptions.Width), () => new() { Width = (VectorWidth)(-1) }, "Width is -1"),
        (nameof(CompileOptions.Threads), () => new() { Threads = 0 }, "at least one thread"),
        (nameof(CompileOptions.Threads), () => new() { Threads = -3 }, "-3 were allowed"),
        (nameof(CompileOptions.DumpDirectory), () => new() { DumpDirectory = string.Empty }, "DumpDirectory is ''"),
        (nameof(CompileOptions.DumpDirectory), () => new() { DumpDirectory = Occupied }, $"DumpDirectory is '{Occupied}'"),
        (nameof(CompileOptions.DumpDirectory), () => new() { DumpDirectory = Path.Combine(Occupied, "dump") }, "where no folder can be"),
        (nameof(CompileOptions.Passes), () => new() { Passes = null! }, "Passes is null"),
        (nameof(CompileOptions.RetainGrad), () => new() { RetainGrad = null! }, "RetainGrad is null"),
        (nameof(CompileOptions.RetainGrad), () => new() { RetainGrad = [null!] }, "RetainGrad holds a null"),
        (nameof(CompileOptions.Ahead), () => new() { Ahead = (GraphCalls)8 }, "Ahead is 8, no set of calls; choose from None, Run, Training"),
        (nameof(CompileOptions.GradientsOf), () => new() { GradientsOf = _ => false }, "GradientsOf holds for none of the leaves"),
    ];

    private static IEnumerable<TestCaseData> Cases => Mistakes.Select((m, i) => new TestCaseData(m.Make, m.Message).SetArgDisplayNames($"{m.Option} {i}"));

    [TestCaseSource(nameof(Cases))]
    public void AnImpossibleValueIsRefused(Func<CompileOptions> make, string message)
    {
        Input<float> x = Input("x", ["N"], requiresGrad: true);
        Assert.That(
            () => GraphCompiler.Compiler.Compile([x], Exp(x), make()),
            Throws.InstanceOf<CompileException>().Or.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(message));
    }

    [Test]
    public void AWidthThatThisMachineLacksIsRefused([Values] VectorWidth width)
    {
        Input<float> x = Input("x", ["N"]);
        Assert.That(
            () => GraphCompiler.Compiler.Compile([x], Exp(x), new CompileOptions { Width = width }).Dispose(),
            VectorWidths.IsSupported(width) ? Throws.Nothing : Throws.TypeOf<CompileException>().With.Message.Contains($"Width is {width}, a width that this machine"));
    }

    [Test]
    public void EveryOptionWithImpossibleValuesIsAmongThese() => Assert.That(
        typeof(CompileOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && TestOptions.TypeOf(p) != typeof(bool)).Select(p => p.Name),
        Is.EquivalentTo(Mistakes.Select(m => m.Option).Distinct()));
}

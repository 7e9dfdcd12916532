using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using GraphCompiler.Tests.Options;

namespace GraphCompiler.Tests.Compiler.Emit.Disassembly;

/// <summary>
/// The machine code of known kernels, listed by the JIT of a process of its own: fully optimised, and in the innermost loops neither calls nor
/// vector registers that come from or go to the stack, if there are 32 of them.
/// </summary>
[Parallelizable(ParallelScope.Children)]
internal sealed class DisassemblyTests
{
    /// <summary>
    /// Vectors that a loop may have on the stack. Tiles and polynomials leave none there with the 32 registers of AVX-512. Of 16 the JIT wants more: constants
    /// are read from the stack, and of a product's sums beside masks, or with whole numbers, which are multiplied in parts, some lie there. Where there are 32, but
    /// vectors are narrower, the JIT compares and selects by instructions that know the first 16 alone: of an exponential's constants two make room for them.
    /// </summary>
    private static int MostOnStack(VectorWidth width) => !Avx512F.VL.IsSupported ? 5 : width == VectorWidth.Bits512 ? 0 : 2;

    private static IEnumerable<VectorWidth> Widths => Enum.GetValues<VectorWidth>();

    [TestCaseSource(nameof(Widths))]
    public void InnermostLoopsAreVectorInstructionsAlone(VectorWidth width)
    {
        if (!VectorWidths.IsSupported(width))
        {
            Assert.Ignore($"This machine, or the switches of this process, have no vectors of {width.Bits()} bits.");
        }

        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Assert.Ignore("The listings are read for x64.");
        }

        if (!Fma.IsSupported)
        {
            Assert.Ignore("Without instructions for fused products and rounding, what they do are calls.");
        }

        string file = Path.GetTempFileName();
        try
        {
            string[] reports = RunUnderTheEyeOfTheJit(width, file);
            var kernels = new Queue<MachineCode>(MachineCode.Kernels(File.ReadAllText(file)));
            Assert.That(reports, Has.Length.EqualTo(DisassemblyCases.All.Count));
            using (Assert.EnterMultipleScope())
            {
                foreach (string[] report in reports.Select(r => r.Split('\t')))
                {
                    Assert.That(report[2], Is.EqualTo("True"), $"{report[0]} is compiled by FastExpressionCompiler");
                    int count = int.Parse(report[1], CultureInfo.InvariantCulture);
                    MachineCode[] own = [.. Enumerable.Range(0, Math.Min(count, kernels.Count)).Select(_ => kernels.Dequeue())];
                    Assert.That(own, Has.Length.EqualTo(count), $"{report[0]}: listings");
                    Check($"{report[0]} at {width}", own, width);
                }
            }

            Assert.That(kernels, Is.Empty, "every listing belongs to a case");
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>What the reader of listings takes for a loop, a call and a spill.</summary>
    [Test]
    public void AListingIsRead()
    {
        string listing =
            """
            ; Assembly listing for method Some.ArrayClosure:(Some.ArrayClosure,nint,nint,nint):int (FullOpts)
            ; rbp based frame
            G_M000_IG01:                ;; offset=0x0000
                   push     rbp
            G_M000_IG02:                ;; offset=0x0004
                   mov      eax, 1
            G_M000_IG03:                ;; offset=0x0008
                   vmovups  ymm0, ymmword ptr [rbp-0x210]
                   call     [Some:Helper()]
                   mov      rdx, qword ptr [rbp-0x20]
                   jle      SHORT G_M000_IG03
                   jmp      G_M000_IG02
            ; Total bytes of code 29
            ; Assembly listing for method Another:(nint):int (Tier0)
            G_M000_IG01:                ;; offset=0x0000
                   ret
            ; Total bytes of code 1
            """;
        MachineCode code = MachineCode.Kernels(listing.ReplaceLineEndings("\n")).Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(code.IsOptimised);
            Assert.That(code.InnermostLoops.Single(), Has.Length.EqualTo(4));
            Assert.That(code.InnermostLoops.Single().Count(MachineCode.IsCall), Is.EqualTo(1));
            Assert.That(code.OnStack(code.InnermostLoops.Single()), Is.EqualTo(new[] { "[rbp-0x210]" }));
        }
    }

    /// <summary>The lines of a listing do not say whose they are.</summary>
    [Test]
    public void MixedListingsAreRefused() =>
        Assert.That(
            () => MachineCode.Kernels("""
                ; Assembly listing for method One:():int (FullOpts)
                G_M000_IG01:                ;; offset=0x0000
                ; Assembly listing for method Another:():int (FullOpts)
                       ret
                ; Total bytes of code 1
                ; Total bytes of code 1
                """),
            Throws.TypeOf<FormatException>().With.Message.Contains("One:():int"));

    private static void Check(string name, MachineCode[] kernels, VectorWidth width)
    {
        foreach (MachineCode kernel in kernels)
        {
            Assert.That(kernel.IsOptimised, $"{name}: {kernel.Header}");
            Assert.That(kernel.CallsOfHelpers, Is.Empty, $"{name}: calls that are not inlined");
            foreach (string[] loop in kernel.InnermostLoops)
            {
                Assert.That(loop.Where(MachineCode.IsCall), Is.Empty, $"{name}: a call in\n{string.Join('\n', loop)}");
                Assert.That(kernel.OnStack(loop), Has.Count.AtMost(MostOnStack(width)), $"{name}: a vector on the stack in\n{string.Join('\n', loop)}");
            }
        }

        // A case may share the kernel of another and have none of its own; those it has are loops.
        Assert.That(kernels.Length == 0 || kernels.Any(k => k.InnermostLoops.Count > 0), $"{name}: no loops");
    }

    private static string[] RunUnderTheEyeOfTheJit(VectorWidth width, string listing) => OwnProcess.Run(
        [
            new("DOTNET_JitStdOutFile", listing),
            new("DOTNET_JitDisasm", "*ArrayClosure:*"),

            // Otherwise the JIT compiles FastExpressionCompiler's own methods again beside a kernel, and the listings mix.
            new("DOTNET_TieredCompilation", "0"),

            // One kernel after the other: listings of methods that are compiled at the same time mix.
            new("DOTNET_PROCESSOR_COUNT", "1"),

            // The defaults are looked at, whatever the options of this run.
            new(TestOptions.Variable, null),
        ],
        [],
        "disassembly",
        $"{width}");
}

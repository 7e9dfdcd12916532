using System.Text.RegularExpressions;

namespace GraphCompiler.Tests.Runtime.Routines;

/// <summary>
/// Where the sources name the instructions of one kind of processor. Each place is listed with what others do instead, so that none is added
/// that leaves them to code of one element at a time unnoticed; what kernels are then is read off their machine code.
/// </summary>
internal sealed partial class InstructionSetTests
{
    /// <summary>The files that name x64, and whether they name ARM64, too.</summary>
    private static readonly Dictionary<string, (bool NamesArm, string Otherwise)> Places = new()
    {
        ["Compiler/VectorWidth.cs"] = (true, "what is asked of all is whether vectors of a width are fast; ARM64 has 32 registers of 128 bits"),
        ["Runtime/CacheSizes.cs"] = (false, "the system is asked"),
        ["Runtime/Routines/AlternateMemory.cs"] = (false, "every second element by narrowing, which all have; at the end of a row one by one"),
        ["Runtime/Routines/MaskedMemory.cs"] = (false, "no masked moves: at most two moves of parts of a vector"),
        ["Runtime/Routines/Masks.cs"] = (false, "widening and narrowing that all have; bytes at the end of a row are copied as memory"),
        ["Runtime/Routines/Memory.cs"] = (false, ".NET has no prefetch for ARM64; a barrier that all have"),
        ["Runtime/Routines/Transposition.cs"] = (true, "four rows at a time are interleaved by instructions of both"),
        ["Runtime/Routines/WordLanes.cs"] = (true, "products of words are an instruction of both"),
    };

    [Test]
    public void EachPlaceIsListedWithWhatOthersDo()
    {
        string sources = Path.Combine(Repository.Root, "src");
        (string Name, string Text)[] files =
        [
            .. from file in Directory.EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories)
               let name = Path.GetRelativePath(sources, file).Replace('\\', '/')
               where !name.Contains("/obj/", StringComparison.Ordinal) && !name.Contains("/bin/", StringComparison.Ordinal)
               let text = File.ReadAllText(file)
               where Kinds().IsMatch(text)
               select (name, text),
        ];
        Assert.That(files.Select(f => f.Name), Is.EquivalentTo(Places.Keys));
        foreach ((string name, string text) in files)
        {
            Assert.That(text.Contains("Intrinsics.Arm", StringComparison.Ordinal), Is.EqualTo(Places[name].NamesArm), name);
        }
    }

    [GeneratedRegex(@"Intrinsics\.(X86|Arm|Wasm)")]
    private static partial Regex Kinds();
}

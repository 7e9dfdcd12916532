using System.Text.RegularExpressions;

namespace GraphCompiler.Tests.Compiler.Emit.Disassembly;

/// <summary>A method as the JIT lists it.</summary>
internal sealed partial class MachineCode
{
    private readonly List<string> instructions = [];
    private readonly Regex stack;

    private MachineCode(string header, string body)
    {
        Header = header;

        // The frame pointer is a register like any other where the frame is found from the stack pointer.
        stack = body.Contains("rbp based frame", StringComparison.Ordinal) ? FromEither() : FromStackPointer();
        Dictionary<string, int> labels = [];
        foreach (string line in body.Split('\n'))
        {
            if (Label().Match(line) is { Success: true } label)
            {
                labels[label.Groups[1].Value] = instructions.Count;
            }
            else if (Instruction().Match(line) is { Success: true } instruction)
            {
                instructions.Add(instruction.Groups[1].Value);
            }
        }

        InnermostLoops = [.. ControlFlow.InnermostLoops(instructions, labels).Select(loop => loop.Select(i => instructions[i]).ToArray())];
    }

    /// <summary>The method and how it was compiled.</summary>
    public string Header { get; }

    /// <summary>The instructions of the loops that hold no other loop.</summary>
    public IReadOnlyList<string[]> InnermostLoops { get; }

    /// <summary>Calls of what should have been inlined, wherever they are: loads and stores, and vector instructions.</summary>
    public IEnumerable<string> CallsOfHelpers => instructions.Where(i => IsCall(i) && Helper().IsMatch(i));

    public bool IsOptimised => Header.EndsWith("(FullOpts)", StringComparison.Ordinal);

    /// <summary>The kernels of a listing, in the order in which they were compiled.</summary>
    /// <exception cref="FormatException">Methods were compiled at the same time, and their lines mix.</exception>
    public static IReadOnlyList<MachineCode> Kernels(string listing)
    {
        string[][] methods = [.. Method().Split(listing).Skip(1).Chunk(2)];
        if (methods.FirstOrDefault(m => Total().Count(m[1]) != 1) is { } mixed)
        {
            throw new FormatException($"{mixed[0]} is not listed whole before the next method begins:\n{mixed[1]}");
        }

        return [.. methods.Where(p => p[0].Contains("ArrayClosure,nint,nint,nint):int", StringComparison.Ordinal)).Select(p => new MachineCode(p[0], p[1]))];
    }

    public static bool IsCall(string instruction) => instruction.StartsWith("call", StringComparison.Ordinal);

    /// <summary>The places on the stack that vector registers of a loop come from or go to.</summary>
    public IReadOnlyCollection<string> OnStack(IEnumerable<string> loop) =>
        [.. loop.Where(i => VectorRegister().IsMatch(i)).SelectMany(i => stack.Matches(i)).Select(m => m.Value).Distinct()];

    public override string ToString() => $"{Header}\n{string.Join('\n', instructions)}";

    [GeneratedRegex(@"^; Assembly listing for method (.*)$", RegexOptions.Multiline)]
    private static partial Regex Method();

    [GeneratedRegex(@"^; Total bytes of code ", RegexOptions.Multiline)]
    private static partial Regex Total();

    [GeneratedRegex(@"Execution\.(Masked)?Memory:|Execution\.Lanes:|Runtime\.Intrinsics\.Vector")]
    private static partial Regex Helper();

    [GeneratedRegex(@"^(G_M\w+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^ {7}([a-z].*?)\s*$")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\b[xyz]mm\d+")]
    private static partial Regex VectorRegister();

    [GeneratedRegex(@"\[(rsp|rbp)\b.*?\]")]
    private static partial Regex FromEither();

    [GeneratedRegex(@"\[rsp\b.*?\]")]
    private static partial Regex FromStackPointer();
}

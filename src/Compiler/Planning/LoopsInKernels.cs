using GraphCompiler.Emit;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Makes one kernel of each loop and each branch whose parts are kernels of little work, inner ones first: a step then costs its work alone. A loop whose
/// condition alone ends it runs so many steps at once, that a call can be cancelled between them.
/// </summary>
internal static class LoopsInKernels
{
    private const int MostElements = 256;
    private const int MostStatements = 400;

    // More are computed several at once, in memory: a descent of eight variables by a tanh, one by one, took four times as long.
    private const int MostInVariables = 4;

    /// <param name="program">The kernels.</param>
    /// <param name="options">How to compile.</param>
    /// <param name="compileAhead">Is given the kernels of what stays a loop or a branch, and those that are made.</param>
    public static LoweredProgram Run(LoweredProgram program, CompileOptions options, Action<LoweredKernel> compileAhead)
    {
        if (program.Parts.All(p => p is LoweredKernel))
        {
            return program;
        }

        LoweredPart[] parts = [.. program.Parts.Select(p => options.Passes.LoopsInKernels ? Part(p) : p)];
        foreach (LoweredKernel kernel in program.Parts.Zip(parts).Where(p => p.First is not LoweredKernel).SelectMany(p => p.Second.Kernels))
        {
            compileAhead(kernel);
        }

        return program with { Parts = parts };

        LoweredPart Part(LoweredPart part) => part switch
        {
            LoweredLoop loop => Small(loop with
            {
                Body = [.. loop.Body.Select(Part)],
                Condition = loop.Condition is { } condition ? condition with { Parts = [.. condition.Parts.Select(Part)] } : null,
            }),
            LoweredBranch branch => Small(branch with { Then = [.. branch.Then.Select(Part)], Otherwise = [.. branch.Otherwise.Select(Part)] }),
            _ => part,
        };

        LoweredPart Small(LoweredPart part)
        {
            IEnumerable<LoweredPart> inside = part.Inside.SelectMany(parts => parts);
            if (!inside.All(p => p is LoweredKernel kernel && IsSmall(program.SmallerOf(kernel))))
            {
                return part;
            }

            foreach (int most in new[] { MostInVariables, 1 })
            {
                LoweredKernel kernel = ControlKernel.Of(part, program.SmallerOf, most);
                if (LoopTree.Statements(kernel.Kernel.Body).Count() <= MostStatements && KernelSize.Of(kernel.Kernel, EmitOptions.Of(options)) <= KernelSize.MostMerged)
                {
                    return part is LoweredLoop { Count: null, Condition: { } condition } endless ? InParts(endless, condition, kernel) : kernel;
                }
            }

            return part;
        }
    }

    private static bool IsSmall(LoweredKernel kernel) =>
        (kernel.Control is not null || kernel.Buffers.Distinct().Aggregate(Dim.Of(0), (sum, buffer) => sum + buffer.Length).Constant <= MostElements)
        && !LoopTree.Statements(kernel.Kernel.Body).Any(s => s is Invoke or CallHost);

    /// <summary>A loop over a kernel that does some steps and says whether there are more.</summary>
    private static LoweredLoop InParts(LoweredLoop loop, LoweredCondition condition, LoweredKernel kernel) =>
        kernel.Sites.Count > 0 ? loop : loop with { Body = [], Carries = [], Steps = [], Condition = condition with { Parts = [kernel] } };
}

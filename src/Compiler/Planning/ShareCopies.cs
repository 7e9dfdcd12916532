using GraphCompiler.Emit;
using GraphCompiler.Kernels;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// Products that read the same matrix in the same order read one copy of it: of kernels that fill scratch alike from the same memory, in one part of the
/// program or one body, the first is enough.
/// </summary>
internal static class ShareCopies
{
    /// <param name="program">The kernels.</param>
    /// <param name="options">How they are emitted: what is emitted alike does the same.</param>
    public static LoweredProgram Run(LoweredProgram program, CompileOptions options)
    {
        var emit = EmitOptions.Of(options);
        Dictionary<KernelBuffer, KernelBuffer> same = [];
        List<LoweredPart> parts = List(program.Parts);
        return same.Count == 0 ? program : program with { Parts = parts };

        List<LoweredPart> List(IReadOnlyList<LoweredPart> list)
        {
            List<LoweredPart> result = [];
            Dictionary<Copy, int> known = [];
            foreach (LoweredPart part in list)
            {
                if (part is LoweredKernel kernel && IsCopy(kernel))
                {
                    LoweredKernel own = On(kernel);
                    var copy = new Copy(
                        KernelKey.Of(own.Kernel, emit),
                        [.. own.Buffers.Select(b => b.Kind == BufferKind.Value ? (object)b : b.Length)],
                        [.. own.Extents],
                        own.Range,
                        program.IsForward(own));
                    if (known.TryAdd(copy, result.Count))
                    {
                        result.Add(own);
                        continue;
                    }

                    var first = (LoweredKernel)result[known[copy]];
                    result[known[copy]] = first with { Roots = [.. first.Roots.Union(own.Roots)] };
                    foreach ((KernelBuffer again, KernelBuffer there) in own.Buffers.Zip(first.Buffers).Where(p => p.First != p.Second))
                    {
                        same.Add(again, there);
                    }
                }
                else
                {
                    // What a loop begins with is not there any more when it has run.
                    HashSet<KernelBuffer> changed = part is LoweredKernel ? [] : [.. part.Accesses.Where(a => a.IsWritten).Select(a => a.Buffer)];
                    foreach (Copy copy in known.Where(c => changed.Count > 0 && result[c.Value].Kernels.Single().Buffers.Any(changed.Contains)).Select(c => c.Key).ToArray())
                    {
                        known.Remove(copy);
                    }

                    result.Add(OnPart(part));
                }
            }

            return result;
        }

        LoweredPart OnPart(LoweredPart part) => part switch
        {
            LoweredKernel kernel => On(kernel),
            LoweredLoop loop => loop with { Condition = loop.Condition is { } c ? c with { Parts = List(c.Parts) } : null, Body = List(loop.Body) },
            LoweredBranch branch => branch with { Then = List(branch.Then), Otherwise = List(branch.Otherwise) },
            _ => part,
        };

        LoweredKernel On(LoweredKernel kernel) => kernel.Buffers.Any(same.ContainsKey) ? kernel with { Buffers = [.. kernel.Buffers.Select(b => same.GetValueOrDefault(b, b))] } : kernel;
    }

    /// <summary>Whether a kernel does nothing but fill scratch from values.</summary>
    private static bool IsCopy(LoweredKernel kernel) =>
        kernel is { Sites.Count: 0, Control: null }
        && kernel.Accesses.Any(a => a.IsWritten)
        && kernel.Accesses.All(a => a.Buffer.Kind == (a.IsWritten ? BufferKind.Scratch : BufferKind.Value));

    /// <summary>What tells copies apart.</summary>
    /// <param name="Code">What they do.</param>
    /// <param name="Buffers">The memory that they read, and the lengths of what they fill.</param>
    /// <param name="Extents">The sizes that they ask for.</param>
    /// <param name="Range">How much there is to do.</param>
    /// <param name="IsForward">The part of the program.</param>
    private sealed record Copy(KernelKey Code, EquatableArray<object> Buffers, EquatableArray<Dim> Extents, Dim Range, bool IsForward);
}

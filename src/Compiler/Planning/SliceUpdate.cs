using System.Collections.Immutable;
using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;

namespace GraphCompiler.Planning;

/// <summary>
/// An update that is its parameter but for a slice, such as a token put into a cache. Written where the old values lie, the rest is there already: what remains of the kernel
/// writes the slice alone. Where the slice is said by indices, a kernel before it looks at them all, so that what fails has written nothing.
/// </summary>
internal static class SliceUpdate
{
    /// <summary>The kernels that do a kernel's work where its result lies where the parameter does; null if it copies nothing, or reads more of the parameter.</summary>
    /// <returns>One that fails, if the kernel can, and the one that writes.</returns>
    public static LoweredKernel[]? Of(LoweredKernel kernel, KernelBuffer update, KernelBuffer parameter)
    {
        HashSet<LoopBuffer> outputs = BuffersOf(kernel, update);
        HashSet<LoopBuffer> old = BuffersOf(kernel, parameter);
        Store[] copies = [.. LoopTree.Statements(kernel.Kernel.Body).OfType<Store>().Where(s => outputs.Contains(s.Buffer) && s.Value is Load load && old.Contains(load.Buffer))];
        if (copies.Length == 0 || LoopTree.Contains<Invoke>(kernel.Kernel.Body))
        {
            return null;
        }

        var accesses = new LoopAccesses(kernel.Kernel, [.. kernel.Extents], kernel.Range);
        HashSet<LoopStatement> idle = new(copies.Where(accesses.StoresWhereItLoads), ReferenceEqualityComparer.Instance);
        LoopStatement? rest = Without(kernel.Kernel.Body, s => s is Prefetch || idle.Contains(s));
        LoweredKernel? write = Without(rest, s => s is Fail) is { } writing ? Of(kernel, writing, kernel.Kernel.Name) with { Sites = [] } : null;
        if (write is null || write.Buffers.Contains(parameter))
        {
            return null;
        }

        if (kernel.Sites.Count == 0)
        {
            return [write];
        }

        // The two may become one kernel: what one declares the other must not.
        LoweredKernel? check = Without(rest, s => s is Store) is { } checking
            ? Of(kernel, LoopTree.Renew([checking], LoopTree.Statements(checking).Select(Declared).OfType<Local>()).First(), $"{kernel.Kernel.Name}_check")
            : null;
        return check is not null && !check.Accesses.Any(a => a.IsWritten) ? [check, write] : null;
    }

    private static HashSet<LoopBuffer> BuffersOf(LoweredKernel kernel, KernelBuffer buffer) => [.. kernel.Kernel.Buffers.Where((_, i) => kernel.Buffers[i] == buffer)];

    /// <summary>A statement without some of what it does, and without what is idle then; null if all of it is.</summary>
    private static LoopStatement? Without(LoopStatement? statement, Func<LoopStatement, bool> isLeftOut)
    {
        switch (statement)
        {
            case null:
                return null;
            case Block block:
                ImmutableArray<LoopStatement> kept = [.. block.Statements.Select(s => Without(s, isLeftOut)).OfType<LoopStatement>()];
                return new Block(kept) is var left && IsIdle(left) ? null : left;
            case For loop:
                return Without(loop.Body, isLeftOut) is { } body && !IsIdle(body) ? loop with { Body = body } : null;
            case If branch:
                (LoopStatement? then, LoopStatement? otherwise) = (Without(branch.Then, isLeftOut), Without(branch.Else, isLeftOut));
                return then is null && otherwise is null ? null : new If(branch.Condition, then ?? new Block([]), otherwise);
            default:
                return isLeftOut(statement) ? null : statement;
        }
    }

    private static Local? Declared(LoopStatement statement) => statement switch
    {
        Let let => let.Variable,
        For loop => loop.Variable,
        _ => null,
    };

    /// <summary>Whether nothing outside sees what a statement does.</summary>
    private static bool IsIdle(LoopStatement statement)
    {
        LoopStatement[] all = [.. LoopTree.Statements(statement)];
        HashSet<Local> own = [.. all.OfType<Let>().Select(l => l.Variable)];
        return !all.Any(s => s is Store or Fail) && all.OfType<Assign>().All(a => own.Contains(a.Variable));
    }

    /// <summary>The kernel with another body, and of its buffers those that are left there.</summary>
    private static LoweredKernel Of(LoweredKernel kernel, LoopStatement body, string name)
    {
        HashSet<LoopBuffer> used = [.. LoopTree.Statements(body).SelectMany(UsedBy)];
        int[] left = [.. Enumerable.Range(0, kernel.Buffers.Count).Where(b => used.Contains(kernel.Kernel.Buffers[b]))];
        return kernel with
        {
            Kernel = kernel.Kernel with { Name = name, Body = body, Buffers = [.. left.Select(b => kernel.Kernel.Buffers[b])] },
            Buffers = [.. left.Select(b => kernel.Buffers[b])],
        };
    }

    private static IEnumerable<LoopBuffer> UsedBy(LoopStatement statement)
    {
        IEnumerable<LoopBuffer> read = LoopTree.Values(statement).SelectMany(LoopTree.Values).OfType<Load>().Select(l => l.Buffer);
        return statement is Store store ? read.Append(store.Buffer) : read;
    }
}

using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>Loops along an axis of a matrix that is several axes.</summary>
internal static class JoinedLoops
{
    /// <summary>
    /// Something done for each run of a stretch of an axis in which only the innermost part changes, given the run and what to add to index · stride of
    /// that part.
    /// </summary>
    public static LoopStatement Runs(KernelBuilder kernel, EquatableArray<AxisPart> parts, Stretch stretch, string name, Func<Stretch, LoopValue, LoopStatement> each)
    {
        if (parts.Count <= 1)
        {
            return each(stretch, LoopMath.Int(0));
        }

        LoopValue length = kernel.Size(parts[^1].Size);
        Local run = LoopMath.Index($"{name}Run");
        Local first = LoopMath.Index($"{name}First");
        Local last = LoopMath.Index($"{name}Last");
        Local place = LoopMath.Index($"{name}Base");
        List<LoopStatement> statements = [];
        LoopValue begin = LoopMath.Times(run, length);
        LoopValue position = Position(kernel, [.. parts.SkipLast(1)], run, statements);
        statements.Add(new Let(place, LoopMath.Minus(position, LoopMath.Times(begin, kernel.Size(parts[^1].Stride)))));
        statements.Add(new Let(first, LoopMath.Most(stretch.First, begin)));
        statements.Add(new Let(last, LoopMath.Least(stretch.Last, LoopMath.Plus(begin, length))));
        statements.Add(each(new Stretch(first, last), place));
        LoopValue end = LoopMath.Quotient(LoopMath.Plus(stretch.Last, LoopMath.Minus(length, LoopMath.Int(1))), length);
        return new For(run, LoopMath.Quotient(stretch.First, length), end, LoopKind.Serial, new Block([.. statements]));
    }

    /// <summary>Where the element of an index lies; what it takes to find out goes into <paramref name="statements"/>.</summary>
    public static LoopValue Position(KernelBuilder kernel, EquatableArray<AxisPart> parts, LoopValue index, List<LoopStatement> statements)
    {
        LoopValue position = LoopMath.Int(0);
        LoopValue rest = index;
        for (int part = parts.Count - 1; part >= 0; part--)
        {
            LoopValue coordinate = rest;
            if (part > 0)
            {
                Local quotient = LoopMath.Index("quotient");
                LoopValue size = kernel.Size(parts[part].Size);
                statements.Add(new Let(quotient, LoopMath.Quotient(rest, size)));
                coordinate = LoopMath.Minus(rest, LoopMath.Times(quotient, size));
                rest = quotient;
            }

            position = LoopMath.Plus(position, LoopMath.Times(coordinate, kernel.Size(parts[part].Stride)));
        }

        return position;
    }
}

using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Operations;

namespace GraphCompiler.Lowering;

/// <summary>
/// A loop or a branch of kernels as one kernel: a loop over steps, and in it the work of the body's kernels. What is carried, and what a step makes for itself,
/// lies in variables where it has few elements; what no step changes is read before the first.
/// </summary>
internal sealed class ControlKernel
{
    private readonly int most;
    private readonly KernelUnion union;
    private readonly Node operation;

    // Where the kernel, and those within it, leave the number of a step that fails.
    private readonly KernelBuffer number;
    private readonly HashSet<KernelBuffer> numbers;

    // What is kept in variables.
    private readonly Dictionary<LoopBuffer, Local[]> variables = [];

    private ControlKernel(LoweredPart part, LoweredKernel[] kernels, int most)
    {
        this.most = most;
        operation = part.Root.Op is OutputOp ? part.Root.Inputs[0] : part.Root;
        number = KernelBuffer.Scratch(operation, DType.Int64, 1);
        numbers = [number, .. kernels.SelectMany(k => k.Sites).SelectMany(s => s.Steps).Select(s => s.Step)];
        union = new KernelUnion(kernels, [number, .. part is LoweredLoop loop ? WrittenBy(loop) : []]);
    }

    /// <param name="part">A loop or a branch of nothing but kernels.</param>
    /// <param name="smaller">What does a kernel's work where it is little.</param>
    /// <param name="most">The most elements of what lies in variables, and the most iterations of a loop that is written out.</param>
    public static LoweredKernel Of(LoweredPart part, Func<LoweredKernel, LoweredKernel> smaller, int most)
    {
        LoweredKernel[][] lists = [.. part.Inside.Select(parts => parts.Select(p => smaller((LoweredKernel)p)).ToArray())];
        LoweredKernel[] kernels = [.. lists.SelectMany(list => list)];
        return part switch
        {
            LoweredLoop loop => new ControlKernel(part, kernels, most).Loop(loop, loop.Condition is null ? [] : lists[0], lists[^1]),
            LoweredBranch branch => new ControlKernel(part, kernels, most).Branch(branch, lists[0], lists[1]),
            _ => throw new InvalidOperationException($"{part.GetType().Name} is neither a loop nor a branch."),
        };
    }

    /// <summary>What a loop writes besides what is in its steps.</summary>
    private static IEnumerable<KernelBuffer> WrittenBy(LoweredLoop loop)
    {
        HashSet<KernelBuffer> written = [.. loop.Body.SelectMany(p => p.Accesses).Where(a => a.IsWritten).Select(a => a.Buffer)];
        return [.. loop.Carries.Select(c => c.Current), .. loop.Steps.Where(s => written.Contains(s.Part)).Select(s => s.Whole)];
    }

    private LoweredKernel Loop(LoweredLoop loop, LoweredKernel[] asked, LoweredKernel[] body)
    {
        Local step = LoopMath.Index("step");
        var goesOn = new Local("goes_on", DType.Bool);
        KernelBuffer[] own = [.. loop.Carries.Select(c => c.Next), .. loop.Steps.Select(s => s.Part), .. OwnOf([.. asked, .. body])];
        LoopStatement before = Written(asked);
        LoopStatement within = Written(body, loop.Carries.Select(CopyOf));
        List<LoopStatement> declared = KeepInVariables(new Block([before, within]), own, [.. loop.Carries.Select(c => c.Current)]);
        List<LoopStatement> steps = [.. loop.Steps.SelectMany(s => Reads(s, loop, step)), Replaced(within), .. loop.Steps.SelectMany(s => Writes(s, loop, step))];
        LoopStatement one = AtSteps(new Block([.. steps]), loop, step);
        if (loop.Condition is { } condition)
        {
            LoopValue holds = new Load(union.BufferOf(condition.Buffer), LoopMath.Int(0));
            one = new Block([Replaced(before), Replaced(new Assign(goesOn, holds)), new If(goesOn, one)]);
        }

        List<LoopStatement> all =
        [
            .. declared,
            .. loop.Condition is null ? Array.Empty<LoopStatement>() : [new Let(goesOn, Literal.Of(true))],
            new For(step, union.Begin, union.End, LoopKind.Serial, Numbered(one, step)) { While = loop.Condition is null ? null : goesOn },
            .. loop.Carries.SelectMany(c => Stores(c.Current)),
        ];
        if (loop is { Count: null, Condition: { } only })
        {
            all.Add(new Store(union.BufferOf(only.Buffer), LoopMath.Int(0), goesOn));
            own = [.. own.Where(b => b != only.Buffer)];
        }

        Forget(own, loop.Steps);
        LoweredKernel kernel = union.Build(KernelBuilder.NameOf([operation]), loop.Count ?? PlanStep.StepsAtOnce, loop.Roots, all);
        return kernel with { Control = loop, Sites = [.. kernel.Sites.Select(s => s with { Steps = [.. s.Steps, (operation, number)] })] };
    }

    private LoweredKernel Branch(LoweredBranch branch, LoweredKernel[] then, LoweredKernel[] otherwise)
    {
        HashSet<KernelBuffer> results = [.. branch.Roots.Select(KernelBuffer.Of)];
        KernelBuffer[] own = [.. OwnOf([.. then, .. otherwise]).Where(b => !results.Contains(b))];
        var either = new If(new Load(union.BufferOf(branch.Condition), LoopMath.Int(0)), Written(then), Written(otherwise));
        List<LoopStatement> declared = KeepInVariables(either, [.. own, .. results], []);
        List<LoopStatement> all = [.. declared, Replaced(either), .. results.SelectMany(Stores)];
        Forget(own, []);
        return union.Build(KernelBuilder.NameOf([operation]), 1, branch.Roots, all) with { Control = branch };
    }

    /// <summary>What kernels write, but for the numbers of steps that fail.</summary>
    private IEnumerable<KernelBuffer> OwnOf(LoweredKernel[] kernels) =>
        kernels.SelectMany(k => k.Accesses).Where(a => a.IsWritten && !numbers.Contains(a.Buffer)).Select(a => a.Buffer).Distinct();

    private LoopStatement Written(LoweredKernel[] kernels, params IEnumerable<LoopStatement> after) => Unroll.Run(new Block([.. kernels.Select(union.BodyOf), .. after]), most);

    private For CopyOf(CarriedBuffer carry)
    {
        Local i = LoopMath.Index("i");
        return new For(i, LoopMath.Int(0), union.SizeOf(carry.Next.Length), LoopKind.Vector, new Store(union.BufferOf(carry.Current), i, new Load(union.BufferOf(carry.Next), i)));
    }

    /// <summary>Chooses what lies in variables, and declares these.</summary>
    /// <param name="statement">All that runs.</param>
    /// <param name="own">What holds nothing before.</param>
    /// <param name="carried">What holds something before, and is written.</param>
    private List<LoopStatement> KeepInVariables(LoopStatement statement, KernelBuffer[] own, KernelBuffer[] carried)
    {
        HashSet<KernelBuffer> empty = [.. own.Except(carried)];
        HashSet<LoopBuffer> found = ScalarReplacement.Find(statement, union.Memory.Except(numbers).Select(union.BufferOf), most);
        List<LoopStatement> declared = [];
        foreach (KernelBuffer memory in union.Memory)
        {
            LoopBuffer buffer = union.BufferOf(memory);
            if (found.Contains(buffer))
            {
                Local[] elements = [.. Enumerable.Range(0, (int)memory.Length.Constant!.Value).Select(i => new Local($"{memory.Name}_{i}", memory.Type))];
                variables.Add(buffer, elements);
                declared.AddRange(elements.Select((e, i) => new Let(e, empty.Contains(memory) ? Literal.OfBits(memory.Type, 0) : new Load(buffer, LoopMath.Int(i)))));
            }
        }

        return declared;
    }

    private LoopStatement Replaced(LoopStatement statement) => ScalarReplacement.Run(statement, variables);

    private IEnumerable<LoopStatement> Stores(KernelBuffer memory) => ElementsOf(memory).Select((e, i) => new Store(union.BufferOf(memory), LoopMath.Int(i), e));

    private Local[] ElementsOf(KernelBuffer memory) => variables.GetValueOrDefault(union.BufferOf(memory), []);

    private IEnumerable<LoopStatement> Reads(SteppingBuffer part, LoweredLoop loop, Local step) => union.BufferOf(part.Part).Writable ? []
        : ElementsOf(part.Part).Select((e, i) => new Assign(e, new Load(union.BufferOf(part.Whole), LoopMath.Plus(PlaceOf(part, loop, step), LoopMath.Int(i)))));

    private IEnumerable<LoopStatement> Writes(SteppingBuffer part, LoweredLoop loop, Local step) => !union.BufferOf(part.Part).Writable ? []
        : ElementsOf(part.Part).Select((e, i) => new Store(union.BufferOf(part.Whole), LoopMath.Plus(PlaceOf(part, loop, step), LoopMath.Int(i)), e));

    /// <summary>Where a part begins in its whole.</summary>
    private LoopValue PlaceOf(SteppingBuffer part, LoweredLoop loop, Local step) =>
        LoopMath.Times(part.Reverse ? LoopMath.Minus(LoopMath.Minus(union.SizeOf(loop.Count!), LoopMath.Int(1)), step) : step, union.SizeOf(part.Part.Length));

    /// <summary>What lies in no variables is read and written where it lies in its whole.</summary>
    private LoopStatement AtSteps(LoopStatement statement, LoweredLoop loop, Local step)
    {
        Dictionary<LoopBuffer, SteppingBuffer> parts = loop.Steps.ToDictionary(s => union.BufferOf(s.Part));
        var rewriter = new LoopTree.Rewriter(value => value is Load load && parts.TryGetValue(load.Buffer, out SteppingBuffer? part)
            ? new Load(union.BufferOf(part.Whole), LoopMath.Plus(PlaceOf(part, loop, step), load.Index)) : value);
        return Stores(rewriter.Rewrite(statement));

        LoopStatement Stores(LoopStatement s) => s is Store store && parts.TryGetValue(store.Buffer, out SteppingBuffer? part)
            ? new Store(union.BufferOf(part.Whole), LoopMath.Plus(PlaceOf(part, loop, step), store.Index), store.Value)
            : LoopTree.WithChildren(s, Stores);
    }

    /// <summary>What fails leaves the number of its step behind.</summary>
    private LoopStatement Numbered(LoopStatement statement, Local step) =>
        statement is Fail ? new Block([new Store(union.BufferOf(number), LoopMath.Int(0), step), statement]) : LoopTree.WithChildren(statement, s => Numbered(s, step));

    private void Forget(KernelBuffer[] own, IEnumerable<SteppingBuffer> parts)
    {
        KernelBuffer[] unused = [.. own.Where(b => variables.ContainsKey(union.BufferOf(b))), .. parts.Select(p => p.Part)];
        Array.ForEach(unused, union.Forget);
    }
}

namespace GraphCompiler.Loops;

/// <summary>
/// Checks what every later stage takes for granted: declared locals, matching types, writable targets, and loops that may be what they say.
/// </summary>
internal sealed class LoopVerifier
{
    private readonly Kernel kernel;

    // Declared and in scope; and declared anywhere, because a local has one declaration.
    private readonly HashSet<Local> visible = [];
    private readonly HashSet<Local> declared = [];
    private readonly HashSet<Local> loopVariables = [];
    private readonly HashSet<LoopValue> known = new(ReferenceEqualityComparer.Instance);
    private readonly List<(For Loop, HashSet<Local> VisibleBefore)> loops = [];
    private LoopStatement? current;
    private LoopVariance? variance;

    private LoopVerifier(Kernel kernel) => this.kernel = kernel;

    /// <summary>Returns if the kernel is well-formed.</summary>
    /// <exception cref="CompileException">It is not; the message names the kernel and the statement.</exception>
    public static void Verify(Kernel kernel) => new LoopVerifier(kernel).Verify();

    private void Verify()
    {
        foreach (LoopBuffer buffer in kernel.Buffers)
        {
            Check(kernel.Buffers.Count(other => other == buffer) == 1, $"buffer {buffer.Name} is listed twice");
            CheckSize(buffer.Length, $"the length of {buffer.Name}");
        }

        CheckSize(kernel.Range, "the range");
        Declare(kernel.Begin);
        Declare(kernel.End);
        Check(kernel.Begin.Type == DType.Int64 && kernel.End.Type == DType.Int64, "the bounds of the part must be int64");
        loopVariables.UnionWith([kernel.Begin, kernel.End]);
        Visit(kernel.Body);
    }

    private void Visit(LoopStatement statement)
    {
        current = statement is Block ? current : statement;
        known.Clear();
        switch (statement)
        {
            case Block block:
                HashSet<Local> before = [.. visible];
                foreach (LoopStatement child in block.Statements)
                {
                    Visit(child);
                }

                visible.IntersectWith(before);
                break;
            case Let let:
                Visit(let.Value);
                CheckTypes(let.Variable.Type, let.Value.Type, "the declared variable", "its value");
                Declare(let.Variable);
                break;
            case Assign assign:
                VisitAssign(assign);
                break;
            case For loop:
                VisitFor(loop);
                break;
            case If branch:
                Visit(branch.Condition);
                Check(branch.Condition.Type == DType.Bool, $"the condition is {branch.Condition.Type.Display()}, not bool");
                Check(variance is null || !variance.Varies(branch.Condition), "the condition varies in a vector loop; select instead");
                Visit(new Block([branch.Then]));
                if (branch.Else is not null)
                {
                    Visit(new Block([branch.Else]));
                }

                break;
            case Store store:
                CheckBuffer(store.Buffer);
                Check(store.Buffer.Writable, $"buffer {store.Buffer.Name} is not writable");
                Visit(store.Index);
                Check(store.Index.Type == DType.Int64, $"the index is {store.Index.Type.Display()}, not int64");
                Visit(store.Value);
                CheckTypes(store.Buffer.Storage.Row().ComputedAs, store.Value.Type, $"buffer {store.Buffer.Name}", "the value");
                break;
            case Prefetch prefetch:
                CheckBuffer(prefetch.Buffer);
                Visit(prefetch.Index);
                Check(prefetch.Index.Type == DType.Int64, $"the index is {prefetch.Index.Type.Display()}, not int64");
                break;
            case Invoke invoke:
                VisitInvoke(invoke);
                break;
            case CallHost call:
                VisitHost(call);
                break;
            case Fail fail:
                Visit(fail.Detail);
                Check(fail.Site >= 1, $"error site {fail.Site} is below 1");
                Check(fail.Detail.Type == DType.Int64, $"the detail is {fail.Detail.Type.Display()}, not int64");
                Check(variance is null, "a vector loop cannot fail");
                break;
            default:
                throw LoopTree.Unknown(statement);
        }
    }

    private void VisitHost(CallHost call)
    {
        Check(kernel.Body is Block { Statements: [CallHost] }, "a call of a host function is all that a kernel does");
        Check(call.Buffers.Length == call.Routine.Tensors, $"{call.Routine.Title} takes {call.Routine.Tensors} buffers, not {call.Buffers.Length}");
        Check(call.Lengths.Length == call.Routine.Lengths, $"{call.Routine.Title} takes {call.Routine.Lengths} lengths, not {call.Lengths.Length}");
        Check(call.Lengths.All(l => l is Literal or Extent && l.Type == DType.Int64), "a length is a literal or an extent, of int64");
        Check(call.Site >= 1, $"error site {call.Site} is below 1");
        foreach (LoopBuffer buffer in call.Buffers)
        {
            CheckBuffer(buffer);
        }
    }

    private void VisitInvoke(Invoke invoke)
    {
        Check(variance is null, "a vector loop cannot call a routine");
        Check(invoke.Parts.Length == invoke.Routine.Buffers, $"{invoke.Routine.Name} takes {invoke.Routine.Buffers} buffers, not {invoke.Parts.Length}");
        Check(invoke.Sizes.Length == invoke.Routine.Sizes, $"{invoke.Routine.Name} takes {invoke.Routine.Sizes} sizes, not {invoke.Sizes.Length}");
        foreach (BufferPart part in invoke.Parts)
        {
            CheckBuffer(part.Buffer);
            Check(!part.Buffer.Writable || invoke.Parts.Count(other => other.Buffer == part.Buffer) == 1, $"{part.Buffer.Name} is written and given twice");
        }

        foreach (LoopValue value in LoopTree.Values(invoke).Append(invoke.Work))
        {
            Visit(value);
            Check(value.Type == DType.Int64, $"an argument of {invoke.Routine.Name} is {value.Type.Display()}, not int64");
        }

        Check(invoke.Result.Type == DType.Int64, "the result of a routine must be int64");
        Declare(invoke.Result);
    }

    private void VisitAssign(Assign assign)
    {
        Check(visible.Contains(assign.Variable), $"{assign.Variable.Name} is assigned but not declared here");
        Check(!loopVariables.Contains(assign.Variable), $"{assign.Variable.Name} is a loop's; it cannot be assigned");
        Visit(assign.Value);
        CheckTypes(assign.Variable.Type, assign.Value.Type, "the variable", "its value");

        // From the outermost loop that must not carry values between iterations.
        foreach ((For loop, HashSet<Local> visibleBefore) in loops)
        {
            Reduction? reduction = loop.Reductions.FirstOrDefault(candidate => candidate.Accumulator == assign.Variable);
            if (reduction is not null)
            {
                Check(Combines(assign, reduction.Function), $"{assign.Variable.Name} is reduced by {reduction.Function} but not combined so");
            }
            else if (loop.Kind != LoopKind.Serial)
            {
                Check(!visibleBefore.Contains(assign.Variable), $"{assign.Variable.Name} outlives the {loop.Kind.ToString().ToLowerInvariant()} loop over {loop.Variable.Name} but is none of its reductions");
            }
        }
    }

    private static bool Combines(Assign assign, BinaryFunction function)
    {
        Local accumulator = assign.Variable;
        return assign.Value switch
        {
            FmaValue fma => function == BinaryFunction.Add && fma.Z == accumulator && !Uses(fma.X) && !Uses(fma.Y),
            BinaryValue binary => function == binary.Function && OneSide(binary),
            _ => false,
        };

        bool OneSide(BinaryValue binary) => (binary.X == accumulator && !Uses(binary.Y)) || (binary.Y == accumulator && !Uses(binary.X));
        bool Uses(LoopValue value) => LoopTree.Values(value).Any(part => ReferenceEquals(part, accumulator));
    }

    private void VisitFor(For loop)
    {
        Visit(loop.Begin);
        Visit(loop.End);
        Check(loop.Begin.Type == DType.Int64 && loop.End.Type == DType.Int64 && loop.Variable.Type == DType.Int64, "the loop's variable and bounds must be int64");
        Check(loop.Step >= 1, $"the step is {loop.Step}, not positive");
        Check(loop.Vectors >= 1 && (loop.Kind == LoopKind.Vector || loop is { Vectors: 1, IsMasked: false }), "only vector loops have several vectors or masks");
        Check(!loop.IsMasked || loop.Reductions.IsEmpty, "a masked loop cannot reduce");
        if (loop.While is { } condition)
        {
            Visit(condition);
            Check(loop.Kind == LoopKind.Serial && condition.Type == DType.Bool, $"{condition.Name} can end a serial loop, as a bool");
        }

        Check(variance is null || !(variance.Varies(loop.Begin) || variance.Varies(loop.End)), "the bounds vary in a vector loop");
        foreach (Reduction reduction in loop.Reductions)
        {
            Check(ScalarFunction.Of(reduction.Function).Identity is not null, $"{reduction.Function} is no reduction: it has no identity");
            Check(visible.Contains(reduction.Accumulator), $"accumulator {reduction.Accumulator.Name} is not declared here");
            Check(reduction.Accumulator.Type != DType.Bool, $"accumulator {reduction.Accumulator.Name} is bool; reduce integers instead");
            Check(loop.Reductions.Count(other => other.Accumulator == reduction.Accumulator) == 1, $"{reduction.Accumulator.Name} is reduced twice");
            if (reduction.Lost is { } lost)
            {
                Check(visible.Contains(lost), $"{lost.Name} is not declared here");
                Check(reduction.Function == BinaryFunction.Add && lost.Type.IsFloat(), $"only sums of floats lose anything to {lost.Name}");
                CheckTypes(lost.Type, reduction.Accumulator.Type, $"what is lost, {lost.Name},", "the accumulator");
            }
        }

        LoopVariance? outer = variance;
        if (loop.Kind == LoopKind.Vector)
        {
            Check(variance is null, "a vector loop is inside another");
            Check(loop.Step == 1, $"the step of a vector loop is {loop.Step}, not 1");
            variance = LoopVariance.Of(loop);
            CheckAccumulators(loop);
        }

        if (loop.PastCache is { } pastCache)
        {
            Visit(pastCache);
            Check(pastCache.Type == DType.Bool, $"whether to write past the cache is {pastCache.Type.Display()}, not bool");
            bool isPlain = loop is { Kind: LoopKind.Vector, Reductions.IsEmpty: true, IsMasked: false }
                && LoopTree.Statements(loop.Body).OfType<Store>().Count() == 1
                && !LoopTree.Contains<For>(loop.Body);
            Check(isPlain, "only a vector loop without reductions that makes one store can write past the cache");
            Check(LoopTree.Statements(loop.Body).OfType<Store>().All(s => s.Buffer.Storage.Row().IsStoredAsComputed), "what is narrowed is not written past the cache");
        }

        loops.Add((loop, [.. visible]));
        Declare(loop.Variable);
        loopVariables.Add(loop.Variable);
        Visit(new Block([loop.Body]));
        visible.Remove(loop.Variable);
        loops.RemoveAt(loops.Count - 1);
        variance = outer;
    }

    // A lane holds a partial result: only the combination itself may read it.
    private void CheckAccumulators(For loop)
    {
        foreach (LoopStatement statement in LoopTree.Statements(loop.Body))
        {
            foreach (Reduction reduction in loop.Reductions)
            {
                bool Reads(Local? local) => LoopTree.Values(statement).Any(value => LoopTree.Values(value).Any(part => ReferenceEquals(part, local)));
                bool reads = Reads(reduction.Accumulator);
                Check(reduction.Lost is null || !(Reads(reduction.Lost) || (statement is Assign { Variable: var assigned } && assigned == reduction.Lost)), $"{reduction.Lost?.Name} is used inside the vector loop that fills it");
                Check(
                    !reads || (statement is Assign assign && assign.Variable == reduction.Accumulator),
                    $"{reduction.Accumulator.Name} is read inside the vector loop that reduces it");
            }
        }
    }

    private void Visit(LoopValue value)
    {
        if (value is not Local && !known.Add(value))
        {
            return;
        }

        foreach (LoopValue argument in LoopTree.Arguments(value))
        {
            Visit(argument);
        }

        switch (value)
        {
            case Local local:
                Check(visible.Contains(local), $"{local.Name} is not declared here");
                break;
            case Extent extent:
                CheckExtent(extent);
                break;
            case Load load:
                CheckBuffer(load.Buffer);
                Check(load.Index.Type == DType.Int64, $"the index of {load.Buffer.Name} is {load.Index.Type.Display()}, not int64");
                break;
            case UnaryValue unary:
                Check(ScalarFunction.Of(unary.Function).Accepts(unary.X.Type), $"{unary.Function} does not take {unary.X.Type.Display()}");
                break;
            case BinaryValue binary:
                CheckTypes(binary.X.Type, binary.Y.Type, $"the left side of {binary.Function}", "the right side");
                Check(ScalarFunction.Of(binary.Function).Accepts(binary.X.Type), $"{binary.Function} does not take {binary.X.Type.Display()}");
                break;
            case SelectValue select:
                Check(select.Condition.Type == DType.Bool, $"the condition of a select is {select.Condition.Type.Display()}, not bool");
                CheckTypes(select.X.Type, select.Y.Type, "one side of a select", "the other");
                break;
            case FmaValue fma:
                Check(fma.X.Type.IsFloat() && fma.Y.Type == fma.X.Type && fma.Z.Type == fma.X.Type, "an fma needs three floats of one type");
                break;
            case BitcastValue bitcast:
                Check(
                    bitcast.X.Type.Size() == bitcast.To.Size() && bitcast.To != DType.Bool,
                    $"a bitcast from {bitcast.X.Type.Display()} to {bitcast.To.Display()} changes the size");
                break;
            case RandomBlock block:
                Check(block.Index.Type == DType.Int64, $"the index of random bits is {block.Index.Type.Display()}, not int64");
                Check(block.Type.IsInteger() && LoopTree.Arguments(block).Skip(1).All(w => w.Type == block.Type), "the words of random bits must be integers of one type");
                break;
            case RandomPart part:
                Check(part.Part >= 0 && part.Part < 16 / part.Type.Size(), $"random bits have no part {part.Part}");
                break;
            case Literal or ConvertValue:
                break;
            default:
                throw LoopTree.Unknown(value);
        }
    }

    private void CheckSize(LoopValue value, string what)
    {
        Check(value.Type == DType.Int64, $"{what} is {value.Type.Display()}, not int64");
        foreach (LoopValue part in LoopTree.Values(value))
        {
            Check(part is not (Load or Local), $"{what} depends on more than sizes");
            if (part is Extent extent)
            {
                CheckExtent(extent);
            }
        }
    }

    private void CheckExtent(Extent extent) =>
        Check(extent.Slot >= 0 && extent.Slot < kernel.Extents, $"extent {extent.Slot} is outside [0, {kernel.Extents})");

    private void CheckBuffer(LoopBuffer buffer) => Check(kernel.Buffers.Contains(buffer), $"buffer {buffer.Name} is none of the kernel's");

    private void CheckTypes(DType left, DType right, string leftName, string rightName) =>
        Check(left == right, $"{leftName} is {left.Display()}, {rightName} {right.Display()}");

    private void Declare(Local local)
    {
        Check(declared.Add(local), $"{local.Name} is declared twice");
        visible.Add(local);
    }

    private void Check(bool holds, string message)
    {
        if (!holds)
        {
            throw Error(message);
        }
    }

    private CompileException Error(string message) =>
        new(current is null ? $"Kernel {kernel.Name}: {message}." : $"Kernel {kernel.Name}, at \"{LoopPrinter.Print(current)}\": {message}.");
}

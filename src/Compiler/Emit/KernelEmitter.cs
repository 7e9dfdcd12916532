using System.Linq.Expressions;
using GraphCompiler.Loops;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>Turns a kernel into a lambda: statements and serial loops; vector loops are <see cref="VectorLoopEmitter"/>'s.</summary>
internal sealed class KernelEmitter
{
    private readonly Kernel kernel;
    private readonly EmitOptions options;
    private readonly EmitContext context = new();
    private readonly ScalarEmitter scalars;
    private readonly VectorLoopEmitter? vectorLoops;
    private readonly ParameterExpression frame = E.Parameter(typeof(nint), "frame");
    private readonly ParameterExpression begin = E.Parameter(typeof(nint), "begin");
    private readonly ParameterExpression end = E.Parameter(typeof(nint), "end");
    private readonly List<string> scalarLoops = [];
    private ParameterExpression? result;

    private KernelEmitter(Kernel kernel, EmitOptions options)
    {
        this.kernel = kernel;
        this.options = options;
        scalars = new ScalarEmitter(context, options.Checked);
        if (options.Width != VectorWidth.Scalar)
        {
            vectorLoops = new VectorLoopEmitter(context, scalars, options.Width, Emit);
        }
    }

    /// <summary>The lambda, and why some vector loops are scalar in it.</summary>
    public static (Expression<KernelEntry> Lambda, IReadOnlyList<string> ScalarLoops) Emit(Kernel kernel, EmitOptions options)
    {
        var emitter = new KernelEmitter(kernel, options);
        return (emitter.EmitKernel(), emitter.scalarLoops);
    }

    /// <summary>Emits one statement; inside a vector loop's main part once for each of its vectors.</summary>
    public void Emit(LoopStatement statement, IReadOnlyList<VectorEmitter> vectors)
    {
        switch (statement)
        {
            case Block block:
                EmitBlock(block, vectors);
                break;
            case Let let:
                EmitAssignment(let.Variable, let.Value, vectors);
                break;
            case Assign assign:
                EmitAssignment(assign.Variable, assign.Value, vectors);
                break;
            case For { Kind: LoopKind.Vector } loop:
                EmitVectorLoop(loop);
                break;
            case For loop:
                EmitSerialLoop(loop, StartLoop(loop), vectors);
                break;
            case If branch:
                EmitIf(branch, vectors);
                break;
            case Store store when vectors.Count > 0:
                context.ForCopies(vectors, copy => context.Share([store.Index, store.Value], () => copy.EmitStore(store)));
                break;
            case Store store:
                context.Share([store.Index, store.Value], () => context.Output.Add(scalars.EmitStore(store)));
                break;
            case Prefetch prefetch when vectors.Count > 0:
                context.ForCopies(vectors, copy => context.Share([prefetch.Index], () => copy.EmitPrefetch(prefetch)));
                break;
            case Invoke invoke:
                context.Share(LoopTree.Values(invoke), () =>
                {
                    E call = scalars.EmitInvoke(invoke);
                    context.Output.Add(E.Assign(scalars.Declare(invoke.Result), call));
                });
                break;
            case Prefetch:
                // Numbers one by one do not outrun the memory.
                break;
            case Fail fail:
                EmitFail(fail);
                break;
            default:
                throw LoopTree.Unknown(statement);
        }
    }

    private Expression<KernelEntry> EmitKernel()
    {
        result = LoopTree.Contains<Fail>(kernel.Body) ? context.Declare(typeof(int), "result") : null;
        if (result is not null)
        {
            context.Output.Add(E.Assign(result, E.Constant(0)));
        }

        EmitArguments();
        Emit(kernel.Body, []);
        if (LoopTree.Statements(kernel.Body).Any(s => s is For { PastCache: not null }))
        {
            // Such stores are seen by other threads in any order, unless told otherwise.
            context.Output.Add(E.Call(Methods.Find(typeof(Memory), nameof(Memory.FinishStores), [])));
        }

        context.Output.Add(result is null ? E.Constant(0) : result);
        return E.Lambda<KernelEntry>(E.Block(typeof(int), context.Variables, context.Output), kernel.Name, [frame, begin, end]);
    }

    private void EmitArguments()
    {
        for (int i = 0; i < kernel.Extents; i++)
        {
            int slot = kernel.Buffers.Length + i;
            E size = E.Call(Methods.Find(typeof(Memory), nameof(Memory.Size), [typeof(nint), typeof(int)]), frame, E.Constant(slot));
            scalars.SetExtent(i, context.Keep(size, "extent"));
        }

        for (int i = 0; i < kernel.Buffers.Length; i++)
        {
            LoopBuffer buffer = kernel.Buffers[i];
            E address = E.Call(Methods.Find(typeof(Memory), nameof(Memory.Address), [typeof(nint), typeof(int)]), frame, E.Constant(i));
            scalars.Addresses.SetBase(buffer, context.Keep(address, buffer.Name));
            if (options.Checked)
            {
                scalars.SetCheck(buffer, i, context.Keep(scalars.Emit(buffer.Length), "length"));
            }
        }

        context.Output.Add(E.Assign(scalars.Declare(kernel.Begin), E.Convert(begin, typeof(long))));
        context.Output.Add(E.Assign(scalars.Declare(kernel.End), E.Convert(end, typeof(long))));
    }

    // What follows a statement that may fail runs only if it did not.
    private void EmitBlock(Block block, IReadOnlyList<VectorEmitter> vectors)
    {
        for (int i = 0; i < block.Statements.Length; i++)
        {
            Emit(block.Statements[i], vectors);
            if (i + 1 < block.Statements.Length && LoopTree.Contains<Fail>(block.Statements[i]))
            {
                List<E> rest = context.Collect(() => EmitBlock(new Block(block.Statements[(i + 1)..]), vectors));
                context.Output.Add(E.IfThen(Succeeds(), Structure.Sequence(rest)));
                return;
            }
        }
    }

    private void EmitAssignment(Local local, LoopValue value, IReadOnlyList<VectorEmitter> vectors)
    {
        if (vectors.Count == 0 || !vectors[0].Loop.Varies(local))
        {
            context.Share([value], () =>
            {
                E emitted = scalars.Emit(value);
                context.Output.Add(E.Assign(scalars.Declare(local), emitted));
            });
        }
        else if (vectors[0].Loop.IsVector(local))
        {
            context.ForCopies(vectors, copy => context.Share([value], () =>
            {
                E emitted = copy.Emit(value);
                context.Output.Add(E.Assign(copy.Declare(local), copy.Masked(local, emitted)));
            }));
        }
    }

    private (ParameterExpression Variable, ParameterExpression End) StartLoop(For loop)
    {
        (ParameterExpression Variable, ParameterExpression End) range = default;
        context.Share([loop.Begin, loop.End], () =>
        {
            E first = scalars.Emit(loop.Begin);
            range = (scalars.Declare(loop.Variable), context.Keep(scalars.Emit(loop.End), "end"));
            context.Output.Add(E.Assign(range.Variable, first));
        });
        return range;
    }

    private void EmitSerialLoop(For loop, (ParameterExpression Variable, ParameterExpression End) range, IReadOnlyList<VectorEmitter> vectors)
    {
        bool outer = context.IsConditional;
        context.IsConditional = true;
        LoopFrame loopFrame = LoopFrame.Of(loop);
        List<E> body = context.InLoop(loopFrame, () => Emit(loop.Body, vectors));
        context.IsConditional = outer;

        body.Add(E.Assign(range.Variable, E.Add(range.Variable, E.Constant(loop.Step))));
        E condition = E.LessThan(range.Variable, range.End);
        condition = loop.While is null ? condition : E.AndAlso(scalars.Emit(loop.While), condition);
        context.Output.AddRange(loopFrame.Preheader);
        context.Output.Add(Structure.While(LoopTree.Contains<Fail>(loop.Body) ? E.AndAlso(Succeeds(), condition) : condition, body));
    }

    private void EmitVectorLoop(For loop)
    {
        (ParameterExpression Variable, ParameterExpression End) range = StartLoop(loop);
        if (vectorLoops is not null && !options.Checked)
        {
            VectorLoop analysis = VectorLoop.Analyse(loop);
            if (analysis.Reason is null)
            {
                if (vectorLoops.TryEmit(analysis, range))
                {
                    return;
                }
            }
            else
            {
                scalarLoops.Add($"{loop.Variable.Name}: {analysis.Reason}");
            }
        }

        EmitSerialLoop(LongSum.WrittenOut(loop), range, []);
    }

    private void EmitIf(If branch, IReadOnlyList<VectorEmitter> vectors)
    {
        E? condition = null;
        context.Share([branch.Condition], () => condition = scalars.Emit(branch.Condition));
        bool outer = context.IsConditional;
        context.IsConditional = true;
        List<E> then = context.Collect(() => Emit(branch.Then, vectors));
        List<E>? otherwise = branch.Else is null ? null : context.Collect(() => Emit(branch.Else, vectors));
        context.IsConditional = outer;
        context.Output.Add(otherwise is null
            ? E.IfThen(condition!, Structure.Sequence(then))
            : E.IfThenElse(condition!, Structure.Sequence(then), Structure.Sequence(otherwise)));
    }

    private void EmitFail(Fail fail) => context.Share([fail.Detail], () =>
    {
        E detail = scalars.Emit(fail.Detail);
        context.Output.Add(E.Call(
            Methods.Find(typeof(Memory), nameof(Memory.SetSize), [typeof(nint), typeof(int), typeof(long)]),
            frame,
            E.Constant(kernel.FrameSlots - 1),
            detail));
        context.Output.Add(E.Assign(result!, E.Constant(fail.Site)));
    });

    private BinaryExpression Succeeds() => E.Equal(result!, E.Constant(0));
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>Calls a program: binds arguments, pins them, runs the plan, and hands out results. Safe for concurrent use.</summary>
internal sealed class Executor : IDisposable
{
    private readonly Program program;
    private readonly WorkspacePool pool;
    private readonly bool updatesReadParameters;
    private readonly Written[] writtenInPlace;

    // Outputs that lie elsewhere than the caller wants them.
    private readonly RootBuffer[] copied;
    private readonly AnomalyCheck? anomalies;

    // Whether there is nothing to do before and behind the steps.
    private readonly bool stepsAreAll;

    /// <summary>An executor of a program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="targets">What its gradients are those of, for messages.</param>
    public Executor(Program program, Node[]? targets = null)
    {
        this.program = program;
        pool = new WorkspacePool(program.Plan);
        anomalies = program.Options.DetectAnomaly ? new AnomalyCheck(program, targets ?? []) : null;
        copied = [.. program.Outputs.Where(o => program.Plan.Buffers[o.Buffer].External != o.External)];
        writtenInPlace =
        [
            .. program.Updates
                .Where(u => program.Plan.Buffers[u.Buffer].Address == u.Parameter!.Address && u.Node != (Node)u.Parameter)
                .Select(u => new Written(u.Parameter!.Address, u.Bytes)),
        ];
        updatesReadParameters = program.Updates.Any(u => program.Plan.Buffers[u.Buffer].Address is var address && address != 0 && address != u.Parameter!.Address);
        stepsAreAll = program.Updates.Length == 0 && copied.Length == 0 && program.Saved.Length == 0 && program.Random.Generators.Count == 0 && anomalies is null;
    }

    public Program Program => program;

    private int InputCount => program.Inputs.Length;

    /// <summary>Runs all of the program on arguments into new arrays.</summary>
    public RunResults Run(ReadOnlySpan<Argument> arguments, CancellationToken cancellation = default)
    {
        Workspace workspace = Rent();
        workspace.Cancellation = cancellation;
        try
        {
            return Start(workspace, arguments, [], intoDestinations: false, backwardToo: true)!;
        }
        finally
        {
            Return(workspace);
        }
    }

    /// <summary>Runs all of the program on arguments into destinations.</summary>
    public void Run(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations, CancellationToken cancellation = default)
    {
        Workspace workspace = Rent();
        workspace.Cancellation = cancellation;
        try
        {
            Start(workspace, arguments, destinations, intoDestinations: true, backwardToo: true);
        }
        finally
        {
            Return(workspace);
        }
    }

    /// <summary>Runs the forward part, into destinations or new arrays; the workspace is the caller's until the backward part has run.</summary>
    public RunResults? Forward(
        Workspace workspace, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations, bool intoDestinations, CancellationToken cancellation)
    {
        workspace.Cancellation = cancellation;
        RunResults? results = Start(workspace, arguments, destinations, intoDestinations, backwardToo: false);
        workspace.Cancellation = CancellationToken.None;
        return results;
    }

    /// <summary>Runs the backward part on what the forward part left, with a seed as the last input.</summary>
    public void Backward(Workspace workspace, nint seed, CancellationToken cancellation)
    {
        workspace.Externals[InputCount - 1] = seed;
        workspace.Cancellation = cancellation;
        try
        {
            RunSteps(workspace, forward: false, backward: true);
            anomalies?.CheckBackward(workspace);
        }
        finally
        {
            workspace.Cancellation = CancellationToken.None;
        }
    }

    /// <inheritdoc cref="AnomalyCheck.CheckSum"/>
    public void CheckSum(int gradient, GradientKeeper kept, Workspace workspace) => anomalies?.CheckSum(gradient, kept, workspace);

    /// <exception cref="ObjectDisposedException">There are no workspaces any more.</exception>
    /// <exception cref="SizeException">There is no memory for another one.</exception>
    public Workspace Rent() => pool.TryRent() ?? throw new ObjectDisposedException(typeof(CompiledGraph).FullName);

    public void Return(Workspace workspace)
    {
        if (workspace.Cancellation.CanBeCanceled)
        {
            workspace.Cancellation = CancellationToken.None;
        }

        pool.Return(workspace);
    }

    /// <summary>Frees what is idle now, and what calls have when they end.</summary>
    public void Dispose() => pool.Dispose();

    /// <inheritdoc cref="WorkspacePool.IsHeldHere"/>
    public bool IsHeldHere => pool.IsHeldHere;

    /// <inheritdoc cref="WorkspacePool.IsHeldElsewhere"/>
    public bool IsHeldElsewhere => pool.IsHeldElsewhere;

    /// <summary>Runs on the addresses in the workspace's externals; new arrays are made for outputs unless the caller gave memory.</summary>
    /// <returns>The outputs, unless they went to memory of the caller.</returns>
    public RunResults? Execute(Workspace workspace, bool intoDestinations, bool backwardToo)
    {
        if (intoDestinations)
        {
            if (stepsAreAll)
            {
                RunSteps(workspace, forward: true, backwardToo);
            }
            else
            {
                RunAndFinish(workspace, backwardToo);
            }

            return null;
        }

        var run = new PinnedResults(this, workspace, new RunResults(program, workspace), backwardToo);
        Pinning.Invoke(ref run);
        return run.Results;
    }

    private RunResults? Start(
        Workspace workspace, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations, bool intoDestinations, bool backwardToo)
    {
        Bind(workspace, arguments);
        if (intoDestinations)
        {
            DestinationCheck.Run(program, workspace, arguments, destinations);
        }

        var call = new PinnedCall(this, workspace, arguments.Length, intoDestinations, backwardToo);
        List<AlignedBuffer>? copies = CopyStrided(arguments, ref call);
        try
        {
            Pinning.Invoke(arguments, destinations, ref call);
        }
        finally
        {
            copies?.ForEach(c => c.Dispose());
        }

        return call.Results;
    }

    [SkipLocalsInit]
    private void Bind(Workspace workspace, ReadOnlySpan<Argument> arguments)
    {
        var binder = new Binder(program, program.SignatureRoom <= 64 ? stackalloc long[64] : new long[program.SignatureRoom]);
        foreach (ref readonly Argument argument in arguments)
        {
            binder.Add(in argument);
        }

        binder.Bind(workspace);
    }

    private unsafe List<AlignedBuffer>? CopyStrided(ReadOnlySpan<Argument> arguments, ref PinnedCall call)
    {
        List<AlignedBuffer>? copies = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].IsDense)
            {
                copies ??= [];
                AlignedBuffer copy = MemoryForCopy(copies, i, (long)arguments[i].ElementCount * arguments[i].DType.Size());
                arguments[i].CopyTo(ref *(byte*)copy.Address);
                (call.Dense ??= [])[i] = copy.Address;
            }
        }

        return copies;
    }

    private void RunAndFinish(Workspace workspace, bool backwardToo)
    {
        // Memory first: when there is none, nothing has changed.
        List<AlignedBuffer>? copies = writtenInPlace.Length > 0 ? CopyParameters(workspace) : null;
        AlignedBuffer?[]? oldValues = null;
        try
        {
            oldValues = updatesReadParameters ? SetAside(workspace) : null;
            GeneratorState[]? before = anomalies is null ? null : new GeneratorState[program.Random.Generators.Count];
            program.Random.Draw(workspace, before);
            RunSteps(workspace, forward: true, backwardToo);
            anomalies?.CheckForward(workspace, before!);
            Finish(workspace, oldValues);
        }
        finally
        {
            copies?.ForEach(c => c.Dispose());
            if (oldValues is not null)
            {
                Array.ForEach(oldValues, old => old?.Dispose());
            }
        }
    }

    /// <summary>Brings what kernels have left to its place.</summary>
    private void Finish(Workspace workspace, AlignedBuffer?[]? oldValues)
    {
        foreach (RootBuffer output in copied)
        {
            Copy(workspace.Address(output.Buffer), workspace.Externals[output.External], workspace.Sizes[output.Bytes]);
        }

        foreach ((int from, int to) in program.Saved)
        {
            Copy(workspace.Address(from), workspace.Address(to), workspace.Sizes[program.Plan.Buffers[to].Bytes]);
        }

        // Every check and every kernel is behind us: parameters change now, those that no kernel could write itself.
        for (int i = 0; i < program.Updates.Length; i++)
        {
            RootBuffer update = program.Updates[i];
            if (oldValues?[i] is { } old)
            {
                Copy(old.Address, update.Parameter!.Address, old.ByteLength);
            }
            else if (program.Plan.Buffers[update.Buffer].Address != update.Parameter!.Address)
            {
                Copy(workspace.Address(update.Buffer), update.Parameter!.Address, workspace.Sizes[update.Bytes]);
            }

            update.Parameter.MarkWritten();
        }
    }

    /// <summary>An argument that is the memory of a parameter keeps its old value while kernels write the new one.</summary>
    private List<AlignedBuffer>? CopyParameters(Workspace workspace)
    {
        List<AlignedBuffer>? copies = null;
        for (int i = 0; i < program.InputBytes.Length; i++)
        {
            (nint argument, long bytes) = (workspace.Externals[i], workspace.Sizes[program.InputBytes[i]]);
            foreach (Written parameter in writtenInPlace)
            {
                if (argument < parameter.Address + workspace.Sizes[parameter.Bytes] && parameter.Address < argument + bytes)
                {
                    copies ??= [];
                    AlignedBuffer copy = MemoryForCopy(copies, i, bytes);
                    Copy(argument, copy.Address, bytes);
                    workspace.Externals[i] = copy.Address;
                    break;
                }
            }
        }

        return copies;
    }

    /// <summary>Memory for a copy of an argument. If there is none, that of the other copies is freed.</summary>
    private AlignedBuffer MemoryForCopy(List<AlignedBuffer> copies, int input, long bytes)
    {
        try
        {
            copies.Add(new AlignedBuffer((nint)bytes));
            return copies[^1];
        }
        catch (OutOfMemoryException e)
        {
            copies.ForEach(c => c.Dispose());
            throw new SizeException($"There is no memory for the copy that this call makes of the argument for {program.Inputs[input].Describe()}, {bytes} bytes.", e);
        }
    }

    /// <summary>An update that is another parameter's old value is set aside, for that parameter may be written first.</summary>
    private AlignedBuffer?[] SetAside(Workspace workspace)
    {
        var old = new AlignedBuffer?[program.Updates.Length];
        for (int i = 0; i < old.Length; i++)
        {
            RootBuffer update = program.Updates[i];
            if (program.Plan.Buffers[update.Buffer].Address is var address && (address == 0 || address == update.Parameter!.Address))
            {
                continue;
            }

            long bytes = workspace.Sizes[update.Bytes];
            try
            {
                old[i] = new AlignedBuffer((nint)bytes);
            }
            catch (OutOfMemoryException e)
            {
                Array.ForEach(old, o => o?.Dispose());
                throw new SizeException($"There is no memory for the copy that this call makes of {update.Node.Describe()}, {bytes} bytes.", e);
            }

            Copy(workspace.Address(update.Buffer), old[i]!.Address, bytes);
        }

        return old;
    }

    private void RunSteps(Workspace workspace, bool forward, bool backward)
    {
        int failed = workspace.Run(forward, backward, out int site, out long detail);
        GC.KeepAlive(program);
        if (failed == Workspace.WasCancelled)
        {
            throw new OperationCanceledException(workspace.Cancellation);
        }

        if (failed >= 0)
        {
            throw program.Failure(failed, site, detail, workspace);
        }

        if (program.Options.Verify)
        {
            VerifyRun.Check(program, workspace, forward ? 0 : program.ForwardKernels, backward ? program.Kernels.Length : program.ForwardKernels);
        }
    }

    private static unsafe void Copy(nint from, nint to, long bytes) => NativeMemory.Copy((void*)from, (void*)to, (nuint)bytes);

    /// <summary>A parameter that a kernel writes, with the place of its size in bytes.</summary>
    private sealed record Written(nint Address, int Bytes);

    /// <summary>What happens while new arrays of results cannot move.</summary>
    private readonly struct PinnedResults(Executor executor, Workspace workspace, RunResults results, bool backwardToo) : IPinnedMemory
    {
        public RunResults Results => results;

        public int Count => results.Count;

        public ref byte At(int index) => ref results.At(index);

        public void Invoke(scoped ReadOnlySpan<nint> addresses)
        {
            for (int i = 0; i < addresses.Length; i++)
            {
                workspace.Externals[executor.program.Outputs[i].External] = addresses[i];
            }

            executor.RunAndFinish(workspace, backwardToo);
        }
    }

    /// <summary>What happens while the arguments cannot move.</summary>
    private struct PinnedCall(Executor executor, Workspace workspace, int arguments, bool intoDestinations, bool backwardToo) : IPinned
    {
        public RunResults? Results { get; private set; }

        /// <summary>The addresses of dense copies of strided arguments.</summary>
        public Dictionary<int, nint>? Dense { get; set; }

        public void Invoke(scoped ReadOnlySpan<nint> addresses)
        {
            for (int i = 0; i < addresses.Length; i++)
            {
                // A seed, if the program has one, comes between arguments and outputs and is given to the backward part.
                int external = i < arguments ? i : executor.InputCount + i - arguments;
                workspace.Externals[external] = Dense is not null && Dense.TryGetValue(i, out nint dense) ? dense : addresses[i];
            }

            Results = executor.Execute(workspace, intoDestinations, backwardToo);
        }
    }
}

using System.Runtime.InteropServices;
using GraphCompiler.Execution;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>Calls a program: binds arguments, pins them, runs the plan, and hands out results. Safe for concurrent use.</summary>
internal sealed class Executor(Program program) : IDisposable
{
    private readonly WorkspacePool pool = new(program.Plan);

    public Program Program => program;

    private int InputCount => program.Inputs.Length;

    private IEnumerable<RootBuffer> Outputs => program.Roots.Where(r => r.External >= 0);

    /// <summary>Runs all of the program on arguments, into destinations or new arrays.</summary>
    public Results Run(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations, bool intoDestinations)
    {
        Workspace workspace = pool.Rent();
        try
        {
            Bind(workspace, arguments);
            if (intoDestinations)
            {
                CheckDestinations(workspace, arguments, destinations);
            }

            var call = new PinnedCall(this, workspace, intoDestinations, BackwardToo: true);
            Invoke(arguments, destinations, ref call);
            return call.Results!;
        }
        finally
        {
            pool.Return(workspace);
        }
    }

    /// <summary>Runs the forward part; the workspace is the caller's until the backward part has run.</summary>
    public Results Forward(Workspace workspace, ReadOnlySpan<Argument> arguments)
    {
        Bind(workspace, arguments);
        var call = new PinnedCall(this, workspace, IntoDestinations: false, BackwardToo: false);
        Invoke(arguments, [], ref call);
        return call.Results!;
    }

    /// <summary>Runs the backward part on what the forward part left, with a seed as the last external input.</summary>
    public unsafe void Backward(Workspace workspace, ReadOnlySpan<byte> seed)
    {
        fixed (byte* address = seed)
        {
            workspace.Externals[InputCount - 1] = (nint)address;
            RunSteps(workspace, program.Plan.ForwardSteps, program.Plan.Steps.Length);
        }
    }

    public Workspace Rent() => pool.Rent();

    public void Return(Workspace workspace) => pool.Return(workspace);

    /// <summary>The value of a root that no caller provided memory for.</summary>
    public static nint AddressOf(RootBuffer root, Workspace workspace) => workspace.Address(root.Buffer);

    public void Dispose() => pool.Dispose();

    /// <summary>Binds a workspace to the sizes of arguments, which may be fewer than the inputs: a seed comes later.</summary>
    private void Bind(Workspace workspace, ReadOnlySpan<Argument> arguments)
    {
        Span<long> symbols = stackalloc long[program.Symbols.Length];
        Span<nint> counts = stackalloc nint[arguments.Length];
        var binder = new Binder(program, symbols);
        for (int i = 0; i < arguments.Length; i++)
        {
            binder.Bind(i, in arguments[i]);
            counts[i] = arguments[i].ElementCount;
        }

        binder.Finish(counts);
        workspace.Bind(symbols);
    }

    private void CheckDestinations(Workspace workspace, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations)
    {
        int i = 0;
        foreach (RootBuffer output in Outputs)
        {
            ref readonly Destination destination = ref destinations[i];
            string what = $"The destination for output {i}, {output.Node.Describe()},";
            long[] shape = program.Evaluate(output.Node.Shape, workspace);
            long count = TensorValue.CountOf(shape);
            if (destination.IsNull)
            {
                throw new BindingException($"{what} is null.");
            }

            if (destination.DType != output.Node.DType)
            {
                throw new BindingException($"{what} is {destination.DType.Display()}; {output.Node.DType.Display()} is needed.");
            }

            if (!destination.IsDense)
            {
                throw new BindingException($"{what} is strided; a dense tensor, an array or memory is needed.");
            }

            if (destination.Rank >= 0 ? !HasShape(destination, shape) : destination.ElementCount < count)
            {
                throw new BindingException($"{what} is {destination}; the shape [{string.Join(", ", shape)}], {count} elements, is needed.");
            }

            for (int a = 0; a < arguments.Length; a++)
            {
                if (destination.Overlaps(in arguments[a]))
                {
                    throw new BindingException($"{what} overlaps the argument for {program.Inputs[a].Describe()}; an output needs memory of its own.");
                }
            }

            for (int d = 0; d < i; d++)
            {
                if (destination.Overlaps(in destinations[d]))
                {
                    throw new BindingException($"{what} overlaps the destination for output {d}; an output needs memory of its own.");
                }
            }

            i++;
        }
    }

    private static bool HasShape(in Destination destination, long[] shape)
    {
        if (shape.Length == 0)
        {
            return destination.ElementCount == 1;
        }

        if (destination.Rank != shape.Length)
        {
            return false;
        }

        for (int axis = 0; axis < shape.Length; axis++)
        {
            if (destination.GetLength(axis) != shape[axis])
            {
                return false;
            }
        }

        return true;
    }

    private static void Invoke(ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations, ref PinnedCall call)
    {
        List<AlignedBuffer>? copies = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].IsDense)
            {
                (copies ??= []).Add(Copy(in arguments[i], i, ref call));
            }
        }

        Pinning.Invoke(arguments, destinations, ref call);
        copies?.ForEach(c => c.Dispose());
    }

    /// <summary>A strided argument made dense.</summary>
    private static unsafe AlignedBuffer Copy(in Argument argument, int index, ref PinnedCall call)
    {
        var copy = new AlignedBuffer(argument.ElementCount * argument.DType.Size());
        argument.CopyTo(ref *(byte*)copy.Address);
        (call.Dense ??= [])[index] = copy.Address;
        return copy;
    }

    /// <summary>Runs on the addresses in the workspace's externals; new arrays are made for outputs unless the caller gave memory.</summary>
    public Results Execute(Workspace workspace, bool intoDestinations, bool backwardToo)
    {
        if (intoDestinations)
        {
            RunAndFinish(workspace, backwardToo);
            return Results.None;
        }

        var results = new Results([.. Outputs.Select(o => o.Node)], [.. Outputs.Select(o => program.Evaluate(o.Node.Shape, workspace))]);
        int i = 0;
        foreach (RootBuffer output in Outputs)
        {
            workspace.Externals[output.External] = results.Pin(i++);
        }

        try
        {
            RunAndFinish(workspace, backwardToo);
        }
        finally
        {
            results.Unpin();
        }

        return results;
    }

    private void RunAndFinish(Workspace workspace, bool backwardToo)
    {
        RunSteps(workspace, 0, backwardToo ? program.Plan.Steps.Length : program.Plan.ForwardSteps);
        byte[]?[] stashed = StashParameters(workspace);
        int root = 0;
        foreach (RootBuffer output in program.Roots)
        {
            byte[]? stash = stashed.Length == 0 ? null : stashed[root++];
            if (output.External >= 0 && program.Plan.Buffers[output.Buffer].External != output.External)
            {
                Copy(workspace.Address(output.Buffer), workspace.Externals[output.External], workspace.Sizes[output.Bytes]);
            }

            // Every check and every kernel is behind us: parameters change now, all of them.
            if (output.Parameter is { } parameter)
            {
                if (stash is not null)
                {
                    Marshal.Copy(stash, 0, parameter.Address, stash.Length);
                }
                else
                {
                    Copy(workspace.Address(output.Buffer), parameter.Address, workspace.Sizes[output.Bytes]);
                }

                parameter.MarkWritten();
            }
        }

        foreach ((int from, int to) in program.Saved)
        {
            Copy(workspace.Address(from), workspace.Address(to), workspace.Sizes[program.Plan.Buffers[to].Bytes]);
        }
    }

    /// <summary>An update that is another parameter's old value is set aside, for that parameter may be written first.</summary>
    private byte[]?[] StashParameters(Workspace workspace)
    {
        if (!program.Roots.Any(r => r.Parameter is not null && program.Plan.Buffers[r.Buffer].Address != 0))
        {
            return [];
        }

        return
        [
            .. program.Roots.Select(r =>
            {
                if (r.Parameter is null || program.Plan.Buffers[r.Buffer].Address == 0)
                {
                    return null;
                }

                byte[] stash = new byte[workspace.Sizes[r.Bytes]];
                Marshal.Copy(workspace.Address(r.Buffer), stash, 0, stash.Length);
                return stash;
            }),
        ];
    }

    private void RunSteps(Workspace workspace, int first, int last)
    {
        int failed = workspace.Run(first, last, out int site, out long detail);
        GC.KeepAlive(program);
        if (failed >= 0)
        {
            throw program.Failure(failed, site, detail, workspace);
        }

        if (program.Options.Verify)
        {
            VerifyRun.Check(program, workspace, first, last);
        }
    }

    public static unsafe void Copy(nint from, nint to, long bytes) => NativeMemory.Copy((void*)from, (void*)to, (nuint)bytes);

    /// <summary>What happens while the arguments cannot move.</summary>
    private record struct PinnedCall(Executor Executor, Workspace Workspace, bool IntoDestinations, bool BackwardToo) : IPinned
    {
        public Results? Results { get; private set; }

        /// <summary>The addresses of dense copies of strided arguments.</summary>
        public Dictionary<int, nint>? Dense { get; set; }

        public void Invoke(scoped ReadOnlySpan<nint> addresses)
        {
            // Inputs first; a seed, if the program has one, is given to the backward part.
            int arguments = addresses.Length - (IntoDestinations ? Executor.Outputs.Count() : 0);
            for (int i = 0; i < addresses.Length; i++)
            {
                int external = i < arguments ? i : Executor.InputCount + i - arguments;
                Workspace.Externals[external] = Dense is not null && Dense.TryGetValue(i, out nint dense) ? dense : addresses[i];
            }

            Results = Executor.Execute(Workspace, IntoDestinations, BackwardToo);
        }
    }
}

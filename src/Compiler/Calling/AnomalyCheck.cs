using System.Numerics.Tensors;
using GraphCompiler.Operations;
using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>
/// Looks at what a call leaves, before anything that lasts is written: where that is no finite number, the call is computed again by the interpreter, to find who made it
/// (<see cref="AnomalySearch"/>).
/// </summary>
/// <param name="program">What is called.</param>
/// <param name="targets">What its gradients are those of.</param>
internal sealed class AnomalyCheck(Program program, Node[] targets)
{
    // What the last forward part was computed from: its arguments are gone when the backward part is looked at, and updates may have been written.
    private Origins? ofForward;

    /// <summary>Looks at outputs and updates, and at gradients where the backward part has run with them.</summary>
    /// <param name="workspace">The call's memory.</param>
    /// <param name="before">The states of the generators before it.</param>
    /// <exception cref="ExecutionException">One holds a NaN or an infinity.</exception>
    public void CheckForward(Workspace workspace, GeneratorState[] before)
    {
        RootBuffer[] roots = [.. program.Outputs, .. program.Updates];
        if (Array.FindIndex(roots, r => !IsFinite(r, workspace)) is >= 0 and var at)
        {
            for (int g = 0; g < before.Length; g++)
            {
                program.Random.Generators[g].GiveBack(before[g]);
            }

            throw Error(at, roots[at], workspace, OriginsOf(workspace, before));
        }

        ofForward = program.Gradients.Length > 0 ? OriginsOf(workspace, before) : null;
    }

    /// <summary>Looks at gradients.</summary>
    /// <param name="workspace">The memory of the forward part and of the backward one.</param>
    /// <exception cref="ExecutionException">One holds a NaN or an infinity.</exception>
    public void CheckBackward(Workspace workspace)
    {
        if (Array.FindIndex(program.Gradients, r => !IsFinite(r, workspace)) is >= 0 and var at)
        {
            Node seed = program.Inputs[^1];
            Dictionary<Node, TensorValue> leaves = new(ofForward!.Leaves) { [seed] = Read(seed, workspace.Externals[program.Inputs.Length - 1], workspace) };
            throw Error(program.Outputs.Length + program.Updates.Length + at, program.Gradients[at], workspace, ofForward with { Leaves = leaves });
        }
    }

    /// <summary>Looks at the sum of a gradient, which is finite, with the one that it is added to.</summary>
    /// <param name="gradient">The gradient's number.</param>
    /// <param name="kept">What it is added to.</param>
    /// <param name="workspace">The memory of the backward part.</param>
    /// <exception cref="ExecutionException">It holds a NaN or an infinity.</exception>
    public void CheckSum(int gradient, GradientKeeper kept, Workspace workspace)
    {
        RootBuffer root = program.Gradients[gradient];
        if (kept.OverflowWith(workspace.Address(root.Buffer)) is var (at, before, added))
        {
            DType dtype = root.Given.DType;
            string sum = Anomaly.Number(dtype, dtype == DType.Float32 ? (float)before + (float)added : before + added);
            string place = Anomaly.Place(EvaluationContext.Coordinates(at, program.Evaluate(root.Given.Shape, workspace)));
            throw new ExecutionException(
                $"{nameof(CompileOptions.DetectAnomaly)}: The gradient of {targets[gradient].Describe()} has {sum}{place}. It is the sum of {Anomaly.Number(dtype, before)}, which was there, and {Anomaly.Number(dtype, added)}, which this backward adds; ZeroGrad forgets what was there.");
        }
    }

    private ExecutionException Error(int number, RootBuffer root, Workspace workspace, Origins origins)
    {
        TensorValue actual = Read(root.Given, workspace.Address(root.Buffer), workspace);
        long position = AnomalySearch.PositionIn(actual);
        string what = number < program.Outputs.Length ? $"Output {number}, {root.Given.Describe()},"
            : root.Parameter is { } parameter ? $"The new value of {parameter.Describe()}"
            : $"The gradient of {targets[number - program.Outputs.Length - program.Updates.Length].Describe()}";
        string found = $"{what} has {Anomaly.Number(actual.DType, actual[position])}{Anomaly.Place(EvaluationContext.Coordinates(position, actual.Shape))}.";
        return new ExecutionException($"{nameof(CompileOptions.DetectAnomaly)}: {found} {Cause(program.StableRoots[number], position, workspace, origins)}");
    }

    private string Cause(Node root, long position, Workspace workspace, Origins origins)
    {
        if (GraphWalk.WithBodies([root]).FirstOrDefault(n => n.Op.HasEffects) is { } acting)
        {
            return $"Where it comes from is not known, as {acting.Describe()} has effects, so that the call cannot be computed again.";
        }

        long[] symbols = workspace.Symbols.ToArray();
        long SizeOf(string name) => symbols[Array.IndexOf(program.Symbols, name)];
        var draws = new RandomDraws(g => Generator.CallAt(origins.Before[program.Random.Generators.ToList().IndexOf(g)]));
        Dictionary<Node, TensorValue[]> values;
        try
        {
            values = Interpreter.EvaluateAll([root], origins.Leaves, SizeOf, draws);
        }
        catch (GraphException e)
        {
            return $"Where it comes from is not known, as the interpreter cannot compute the call again: {e.Message}";
        }

        TensorValue expected = root.Op is OutputOp output ? values[root.Inputs[0]][output.Index] : values[root][0];
        position = double.IsFinite(expected[position]) ? AnomalySearch.PositionIn(expected) : position;
        return position < 0 ? "The interpreter computes finite numbers there, so the order of additions decides, or a kernel is wrong, which Verify finds."
            : new AnomalySearch(SizeOf, draws).Find(root, position, values).ToString();
    }

    private Origins OriginsOf(Workspace workspace, GeneratorState[] before)
    {
        Dictionary<Node, TensorValue> leaves = [];
        foreach (Node leaf in GraphWalk.TopologicalOrder(program.StableRoots))
        {
            if (leaf is Parameter parameter)
            {
                leaves[leaf] = parameter.Snapshot();
            }
            else if (leaf.Op is InputOp && Array.FindIndex(program.Inputs, i => i.Op == leaf.Op) is >= 0 and var input && !IsSeed(input))
            {
                leaves[leaf] = Read(leaf, workspace.Externals[input], workspace);
            }
        }

        return new Origins(leaves, before);
    }

    // It comes with the backward part.
    private bool IsSeed(int input) => program.Gradients.Length > 0 && input == program.Inputs.Length - 1;

    private static unsafe bool IsFinite(RootBuffer root, Workspace workspace)
    {
        int count = checked((int)root.ElementCount(workspace));
        var memory = (void*)workspace.Address(root.Buffer);

        // Of nothing, all is finite, which the BCL denies.
        return count == 0 || root.Node.DType switch
        {
            DType.Float32 => TensorPrimitives.IsFiniteAll(new ReadOnlySpan<float>(memory, count)),
            DType.Float64 => TensorPrimitives.IsFiniteAll(new ReadOnlySpan<double>(memory, count)),
            _ => true,
        };
    }

    private unsafe TensorValue Read(Node node, nint address, Workspace workspace)
    {
        long[] shape = program.Evaluate(node.Shape, workspace);
        return TensorValue.FromBytes(node.DType, shape, new ReadOnlySpan<byte>((void*)address, checked((int)(TensorValue.CountOf(shape) * node.DType.Size()))));
    }

    /// <summary>What a call is computed from.</summary>
    /// <param name="Leaves">The values of inputs and parameters.</param>
    /// <param name="Before">The states of the generators before the call.</param>
    private sealed record Origins(Dictionary<Node, TensorValue> Leaves, GeneratorState[] Before);
}

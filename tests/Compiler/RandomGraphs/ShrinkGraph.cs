using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>
/// Makes a failing graph small, as long as it fails: drops outputs, puts a node's input or a fresh input in a node's place, and shrinks sizes.
/// Greedy: the first change that still fails is taken, until none does.
/// </summary>
internal static class ShrinkGraph
{
    private const int MostAttempts = 4000;

    /// <param name="failing">A graph that fails.</param>
    /// <param name="fails">Whether a graph fails; one that is not meant to work does not.</param>
    public static Trial Run(Trial failing, Func<Trial, bool> fails)
    {
        Trial best = failing;
        int attempts = 0;
        bool changed = true;
        while (changed && attempts < MostAttempts)
        {
            changed = false;
            foreach (Trial candidate in Candidates(best))
            {
                if (++attempts > MostAttempts)
                {
                    break;
                }

                if (fails(candidate))
                {
                    best = candidate;
                    changed = true;
                    break;
                }
            }
        }

        return best;
    }

    // The boldest changes first.
    private static IEnumerable<Trial> Candidates(Trial trial) =>
        [.. DropRoots(trial), .. DropSizes(trial), .. PlainerValues(trial), .. CutAboveRoots(trial), .. ReplaceNodes(trial), .. ShrinkConstants(trial), .. ShrinkSizes(trial)];

    // What requires gradients must be a leaf that holds one.
    private static Node Input(NodeType type, string name, bool requiresGrad) => type.DType switch
    {
        DType.Float32 => Ops.Input(name, type.Shape, requiresGrad),
        DType.Float64 => Ops.Input<double>(name, type.Shape, requiresGrad),
        _ => Ops.Placeholder(type, name, requiresGrad: false),
    };

    private static IEnumerable<Trial> DropRoots(Trial trial)
    {
        // A node alone, the lowest first: where that fails, all above it is gone at once.
        foreach (Node node in trial.Nodes.Where(n => n.Results.Count == 1 && (trial.Loss is not null || trial.Updates is not [] || trial.Outputs is not [{ } only] || only != n)))
        {
            yield return trial with { Outputs = [node], Loss = null, Updates = [] };
        }

        if (trial.Loss is not null)
        {
            yield return trial with { Loss = null };
        }

        foreach (Update update in trial.Updates)
        {
            yield return trial with { Updates = trial.Updates.Remove(update) };
        }

        // A compilation has at least one output.
        foreach (Node output in trial.Outputs.Where(_ => trial.Outputs.Length > 1))
        {
            yield return trial with { Outputs = [output] };
            yield return trial with { Outputs = trial.Outputs.Remove(output) };
        }
    }

    private static IEnumerable<Trial> DropSizes(Trial trial) => trial.Sizes.Length == 1 ? [] : trial.Sizes.Select(s => trial with { Sizes = [s] });

    private static IEnumerable<Trial> PlainerValues(Trial trial) => Enum.GetValues<Palette>()
        .Where(p => p < trial.Palette && (p == Palette.Ordinary || trial.Palette == Palette.All))
        .Select(p => trial with { Palette = p });

    private static IEnumerable<Trial> CutAboveRoots(Trial trial)
    {
        for (int i = 0; i < trial.Outputs.Length; i++)
        {
            foreach (Node input in trial.Outputs[i].Inputs.Where(n => n.Results.Count == 1 && !trial.Outputs.Contains(n)))
            {
                yield return trial with { Outputs = trial.Outputs.SetItem(i, input) };
            }
        }

        if (trial.Loss is { } loss)
        {
            // Any scalar will do as a loss; where the input is no scalar, its sum.
            foreach (Node input in loss.Inputs.Where(n => n.RequiresGrad && n.Results.Count == 1))
            {
                Node shorter = input.Rank == 0 ? input : Ops.Sum(input);
                if (loss.Op is not SumOp || input.Rank == 0)
                {
                    yield return trial with { Loss = shorter };
                }
                else
                {
                    foreach (Node below in input.Inputs.Where(n => n.RequiresGrad && n.Results.Count == 1))
                    {
                        yield return trial with { Loss = Ops.Sum(below) };
                    }
                }
            }
        }
    }

    private static IEnumerable<Trial> ReplaceNodes(Trial trial)
    {
        Node[] nodes = trial.Nodes;
        int fresh = 0;
        foreach (Node node in nodes.Reverse().Where(n => n.Op is not InputOp && n.Results.Count == 1))
        {
            // Nodes on the way to this one, of its type or not: what lies above must fit the one that takes its place.
            IEnumerable<Node> alike = GraphWalk.TopologicalOrder([node]).Where(n => n != node && n.Results.SequenceEqual(node.Results)).Reverse().Take(4);
            foreach (Node below in alike.Concat(node.Inputs.Where(n => n.Results.Count == 1 && n.DType == node.DType)).Distinct())
            {
                if (Replace(trial, node, below) is { } shorter)
                {
                    yield return shorter;
                }
            }

            while (nodes.Any(n => n.Name == $"y{fresh}"))
            {
                fresh++;
            }

            // A constant is as small as an input: replacing one by the other would go on for ever.
            if ((node.Inputs.Count > 0 || node.Op is ParameterOp) && Replace(trial, node, Input(node.Results[0], $"y{fresh}", node.RequiresGrad)) is { } cut)
            {
                yield return cut;
            }
        }
    }

    private static Trial? Replace(Trial trial, Node node, Node by)
    {
        try
        {
            return trial.With(roots => GraphWalk.Substitute(roots, new Dictionary<Node, Node> { [node] = by }));
        }
        catch (GraphException)
        {
            return null;
        }
    }

    private static IEnumerable<Trial> ShrinkConstants(Trial trial)
    {
        long[] sizes = [.. trial.Nodes.SelectMany(n => n.Results).SelectMany(r => r.Shape).Select(d => d.Constant).OfType<long>().Where(c => c > 1).Distinct().OrderDescending()];
        foreach (long size in sizes)
        {
            foreach (long smaller in Smaller(size).Where(s => s >= 1))
            {
                if (Resize(trial, size, smaller) is { } resized)
                {
                    yield return resized;
                }
            }
        }
    }

    // Every axis of that size gets the other; a graph that no longer fits together is none.
    private static Trial? Resize(Trial trial, long size, long to)
    {
        bool changed = false;
        Shape Other(Shape shape)
        {
            changed |= shape.Any(d => d.Constant == size);
            return Shape.Of(shape.Select(d => d.Constant == size ? to : d));
        }

        try
        {
            Dictionary<Node, Node> map = GraphWalk.Map(trial.Roots, (node, inputs) => node.Op switch
            {
                InputOp input => Input(new NodeType(input.Type.DType, Other(input.Type.Shape)), input.InputName, node.RequiresGrad),
                ReshapeOp reshape => Node.Create(new ReshapeOp(Other(reshape.To)), inputs.AsSpan()),
                BroadcastToOp broadcast => Node.Create(new BroadcastToOp(Other(broadcast.To)), inputs.AsSpan()),
                IotaOp iota => Node.Create(iota with { To = Other(iota.To) }, inputs.AsSpan()),
                RandomBitsOp bits => Node.Create(bits with { To = Other(bits.To) }, inputs.AsSpan()),
                _ => node.On(inputs),
            });
            return changed ? trial.With(roots => [.. roots.Select(r => map[r])]) : null;
        }
        catch (GraphException)
        {
            return null;
        }
    }

    private static IEnumerable<Trial> ShrinkSizes(Trial trial)
    {
        if (trial.Sizes is not [var sizes])
        {
            yield break;
        }

        foreach (char symbol in SymbolValues.Names)
        {
            foreach (long smaller in Smaller(sizes.Of($"{symbol}")))
            {
                yield return trial with { Sizes = [sizes.With(symbol, smaller)] };
            }
        }
    }

    private static IEnumerable<long> Smaller(long size) => new[] { 0, 1, 2, size / 2, size - 1 }.Where(s => s >= 0 && s < size).Distinct();
}

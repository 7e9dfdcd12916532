namespace GraphCompiler.Learning.Training;

/// <summary>How a batch is cut by rows: along the first axis of the first input, a symbol, and of all inputs that begin with it. Others go to each part as they are.</summary>
internal sealed class BatchCut
{
    private readonly IReadOnlyList<Node> inputs;
    private readonly bool[] isCut;

    /// <summary>How batches of some inputs are cut.</summary>
    /// <exception cref="ShapeException">The first input has no first axis of a size that differs from batch to batch, or another input has it elsewhere.</exception>
    public BatchCut(IReadOnlyList<Node> inputs)
    {
        this.inputs = inputs;
        if (inputs is not [{ Rank: > 0 } first, ..] || first.Shape[0].Symbol is not { } symbol)
        {
            throw new ShapeException($"A batch is cut into shards along the first axis of the first input, which must be a symbol, as in Input(\"x\", [\"N\", 784]); {(inputs.Count == 0 ? "there is none" : $"that is {inputs[0]}")}.");
        }

        isCut = [.. inputs.Select(i => i.Rank > 0 && i.Shape[0].Symbol == symbol)];
        if (inputs.FirstOrDefault(i => i.Shape.Skip(1).Any(d => d.Symbol == symbol)) is { } other)
        {
            throw new ShapeException($"A batch is cut into shards along axis '{symbol}', which input {other} has elsewhere than as its first axis.");
        }
    }

    /// <summary>How many inputs there are.</summary>
    public int Count => inputs.Count;

    /// <summary>How many rows a batch has. What no graph takes, such as null, has none, for the graph to say so.</summary>
    /// <exception cref="ArgumentException">Two arguments have different numbers of rows, or only flat ones are given for inputs of which more axes are symbols.</exception>
    public nint RowsOf(ReadOnlySpan<Argument> batch)
    {
        if (batch.Length != Count)
        {
            return 0;
        }

        int known = -1;
        nint rows = 0;
        for (int i = 0; i < batch.Length; i++)
        {
            if (isCut[i] && Find(i, batch[i]) is var found and >= 0)
            {
                if (known >= 0 && found != rows)
                {
                    throw new ArgumentException($"Input {inputs[i]} was given {found} rows, {batch[i]}, and input {inputs[known]} {rows}.", nameof(batch));
                }

                (known, rows) = (i, found);
            }
        }

        return known >= 0 || batch.ToArray().Any(a => a.ElementCount == 0) ? rows
            : throw new ArgumentException("The batch is of flat arrays alone, from which the number of its rows does not follow: pass a tensor, or an array of several axes.", nameof(batch));
    }

    /// <summary>Some rows of a batch.</summary>
    public void Take(ReadOnlySpan<Argument> batch, nint start, nint count, nint rows, Span<Argument> part)
    {
        for (int i = 0; i < batch.Length; i++)
        {
            part[i] = isCut[i] && count < rows ? batch[i].Rows(start, count, rows) : batch[i];
        }
    }

    /// <summary>The rows of an argument; below 0 if they are not to be known from it.</summary>
    private nint Find(int input, in Argument argument)
    {
        if (argument.Rank >= 0)
        {
            return argument.Rank == 0 ? -1 : argument.GetLength(0);
        }

        nint size = 1;
        for (int axis = 1; axis < inputs[input].Rank; axis++)
        {
            size *= (nint)(inputs[input].Shape[axis].Constant ?? 0);
        }

        return size > 0 && argument.ElementCount > 0 && argument.ElementCount % size == 0 ? argument.ElementCount / size : -1;
    }
}

using GraphCompiler.Planning;

namespace GraphCompiler.Calling;

/// <summary>Refuses destinations that are null, of another dtype or shape, too small, or that overlap an argument or each other.</summary>
internal static class DestinationCheck
{
    public static void Run(Program program, Workspace workspace, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Destination> destinations)
    {
        Span<nint> lengths = stackalloc nint[8];
        for (int i = 0; i < destinations.Length; i++)
        {
            ref readonly Destination destination = ref destinations[i];
            RootBuffer output = program.Outputs[i];
            int rank = destination.IsNull ? -1 : destination.Rank;
            Span<nint> shape = rank <= lengths.Length ? lengths : new nint[rank];
            if (rank >= 0)
            {
                destination.TryGetShape(shape, out _);
            }

            One(workspace, output, i, destination.IsNull, destination.DType, !destination.IsNull && !destination.IsDense, destination.ElementCount, rank >= 0, rank >= 0 ? shape[..rank] : []);
            for (int a = 0; a < arguments.Length; a++)
            {
                if (destination.Overlaps(in arguments[a]))
                {
                    throw Overlap(output, i, $"the argument for {program.Inputs[a].Describe()}");
                }
            }

            for (int d = 0; d < i; d++)
            {
                if (destination.Overlaps(in destinations[d]))
                {
                    throw Overlap(output, i, $"the destination for output {d}");
                }
            }
        }
    }

    /// <summary>Checks a destination by itself.</summary>
    public static void One(
        Workspace workspace, RootBuffer output, int index, bool isNull, DType dtype, bool isStrided, nint count, bool hasShape, ReadOnlySpan<nint> lengths)
    {
        if (isNull)
        {
            throw new BindingException($"{Name(output, index)} is null.");
        }

        if (dtype != output.Node.DType)
        {
            throw new BindingException($"{Name(output, index)} is {dtype.Display()}; {output.Node.DType.Display()} is needed.");
        }

        if (isStrided)
        {
            throw new BindingException($"{Name(output, index)} is strided; a dense tensor, an array or memory is needed.");
        }

        if (hasShape ? !output.HasShape(lengths, workspace) : count < output.ElementCount(workspace))
        {
            string given = hasShape ? $"the shape {Sizes.Display(lengths)}" : InvariantText.Count(count, "element");
            throw new BindingException(
                $"{Name(output, index)} has {given}; the shape {InvariantText.List(output.Shape(workspace))}, {InvariantText.Count(output.ElementCount(workspace), "element")}, is needed.");
        }
    }

    public static BindingException Overlap(RootBuffer output, int index, string what) =>
        new($"{Name(output, index)} overlaps {what}; an output needs memory of its own.");

    private static string Name(RootBuffer output, int index) => $"The destination for output {index}, {output.Node.Describe()},";
}

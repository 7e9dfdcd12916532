using GraphCompiler.Loops;

namespace GraphCompiler.Lowering;

/// <summary>
/// The axes that a kernel loops over, joined where every access steps through them as through one: loops are few and long, and the last one
/// runs over neighbouring elements wherever the accesses allow it.
/// </summary>
internal sealed class LoopNest
{
    private readonly List<int[]> groups = [];

    /// <param name="shape">The sizes of the axes.</param>
    /// <param name="accesses">The strides of every access over these axes.</param>
    /// <param name="reduced">Axes that are reduced: no loop joins one of them with one that is not.</param>
    public LoopNest(Shape shape, IEnumerable<EquatableArray<Dim>> accesses, EquatableArray<int> reduced = default)
    {
        EquatableArray<Dim>[] strides = [.. accesses];
        List<int> current = [];
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (shape[axis].Constant == 1)
            {
                continue;
            }

            bool joins = current.Count > 0
                && reduced.Contains(current[^1]) == reduced.Contains(axis)
                && strides.All(s => s[current[^1]] == s[axis] * shape[axis]);
            if (current.Count > 0 && !joins)
            {
                groups.Add([.. current]);
                current.Clear();
            }

            current.Add(axis);
        }

        groups.Add([.. current]);
        Sizes = [.. groups.Select(g => g.Aggregate(Dim.Of(1), (product, axis) => product * shape[axis]))];
        IsReduced = [.. groups.Select(g => g.Length > 0 && reduced.Contains(g[0]))];
        Variables = [.. groups.Select((_, i) => LoopMath.Index($"i{i}"))];
    }

    /// <summary>The sizes of the joined axes, at least one.</summary>
    public IReadOnlyList<Dim> Sizes { get; }

    /// <summary>Whether a joined axis is reduced.</summary>
    public IReadOnlyList<bool> IsReduced { get; }

    /// <summary>Their loop variables.</summary>
    public IReadOnlyList<Local> Variables { get; }

    /// <summary>The axes that a loop joins; none where all axes have size 1.</summary>
    public IReadOnlyList<int> Axes(int loop) => groups[loop];

    /// <summary>The stride of an access along a joined axis.</summary>
    public Dim Stride(EquatableArray<Dim> strides, int loop) => groups[loop].Length == 0 ? 0 : strides[groups[loop][^1]];

    /// <summary>The position of an access for the current values of the loop variables.</summary>
    public LoopValue Position(KernelBuilder kernel, Dim offset, EquatableArray<Dim> strides)
    {
        LoopValue position = kernel.Offset(offset);
        for (int loop = 0; loop < groups.Count; loop++)
        {
            position = LoopMath.Plus(position, LoopMath.Times(Variables[loop], kernel.Size(Stride(strides, loop))));
        }

        return position;
    }
}

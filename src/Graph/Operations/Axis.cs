namespace GraphCompiler.Operations;

/// <summary>Arithmetic on axes.</summary>
internal static class Axis
{
    /// <summary>An axis counted from the front; negative ones count from the end.</summary>
    public static int Normalize(int axis, int rank, string op, Node x)
    {
        int normal = axis < 0 ? axis + rank : axis;
        return normal >= 0 && normal < rank
            ? normal
            : throw new ShapeException($"{op}: axis {axis} is outside a rank of {rank}; use {(rank == 0 ? "no axis" : $"{-rank} to {rank - 1}")}. Input: {x.Describe()}.");
    }

    /// <summary>Axes counted from the front, sorted, each once.</summary>
    public static EquatableArray<int> Normalize(Axes axes, Node x, string op)
    {
        int[] normal = new int[axes.IsAll ? x.Rank : axes.Values.Count];
        for (int i = 0; i < normal.Length; i++)
        {
            normal[i] = axes.IsAll ? i : Normalize(axes.Values[i], x.Rank, op, x);
        }

        Array.Sort(normal);
        for (int i = 1; i < normal.Length; i++)
        {
            if (normal[i] == normal[i - 1])
            {
                throw new ShapeException($"{op}: an axis is named twice in {axes}. Input: {x.Describe()}.");
            }
        }

        return EquatableArray.Create<int>(normal);
    }

    /// <summary>Whether axes are all in their order: 0, 1, 2, ….</summary>
    public static bool AreInOrder(ReadOnlySpan<int> axes)
    {
        for (int i = 0; i < axes.Length; i++)
        {
            if (axes[i] != i)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Axes where a batch axis stands in front of all.</summary>
    public static EquatableArray<int> BehindBatch(EquatableArray<int> axes) => axes.Select(a => a + 1).ToEquatableArray();

    /// <summary>Puts back reduced axes with size 1.</summary>
    public static Node Keep(Node reduced, EquatableArray<int> axes, Shape full) =>
        Ops.Reshape(reduced, Shape.Of(full.Select((d, i) => axes.Contains(i) ? Dim.Of(1) : d)));

    /// <summary>Repeats a reduced value along the axes that were reduced.</summary>
    public static Node Expand(Node reduced, EquatableArray<int> axes, Shape full) => Ops.BroadcastTo(Keep(reduced, axes, full), full);
}

namespace GraphCompiler.Kernels;

/// <summary>
/// What a fused kernel runs over: a shape, and which of its axes lie within a row. Reductions over exactly those axes give one value a row, which
/// what follows in the kernel reads while the row is still in the cache. Without such axes the kernel is elementwise.
/// </summary>
internal sealed record Domain(Shape Shape, EquatableArray<int> Inner)
{
    /// <summary>The strides of a dense tensor of the domain's shape.</summary>
    public EquatableArray<Dim> ElementStrides { get; } = View.RowMajor(Shape);

    /// <summary>The strides of a dense tensor with one value a row.</summary>
    public EquatableArray<Dim> RowStrides { get; } = View.RowMajorWithout(Shape, Inner);

    /// <summary>The strides of a dense tensor with one value a position within rows.</summary>
    public EquatableArray<Dim> ColumnStrides { get; } = View.RowMajorWithout(Shape, [.. Enumerable.Range(0, Shape.Rank).Where(a => !Inner.Contains(a))]);

    public Dim RowCount => Shape.Without(Inner).ElementCount;

    public Dim RowLength => Shape.Of(Inner.Select(a => Shape[a])).ElementCount;

    /// <summary>Whether it is surely a single element: no vectors, and nothing to share out.</summary>
    public bool HasOneElement => Shape.ElementCount.Constant == 1;

    /// <summary>What a node can be in a kernel over this domain; null if it has no place in it.</summary>
    public Role? RoleOf(Node node) => OpTraits.Of(node.Op).Form?.RoleIn(this, node);

    /// <summary>Strides over a shape of one value a row, as strides over the domain's axes.</summary>
    public EquatableArray<Dim> LiftRows(Shape shape, EquatableArray<Dim> strides)
    {
        int[] own = [.. Enumerable.Range(0, shape.Rank).Where(a => shape[a].Constant != 1)];
        int next = 0;
        return Enumerable.Range(0, Shape.Rank)
            .Select(axis => Inner.Contains(axis) || Shape[axis].Constant == 1 ? 0 : strides[own[next++]])
            .ToEquatableArray();
    }

    /// <summary>Whether two accesses over a shape are the same: along an axis of size 1 nothing moves.</summary>
    public static bool SameAccess(Shape shape, EquatableArray<Dim> a, EquatableArray<Dim> b)
    {
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (shape[axis].Constant != 1 && a[axis] != b[axis])
            {
                return false;
            }
        }

        return true;
    }

    // All else follows from these.
    public bool Equals(Domain? other) => ReferenceEquals(this, other) || (other is not null && Shape == other.Shape && Inner == other.Inner);

    public override int GetHashCode() => HashCode.Combine(Shape, Inner);

    public override string ToString() => Inner.Count == 0 ? $"{Shape}" : $"{Shape} in rows over {Inner}";

    /// <summary>Whether the axes within a row come last, with others before them.</summary>
    public bool IsTrailing => Inner.Count < Shape.Rank && Inner.Count > 0 && Inner[0] == Shape.Rank - Inner.Count && Inner.Any(a => Shape[a].Constant != 1);

    /// <summary>Whether a shape is that of one value a row, with or without axes of size 1.</summary>
    public bool HoldsRows(Shape shape) =>
        shape.Where(d => d.Constant != 1).SequenceEqual(Shape.Without(Inner).Where(d => d.Constant != 1));
}

/// <summary>What a node is in a fused kernel.</summary>
internal enum Role
{
    /// <summary>A value an element of the domain.</summary>
    Element,

    /// <summary>A value an element: that of a row of another tensor, picked by an index a row.</summary>
    Pick,

    /// <summary>A value a row, computed from other values of rows.</summary>
    Row,

    /// <summary>A value a row, combined from the row's elements.</summary>
    RowReduction,

    /// <summary>A value a row: one of the row's elements, picked by an index.</summary>
    RowGather,

    /// <summary>A value a position within rows, combined over all rows: complete only when the kernel has ended.</summary>
    ColumnReduction,
}

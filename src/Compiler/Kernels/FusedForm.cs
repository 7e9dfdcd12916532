using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>What the operations of a family are in a fused kernel.</summary>
internal abstract class FusedForm
{
    /// <summary>Elements of the domain, or values a row that are computed from others.</summary>
    public static readonly FusedForm Elements = new ElementForm();

    /// <summary>What is known or read and becomes a value of its own: a kernel that never joins others.</summary>
    public static readonly FusedForm Copy = new ElementForm { Joins = false };

    /// <summary>Elements combined within rows, or over all rows.</summary>
    public static readonly FusedForm Reduction = new ReductionForm();

    /// <summary>One element a row, picked by an index.</summary>
    public static readonly FusedForm RowGather = new RowGatherForm();

    /// <summary>Rows of another tensor, picked by an index a row.</summary>
    public static readonly FusedForm Pick = new PickForm();

    /// <summary>Whether its kernels may be joined with others.</summary>
    public bool Joins { get; private init; } = true;

    /// <summary>What a kernel of a node alone may run over, the best first; nothing if it needs a kernel of its own form.</summary>
    public virtual IReadOnlyList<Domain> DomainsOf(Node node) => DomainOf(node) is var domain && RoleIn(domain, node) is not null ? [domain] : [];

    /// <summary>What a node can be in a kernel over a domain; null if it has no place in it.</summary>
    public abstract Role? RoleIn(Domain domain, Node node);

    /// <summary>What a node computes, and what it takes.</summary>
    public abstract NodeWork WorkOf(Node node, IMaterialization materialization);

    protected abstract Domain DomainOf(Node node);

    private sealed class ElementForm : FusedForm
    {
        protected override Domain DomainOf(Node node) => new(node.Shape, []);

        public override Role? RoleIn(Domain domain, Node node) => node.Shape == domain.Shape ? Role.Element : domain.Inner.Count > 0 && domain.HoldsRows(node.Shape) ? Role.Row : null;

        public override NodeWork WorkOf(Node node, IMaterialization materialization) => NodeWork.Of(new PointwiseExpression(node, materialization, expandRoot: true));
    }

    private sealed class ReductionForm : FusedForm
    {
        /// <summary>A reduction over leading axes may also run row by row, adding each to the results.</summary>
        public override IReadOnlyList<Domain> DomainsOf(Node node)
        {
            Domain rows = DomainOf(node);
            var columns = new Domain(rows.Shape, [.. Enumerable.Range(rows.Inner.Count, rows.Shape.Rank - rows.Inner.Count)]);
            return RoleIn(columns, node) == Role.ColumnReduction ? [columns, rows] : [rows];
        }

        protected override Domain DomainOf(Node node) => new(node.Inputs[0].Shape, ((ReductionOp)node.Op).Axes);

        public override Role? RoleIn(Domain domain, Node node)
        {
            EquatableArray<int> axes = ((ReductionOp)node.Op).Axes;
            return axes.Count == 0 && node.Shape == domain.Shape ? Role.Element
                : node.Inputs[0].Shape != domain.Shape || domain.Inner.Count == 0 ? null
                : axes == domain.Inner ? Role.RowReduction
                : domain.IsTrailing && axes.Count + domain.Inner.Count == domain.Shape.Rank && !axes.Any(domain.Inner.Contains) ? Role.ColumnReduction
                : null;
        }

        public override NodeWork WorkOf(Node node, IMaterialization materialization) => NodeWork.Of(new PointwiseExpression(node.Inputs[0], materialization));
    }

    private sealed class RowGatherForm : FusedForm
    {
        protected override Domain DomainOf(Node node) => new(node.Inputs[0].Shape, [((GatherOp)node.Op).Along]);

        public override Role? RoleIn(Domain domain, Node node) =>
            domain.Inner is [var along] && ((GatherOp)node.Op).Along == along && along == domain.Shape.Rank - 1
                && node.Inputs[0].Shape == domain.Shape && node.Shape == domain.Shape.With(along, 1) ? Role.RowGather : null;

        public override NodeWork WorkOf(Node node, IMaterialization materialization) =>
            NodeWork.Of(new PointwiseExpression(node.Inputs[0], materialization)) with { Index = IndexOf(node, materialization) };
    }

    private sealed class PickForm : FusedForm
    {
        protected override Domain DomainOf(Node node) => new(node.Shape, [.. Enumerable.Range(0, node.Rank).Skip(InnerFrom(node))]);

        public override Role? RoleIn(Domain domain, Node node) => node.Shape == domain.Shape && domain.IsTrailing && domain.Inner[0] == InnerFrom(node) ? Role.Pick : null;

        public override NodeWork WorkOf(Node node, IMaterialization materialization) => new()
        {
            Index = IndexOf(node, materialization),
            Table = PointwiseExpression.ViewOf(node.Inputs[0], materialization),
            Reads = [],
            Instructions = 1,
            Lanes = node.DType.Row().LaneSize,
        };

        private static int InnerFrom(Node node) => ((TakeOp)node.Op).Along + node.Inputs[1].Rank;
    }

    private static View? IndexOf(Node gather, IMaterialization materialization) =>
        PointwiseExpression.ViewOf(gather.Inputs[1], materialization) is { } view && materialization.IsMaterialized(view.Source) ? view : null;
}

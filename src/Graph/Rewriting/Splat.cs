using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>Constants of one repeated number.</summary>
internal static class Splat
{
    /// <summary>The scalar constant that a node repeats, or null.</summary>
    public static Node? Of(Node node)
    {
        while (node.Op is BroadcastToOp or ReshapeOp)
        {
            node = node.Inputs[0];
        }

        return node.Op is not ConstantOp { Data.Value.Count: 1 } constant ? null
            : node.Rank == 0 ? node
            : Ops.Constant(constant.Data.Value.Reshape([]));
    }

    /// <summary>Whether a node is one number everywhere, compared as numbers (0 equals −0).</summary>
    public static bool Is(Node node, double number) => Of(node) is { } scalar && ((ConstantOp)scalar.Op).Data.Value[0] == number;

    /// <summary>Whether a node is 0 everywhere, and not −0.</summary>
    public static bool IsPositiveZero(Node node) => Of(node) is { } scalar && ((ConstantOp)scalar.Op).Data.Value is var v && v[0] == 0 && !double.IsNegative(v[0]);

    public static double? Value(Node node) => Of(node) is { } scalar ? ((ConstantOp)scalar.Op).Data.Value[0] : null;
}

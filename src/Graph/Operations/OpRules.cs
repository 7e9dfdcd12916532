using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>The rules that operations owe to transformations.</summary>
internal enum OpRule
{
    Pullback,
    Pushforward,
    Batch,
}

/// <summary>The rules of operations, as transformations ask for them.</summary>
internal static class OpRules
{
    /// <summary>What a test makes of the answers of rules, to see that mistakes in them are found; null but in such a test, on its thread.</summary>
    [ThreadStatic]
    private static Func<Node, OpRule, Node?[], Node?[]>? mutation;

    /// <inheritdoc cref="Op.Pullback"/>
    public static Node?[] Pullback(Node node, Node?[] cotangents) => Answer(node, OpRule.Pullback, node.Op.Pullback(node, cotangents));

    /// <inheritdoc cref="Op.Pushforward"/>
    public static Node?[]? Pushforward(Node node, Node?[] tangents) => node.Op.Pushforward(node, tangents) is { } pushed ? Answer(node, OpRule.Pushforward, pushed) : null;

    /// <inheritdoc cref="Op.Batch"/>
    public static Node[] Batch(Node node, BatchContext context) => [.. Answer(node, OpRule.Batch, node.Op.Batch(context)).Select(n => n!)];

    /// <summary>Does something while rules answer otherwise.</summary>
    /// <param name="answers">What becomes of the answer of a node's rule.</param>
    /// <param name="run">What is done.</param>
    public static void With(Func<Node, OpRule, Node?[], Node?[]> answers, Action run)
    {
        mutation = answers;
        try
        {
            run();
        }
        finally
        {
            mutation = null;
        }
    }

    private static Node?[] Answer(Node node, OpRule rule, Node?[] answer) => mutation is null ? answer : mutation(node, rule, answer);
}

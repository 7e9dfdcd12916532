using System.Globalization;
using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>The input itself, which must lie from <paramref name="Least"/> to <paramref name="Most"/>; another value is an error when the graph runs.</summary>
/// <param name="Function">The function whose input it is.</param>
/// <param name="Rule">What must hold, for the message.</param>
/// <param name="Least">The least value.</param>
/// <param name="Most">The greatest value.</param>
internal sealed record WithinOp(string Function, string Rule, double Least, double Most) : SingleResultOp
{
    /// <summary>What is said of a value outside.</summary>
    public string Message(Node node, double value) =>
        string.Create(CultureInfo.InvariantCulture, $"{Function}: {Rule}; it is {value}. Input: {node.Inputs[0].Describe()}.");

    protected override NodeType InferResult(TypeContext context)
    {
        context.RequireFloat();
        return context.Inputs[0].Results[0];
    }

    protected override Node?[] PullbackResult(Node node, Node cotangent) => [cotangent];

    public override Node?[] Pushforward(Node node, Node?[] tangents) => [tangents[0]];

    protected override Node BatchResult(BatchContext context) => context.OnBatched(this)[0];

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Unknown();

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        foreach (double value in context.Inputs[0].Reals)
        {
            if (!(value >= Least && value <= Most))
            {
                throw new ExecutionException(Message(context.Node, value));
            }
        }

        return context.Inputs[0];
    }
}

using System.Text;
using GraphCompiler.Batching;

namespace GraphCompiler.Operations;

/// <summary>A function of the user's that runs within the graph. What stands after its inputs only runs before it.</summary>
/// <param name="FunctionName">Its name.</param>
/// <param name="InputTypes">What it reads.</param>
/// <param name="ResultTypes">What it gives.</param>
/// <param name="Body">What it does.</param>
/// <param name="Rule">Its pullback; null if it has none.</param>
/// <param name="Effect">What tells this use of it from all others, where what it does is seen outside of the graph; null if it is pure.</param>
internal sealed record HostFunctionOp(
    string FunctionName,
    EquatableArray<NodeType> InputTypes,
    EquatableArray<NodeType> ResultTypes,
    HostBody Body,
    Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>>? Rule,
    HostEffect? Effect) : Op
{
    public override string Name => $"HostFunction '{FunctionName}'";

    public override string Kind => "HostFunction";

    /// <summary>Whether it is given doubles in the place of the floats that it was written for.</summary>
    public bool IsWidened { get; init; }

    /// <summary>How many of the node's inputs it reads.</summary>
    public int Count => InputTypes.Count;

    public override bool HasEffects => Effect is not null;

    public override NodeType[] Infer(TypeContext context) => [.. ResultTypes];

    public override Node?[] Pullback(Node node, Node?[] cotangents) => Rule is null
        ? throw new GradientException($"{node.Describe()} has no pullback, and a gradient is to flow through it; give it one, or Detach its results.")
        : [.. UserDerivatives.Pull(node, Count, Rule, cotangents), .. new Node?[node.Inputs.Count - Count]];

    public override Node[] Batch(BatchContext context) => context.OneByOne();

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Unknown();

    public override unsafe TensorValue[] Evaluate(EvaluationContext context)
    {
        byte[][] memory =
        [
            .. context.Inputs.Take(Count).Select(value => value.ToBytes()),
            .. ResultTypes.Select((type, i) => new byte[TensorValue.CountOf(context.ResultShape(i)) * type.DType.Size()]),
        ];
        long[] lengths = [.. context.Inputs.Take(Count).SelectMany(value => value.Shape), .. ResultTypes.SelectMany((_, i) => context.ResultShape(i))];
        nint[] addresses = new nint[memory.Length];
        Call(0);
        return [.. ResultTypes.Select((type, i) => TensorValue.FromBytes(type.DType, context.ResultShape(i), memory[Count + i]))];

        // What is pinned is pinned until the innermost call returns.
        void Call(int at)
        {
            if (at == memory.Length)
            {
                Run(context.Node, Signature(context.Node), addresses, lengths);
                return;
            }

            fixed (byte* pinned = memory[at])
            {
                addresses[at] = (nint)pinned;
                Call(at + 1);
            }
        }
    }

    /// <summary>What a node's function takes and gives.</summary>
    public HostSignature Signature(Node node) => new(
        node.Name is null ? Name : $"{Name} '{node.Name}'",
        Count,
        [.. InputTypes.Concat(ResultTypes).Select(t => t.DType)],
        [.. InputTypes.Concat(ResultTypes).Select(t => t.Shape.Rank)]);

    /// <summary>Calls the function.</summary>
    /// <exception cref="ExecutionException">It threw; a cancellation comes out as it is.</exception>
    private void Run(Node node, HostSignature signature, ReadOnlySpan<nint> addresses, ReadOnlySpan<long> lengths)
    {
        try
        {
            Body(new HostCall(signature, addresses, lengths));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new ExecutionException(FailureMessage(node, e) + (IsWidened ? " A gradient check gives it doubles in the place of floats: let it ask InType, or check a graph of doubles." : string.Empty), e);
        }
    }

    public static string FailureMessage(Node node, Exception? cause) => $"{node.Describe()} threw {cause?.GetType().Name}: {cause?.Message.TrimEnd('.')}.";

    protected override bool PrintMembers(StringBuilder builder)
    {
        builder.Append(HasEffects ? "HasEffects = true" : string.Empty);
        return HasEffects;
    }
}

/// <summary>What is seen outside of the graph of one use of a host function; its number tells in which order they were written.</summary>
internal sealed class HostEffect
{
    private static long count;

    public long Number { get; } = Interlocked.Increment(ref count);
}

using System.Globalization;
using System.Text;
using GraphCompiler.Batching;
using GraphCompiler.Differentiation;

namespace GraphCompiler.Operations;

/// <summary>
/// A body that runs again and again. Inputs: what is carried at the start, sequences, what is captured. Results: what is carried at the end, outputs of all
/// steps stacked along a new first axis.
/// </summary>
/// <param name="Body">
/// Takes what is carried, a row of each sequence and what is captured; gives what is carried on, and outputs.
/// </param>
/// <param name="Condition">Takes what is carried and what is captured, and says before each step whether it runs; null if the count alone says so.</param>
/// <param name="Carried">How many values are carried.</param>
/// <param name="Sequences">How many sequences there are.</param>
/// <param name="Count">
/// How many steps run, or at most where there is a condition: rows of outputs of steps that do not run are zeros. Null if the condition alone says so; there
/// are no sequences and no outputs then.
/// </param>
/// <param name="Reverse">Whether the first step has the last rows.</param>
internal sealed record LoopOp(Function Body, Function? Condition, int Carried, int Sequences, Dim? Count, bool Reverse) : Op
{
    public override string Name => Condition is null ? "Scan" : "While";

    public override IReadOnlyList<Function> Bodies => Condition is null ? [Body] : [Body, Condition];

    public override NodeType[] Infer(TypeContext context)
    {
        for (int i = 0; i < Carried; i++)
        {
            (NodeType start, NodeType next) = (context.Inputs[i].Results[0], Body.Results[i].Results[0]);
            if (start.DType != next.DType)
            {
                throw context.BadDType($"carry {i} starts as {start} and the body makes {next} of it; a carry keeps its dtype, use Cast.");
            }

            if (start.Shape != next.Shape)
            {
                throw context.BadShape($"carry {i} starts as {start} and the body makes {next} of it; a carry keeps its shape.");
            }
        }

        for (int i = 0; i < context.Inputs.Count; i++)
        {
            NodeType given = context.Inputs[i].Results[0];
            bool isSequence = i >= Carried && i < Carried + Sequences;
            Shape taken = isSequence ? given.Shape.Without([0]) : given.Shape;
            if (Body.Parameters[i].Results[0] != given with { Shape = taken } || (isSequence && given.Shape.Rank == 0))
            {
                throw context.BadShape($"input {i} is {given} and the body takes {Body.Parameters[i].Results[0]}.");
            }
        }

        for (int i = 0; i < Sequences; i++)
        {
            Dim rows = context.Inputs[Carried + i].Shape[0];
            context.RequireSame(rows, Count!, $"sequence {i} has {rows} rows, and there are {Count} steps.");
        }

        if (Condition is not null)
        {
            BranchOp.RequireBool(context, Condition.Results[0], "use All or Any of it");
            if (Count is not null)
            {
                context.RequireAtLeast(Count, 0, $"there are {Count} steps at most.");
            }
        }

        return
        [
            .. Body.Results[..Carried].Select(r => r.Results[0]),
            .. Body.Results[Carried..].Select(r => new NodeType(r.DType, Shape.Of([Count!, .. r.Shape]))),
        ];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents) => LoopDerivatives.Pull(this, node, cotangents);

    public override Node?[] Pushforward(Node node, Node?[] tangents) => LoopDerivatives.Push(this, node, tangents);

    public override Node[] Batch(BatchContext context) => LoopBatching.Of(this, context);

    public override double[]? BoundErrors(RoundingErrors errors)
    {
        // Whether a step runs is asked of a number that rounding may have moved: then nothing is known of what follows.
        bool isCertain = true;
        (BoundedValue[] last, List<(long Row, BoundedValue[] Values)> outputs) = Run(
            errors.Arguments, Count is null ? long.MaxValue : errors.ValueOf(Count), (s, row) => s.Row(row), (function, values, _) => errors.Of(function, values), c =>
            {
                isCertain &= c.IsExact;
                return isCertain && c.Value.Integers[0] != 0;
            });
        return !isCertain ? errors.Unbounded()
            : errors.Result < Carried ? last[errors.Result].Errors
            : BoundedValue.Stack(errors.Value, outputs.Select(o => (o.Row, o.Values[errors.Result - Carried])));
    }

    public override TensorValue[] Evaluate(EvaluationContext context)
    {
        (TensorValue[] last, List<(long Row, TensorValue[] Values)> outputs) = Run(
            context.Inputs, Count is null ? long.MaxValue : context.ValueOf(Count), (s, row) => s.Row(row), On, c => c.Integers[0] != 0);
        return [.. last, .. Enumerable.Range(0, Body.Results.Count - Carried).Select(Stacked)];

        TensorValue[] On(Function function, TensorValue[] values, long step)
        {
            try
            {
                return Interpreter.Evaluate(function, values, context);
            }
            catch (ExecutionException e)
            {
                throw new ExecutionException(e.Message + StepMessage(context.Node, step), e.InnerException);
            }
        }

        TensorValue Stacked(int output) => TensorValue.Stack(
            context.ResultType(Carried + output), context.ResultShape(Carried + output), outputs.Select(o => (o.Row, o.Values[output])));
    }

    /// <summary>Runs the loop: what is carried at the end, and the outputs of each step.</summary>
    private (T[] Last, List<(long Row, T[] Values)> Outputs) Run<T>(T[] inputs, long count, Func<T, long, T> rowOf, Func<Function, T[], long, T[]> on, Func<T, bool> holds)
    {
        T[] carried = inputs[..Carried];
        T[] sequences = inputs[Carried..(Carried + Sequences)];
        T[] captured = inputs[(Carried + Sequences)..];
        List<(long Row, T[] Values)> outputs = [];
        for (long step = 0; step < count && (Condition is null || holds(on(Condition, [.. carried, .. captured], step)[0])); step++)
        {
            long row = Reverse ? count - 1 - step : step;
            T[] results = on(Body, [.. carried, .. sequences.Select(s => rowOf(s, row)), .. captured], step);
            carried = results[..Carried];
            outputs.Add((row, results[Carried..]));
        }

        return (carried, outputs);
    }

    /// <summary>What the body is given in each step that runs.</summary>
    public List<TensorValue[]> Steps(TensorValue[] inputs, Func<string, long> symbol, RandomDraws draws)
    {
        List<TensorValue[]> steps = [];
        Run(inputs, Count?.Evaluate(symbol) ?? long.MaxValue, (s, row) => s.Row(row), On, c => c.Integers[0] != 0);
        return steps;

        TensorValue[] On(Function function, TensorValue[] values, long step)
        {
            if (function == Body)
            {
                steps.Add(values);
            }

            return Interpreter.Evaluate(function.Results, function.Parameters.Zip(values).ToDictionary(p => p.First, p => p.Second), symbol, draws);
        }
    }

    /// <summary>Where in a loop something failed, a sentence.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="step">The number of the step, from 0 for the first that runs.</param>
    public static string StepMessage(Node loop, long step) =>
        loop.From?.DerivativeOf is { Op: LoopOp original } of && original.Reverse != ((LoopOp)loop.Op).Reverse
            ? $" In step {step} of the derivative of {of.Op.Name}{of.Label}, which goes from the last step to the first."
            : $" In step {step} of {loop.Op.Name}{loop.Label}.";

    protected override bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Carried = {Carried}, Sequences = {Sequences}, Count = {Count?.ToString() ?? "none"}, Reverse = {Reverse}");
        return true;
    }
}

/// <summary>
/// One of two functions, the first where a condition holds; only that one runs. Inputs: the condition, what is captured, which both functions take. Both give
/// results of the same types.
/// </summary>
internal sealed record BranchOp(Function Then, Function Otherwise) : Op
{
    public override string Name => "Cond";

    public override IReadOnlyList<Function> Bodies => [Then, Otherwise];

    public override NodeType[] Infer(TypeContext context)
    {
        RequireBool(context, context.Inputs[0], "use Where to choose by element");
        for (int i = 1; i < context.Inputs.Count; i++)
        {
            if (Then.Parameters[i - 1].Results[0] != context.Inputs[i].Results[0])
            {
                throw context.BadShape($"input {i} is {context.Inputs[i].Results[0]} and the branches take {Then.Parameters[i - 1].Results[0]}.");
            }
        }

        if (Then.Results.Count != Otherwise.Results.Count)
        {
            throw context.BadShape($"one branch gives {InvariantText.Count(Then.Results.Count, "result")}, the other {Otherwise.Results.Count}.");
        }

        for (int i = 0; i < Then.Results.Count; i++)
        {
            (NodeType then, NodeType otherwise) = (Then.Results[i].Results[0], Otherwise.Results[i].Results[0]);
            if (then != otherwise)
            {
                string message = $"result {i} of one branch is {then}, that of the other {otherwise}; both give the same dtype and shape.";
                throw then.DType != otherwise.DType ? context.BadDType(message) : context.BadShape(message);
            }
        }

        return [.. Then.Results.Select(r => r.Results[0])];
    }

    public override Node?[] Pullback(Node node, Node?[] cotangents) => BranchDerivatives.Pull(this, node, cotangents);

    public override Node?[] Pushforward(Node node, Node?[] tangents) => BranchDerivatives.Push(this, node, tangents);

    public override Node[] Batch(BatchContext context) => BranchBatching.Of(this, context);

    public override double[]? BoundErrors(RoundingErrors errors) => errors.Arguments[0].IsExact
        ? errors.Of(Taken(errors.Inputs[0]), errors.Arguments[1..])[errors.Result].Errors
        : errors.Unbounded();

    public override TensorValue[] Evaluate(EvaluationContext context) =>
        Interpreter.Evaluate(Taken(context.Inputs[0]), context.Inputs[1..], context);

    /// <summary>The function that a condition takes.</summary>
    public Function Taken(TensorValue condition) => condition.Integers[0] != 0 ? Then : Otherwise;

    /// <summary>Refuses a condition that is not one bool.</summary>
    public static void RequireBool(TypeContext context, Node condition, string advice)
    {
        if (condition.DType != DType.Bool)
        {
            throw context.BadDType($"the condition must be bool[], not {condition.Type}; compare, for example NotEqual(x, 0).");
        }

        if (condition.Rank > 0)
        {
            throw context.BadShape($"the condition must be bool[], not {condition.Type}; {advice}.");
        }
    }

    protected override bool PrintMembers(StringBuilder builder) => false;
}

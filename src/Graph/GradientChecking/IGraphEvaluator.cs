namespace GraphCompiler.GradientChecking;

/// <summary>How a check computes: by the interpreter, or by compiled code.</summary>
internal interface IGraphEvaluator
{
    /// <summary>Makes a function from values of inputs to values of outputs; it is called many times.</summary>
    Func<IReadOnlyList<TensorValue>, TensorValue[]> Prepare(IReadOnlyList<Node> inputs, IReadOnlyList<Node> outputs, Func<string, long> symbol);
}

/// <summary>Evaluation by the interpreter.</summary>
/// <param name="draws">What every evaluation draws.</param>
internal sealed class InterpreterEvaluator(RandomDraws draws) : IGraphEvaluator
{
    public Func<IReadOnlyList<TensorValue>, TensorValue[]> Prepare(IReadOnlyList<Node> inputs, IReadOnlyList<Node> outputs, Func<string, long> symbol) =>
        values => Interpreter.Evaluate(outputs, inputs.Zip(values).ToDictionary(p => p.First, p => p.Second), symbol, draws);
}

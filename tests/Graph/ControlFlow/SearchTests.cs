using static GraphCompiler.Ops;
using Values = GraphCompiler.Tests.Compiler.Values;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>Functions built on loops against closed forms: values, gradients, and second derivatives, interpreted and compiled.</summary>
internal sealed class SearchTests
{
    [TestCaseSource(typeof(SearchCase), nameof(SearchCase.All))]
    public void Values_and_derivatives_are_those_of_the_closed_form(SearchCase c) => Check(c, DType.Float64, c.Tolerance, isInterpreted: true);

    [TestCaseSource(typeof(SearchCase), nameof(SearchCase.All))]
    public void In_single_precision_too(SearchCase c) => Check(c, DType.Float32, 2e-3, isInterpreted: false);

    private static void Check(SearchCase c, DType dtype, double tolerance, bool isInterpreted)
    {
        Node[] inputs = [.. c.Inputs.Select((s, i) => Input($"x{i}", s, dtype, requiresGrad: true))];
        Node[] found = Asked(c.Find(inputs), inputs);
        Node[] expected = Asked(c.ClosedForm(inputs), inputs);
        TensorValue[] samples = [.. inputs.Select((n, i) => In(n.Results[0], 3 + i))];
        TensorValue[] truth = Interpreter.Evaluate(expected, inputs.Zip(samples).ToDictionary(p => p.First, p => p.Second));
        using CompiledGraph compiled = GraphCompiler.Compiler.Compile(inputs, found);
        RunResults results = compiled.Run([.. samples.Select(Values.ToArgument)]);
        TensorValue[]? interpreted = isInterpreted ? Interpreter.Evaluate(found, inputs.Zip(samples).ToDictionary(p => p.First, p => p.Second)) : null;
        using (Assert.EnterMultipleScope())
        {
            for (int i = 0; i < found.Length; i++)
            {
                string what = i == 0 ? "value" : i <= inputs.Length ? $"gradient {i - 1}" : i <= 2 * inputs.Length ? $"Hessian's product {i - 1 - inputs.Length}" : "tangent, or its gradient";
                Near(Values.Read(results, i, truth[i].DType, truth[i].Shape), truth[i], tolerance, $"compiled {what}");
                if (interpreted is not null)
                {
                    Near(interpreted[i], truth[i], tolerance, $"interpreted {what}");
                }
            }
        }
    }

    /// <summary>The result, and the first and second derivatives of a number made of it, in all modes.</summary>
    private static Node[] Asked(Node result, Node[] inputs)
    {
        Node loss = Sum(Square(result) * Weights(result, 1));
        Node[] vector = [.. inputs.Select((x, i) => Weights(x, i + 5))];
        return
        [
            result, .. Gradients(loss, inputs, Unreached.Zeros), .. HessianVectorProduct(loss, inputs, vector), .. Jvp([result], inputs, vector),
            .. Gradients(Jvp([loss], inputs, vector).Single(), inputs, Unreached.Zeros),
        ];
    }

    private static Node Weights(Node like, int seed) => Reshape(Sin(Arange(like.Shape.ElementCount, seed, 1.7, like.DType)), like.Shape);

    private static TensorValue In(NodeType type, int seed)
    {
        var random = new Random(seed);
        long[] shape = type.Shape.Evaluate(_ => 3);
        return TensorValue.OfReals(type.DType, shape, [.. Enumerable.Range(0, (int)TensorValue.CountOf(shape)).Select(_ => type.DType == DType.Float32 ? (float)(0.5 + random.NextDouble()) : 0.5 + random.NextDouble())]);
    }

    private static void Near(TensorValue actual, TensorValue expected, double tolerance, string what)
    {
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape), what);
        double scale = Math.Max(1, Enumerable.Range(0, (int)expected.Count).Max(i => Math.Abs(expected[i])));
        for (long i = 0; i < expected.Count; i++)
        {
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(tolerance * scale), $"{what}, element {i}");
        }
    }
}

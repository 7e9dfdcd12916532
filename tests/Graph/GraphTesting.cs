using GraphCompiler.Operations;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests;

/// <summary>Short ways to make values, run nodes and compare, for the tests of the graph.</summary>
internal static class GraphTesting
{
    public static Shape S(params Dim[] dims) => Shape.Of(dims);

    public static TensorValue Reals(long[] shape, params double[] values) => TensorValue.OfReals(DType.Float64, shape, [.. values]);

    public static TensorValue Whole(long[] shape, params long[] values) => TensorValue.OfIntegers(DType.Int64, shape, [.. values]);

    public static TensorValue Truth(long[] shape, params bool[] values) => TensorValue.OfIntegers(DType.Bool, shape, [.. values.Select(v => v ? 1L : 0)]);

    /// <summary>A float64 constant 1-axis node.</summary>
    public static Node Vector(params double[] values) => Constant(values);

    /// <summary>A float64 constant of any shape.</summary>
    public static Node Of(long[] shape, params double[] values) => Constant(Reals(shape, values));

    public static Node Of(TensorValue value) => Constant(value);

    public static TensorValue Run(Node node, params (Node Node, TensorValue Value)[] given) =>
        Interpreter.Evaluate([node], given.ToDictionary(g => g.Node, g => g.Value))[0];

    public static double[] Values(Node node, params (Node Node, TensorValue Value)[] given)
    {
        TensorValue value = Run(node, given);
        return [.. Enumerable.Range(0, (int)value.Count).Select(i => value[i])];
    }

    public static double Value(Node node, params (Node Node, TensorValue Value)[] given) => Values(node, given).Single();

    /// <summary>A float64 input that requires a gradient.</summary>
    public static Input<double> Variable(string name = "x", params Dim[] shape) => Input<double>(name, Shape.Of(shape), requiresGrad: true);

    /// <summary>Numbers that repeat from run to run, away from 0 and from each other.</summary>
    public static TensorValue Sample(NodeType type, Func<string, long> symbol, int seed)
    {
        var random = new Random(seed);
        long[] shape = type.Shape.Evaluate(symbol);
        long count = TensorValue.CountOf(shape);
        return type.DType.IsFloat()
            ? TensorValue.OfReals(type.DType, shape, [.. Enumerable.Range(0, (int)count).Select(_ => (random.NextDouble() * 4) - 2)])
            : TensorValue.OfIntegers(type.DType, shape, [.. Enumerable.Range(0, (int)count).Select(_ => (long)random.Next(0, 3))]);
    }

    /// <summary>Samples for all leaves that the roots reach.</summary>
    public static Dictionary<Node, TensorValue> Samples(IEnumerable<Node> roots, int seed = 1, long size = 3) => GraphWalk.TopologicalOrder(roots)
        .Where(n => n.Op is InputOp)
        .Select((n, i) => (n, Value: Sample(n.Results[0], _ => size, seed + i)))
        .ToDictionary(p => p.n, p => p.Value);

    public static void AssertSame(TensorValue actual, TensorValue expected, double tolerance = 1e-12)
    {
        Assert.That(actual.DType, Is.EqualTo(expected.DType));
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape));
        for (long i = 0; i < expected.Count; i++)
        {
            Assert.That(actual[i], Close(expected[i], tolerance), $"element {i}");
        }
    }

    public static NUnit.Framework.Constraints.Constraint Close(double expected, double tolerance = 1e-12) =>
        double.IsNaN(expected) ? Is.NaN : double.IsInfinity(expected) ? Is.EqualTo(expected) : Is.EqualTo(expected).Within(tolerance * Math.Max(1, Math.Abs(expected)));

    public static NUnit.Framework.Constraints.Constraint Says(params string[] parts) =>
        parts.Aggregate((NUnit.Framework.Constraints.Constraint)Has.Message.Not.Empty, (all, part) => new NUnit.Framework.Constraints.AndConstraint(all, Has.Message.Contains(part)));
}

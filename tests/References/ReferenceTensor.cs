using System.Text.Json;

namespace GraphCompiler.Tests.References;

/// <summary>A tensor of a reference file: floats as doubles, integers and bools as longs.</summary>
internal sealed record ReferenceTensor(DType DType, long[] Shape, double[] Values)
{
    public static ReferenceTensor? Read(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return new ReferenceTensor(
            json.GetProperty("dtype").GetString() switch
            {
                "float64" => DType.Float64,
                "float32" => DType.Float32,
                "int64" => DType.Int64,
                "bool" => DType.Bool,
                var other => throw new NotSupportedException($"dtype {other}"),
            },
            [.. json.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64())],
            [.. json.GetProperty("data").EnumerateArray().Select(Number)]);
    }

    private static double Number(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => json.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            var other => throw new FormatException($"'{other}' is no number"),
        },
        _ => json.GetDouble(),
    };

    /// <summary>The dtype in graphs whose floats are of a given one.</summary>
    public DType In(DType real) => DType.IsFloat() ? real : DType;

    public TensorValue Value(DType real) => In(real).IsFloat()
        ? TensorValue.OfReals(real, Shape, [.. Values])
        : TensorValue.OfIntegers(DType, Shape, [.. Values.Select(v => (long)v)]);

    public Node Constant(DType real) => Ops.Constant(Value(real));

    public Node Input(string name, DType real, bool requiresGrad)
    {
        Shape shape = GraphCompiler.Shape.Of(Shape);
        return In(real) switch
        {
            DType.Float32 => Ops.Input<float>(name, shape, requiresGrad),
            DType.Float64 => Ops.Input<double>(name, shape, requiresGrad),
            DType.Int64 => Ops.Input<long>(name, shape),
            _ => Ops.Input<bool>(name, shape),
        };
    }

    public Argument Argument(DType real)
    {
        return In(real) switch
        {
            DType.Float32 => Of([.. Values.Select(v => (float)v)]),
            DType.Float64 => Of(Values),
            DType.Int64 => Of([.. Values.Select(v => (long)v)]),
            _ => Of([.. Values.Select(v => v != 0)]),
        };

        // An array takes any shape of as many elements.
        static Argument Of<T>(T[] values) => values switch
        {
            float[] v => v,
            double[] v => v,
            long[] v => v,
            bool[] v => v,
            _ => throw new NotSupportedException(),
        };
    }
}

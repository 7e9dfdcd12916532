namespace GraphCompiler.Operations;

/// <summary>A value given at each call. Each input is itself only: two of one name and type are two.</summary>
internal sealed record InputOp(string InputName, NodeType Type) : SourceOp
{
    public override string Name => "Input";

    public override bool IsLeaf => true;

    public bool Equals(InputOp? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    protected override NodeType InferResult(TypeContext context) => Type;

    protected override TensorValue EvaluateResult(EvaluationContext context) =>
        throw new BindingException($"The input '{InputName}' has no value: list it among the inputs.");
}

/// <summary>A parameter's value at the time of the call.</summary>
internal sealed record ParameterOp(string ParameterName, NodeType Type) : SourceOp
{
    public override string Name => "Parameter";

    public override bool IsLeaf => true;

    public bool Equals(ParameterOp? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    protected override NodeType InferResult(TypeContext context) => Type;

    protected override TensorValue EvaluateResult(EvaluationContext context) => ((Parameter)context.Node).Snapshot();
}

/// <summary>Numbers written into the graph.</summary>
internal sealed record ConstantOp(ConstantData Data) : SourceOp
{
    protected override NodeType InferResult(TypeContext context) => new(Data.Value.DType, Shape.Of(Data.Value.Shape));

    protected override TensorValue EvaluateResult(EvaluationContext context) => Data.Value;
}

/// <summary>A tensor compared bit for bit, so that 0 and −0 differ and a NaN equals itself.</summary>
internal sealed class ConstantData(TensorValue value) : IEquatable<ConstantData>
{
    private readonly byte[] bytes = value.ToBytes();

    public TensorValue Value => value;

    public ReadOnlySpan<byte> Bytes => bytes;

    public bool IsFinite => !value.DType.IsFloat() || value.Reals.All(double.IsFinite);

    public bool Equals(ConstantData? other) =>
        other is not null && value.DType == other.Value.DType && value.Shape.AsSpan().SequenceEqual(other.Value.Shape) && bytes.AsSpan().SequenceEqual(other.bytes);

    public override bool Equals(object? obj) => Equals(obj as ConstantData);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(value.DType);
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    public override string ToString()
    {
        IEnumerable<string> items = Enumerable.Range(0, (int)Math.Min(value.Count, 4)).Select(Display);
        return value.Rank == 0 ? items.First() : $"{{{string.Join(", ", items)}{(value.Count > 4 ? ", …" : string.Empty)}}}";
    }

    private string Display(int index) => value.DType switch
    {
        DType.Float32 => $"{(float)value[index]}",
        DType.Float64 => $"{value[index]}",
        DType.Int32 or DType.Int64 => $"{value.Integers[index]}",
        DType.Bool => value[index] != 0 ? "true" : "false",
        _ => throw DTypes.Unexpected(value.DType),
    };
}

/// <summary>Counts along one axis: 0, 1, 2, …</summary>
internal sealed record IotaOp(Shape To, int Along, DType Type) : SourceOp
{
    public override bool IsDifferentiable => false;

    protected override NodeType InferResult(TypeContext context)
    {
        if (Type == DType.Bool)
        {
            throw context.BadDType("it counts in numbers, not bool.");
        }

        context.RequireAxis(Along, To.Rank);
        if (Type.IsInteger() && Type.Row().Most is < long.MaxValue and var most)
        {
            context.RequireAtLeast((Dim)most + 1, To[Along], $"the last of {To[Along]} counts along axis {Along} does not fit into {Type.Display()}; int64 holds every one.");
        }

        return new NodeType(Type, To);
    }

    protected override TensorValue EvaluateResult(EvaluationContext context)
    {
        long[] shape = context.ResultShape();
        IEnumerable<long> counts = Enumerable.Range(0, checked((int)TensorValue.CountOf(shape))).Select(i => EvaluationContext.Coordinates(i, shape)[Along]);
        return Type.IsFloat()
            ? TensorValue.OfReals(Type, shape, [.. counts.Select(c => (double)c)])
            : TensorValue.OfIntegers(Type, shape, [.. counts]);
    }
}

/// <summary>A size as a number, known when sizes are bound.</summary>
internal sealed record DimValueOp(Dim Dim, DType Type) : SourceOp
{
    public override bool IsDifferentiable => false;

    protected override NodeType InferResult(TypeContext context)
    {
        if (Type == DType.Bool)
        {
            throw context.BadDType("a size is a number, not a bool.");
        }

        if (Type.IsInteger() && Type.Row().Most is < long.MaxValue and var most)
        {
            context.RequireAtLeast(most, Dim, $"the size {Dim} does not fit into {Type.Display()}; int64 holds every size.");
            context.RequireAtLeast(Dim, Type.Row().Least, $"the size {Dim} does not fit into {Type.Display()}; int64 holds every size.");
        }

        return new NodeType(Type, []);
    }

    protected override TensorValue EvaluateResult(EvaluationContext context) => TensorValue.OfInteger(Type, context.ValueOf(Dim));
}

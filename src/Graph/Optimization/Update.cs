namespace GraphCompiler;

/// <summary>A parameter and its new value, to be compiled with <c>updates:</c>; a pair is one: <c>[(w, w - (0.1 * g))]</c>.</summary>
public sealed record Update
{
    /// <summary>A new value of a parameter.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="value">What it becomes when a call has succeeded, of its dtype and shape; it may depend on all old values.</param>
    /// <exception cref="GraphException">It is made within the body of a loop, a branch or a function.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public Update(Parameter parameter, Node value)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(value);
        if (value.DType != parameter.DType)
        {
            throw new DTypeException($"The update of {parameter.Describe()} is {value.Describe()}; the dtypes must be equal.");
        }

        if (value.Shape != parameter.Shape)
        {
            throw new ShapeException($"The update of {parameter.Describe()} is {value.Describe()}; the shapes must be equal.");
        }

        if (BodyTrace.Current is { } body)
        {
            throw new GraphException($"{parameter.Describe()} cannot be updated within the body of {body.Function}: a parameter is written once a call, by a value that the graph has outside of all bodies. Let the body return the value, and make the update after it.");
        }

        (Parameter, Value) = (parameter, value);
    }

    /// <summary>The parameter.</summary>
    public Parameter Parameter { get; }

    /// <summary>Its new value.</summary>
    public Node Value { get; }

    /// <summary>A pair as an update.</summary>
    /// <param name="update">A parameter and its new value.</param>
    public static implicit operator Update((Parameter Parameter, Node Value) update) => new(update.Parameter, update.Value);

    /// <summary>Takes the update apart: <c>foreach (var (parameter, value) in updates)</c>.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="value">Its new value.</param>
    public void Deconstruct(out Parameter parameter, out Node value) => (parameter, value) = (Parameter, Value);

    /// <summary>The update in a line.</summary>
    public override string ToString() => $"{Parameter.Describe()} ← {Value.Describe()}";
}

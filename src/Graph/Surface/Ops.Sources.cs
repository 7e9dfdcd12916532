using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>
/// The operations a graph is made of. Import them with <c>using static GraphCompiler.Ops;</c>. Names and rules are PyTorch's and NumPy's:
/// shapes broadcast, negative axes count from the end, and a mistake in shape or dtype is an exception at the line that makes it. Nothing is
/// promoted implicitly, except that C# numbers take the dtype of the node beside them.
/// </summary>
public static partial class Ops
{
    /// <summary>A float32 value given at each call.</summary>
    /// <param name="name">The name, for messages.</param>
    /// <param name="shape">The sizes; a string is a symbol that takes its value from the argument: <c>["N", 4]</c>.</param>
    /// <param name="requiresGrad">Whether a backward is to leave a gradient here.</param>
    public static Input<float> Input(string name, Shape shape, bool requiresGrad = false) => Input<float>(name, shape, requiresGrad);

    /// <summary>A value given at each call.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="name">The name, for messages.</param>
    /// <param name="shape">The sizes; a string is a symbol that takes its value from the argument: <c>["N", 4]</c>.</param>
    /// <param name="requiresGrad">Whether a backward is to leave a gradient here; only for float and double.</param>
    /// <exception cref="DTypeException">The type is none of these, or cannot require a gradient.</exception>
    /// <exception cref="ShapeException">A size is negative.</exception>
    public static Input<T> Input<T>(string name, Shape shape, bool requiresGrad = false)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        CheckSizes("Input", shape);
        return new Input<T>(name, shape, requiresGrad);
    }

    /// <summary>A value given at each call, of a dtype that is known when the program runs.</summary>
    /// <param name="name">The name, for messages.</param>
    /// <param name="shape">The sizes; a string is a symbol that takes its value from the argument: <c>["N", 4]</c>.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="requiresGrad">Whether a backward is to leave a gradient here; only for floats.</param>
    /// <exception cref="DTypeException">The dtype is none, or cannot require a gradient.</exception>
    /// <exception cref="ShapeException">A size is negative.</exception>
    public static Input Input(string name, Shape shape, DType dtype, bool requiresGrad = false) => dtype.Row().DType switch
    {
        DType.Float32 => Input<float>(name, shape, requiresGrad),
        DType.Float64 => Input<double>(name, shape, requiresGrad),
        DType.Int32 => Input<int>(name, shape, requiresGrad),
        DType.Int64 => Input<long>(name, shape, requiresGrad),
        DType.Bool => Input<bool>(name, shape, requiresGrad),
        _ => throw DTypes.Unexpected(dtype),
    };

    /// <summary>A tensor that the model owns and training changes.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="name">The name, for messages.</param>
    /// <param name="value">The initial value; it is copied.</param>
    /// <param name="requiresGrad">Whether gradients are taken with respect to it; by default for float and double.</param>
    public static Parameter<T> Parameter<T>(string name, Tensor<T> value, bool? requiresGrad = null)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        var dense = new T[value.FlattenedLength];
        value.FlattenTo(dense);
        return new Parameter<T>(name, dense, [.. value.Lengths.ToArray().Select(l => (long)l)], requiresGrad ?? DTypes.Of<T>().IsFloat());
    }

    /// <summary>A tensor that the model owns and training changes, shape [length].</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="name">The name, for messages.</param>
    /// <param name="values">The initial values; they are copied.</param>
    /// <param name="requiresGrad">Whether gradients are taken with respect to it; by default for float and double.</param>
    public static Parameter<T> Parameter<T>(string name, T[] values, bool? requiresGrad = null)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return Parameter(name, values, [values.Length], requiresGrad);
    }

    /// <summary>A tensor that the model owns and training changes.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="name">The name, for messages.</param>
    /// <param name="values">The initial values, row-major; they are copied.</param>
    /// <param name="shape">The sizes, numbers.</param>
    /// <param name="requiresGrad">Whether gradients are taken with respect to it; by default for float and double.</param>
    /// <exception cref="ShapeException">The shape has a symbol, or another number of elements.</exception>
    public static Parameter<T> Parameter<T>(string name, T[] values, Shape shape, bool? requiresGrad = null)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(values);
        return new Parameter<T>(name, values, SizesOf($"Parameter '{name}'", shape, values.Length), requiresGrad ?? DTypes.Of<T>().IsFloat());
    }

    /// <summary>A matrix that the model owns and training changes.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="name">The name, for messages.</param>
    /// <param name="values">The initial values; they are copied.</param>
    /// <param name="requiresGrad">Whether gradients are taken with respect to it; by default for float and double.</param>
    public static Parameter<T> Parameter<T>(string name, T[,] values, bool? requiresGrad = null)
        where T : unmanaged => Parameter(name, Tensors.From(values), requiresGrad);

    /// <summary>A tensor of one value that the model owns and training changes: <c>Parameter("b", [64], 0f)</c>.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="name">The name, for messages.</param>
    /// <param name="shape">The sizes, numbers.</param>
    /// <param name="value">What every element is at first.</param>
    /// <param name="requiresGrad">Whether gradients are taken with respect to it; by default for float and double.</param>
    /// <exception cref="ShapeException">The shape has a symbol.</exception>
    public static Parameter<T> Parameter<T>(string name, Shape shape, T value, bool? requiresGrad = null)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        long[] sizes = SizesOf($"Parameter '{name}'", shape);
        var values = new T[TensorValue.CountOf(sizes)];
        Array.Fill(values, value);
        return new Parameter<T>(name, values, sizes, requiresGrad ?? DTypes.Of<T>().IsFloat());
    }

    /// <summary>A tensor of one value that the model owns and training changes, of a dtype that is known when the program runs, as when a file tells it.</summary>
    /// <param name="name">The name, for messages.</param>
    /// <param name="shape">The sizes, numbers.</param>
    /// <param name="value">What every element is at first.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="requiresGrad">Whether gradients are taken with respect to it; by default for floats.</param>
    /// <exception cref="DTypeException">The dtype cannot hold the number exactly (integers and bools only).</exception>
    /// <exception cref="ShapeException">The shape has a symbol.</exception>
    public static Parameter Parameter(string name, Shape shape, double value, DType dtype, bool? requiresGrad = null)
    {
        if (!Fits(value, dtype))
        {
            throw new DTypeException($"Parameter '{name}': the number {value} {Misfit(value, dtype) ?? $"is no {dtype.Display()}."}");
        }

        return dtype switch
        {
            DType.Float32 => Parameter(name, shape, (float)value, requiresGrad),
            DType.Float64 => Parameter(name, shape, value, requiresGrad),
            DType.Int32 => Parameter(name, shape, (int)value, requiresGrad),
            DType.Int64 => Parameter(name, shape, (long)value, requiresGrad),
            DType.Bool => Parameter(name, shape, value != 0, requiresGrad),
            _ => throw DTypes.Unexpected(dtype),
        };
    }

    /// <summary>A scalar that the model owns and training changes.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="name">The name, for messages.</param>
    /// <param name="value">The initial value.</param>
    /// <param name="requiresGrad">Whether gradients are taken with respect to it; by default for float and double.</param>
    public static Parameter<T> Parameter<T>(string name, T value, bool? requiresGrad = null)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new Parameter<T>(name, [value], [], requiresGrad ?? DTypes.Of<T>().IsFloat());
    }

    /// <summary>Numbers written into the graph.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="value">The numbers; they are copied.</param>
    public static Node Constant<T>(Tensor<T> value)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(value);
        var dense = new T[value.FlattenedLength];
        value.FlattenTo(dense);
        return Constant(TensorValue.FromBytes(DTypes.Of<T>(), [.. value.Lengths.ToArray().Select(l => (long)l)], MemoryMarshal.AsBytes(dense.AsSpan())));
    }

    /// <summary>Numbers written into the graph, shape [length].</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="values">The numbers; they are copied.</param>
    public static Node Constant<T>(T[] values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return Constant(TensorValue.FromBytes(DTypes.Of<T>(), [values.Length], MemoryMarshal.AsBytes(values.AsSpan())));
    }

    /// <summary>Numbers written into the graph.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="values">The numbers, row-major; they are copied.</param>
    /// <param name="shape">The sizes, numbers.</param>
    /// <exception cref="ShapeException">The shape has a symbol, or another number of elements.</exception>
    public static Node Constant<T>(T[] values, Shape shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        return Constant(TensorValue.FromBytes(DTypes.Of<T>(), SizesOf("Constant", shape, values.Length), MemoryMarshal.AsBytes(values.AsSpan())));
    }

    /// <summary>A matrix of numbers written into the graph.</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="values">The numbers; they are copied.</param>
    public static Node Constant<T>(T[,] values)
        where T : unmanaged => Constant(Tensors.From(values));

    /// <summary>A number written into the graph, shape [].</summary>
    /// <typeparam name="T">float, double, int, long or bool.</typeparam>
    /// <param name="value">The number.</param>
    public static Node Constant<T>(T value)
        where T : unmanaged => Constant(TensorValue.FromBytes(DTypes.Of<T>(), [], MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value))));

    /// <summary>A number repeated over a shape.</summary>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="value">The number.</param>
    /// <param name="dtype">The element type.</param>
    /// <exception cref="DTypeException">The dtype cannot hold the number exactly (integers and bools only).</exception>
    public static Node Full(Shape shape, double value, DType dtype = DType.Float32) => Repeated("Full", shape, value, dtype);

    /// <summary>Zeros of a shape.</summary>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">The element type.</param>
    public static Node Zeros(Shape shape, DType dtype = DType.Float32) => Repeated("Zeros", shape, 0, dtype);

    /// <summary>Ones of a shape.</summary>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="dtype">The element type.</param>
    public static Node Ones(Shape shape, DType dtype = DType.Float32) => Repeated("Ones", shape, 1, dtype);

    /// <summary>Zeros of the shape and dtype of a node.</summary>
    /// <param name="x">The node.</param>
    public static Node ZerosLike(Node x) => Repeated("ZerosLike", NotNull(x).Shape, 0, x.DType);

    /// <summary>Ones of the shape and dtype of a node.</summary>
    /// <param name="x">The node.</param>
    public static Node OnesLike(Node x) => Repeated("OnesLike", NotNull(x).Shape, 1, x.DType);

    /// <summary>The numbers start, start + step, …, as many as a size says: shape [count].</summary>
    /// <param name="count">How many; a symbol is allowed.</param>
    /// <param name="start">The first.</param>
    /// <param name="step">The distance between neighbours.</param>
    /// <param name="dtype">The element type, a number.</param>
    public static Node Arange(Dim count, double start = 0, double step = 1, DType dtype = DType.Int64)
    {
        ArgumentNullException.ThrowIfNull(count);
        Node counts = Iota([count], 0, dtype);
        counts = step == 1 ? counts : counts * Scalar(step, dtype);
        return start == 0 ? counts : counts + Scalar(start, dtype);
    }

    /// <summary>Counts along one axis, the same along all others.</summary>
    /// <param name="shape">The sizes; symbols are allowed.</param>
    /// <param name="axis">The axis along which the numbers are 0, 1, 2, ….</param>
    /// <param name="dtype">The element type, a number.</param>
    public static Node Iota(Shape shape, int axis, DType dtype = DType.Int64)
    {
        CheckSizes("Iota", shape);
        int along = axis < 0 ? axis + shape.Rank : axis;
        return along >= 0 && along < shape.Rank
            ? Create(new IotaOp(shape, along, dtype))
            : throw new ShapeException($"Iota: axis {axis} is outside the shape {shape}, whose rank is {shape.Rank}.");
    }

    /// <summary>A size as a scalar that arithmetic can use, known when the sizes are bound.</summary>
    /// <param name="dim">The size.</param>
    /// <param name="dtype">The element type, a number; floats round as <see cref="Cast"/> does.</param>
    /// <exception cref="ShapeException">int32 does not hold the size; of symbols it is a <see cref="BindingException"/> once they are known.</exception>
    public static Node DimValue(Dim dim, DType dtype = DType.Int64)
    {
        ArgumentNullException.ThrowIfNull(dim);
        Node value = Create(new DimValueOp(dim, dtype));
        return dim.Constant is { } size ? Scalar(size, dtype) : value;
    }

    /// <summary>The values of a node without its gradient: nothing flows back through the result.</summary>
    /// <param name="x">Any node.</param>
    public static Node Detach(Node x) => Create(new DetachOp(), NotNull(x));

    /// <summary>What functions of users make: the grad mode is read here, and nowhere else where nodes are built.</summary>
    internal static Node Create(Op op, params ReadOnlySpan<Node> inputs) => new(op, [.. inputs], GradMode.IsEnabled ? null : false);

    /// <summary>The same of an operation that knows whether its inputs' gradients reach its results.</summary>
    internal static Node Create(Op op, NodeList inputs, bool reached) => new(op, inputs, GradMode.IsEnabled && reached);

    internal static Node Constant(TensorValue value) => Create(new ConstantOp(new ConstantData(value)));

    /// <summary>A number as a scalar of a dtype that can hold it.</summary>
    internal static Node Scalar(double value, DType dtype) => Fits(value, dtype)
        ? Constant(TensorValue.Full(dtype, [], value))
        : throw new DTypeException($"The number {value} {Misfit(value, dtype) ?? $"is no {dtype.Display()}; use Cast to get a dtype that can hold it."}");

    /// <summary>An integer as a scalar of a dtype that can hold it, exact in int64.</summary>
    internal static Node Scalar(long value, DType dtype) =>
        dtype.IsFloat() || dtype == DType.Int64 ? Constant(TensorValue.OfInteger(dtype, value)) : Scalar((double)value, dtype);

    /// <summary>A number as a scalar of the dtype of the node that it stands beside.</summary>
    internal static Node Scalar(double value, Node beside)
    {
        ArgumentNullException.ThrowIfNull(beside);
        return Fits(value, beside.DType)
            ? Scalar(value, beside.DType)
            : throw new DTypeException($"The number {value} beside {beside.Describe()} {Misfit(value, beside.DType) ?? $"is no {beside.DType.Display()}; Cast the node to a dtype that can hold it."}");
    }

    /// <summary>Whether a dtype holds a number: floats round, integers and bools must be exact. From 2^53 on a double may be what another integer was rounded to.</summary>
    internal static bool Fits(double value, DType dtype) => dtype.IsFloat() || (IsIntegerOf(value, dtype) && Math.Abs(value) < 1L << 53);

    /// <summary>A leaf of the graph code itself, which a substitution will replace.</summary>
    internal static Node Placeholder(NodeType type, string name, bool requiresGrad, BodyTrace? trace = null) => new(new InputOp(name, type), [], requiresGrad, name) { MadeIn = trace };

    /// <summary>A number repeated over a shape by a function.</summary>
    private static Node Repeated(string function, Shape shape, double value, DType dtype)
    {
        CheckSizes(function, shape);
        Node number = Scalar(value, dtype);
        return shape.Rank == 0 ? number : Create(new BroadcastToOp(shape) { Function = function }, number);
    }

    private static bool IsIntegerOf(double value, DType dtype) => double.IsInteger(value) && value >= dtype.Row().Least && value <= dtype.Row().Most;

    /// <summary>What is wrong with an integer of a dtype that came as a double; null of what is none.</summary>
    private static string? Misfit(double value, DType dtype) => IsIntegerOf(value, dtype)
        ? $"came as a double, which is not exact from 2^53 = {1L << 53} on: another integer may be meant; give it as a node, Constant with an {dtype.Display()}."
        : null;

    private static Node NotNull(Node x, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(x))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return x;
    }

    /// <summary>A choice that is one of those that its type names.</summary>
    private static T Known<T>(string op, T choice, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(choice))] string? name = null)
        where T : struct, Enum => Enum.IsDefined(choice)
        ? choice
        : throw InvariantText.OutOfRange(name, choice, $"{op}: there is no such {name}; choose from {string.Join(", ", Enum.GetNames<T>())}.");

    /// <summary>The sizes of values that are there already: numbers, of as many elements as there are.</summary>
    private static long[] SizesOf(string what, Shape shape, long? count = null)
    {
        CheckSizes(what, shape);
        long[] sizes = shape.Constants ?? throw new ShapeException($"{what}: the sizes of values that are given must be numbers, and {shape} has a symbol.");
        return count is null || TensorValue.CountOf(sizes) == count
            ? sizes
            : throw new ShapeException($"{what}: the shape {shape} has {InvariantText.Count(TensorValue.CountOf(sizes), "element")}, not the {InvariantText.Count(count, "value")} that are given.");
    }

    /// <summary>Refuses a number that is below 0.</summary>
    private static void CheckCount(string op, Dim? count, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(count))] string? name = null)
    {
        if (count is null || Dim.AtLeast(count, 0) == false)
        {
            throw new ShapeException(count is null
                ? $"{op}: {name} is null."
                : $"{op}: {name} is {count}, which is below 0; a number that is not known yet is a symbol, such as \"N\".");
        }
    }

    private static void CheckSizes(string op, Shape shape)
    {
        foreach (Dim dim in shape)
        {
            if (dim is null || Dim.AtLeast(dim, 0) == false)
            {
                throw new ShapeException(dim is null
                    ? $"{op}: a size of the shape {shape} is null."
                    : $"{op}: the shape {shape} has a size below 0; a size that is not known yet is a symbol, such as \"N\".");
            }
        }
    }
}

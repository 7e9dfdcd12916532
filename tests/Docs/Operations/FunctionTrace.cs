using System.Reflection;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Tests.Docs.Operations;

/// <summary>
/// A function applied to placeholders: which dtypes it takes, which shape it gives, what it is made of and what its derivative is are read off
/// the graph it makes, so that none of this is written down a second time.
/// </summary>
internal sealed class FunctionTrace
{
    private static readonly DType[] Types = [DType.Float32, DType.Float64, DType.Int32, DType.Int64, DType.Bool];

    /// <summary>Shapes of the inputs of functions that do not take inputs of one shape.</summary>
    private static readonly Dictionary<string, Shape[]> Given = new()
    {
        ["MatMul"] = [["A", "B", "K"], ["A", "K", "C"]],
        ["Cholesky"] = [["N", "N"]],
        ["TriangularSolve"] = [["N", "N"], ["N", "K"]],
        ["Inverse"] = [["N", "N"]],
        ["Det"] = [["N", "N"]],
        ["SlogDet"] = [["N", "N"]],
        ["LogDet"] = [["N", "N"]],
        ["MatrixExp"] = [["N", "N"]],
        ["MatrixPower"] = [["N", "N"]],
        ["Eigh"] = [["N", "N"]],
        ["EighValues"] = [["N", "N"]],
        ["QR"] = [["M", "N"]],
        ["Svd"] = [["M", "N"]],
        ["SvdValues"] = [["M", "N"]],
        ["PInv"] = [["M", "N"]],
        ["MatrixNorm"] = [["M", "N"]],
        ["Solve"] = [["N", "N"], ["N", "K"]],
        ["CholeskySolve"] = [["N", "K"], ["N", "N"]],
        ["LeastSquares"] = [["M", "N"], ["M", "K"]],
        ["LUFactor"] = [["N", "N"]],
        ["Take"] = [["A", "B"], ["N"]],
        ["Gather"] = [["A", "B"], ["N", "B"]],
        ["ScatterAdd"] = [["A", "B"], ["N", "B"], ["N", "B"]],
        ["IndexAdd"] = [["A", "B"], ["N"], ["N", "B"]],
        ["CrossEntropy"] = [["N", "C"], ["N"]],
        ["NllLoss"] = [["N", "C"], ["N"]],
        ["MultiMarginLoss"] = [["N", "C"], ["N"]],
        ["CosineEmbeddingLoss"] = [["N", "D"], ["N", "D"], ["N"]],
        ["BatchNorm"] = [["N", "C", "L"], ["C"]],
        ["BatchNormTraining"] = [["N", "C", "L"], ["C"]],
        ["GroupNorm"] = [["N", 4, "L"]],
        ["InstanceNorm"] = [["N", "C", "L"]],
        ["RmsNorm"] = [["A", "B"], ["B"]],
        ["ScaledDotProductAttention"] = [["N", "L", "E"], ["N", "S", "E"], ["N", "S", "V"]],
        ["MultiHeadAttention"] = [["L", "N", 4], ["S", "N", 4], ["S", "N", 4], [12, 4], [12], [4, 4], [4]],
        ["CtcLoss"] = [["T", "N", "C"], ["N", "S"], ["N"], ["N"]],
        ["PRelu"] = [["N", "C"], ["C"]],
        ["Glu"] = [["A", 4]],
        ["Quantile"] = [["A", "B"], ["Q"]],
        ["NaNQuantile"] = [["A", "B"], ["Q"]],
        ["MatrixRank"] = [["M", "N"]],
        ["ConditionNumber"] = [["M", "N"]],
        ["PDist"] = [["N", "M"]],
        ["DiagonalScatter"] = [["A", "A"], ["A"]],
        ["IndexReduce"] = [["A", "B"], ["N"], ["N", "B"]],
        ["SegmentReduce"] = [["N", "B"], ["N"]],
        ["IsIn"] = [["A", "B"], ["N"]],
        ["TensorSplit"] = [[4, "A"]],
        ["Unflatten"] = [["A", 6]],
        ["Vander"] = [["A", "N"]],
        ["Squeeze"] = [["A", 1, "B"]],
        ["Scatter"] = [["A", "B"], ["N", "B"], ["N", "B"]],
        ["IndexCopy"] = [["A", "B"], ["N"], ["N", "B"]],
        ["IndexFill"] = [["A", "B"], ["N"], []],
        ["MaskedFill"] = [["A", "B"], ["A", "B"], []],
        ["Embedding"] = [["N"], ["A", "B"]],
        ["EmbeddingBag"] = [["N", "K"], ["A", "B"]],
        ["OneHot"] = [["N"]],
        ["TensorDot"] = [["A", "B", "C"], ["B", "C", "D"]],
        ["Bmm"] = [["A", "B", "K"], ["A", "K", "C"]],
        ["Dot"] = [["A"], ["A"]],
        ["Mv"] = [["A", "B"], ["B"]],
        ["Outer"] = [["A"], ["B"]],
        ["Inner"] = [["A", "K"], ["B", "K"]],
        ["Bilinear"] = [["N", "A"], ["N", "B"], ["C", "A", "B"]],
        ["MultiDot"] = [["A", "A"]],
        ["Cross"] = [["N", 3], ["N", 3]],
        ["Linear"] = [["N", "I"], ["O", "I"]],
        ["Addmm"] = [["M", "N"], ["M", "K"], ["K", "N"]],
        ["Addmv"] = [["M"], ["M", "K"], ["K"]],
        ["Addr"] = [["M", "N"], ["M"], ["N"]],
        ["Addbmm"] = [["M", "N"], ["B", "M", "K"], ["B", "K", "N"]],
        ["Baddbmm"] = [["B", "M", "N"], ["B", "M", "K"], ["B", "K", "N"]],
        ["WeightNorm"] = [["O", "I"], ["O"]],
        ["MultiLabelMarginLoss"] = [["N", "C"], ["N", "C"]],
        ["Diag"] = [["A", "A"]],
        ["Unbind"] = [[3, "A"]],
        ["Chunk"] = [[11, "A"]],
        ["Split"] = [[5, "A"]],
        ["ScatterReduce"] = [["A", "B"], ["N", "B"], ["N", "B"]],
        ["MeshGrid"] = [["A"], ["B"]],
        ["Diagonal"] = [["A", "A"]],
        ["Trace"] = [["A", "A"]],
        ["SelectScatter"] = [["A", "B"], ["B"]],
        ["SliceScatter"] = [["A", "B"], [Dim.OfSymbol("A") - 1, "B"]],
        ["PixelShuffle"] = [[4, "A", "B"]],
        ["PixelUnshuffle"] = [["C", 4, 6]],
        ["Rot90"] = [["A", "B"]],
        ["Unfold"] = [["N", "C", "H", "W"]],
        ["Fold"] = [["N", Dim.Of(4) * "C", "L"]],
        ["Conv1D"] = [["N", 4, "L"], ["O", 4, 3]],
        ["Conv2D"] = [["N", 4, "H", "W"], ["O", 4, 3, 3]],
        ["Conv3D"] = [["N", 4, "D", "H", "W"], ["O", 4, 3, 3, 3]],
        ["ConvTranspose1D"] = [["N", "C", "L"], ["C", 4, 3]],
        ["ConvTranspose2D"] = [["N", "C", "H", "W"], ["C", 4, 3, 3]],
        ["ConvTranspose3D"] = [["N", "C", "D", "H", "W"], ["C", 4, 3, 3, 3]],
        ["MaxPool1D"] = [["N", "C", "L"]],
        ["MaxPool2D"] = [["N", "C", "H", "W"]],
        ["MaxPool3D"] = [["N", "C", "D", "H", "W"]],
        ["MaxPool1DWithIndices"] = [["N", "C", "L"]],
        ["MaxPool2DWithIndices"] = [["N", "C", "H", "W"]],
        ["MaxPool3DWithIndices"] = [["N", "C", "D", "H", "W"]],
        ["MaxUnpool1D"] = [["N", "C", "L"]],
        ["MaxUnpool2D"] = [["N", "C", "H", "W"]],
        ["MaxUnpool3D"] = [["N", "C", "D", "H", "W"]],
        ["AvgPool1D"] = [["N", "C", "L"]],
        ["AvgPool2D"] = [["N", "C", "H", "W"]],
        ["AvgPool3D"] = [["N", "C", "D", "H", "W"]],
        ["LpPool1D"] = [["N", "C", "L"]],
        ["LpPool2D"] = [["N", "C", "H", "W"]],
        ["LpPool3D"] = [["N", "C", "D", "H", "W"]],
        ["AdaptiveAvgPool1D"] = [["N", "C", "L"]],
        ["AdaptiveAvgPool2D"] = [["N", "C", "H", "W"]],
        ["AdaptiveAvgPool3D"] = [["N", "C", "D", "H", "W"]],
        ["AdaptiveMaxPool1D"] = [["N", "C", "L"]],
        ["AdaptiveMaxPool2D"] = [["N", "C", "H", "W"]],
        ["AdaptiveMaxPool3D"] = [["N", "C", "D", "H", "W"]],
        ["AdaptiveMaxPool1DWithIndices"] = [["N", "C", "L"]],
        ["AdaptiveMaxPool2DWithIndices"] = [["N", "C", "H", "W"]],
        ["AdaptiveMaxPool3DWithIndices"] = [["N", "C", "D", "H", "W"]],
        ["Resize"] = [["N", "C", "H", "W"]],
        ["ResizeBy"] = [["N", "C", "H", "W"]],
        ["GridSample"] = [["N", "C", "H", "W"], ["N", "A", "B", 2]],
        ["AffineGrid"] = [["N", 2, 3]],
        ["Concat"] = [["A", "B"], ["C", "B"]],
        ["Flatten"] = [["A", "B"]],
        ["SearchSorted"] = [["A", "B"], ["A", "N"]],
        ["CDist"] = [["P", "M"], ["R", "M"]],
        ["Dropout"] = [["A", "B"], []],
        ["Dropout1D"] = [["N", "C", "L"]],
        ["Dropout2D"] = [["N", "C", "H", "W"]],
        ["Dropout3D"] = [["N", "C", "D", "H", "W"]],
        ["LayerNorm"] = [["A", "B"], ["B"], ["B"]],
    };

    /// <summary>Arguments of parameters whose type does not tell what makes sense, by function or for all.</summary>
    private static readonly Dictionary<string, object> Arguments = new()
    {
        ["Reshape.shape"] = Shape.Of([Dim.OfSymbol("A") * "B"]),
        ["AssumeShape.shape"] = Shape.Of(["C", "D"]),
        ["BroadcastTo.shape"] = Shape.Of(["C", "A", "B"]),
        ["outputSize"] = Shape.Of(["A", "B"]),
        ["MaxUnpool1D.outputSize"] = Shape.Of(["A"]),
        ["MaxUnpool3D.outputSize"] = Shape.Of(["A", "B", "D"]),
        ["Resize.size"] = Shape.Of(["A", "B"]),
        ["AffineGrid.size"] = Shape.Of(["A", "B"]),
        ["ResizeBy.scale"] = 2.0,
        ["Split.sizes"] = new[] { Dim.Of(2), Dim.Of(3) },
        ["Split.size"] = Dim.Of(2),
        ["Windows.size"] = Dim.Of(3),
        ["start"] = Dim.Of(1),
        ["length"] = Dim.OfSymbol("L"),
        ["bound"] = Dim.OfSymbol("M"),
        ["classes"] = Dim.OfSymbol("C"),
        ["RepeatInterleave.count"] = Dim.OfSymbol("C"),
        ["RepeatInterleave.counts"] = new[] { 1, 2, 3 },
        ["Chunk.count"] = 2,
        ["TensorSplit.count"] = 2,
        ["positions"] = new[] { Dim.Of(1) },
        ["SegmentReduce.count"] = Dim.OfSymbol("S"),
        ["Unflatten.axis"] = 1,
        ["Unflatten.sizes"] = Shape.Of([2, 3]),
        ["groups"] = 1,
        ["size"] = 1,
        ["heads"] = 1,
        ["factor"] = 2,
        ["k"] = 3,
        ["power"] = 3,
        ["q"] = 0.25,
        ["axesOfA"] = new[] { 1, 2 },
        ["axesOfB"] = new[] { 0, 1 },
        ["shifts"] = new[] { 1, 2 },
        ["Roll.axes"] = new[] { 0, 1 },
        ["source"] = new[] { 0, 1 },
        ["destination"] = new[] { 1, 0 },
        ["widths"] = new[] { (Dim.Of(1), Dim.Of(2)) },
    };

    /// <summary>Applications of functions with parameters that reflection cannot give: spans, formulas and lambdas.</summary>
    private static readonly Dictionary<string, Func<Func<string, Shape, Node>, Node>> Applied = new()
    {
        ["Einsum"] = place => Ops.Einsum("ab,bc->ac", place("a", ["A", "B"]), place("b", ["B", "C"])),
        ["Permute"] = place => Ops.Permute(place("x", ["A", "B", "C"]), 2, 0, 1),
        ["Tile"] = place => Ops.Tile(place("x", ["A", "B"]), "C", 2),
        ["Repeat"] = place => Ops.Repeat(place("x", ["A", "B"]), "C", 2),
        ["At"] = place => Ops.At(place("x", ["A", "B", "C"]), 0, 1.., AxisIndex.NewAxis),
        ["CumulativeScan"] = place => Ops.CumulativeScan(place("x", ["A", "B"]), 1, (double a, double b) => (0.5 * a) + b),
        ["Map"] = place => Ops.Map(place("x", ["A", "B"]), v => v / (1 + Math.Exp(-v))),
    };

    private static readonly Shape Scalar = [];

    private readonly PublicFunction function;

    private FunctionTrace(PublicFunction function) => this.function = function;

    /// <summary>The placeholders, and the results.</summary>
    public IReadOnlyList<Node> Inputs { get; private set; } = [];

    public IReadOnlyList<Node> Results { get; private set; } = [];

    /// <summary>The dtypes of the first input that the function takes.</summary>
    public IReadOnlyList<DType> DTypes { get; private set; } = [];

    /// <summary>Whether it works element by element.</summary>
    public bool IsElementwise { get; private set; }

    /// <summary>The functions traced; null where nothing can be made up for a parameter.</summary>
    public static FunctionTrace? Of(PublicFunction function)
    {
        if (function.Method.IsGenericMethod || !function.Method.GetParameters().Any(p => IsNode(p.ParameterType) || p.ParameterType == typeof(IReadOnlyList<Node>)))
        {
            return null;
        }

        var trace = new FunctionTrace(function);
        List<DType> taken = [];
        foreach (DType type in Types)
        {
            if (trace.Apply(type, trace.Shapes()) is { } applied)
            {
                taken.Add(type);
                if (taken.Count == 1)
                {
                    (trace.Inputs, trace.Results) = applied;
                }
            }
        }

        if (taken.Count == 0)
        {
            return null;
        }

        trace.DTypes = taken;
        Node[] parts = InlineCalls.Run(trace.Results);
        trace.IsElementwise = !Given.ContainsKey(function.Name) && GraphWalk.TopologicalOrder(parts).All(n => n.Op is ElementwiseOp or ConstantOp or InputOp || n.Op is BroadcastToOp && n.Inputs[0].Rank == 0)
            && parts.Any(n => n.Op is ElementwiseOp);
        return trace;
    }

    /// <summary>The derivative: formulas of an elementwise function, else where the rule comes from.</summary>
    public string Derivative()
    {
        if (!Results[0].RequiresGrad)
        {
            return "none";
        }

        if (IsElementwise && (Apply(DTypes[0], [.. Inputs.Select(_ => Scalar)], namesNumbers: true) ?? Apply(DTypes[0], [.. Inputs.Select(_ => Scalar)])) is { } scalar)
        {
            return Formulas(scalar.Inputs, scalar.Results[0]);
        }

        Op op = Results[0].Op is OutputOp ? Results[0].Inputs[0].Op : Results[0].Op;
        if (op is InputOp)
        {
            return "g";
        }

        bool single = Results[0].Inputs.All(i => IsGiven(i, mayBeReshaped: true));
        return !single || (op is CompositeOp && op.GetType().GetMethod(nameof(Op.Pullback))!.DeclaringType == typeof(CompositeOp)) ? "of its parts"
            : op is LinearOp ? "linear: its transpose"
            : "a rule of its own";
    }

    /// <summary>Whether a node is what the function was given: itself, stretched, with a condition on its sizes, or in another shape.</summary>
    public static bool IsGiven(Node node, bool mayBeReshaped) => node.Op is InputOp or ConstantOp
        || ((node.Op is BroadcastToOp or ConditionOp || (mayBeReshaped && node.Op is ReshapeOp)) && IsGiven(node.Inputs[0], mayBeReshaped));

    private string Formulas(IReadOnlyList<Node> inputs, Node result)
    {
        Node[] targets = [.. inputs.Where(i => i.RequiresGrad)];
        Node cotangent = Ops.Placeholder(result.Results[0], "g", requiresGrad: false);
        Node[] gradients = [.. Ops.Vjp([result], targets, [cotangent], Unreached.Zeros)];
        Node[] simple = Rewriter.Run(Simplify.Rules, [result, .. gradients]).Of([result, .. gradients]);
        if (gradients.All(g => Splat.Is(g, 0)))
        {
            return "0";
        }

        string[] formulas = [.. simple.Skip(1).Select(g => new FormulaPrinter(simple[0], Names()).Print(g))];
        return formulas.Any(f => f.Length > 90) ? "of its parts"
            : formulas.Length == 1 ? $"`{formulas[0]}`"
            : string.Join("<br>", formulas.Select((f, i) => $"{targets[i].Name}: `{f}`"));
    }

    /// <summary>Numbers that stand for parameters and what is often made of them, so that formulas can name them.</summary>
    private Dictionary<double, string> Names()
    {
        Dictionary<double, string> names = [];
        foreach (ParameterInfo parameter in function.Method.GetParameters().Where(p => p.ParameterType == typeof(double)))
        {
            (double value, string name) = (MadeUp(parameter), parameter.Name!);
            names.Add(value, name);
            names.Add(value - 1, $"{name} − 1");
            names.Add(1 - value, $"1 − {name}");
            names.Add(1 / value, $"1/{name}");
        }

        return names;
    }

    /// <summary>A number that no formula holds by itself, and less in earlier parameters: low, then high.</summary>
    private static double MadeUp(ParameterInfo parameter) => parameter.Name == "p" && parameter.Member.Name.Contains("Dropout", StringComparison.Ordinal) ? 0.25 : 11.25 + (2 * parameter.Position);

    private Shape[] Shapes() => Given.TryGetValue(function.Name, out Shape[]? shapes) ? shapes : [["A", "B"]];

    /// <summary>What the function makes of placeholders; null if it refuses them.</summary>
    /// <param name="type">The dtype of the inputs.</param>
    /// <param name="shapes">Their shapes.</param>
    /// <param name="namesNumbers">Whether numbers with defaults are made up, too, so that formulas can name them.</param>
    private (IReadOnlyList<Node> Inputs, IReadOnlyList<Node> Results)? Apply(DType type, IReadOnlyList<Shape> shapes, bool namesNumbers = false)
    {
        List<Node> inputs = [];
        try
        {
            object? made = Invoke(type, shapes, inputs, p => namesNumbers && p.ParameterType == typeof(double) && p.Name != "epsilon" ? MadeUp(p) : null);
            return made is Node node ? (inputs, [node])
                : made is NodeList several ? (inputs, [.. several])
                : made is System.Runtime.CompilerServices.ITuple tuple ? (inputs, [.. Enumerable.Range(0, tuple.Length).Select(i => (Node)tuple[i]!)])
                : null;
        }
        catch (Exception e) when (e is GraphException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The message with which a function refuses an argument or a dtype; null if it takes it, or if it cannot be called at all.</summary>
    public static string? Refusal(PublicFunction function, DType type, Func<ParameterInfo, object?> given)
    {
        var trace = new FunctionTrace(function);
        try
        {
            trace.Invoke(type, trace.Shapes(), [], given);
            return null;
        }
        catch (Exception e) when (e is GraphException or ArgumentException)
        {
            return e.Message;
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    private object? Invoke(DType type, IReadOnlyList<Shape> shapes, List<Node> inputs, Func<ParameterInfo, object?> given)
    {
        if (Applied.TryGetValue(function.Name, out Func<Func<string, Shape, Node>, Node>? apply) && function.Method.GetParameters().All(p => p.Name != "y"))
        {
            return apply((name, shape) =>
            {
                Node node = Ops.Placeholder(new NodeType(type, shapes[0].Rank == 0 ? shapes[0] : shape), name, type.IsFloat());
                inputs.Add(node);
                return node;
            });
        }

        try
        {
            return function.Method.Invoke(null, [.. function.Method.GetParameters().Select(p => given(p) ?? Argument(p, type, shapes, inputs))]);
        }
        catch (TargetInvocationException e)
        {
            throw e.InnerException!;
        }
    }

    private object? Argument(ParameterInfo parameter, DType type, IReadOnlyList<Shape> shapes, List<Node> inputs)
    {
        Type kind = parameter.ParameterType;
        if (kind == typeof(IReadOnlyList<Node>))
        {
            return new[] { Place("a"), Place("b") };
        }

        if (IsNode(kind) && !parameter.HasDefaultValue)
        {
            return Place(parameter.Name!);
        }

        object? known = Arguments.GetValueOrDefault($"{function.Name}.{parameter.Name}") ?? Arguments.GetValueOrDefault(parameter.Name!);
        if (known is not null && kind.IsInstanceOfType(known) && (!parameter.HasDefaultValue || parameter.Name == "start"))
        {
            return known;
        }

        return parameter.HasDefaultValue ? (parameter.DefaultValue is null && kind.IsValueType && Nullable.GetUnderlyingType(kind) is null ? Activator.CreateInstance(kind) : kind.IsEnum ? Enum.ToObject(kind, parameter.DefaultValue!) : parameter.DefaultValue)
            : kind == typeof(Generator) ? new Generator()
            : kind == typeof(double) ? (type == DType.Bool ? 1.0 : type.IsFloat() ? MadeUp(parameter) : 13.0)
            : kind == typeof(int) ? 0
            : kind == typeof(long) ? 0L
            : kind == typeof(Dim) ? Dim.Of(1)
            : kind == typeof(PerAxis) ? (PerAxis)2
            : kind == typeof(DType) ? DType.Float64
            : kind == typeof(Range) ? (0..1)
            : kind.IsEnum ? Enum.ToObject(kind, 0)
            : throw new NotSupportedException(kind.Name);

        Node Place(string name)
        {
            string words = function.Parameters.GetValueOrDefault(parameter.Name!) ?? string.Empty;
            DType own = words.StartsWith("Bools.", StringComparison.Ordinal) && function.Method.GetParameters().Length > 1 && function.Name == "Where" ? DType.Bool
                : parameter.Name == "mask" ? DType.Bool
                : words.Contains("int32 or int64", StringComparison.Ordinal) ? DType.Int64
                : type;
            Node node = Ops.Placeholder(new NodeType(own, shapes[Math.Min(inputs.Count, shapes.Count - 1)]), name, own.IsFloat());
            inputs.Add(node);
            return node;
        }
    }

    private static bool IsNode(Type type) => type == typeof(Node);
}

using GraphCompiler.Operations;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Operations;

/// <summary>Mistakes in shapes and dtypes: the message names the operation, what was given, and what would be right.</summary>
public class MistakeTests
{
    private static readonly Node F = Input("f", [2, 3]);
    private static readonly Node G = Input("g", [2, 4]);
    private static readonly Node D = Input<double>("d", [2, 3]);
    private static readonly Node I = Input<long>("i", [2, 3]);
    private static readonly Node B = Input<bool>("b", [2, 3]);
    private static readonly Node N = Input("n", ["N", 3]);
    private static readonly Node M = Input("m", ["M", 3]);
    private static readonly Node Scalar = Input("s", []);

    private static IEnumerable<TestCaseData> Mistakes()
    {
        // Broadcasting and dtypes of two inputs.
        foreach ((string name, Func<Node, Node, Node> op) in new (string, Func<Node, Node, Node>)[]
        {
            ("Add", Add), ("Sub", Sub), ("Mul", Mul), ("Div", Div), ("Pow", Pow), ("Maximum", Maximum), ("Minimum", Minimum), ("Equal", Equal), ("NotEqual", NotEqual),
            ("Less", Less), ("LessEqual", LessEqual), ("Greater", Greater), ("GreaterEqual", GreaterEqual), ("ScaleCotangent", ScaleCotangent),
        })
        {
            yield return Case($"{name} shapes", () => op(F, G), $"{name}:", "[2, 3]", "[2, 4]", "do not broadcast", "equal or the number 1", "'f'", "'g'");
            yield return Case($"{name} dtypes", () => op(F, D), $"{name}:", "float32", "float64", "use Cast", "'f'", "'d'");
            yield return Case($"{name} symbol", () => op(N, F), $"{name}:", "[N, 3]", "[2, 3]", "to say that N equals another size", "same name or number");
            yield return Case($"{name} symbols", () => op(N, M), $"{name}:", "[N, 3]", "[M, 3]", "to say that N and M are equal", "same name or number");
        }

        foreach ((string name, Func<Node, Node, Node> op) in new (string, Func<Node, Node, Node>)[] { ("Add", Add), ("Sub", Sub), ("Mul", Mul), ("Div", Div), ("Pow", Pow), ("Maximum", Maximum), ("Minimum", Minimum) })
        {
            yield return Case($"{name} bool", () => op(B, B), $"{name}:", "numbers, not bool", "use Cast");
        }

        // Dtypes of one input.
        foreach ((string name, Func<Node, Node> op) in new (string, Func<Node, Node>)[]
        {
            ("Exp", Exp), ("Log", Log), ("Log1P", Log1P), ("Sqrt", Sqrt), ("Reciprocal", Reciprocal), ("Tanh", Tanh), ("Sigmoid", Sigmoid), ("Sin", Sin), ("Cos", Cos),
            ("Erf", Erf), ("Floor", Floor), ("Gelu", x => Gelu(x)), ("Softplus", Softplus), ("Softmax", x => Softmax(x)), ("LogSoftmax", x => LogSoftmax(x)),
            ("Mean", x => Mean(x)), ("Variance", x => Variance(x)), ("LayerNorm", x => LayerNorm(x)), ("MeanSquaredError", x => MeanSquaredError(x, x)),
            ("L1Loss", x => L1Loss(x, x)), ("SmoothL1Loss", x => SmoothL1Loss(x, x)), ("HuberLoss", x => HuberLoss(x, x)), ("BinaryCrossEntropy", x => BinaryCrossEntropy(x, x)),
            ("BinaryCrossEntropyWithLogits", x => BinaryCrossEntropyWithLogits(x, x)), ("KLDivLoss", x => KLDivLoss(x, x)), ("PoissonNllLoss", x => PoissonNllLoss(x, x)),
            ("GaussianNllLoss", x => GaussianNllLoss(x, x, x)), ("SoftMarginLoss", x => SoftMarginLoss(x, x)), ("HingeEmbeddingLoss", x => HingeEmbeddingLoss(x, x)),
            ("MarginRankingLoss", x => MarginRankingLoss(x, x, x)), ("TripletMarginLoss", x => TripletMarginLoss(x, x, x)), ("CosineEmbeddingLoss", x => CosineEmbeddingLoss(x, x, x)),
            ("NllLoss", x => NllLoss(x, x)), ("MultiMarginLoss", x => MultiMarginLoss(x, x)), ("MultiLabelSoftMarginLoss", x => MultiLabelSoftMarginLoss(x, x)),
            ("CosineSimilarity", x => CosineSimilarity(x, x)), ("PairwiseDistance", x => PairwiseDistance(x, x)), ("Normalize", x => Normalize(x)), ("RmsNorm", x => RmsNorm(x)),
            ("BatchNorm", x => BatchNorm(x, x, x)), ("BatchNormTraining", x => BatchNormTraining(x)), ("GroupNorm", x => GroupNorm(x, 1)), ("InstanceNorm", x => InstanceNorm(x)),
            ("LocalResponseNorm", x => LocalResponseNorm(x, 1)), ("ScaledDotProductAttention", x => ScaledDotProductAttention(x, x, x)),
            ("MultiHeadAttention", x => MultiHeadAttention(x, x, x, 1, x, null, x, null).Result),
            ("Exp2", Exp2), ("ExpM1", ExpM1), ("Log2", Log2), ("Log10", Log10), ("Cbrt", Cbrt), ("Sinh", Sinh), ("Cosh", Cosh), ("Asinh", Asinh), ("Acosh", Acosh),
            ("Atanh", Atanh), ("Tan", Tan), ("Asin", Asin), ("Acos", Acos), ("Atan", Atan), ("Erfc", Erfc), ("NormalCdf", NormalCdf), ("ErfInv", ErfInv), ("LogGamma", LogGamma),
            ("Sinc", Sinc), ("BesselI0", BesselI0), ("BesselI1", BesselI1), ("Ceil", Ceil), ("Round", Round), ("Trunc", Trunc), ("Frac", Frac), ("Relu6", Relu6),
            ("Selu", Selu), ("Silu", Silu), ("LogSigmoid", LogSigmoid), ("Softsign", Softsign), ("HardSigmoid", HardSigmoid), ("HardSwish", HardSwish),
            ("Logit", x => Logit(x)), ("LeakyRelu", x => LeakyRelu(x)), ("Elu", x => Elu(x)), ("Celu", x => Celu(x)), ("HardTanh", x => HardTanh(x)),
            ("HardShrink", x => HardShrink(x)), ("SoftShrink", x => SoftShrink(x)), ("Glu", x => Glu(x)), ("Softmin", x => Softmin(x)),
            ("NaNToNumber", x => NaNToNumber(x)), ("LogAddExp", x => LogAddExp(x, x)), ("Hypot", x => Hypot(x, x)), ("IsClose", x => IsClose(x, x)),
            ("Atan2", x => Atan2(x, x)), ("PRelu", x => PRelu(x, x)), ("Norm", x => Norm(x)), ("Dist", x => Dist(x, x)), ("CDist", x => CDist(x, x)),
            ("StandardDeviation", x => StandardDeviation(x)), ("LogSumExp", x => LogSumExp(x)), ("NaNSum", x => NaNSum(x)), ("NaNMean", x => NaNMean(x)),
            ("Trapezoid", x => Trapezoid(x)), ("LogCumulativeSumExp", x => LogCumulativeSumExp(x, 0)), ("CumulativeScan", x => CumulativeScan(x, 0, (float a, float b) => a)),
            ("CrossEntropy", x => CrossEntropy(x, x)), ("Map", x => Map(x, (float v) => v)), ("ScaleCotangent", x => ScaleCotangent(x, x)),
        })
        {
            yield return Case($"{name} integer", () => op(I), $"{name}:", "float32 or float64, not int64", "use Cast", "'i'");
        }

        foreach ((string name, Func<Node, Node> op) in new (string, Func<Node, Node>)[]
        {
            ("Neg", Neg), ("Abs", Abs), ("Sign", Sign), ("Relu", Relu), ("Clamp", x => Clamp(x, x, x)), ("Sum", x => Sum(x)), ("Prod", x => Prod(x)), ("Max", x => Max(x)),
            ("Min", x => Min(x)), ("ArgMax", x => ArgMax(x)), ("ArgMin", x => ArgMin(x)), ("MatMul", x => MatMul(x, Transpose(x))),
            ("IndexAdd", x => IndexAdd(x, 0, Constant(new long[] { 0 }), x)), ("ScatterAdd", x => ScatterAdd(x, 0, I, x)),
            ("Diff", x => Diff(x)), ("CumulativeSum", x => CumulativeSum(x, 0)), ("CumulativeProduct", x => CumulativeProduct(x, 0)),
            ("CumulativeMax", x => CumulativeMax(x, 0).Values), ("CumulativeMin", x => CumulativeMin(x, 0).Values), ("LinearRecurrence", x => LinearRecurrence(x, x, 0)),
            ("Sort", x => Sort(x).Values), ("ArgSort", x => ArgSort(x)), ("MSort", MSort), ("TopK", x => TopK(x, 1).Values), ("KthValue", x => KthValue(x, 1).Values),
            ("MedianWithIndex", x => MedianWithIndex(x, 0).Values), ("SearchSorted", x => SearchSorted(x, x)),
        })
        {
            yield return Case($"{name} bool", () => op(B), $"{name}:", "numbers, not bool", "use Cast", "'b'");
        }

        foreach ((string name, Func<Node, Node> op) in new (string, Func<Node, Node>)[]
        {
            ("And", x => LogicalAnd(x, x)), ("Or", x => LogicalOr(x, x)), ("Xor", x => LogicalXor(x, x)), ("Not", x => !x), ("Where", x => Where(x, x, x)),
        })
        {
            yield return Case($"{name} float", () => op(F), $"{name}:", "must be bool, not float32", "NotEqual(x, 0)");
        }

        foreach ((string name, Func<Node, Node> op) in new (string, Func<Node, Node>)[] { ("And", x => x & x), ("Or", x => x | x), ("Xor", x => x ^ x), ("Not", x => ~x) })
        {
            yield return Case($"{name} of floats by bits", () => op(F), $"{name}:", "bools or integers, not float32", "NotEqual(x, 0)");
            yield return Case($"{name} of integers as truth", () => LogicalNot(op(I)), "Not:", "must be bool, not int64");
        }

        yield return Case("Slice of another rank", () => Node.Create(new SliceOp(EquatableArray.Create<SliceRange>([new(0, 1, 1)])), F), "Slice:", "1 range cannot", "2 axes of [2, 3]");
        yield return Case("Pad of another rank", () => Node.Create(new PadOp(EquatableArray.Create<PadRange>([new(0, 0, 0)]), [2, 3], 0), F), "Pad:", "1 range cannot", "2 axes of [2, 3]");
        yield return Case("ShiftLeft float", () => ShiftLeft(F, F), "ShiftLeft:", "int32 or int64, not float32");
        yield return Case("ShiftRight bool", () => ShiftRight(B, B), "ShiftRight:", "int32 or int64, not bool");
        yield return Case("SignBit integer", () => SignBit(I), "SignBit:", "float32 or float64, not int64");
        yield return Case("Glu of an odd size", () => Glu(F), "Glu:", "size 3", "no half");
        yield return Case("PRelu slopes", () => PRelu(F, Input("w", [2])), "PRelu:", "one for each of the 3 of axis 1", "'w'");
        yield return Case("Where branches", () => Where(B, F, D), "Where:", "float32 and float64", "use Cast");
        yield return Case("Where shapes", () => Where(B, F, G), "Where:", "[2, 3]", "[2, 4]", "do not broadcast");
        yield return Case("HardTanh order", () => HardTanh(F, 0.5, -0.5), "HardTanh:", "in order", "0.5", "-0.5");
        yield return Case("Clamp dtypes", () => Clamp(F, D, D), "Clamp:", "float64", "float32", "use Cast");
        yield return Case("Iota bool", () => Iota([2], 0, DType.Bool), "Iota:", "not bool");
        yield return Case("DimValue bool", () => DimValue("N", DType.Bool), "DimValue:", "not a bool");
        yield return Case("literal", () => I + 0.5, "0.5", "int64", "'i'", "Cast");
        yield return Case("full", () => Full([2], 0.5, DType.Int32), "0.5", "int32");

        // Axes.
        foreach ((string name, Func<Node, Node> op) in new (string, Func<Node, Node>)[]
        {
            ("Sum", x => Sum(x, 2)), ("Prod", x => Prod(x, 2)), ("Max", x => Max(x, 2)), ("Min", x => Min(x, 2)), ("Mean", x => Mean(x, 2)), ("Variance", x => Variance(x, 2)),
            ("ArgMax", x => ArgMax(x, 2)), ("ArgMin", x => ArgMin(x, 2)), ("MaxWithIndex", x => MaxWithIndex(x, 2).Values), ("MinWithIndex", x => MinWithIndex(x, 2).Values),
            ("Softmax", x => Softmax(x, 2)), ("LogSoftmax", x => LogSoftmax(x, 2)), ("Flatten", x => Flatten(x, 2)), ("Squeeze", x => Squeeze(x, 2)),
            ("Transpose", x => Transpose(x, 2)), ("Permute", x => Permute(x, 0, 2)), ("Slice", x => Slice(x, 2, 0, 1)), ("Select", x => Select(x, 2, 0)),
            ("Concat", x => Concat([x, x], 2)), ("Pad", x => Pad(x, 2, 1, 1)), ("Take", x => Take(x, I, 2)), ("Gather", x => Gather(x, 2, I)),
            ("ScatterAdd", x => ScatterAdd(x, 2, I, x)), ("IndexAdd", x => IndexAdd(x, 2, I, x)),
            ("Diff", x => Diff(x, 1, 2)), ("Trapezoid", x => Trapezoid(x, 1, 2)), ("LogSumExp", x => LogSumExp(x, 2)),
            ("Sort", x => Sort(x, 2).Values), ("ArgSort", x => ArgSort(x, 2)), ("TopK", x => TopK(x, 1, 2).Values), ("KthValue", x => KthValue(x, 1, 2).Values),
            ("MedianWithIndex", x => MedianWithIndex(x, 2).Values),
            ("CumulativeSum", x => CumulativeSum(x, 2)), ("CumulativeProduct", x => CumulativeProduct(x, 2)), ("CumulativeMax", x => CumulativeMax(x, 2).Values),
            ("LogCumulativeSumExp", x => LogCumulativeSumExp(x, 2)), ("CumulativeScan", x => CumulativeScan(x, 2, (float a, float b) => a)), ("LinearRecurrence", x => LinearRecurrence(x, x, 2)),
        })
        {
            yield return Case($"{name} axis", () => op(F), $"{name}:", "axis 2 is outside a rank of 2", "-2 to 1", "'f'");
        }

        yield return Case("LinearRecurrence shapes", () => LinearRecurrence(F, G, 0), "LinearRecurrence:", "[2, 3]", "[2, 4]", "do not broadcast");
        yield return Case("LinearRecurrence dtypes", () => LinearRecurrence(F, D, 0), "LinearRecurrence:", "float32", "float64", "use Cast");
        yield return Case("CumulativeScan of another function", () => CumulativeScan(F, 0, (float a, float b) => a + b.CompareTo(a)), "CumulativeScan:", "CompareTo", "not understood");
        yield return Case("TopK of too many", () => TopK(F, 4).Values, "TopK:", "4 elements", "the 3 along axis 1", "'f'");
        yield return Case("KthValue from 0", () => KthValue(F, 0).Values, "KthValue:", "no element 0", "k counts from 1", "'f'");
        yield return Case("KthValue beyond the end", () => KthValue(F, 3, 0).Values, "KthValue:", "no element 3", "the 2 along axis 0");
        yield return Case("Median of nothing", () => MedianWithIndex(Input("x", [0, 2]), 0).Values, "MedianWithIndex:", "axis 0 has no elements", "'x'");
        yield return Case("SearchSorted rows", () => SearchSorted(F, Input("v", [4, 3])), "SearchSorted:", "[2, 3]", "[4, 3]", "all axes but the last", "'v'");
        yield return Case("SearchSorted dtypes", () => SearchSorted(F, D), "SearchSorted:", "float32", "float64", "use Cast");
        yield return Case("Norm of no order", () => Norm(F, double.NaN), "Norm:", "order is NaN", "'f'");
        yield return Case("CDist of other lengths", () => CDist(F, G), "CDist:", "[..., P, M]", "[2, 3]", "[2, 4]", "'f'", "'g'");
        yield return Case("CDist of a vector", () => CDist(F, Input("v", [3])), "CDist:", "[..., R, M]", "[3]", "'v'");
        yield return Case("Diff backwards", () => Diff(F, -1), "Diff:", "order -1 is below 0");
        yield return Case("Trapezoid places", () => Trapezoid(F, Input("p", [2])), "Trapezoid:", "[2]", "give [3]", "'p'");
        yield return Case("Unsqueeze axis", () => Unsqueeze(F, 3), "Unsqueeze:", "axis 3", "-3 to 2");
        yield return Case("Stack axis", () => Stack([F, F], -4), "Stack:", "axis -4", "-3 to 2");
        yield return Case("Iota axis", () => Iota([2], -3), "Iota:", "axis -3", "[2]");
        yield return Case("Sum twice", () => Sum(F, [0, -2]), "Sum:", "named twice", "[0, -2]");
        yield return Case("Sum scalar", () => Sum(Scalar, 0), "Sum:", "rank of 0", "no axis");
        yield return Case("Permute twice", () => Permute(F, 0, 0), "Permute:", "[0, 0]", "[2, 3]", "each once");
        yield return Case("Permute few", () => Permute(F, 0), "Permute:", "[0]", "[2, 3]");
        yield return Case("Flatten order", () => Flatten(F, 1, 0), "Flatten:", "wrong order");

        // Movement.
        yield return Case("Reshape", () => Reshape(F, [4]), "Reshape:", "[2, 3] has 6", "[4] has 4");
        yield return Case("Reshape open", () => Reshape(F, [-1, -1]), "Reshape:", "at most one may be -1");
        yield return Case("Reshape uneven", () => Reshape(F, [4, -1]), "Reshape:", "[2, 3] has 6", "[4, 1] has 4");
        yield return Case("BroadcastTo", () => BroadcastTo(F, [2, 4]), "BroadcastTo:", "[2, 3]", "[2, 4]", "do not broadcast");
        yield return Case("BroadcastTo rank", () => BroadcastTo(F, [3]), "BroadcastTo:", "[2, 3]", "[3]");
        yield return Case("BroadcastTo symbol", () => BroadcastTo(N, [1, 3]), "BroadcastTo:", "[N, 3]", "A symbol never stands for 1");
        yield return Case("Slice step", () => Slice(F, 0, 0, 2, step: 0), "Slice:", "step 0", "at least 1");
        yield return Case("Select", () => Select(F, 0, 2), "Select:", "element 2", "axis 0 of size 2");
        yield return Case("Concat", () => Concat([F, G], 0), "Concat:", "[2, 3]", "[2, 4]", "only along axis 0");
        yield return Case("Concat symbols", () => Concat([N, M], 1), "Concat:", "[N, 3]", "[M, 3]", "N and M are equal", "same name");
        yield return Case("Concat nothing", () => Concat([]), "Concat:", "at least one");
        yield return Case("Concat dtypes", () => Concat([F, D]), "Concat:", "float32 and float64", "use Cast");
        yield return Case("Stack", () => Stack([F, G]), "Stack:", "[2, 3]", "[2, 4]", "equal");
        yield return Case("Stack symbols", () => Stack([N, M]), "Stack:", "N and M are equal");
        yield return Case("Stack nothing", () => Stack([]), "Stack:", "at least one");
        yield return Case("Pad too much", () => Pad(F, 0, -1, -2), "Pad:", "-1 before and -2 after", "2 elements of axis 0");
        yield return Case("Pad value", () => Pad(I, 0, 1, 0, 0.5), "0.5", "int64");
        yield return Case("Negative size", () => Input("x", [-2]), "Input:", "[-2]", "below 0");
        yield return Case("Empty extremum", () => Max(Input("x", [0, 2]), 0), "Max:", "axis 0 has no elements", "'x'");
        yield return Case("Empty argmax", () => ArgMax(Input("x", [2, 0]), 1), "ArgMax:", "axis 1 has no elements", "'x'");

        // Contraction, indexing, losses.
        yield return Case("MatMul", () => MatMul(F, G), "MatMul:", "3 of [2, 3] and 2 of [2, 4]", "[…, M, K] · […, K, N]");
        yield return Case("MatMul symbol", () => MatMul(F, N), "MatMul:", "3 of [2, 3] and N of [N, 3]", "N equals another size", "same name or number");
        yield return Case("MatMul scalar", () => MatMul(F, Scalar), "MatMul:", "at least one axis", "*");
        yield return Case("MatMul batch", () => MatMul(Input("a", [2, 3, 4]), Input("c", [5, 4, 6])), "MatMul", "[2, 3, 4]", "[5, 4, 6]", "batch axes");
        yield return Case("MatMul dtypes", () => MatMul(F, Transpose(D)), "MatMul:", "float32 and float64", "use Cast");
        yield return Case("Take dtype", () => Take(F, F), "Take:", "int32 or int64, not float32", "use Cast");
        yield return Case("Gather dtype", () => Gather(F, 0, F), "Gather:", "int32 or int64, not float32");
        yield return Case("Gather rank", () => Gather(F, 0, Constant(new long[] { 0 })), "Gather:", "rank 2 of [2, 3]", "[1]");
        yield return Case("Gather size", () => Gather(F, 0, Input<long>("i", [2, 4])), "Gather:", "larger than axis 1: 4 against 3");
        yield return Case("ScatterAdd shape", () => ScatterAdd(F, 0, I, G), "ScatterAdd:", "[2, 3]", "[2, 4]");
        yield return Case("ScatterAdd dtype", () => ScatterAdd(F, 0, I, D), "ScatterAdd:", "float32", "float64", "use Cast");
        yield return Case("IndexAdd shape", () => IndexAdd(F, 0, Constant(new long[] { 0 }), F), "IndexAdd:", "[1, 3]", "[2, 3]");
        yield return Case("IndexAdd dtype", () => IndexAdd(F, 0, Constant(new long[] { 0, 1 }), D), "IndexAdd:", "float32", "float64", "use Cast");
        yield return Case("CrossEntropy classes", () => CrossEntropy(F, G), "CrossEntropy:", "int32 or int64, or probabilities of the shape [2, 3]", "not float32[2, 4]");
        yield return Case("CrossEntropy shapes", () => CrossEntropy(F, I), "CrossEntropy:", "[N, C]", "[N]", "'f'", "'i'");
        yield return Case("CrossEntropy symbol", () => CrossEntropy(N, Input<long>("c", ["M"])), "CrossEntropy:", "N and M are equal");
        foreach ((string name, Func<Node, Node, Node> op) in new (string, Func<Node, Node, Node>)[]
        {
            ("L1Loss", (x, y) => L1Loss(x, y)), ("SmoothL1Loss", (x, y) => SmoothL1Loss(x, y)), ("HuberLoss", (x, y) => HuberLoss(x, y)), ("KLDivLoss", (x, y) => KLDivLoss(x, y)),
            ("BinaryCrossEntropy", (x, y) => BinaryCrossEntropy(x, y)), ("BinaryCrossEntropyWithLogits", (x, y) => BinaryCrossEntropyWithLogits(x, y)),
            ("PoissonNllLoss", (x, y) => PoissonNllLoss(x, y)), ("GaussianNllLoss", (x, y) => GaussianNllLoss(x, y, x)), ("SoftMarginLoss", (x, y) => SoftMarginLoss(x, y)),
            ("HingeEmbeddingLoss", (x, y) => HingeEmbeddingLoss(x, y)), ("MarginRankingLoss", (x, y) => MarginRankingLoss(x, x, y)), ("TripletMarginLoss", (x, y) => TripletMarginLoss(x, x, y)),
            ("CosineEmbeddingLoss", (x, y) => CosineEmbeddingLoss(x, y, x)), ("MultiLabelSoftMarginLoss", (x, y) => MultiLabelSoftMarginLoss(x, y)),
        })
        {
            yield return Case($"{name} shapes", () => op(F, G), $"{name}:", "[2, 3]", "[2, 4]", "do not belong together", "'f'", "'g'");
            yield return Case($"{name} dtypes", () => op(F, D), $"{name}:", "float32", "float64", "use Cast", "'f'", "'d'");
            yield return Case($"{name} symbols", () => op(N, M), $"{name}:", "N and M are equal");
        }

        Node classes = Input<long>("c", [2]);
        yield return Case("CrossEntropy weight", () => CrossEntropy(F, classes, weight: Input("w", [2])), "CrossEntropy:", "each of the 3 classes", "[2]", "'w'");
        yield return Case("CrossEntropy weight dtype", () => CrossEntropy(F, classes, weight: Input<double>("w", [3])), "CrossEntropy:", "float32 and float64", "'w'");
        yield return Case("CrossEntropy probabilities dtype", () => CrossEntropy(F, D), "CrossEntropy:", "float32 and float64", "'d'");
        yield return Case("NllLoss shapes", () => NllLoss(F, I), "NllLoss:", "[N, C, …]", "'f'", "'i'");
        yield return Case("NllLoss symbol", () => NllLoss(N, Input<long>("c", ["M"])), "NllLoss:", "N and M are equal");
        yield return Case("MultiMarginLoss of places", () => MultiMarginLoss(Input("x", [2, 3, 4]), Input<long>("c", [2, 4])), "MultiMarginLoss:", "[N, C]", "'x'");
        yield return Case("MultiLabelSoftMarginLoss of a scalar", () => MultiLabelSoftMarginLoss(Scalar, Scalar), "MultiLabelSoftMarginLoss:", "[N, C]");
        yield return Case("KLDivLoss of a scalar", () => KLDivLoss(Scalar, Scalar, reduction: LossReduction.BatchMean), "KLDivLoss:", "no axis of samples", "'s'");
        yield return Case("BinaryCrossEntropy weight", () => BinaryCrossEntropy(F, F, Input("w", [4, 2, 3])), "BinaryCrossEntropy:", "[4, 2, 3]", "[2, 3]", "'w'");
        yield return Case("GaussianNllLoss variance", () => GaussianNllLoss(F, F, Input("v", [3])), "GaussianNllLoss:", "[2, 3]", "size 1", "'v'");
        yield return Case("CosineEmbeddingLoss target", () => CosineEmbeddingLoss(F, F, F), "CosineEmbeddingLoss:", "[N, D]", "[N]");
        yield return Case("CosineSimilarity axis", () => CosineSimilarity(F, F, 2), "CosineSimilarity:", "axis 2", "'f'");
        yield return Case("Normalize axis", () => Normalize(F, axis: 2), "Normalize:", "axis 2", "'f'");
        yield return Case("BatchNorm rank", () => BatchNorm(Scalar, F, F), "BatchNorm:", "[N, C, …]", "'s'");
        yield return Case("BatchNorm mean", () => BatchNorm(F, Input("m", [2]), Input("v", [3])), "BatchNorm:", "3 channels", "[2]", "'m'");
        yield return Case("BatchNormTraining weight", () => BatchNormTraining(F, Input("w", [2])), "BatchNormTraining:", "3 channels", "[2]", "'w'");
        yield return Case("BatchNormTraining of one", () => BatchNormTraining(Input("x", [1, 3])), "BatchNormTraining:", "more than one number", "'x'");
        yield return Case("BatchNormTraining statistics", () => BatchNormTraining(F, F, F, null, null).Result, "BatchNormTraining:", "3 channels", "[2, 3]");
        yield return Case("GroupNorm groups", () => GroupNorm(F, 2), "GroupNorm:", "3 channels", "2 groups", "'f'");
        yield return Case("GroupNorm symbol", () => GroupNorm(Input("x", [2, "C"]), 2), "GroupNorm:", "C channels");
        yield return Case("InstanceNorm rank", () => InstanceNorm(F), "InstanceNorm:", "at least 3 axes", "'f'");
        yield return Case("InstanceNorm of one", () => InstanceNorm(Input("x", [2, 3, 1])), "InstanceNorm:", "more than one place", "'x'");
        yield return Case("RmsNorm axes", () => RmsNorm(F, trailingAxes: 3), "RmsNorm:", "3 trailing axes", "'f'");
        yield return Case("RmsNorm weight", () => RmsNorm(F, G), "RmsNorm:", "[3]", "[2, 4]");
        Node wide = Input("k", [2, 5, 3]);
        yield return Case("Attention width", () => ScaledDotProductAttention(F, G, G), "ScaledDotProductAttention:", "[…, S, E]", "'f'", "'g'");
        yield return Case("Attention lengths", () => ScaledDotProductAttention(F, F, Input("v", [3, 3])), "ScaledDotProductAttention:", "the same S", "'v'");
        yield return Case("Attention symbols", () => ScaledDotProductAttention(Input("q", [2, "E"]), F, F), "ScaledDotProductAttention:", "E equals another size", "'q'");
        yield return Case("Attention dtype", () => ScaledDotProductAttention(F, D, D), "ScaledDotProductAttention:", "float32 and float64", "'d'");
        yield return Case("Attention mask", () => ScaledDotProductAttention(F, F, F, Input<bool>("m", [2, 3])), "ScaledDotProductAttention:", "[2, 2]", "[2, 3]", "'m'");
        yield return Case("Attention large mask", () => ScaledDotProductAttention(F, F, F, Input<bool>("m", [7, 2, 2])), "ScaledDotProductAttention:", "[7, 2, 2]", "[2, 2]", "'m'");
        yield return Case("Attention mask dtype", () => ScaledDotProductAttention(F, F, F, Input<long>("m", [2, 2])), "ScaledDotProductAttention:", "bool or of the query's dtype", "int64", "'m'");
        yield return Case("Attention groups", () => ScaledDotProductAttention(Input("q", [3, 2, 3]), wide, wide, groupedHeads: true), "ScaledDotProductAttention:", "grouped heads", "'q'", "'k'");
        Node whole = Input("x", [5, 2, 4]);
        (Node inw, Node outw) = (Input("wi", [12, 4]), Input("wo", [4, 4]));
        yield return Case("Heads", () => MultiHeadAttention(whole, whole, whole, 3, inw, null, outw, null).Result, "MultiHeadAttention:", "width 4", "3 heads", "'x'");
        yield return Case("Heads' inputs", () => MultiHeadAttention(whole, wide, wide, 2, inw, null, outw, null).Result, "MultiHeadAttention:", "[L, N, E]", "'x'", "'k'");
        yield return Case("Heads' batch", () => MultiHeadAttention(whole, Input("k", [3, 2, 4]), Input("v", [3, 2, 4]), 2, inw, null, outw, null, batchFirst: true).Result, "MultiHeadAttention:", "[N, L, E]", "'k'");
        yield return Case("Heads' weight", () => MultiHeadAttention(whole, whole, whole, 2, outw, null, outw, null).Result, "MultiHeadAttention:", "in-projection", "[12, 4]", "'wo'");
        yield return Case("Heads' bias", () => MultiHeadAttention(whole, whole, whole, 2, inw, null, outw, Input("b", [3])).Result, "MultiHeadAttention:", "out-projection's bias", "[4]", "'b'");
        yield return Case("Heads' padding", () => MultiHeadAttention(whole, whole, whole, 2, inw, null, outw, null, Input<bool>("p", [5, 2])).Result, "MultiHeadAttention:", "key padding mask", "[2, 5]", "'p'");
        yield return Case("Heads' mask", () => MultiHeadAttention(whole, whole, whole, 2, inw, null, outw, null, null, Input<bool>("m", [2, 5, 5])).Result, "MultiHeadAttention:", "[5, 5] or [4, 5, 5]", "'m'");
        yield return Case("Heads' mask dtype", () => MultiHeadAttention(whole, whole, whole, 2, inw, null, outw, null, null, Input<int>("m", [5, 5])).Result, "MultiHeadAttention:", "bool or float32, not int32", "'m'");
        yield return Case("MeanSquaredError", () => MeanSquaredError(F, G), "MeanSquaredError:", "[2, 3]", "[2, 4]");
        yield return Case("LayerNorm axes", () => LayerNorm(F, trailingAxes: 3), "LayerNorm:", "3 trailing axes", "'f'");
        yield return Case("LayerNorm weight", () => LayerNorm(F, weight: G), "LayerNorm:", "[3]", "[2, 4]");
        yield return Case("Output", () => Output(Call("two", [F], v => [v[0], v[0]])[0].Inputs[0], 2), "Output:", "no result 2", "has 2");
        yield return Case("Several results", () => Exp(Call("two", [F], v => [v[0], v[0]])[0].Inputs[0]), "Exp:", "two", "has 2 results", "Output(node, i)");
        yield return Case("Integer grad", () => Input<int>("k", [2], requiresGrad: true), "'k'", "Only floating point tensors can require gradients", "int32");
        yield return Case("Bool grad", () => Parameter("p", true, requiresGrad: true), "'p'", "Only floating point tensors can require gradients", "bool");
        yield return Case("Element type", () => Input<byte>("k", [2]), "byte is not", "float, double, int, long or bool");
        yield return Case("Leaf name", () => F.Named("other"), "'f'", "leaf", "keeps the name");

        static TestCaseData Case(string name, Func<Node> bad, params string[] parts) => new TestCaseData(bad, parts).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Mistakes))]
    public void The_message_says_what_is_wrong_and_what_would_be_right(Func<Node> bad, string[] parts)
    {
        Exception? error = Assert.Catch<GraphException>(() => bad());
        foreach (string part in parts)
        {
            Assert.That(error!.Message, Does.Contain(part));
        }
    }

    [Test]
    public void What_repeats_a_number_is_called_as_it_was_written()
    {
        Assert.Multiple(() =>
        {
            Names(Zeros([2, 4]), "Zeros");
            Names(Ones([2, 4]), "Ones");
            Names(Full([2, 4], 1), "Full");
            Names(ZerosLike(G), "ZerosLike");
            Names(OnesLike(G), "OnesLike");
            Names(BroadcastTo(Constant(1f), [2, 4]), "BroadcastTo");
            Names(Ones([2, 4]).Named("mask"), "Ones 'mask'");
        });
        Assert.That(() => Zeros([-2]), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Zeros: "));
        Assert.That(Ones([2]).Operation, Is.EqualTo("BroadcastTo"), "for who looks at graphs");

        static void Names(Node made, string name) => Assert.That(() => F + made, Throws.TypeOf<ShapeException>().And.Message.Contains($", {name} float32[2, 4]."));
    }

    [Test]
    public void Null_nodes_are_named()
    {
        Assert.That(() => Exp(null!), Throws.ArgumentNullException);
        Assert.That(() => Concat([F, null!]), Throws.ArgumentNullException);
        Assert.That(() => Stack([F, null!]), Throws.ArgumentNullException);
        Assert.That(() => Call("c", [null!], v => v), Throws.ArgumentNullException);
        Assert.That(() => Gradients(null!, F), Throws.ArgumentNullException);
    }
}

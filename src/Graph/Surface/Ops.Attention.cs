using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Attention (Vaswani et al., 2017).</summary>
public static partial class Ops
{
    /// <summary>softmax(scale·query·keyᵀ + mask)·value: each query's mean of the values, weighted by how well their keys fit.</summary>
    /// <param name="query">Floats […, L, E].</param>
    /// <param name="key">Floats […, S, E] of the same dtype.</param>
    /// <param name="value">Floats […, S, V] of the same dtype.</param>
    /// <param name="mask">
    /// Null for none, or what broadcasts to […, L, S]: bools, true where a query sees a key, or floats that are added to the scores. A query that sees
    /// no key by its bools gives 0, and gradients of 0.
    /// </param>
    /// <param name="causal">Whether query i sees keys 0 to i only, besides what the mask says.</param>
    /// <param name="scale">The factor of the scores; null for 1/√E.</param>
    /// <param name="groupedHeads">
    /// Whether the axis before the last two counts heads, of which query may have a multiple of those of key and value: neighbouring heads share
    /// (Ainslie et al., 2023).
    /// </param>
    /// <param name="dropout">The probability that a weight is dropped, see <see cref="Dropout(Generator, Node, double)"/>; 0, that none is, for evaluation.</param>
    /// <param name="generator">Where the numbers for that come from; needed unless the probability is 0.</param>
    /// <exception cref="ShapeException">Sizes do not fit, or the mask would make the result larger.</exception>
    /// <exception cref="GraphException">The probability is outside [0, 1], or there is no generator.</exception>
    public static Node ScaledDotProductAttention(
        Node query,
        Node key,
        Node value,
        Node? mask = null,
        bool causal = false,
        double? scale = null,
        bool groupedHeads = false,
        double dropout = 0,
        Generator? generator = null)
    {
        const string Name = "ScaledDotProductAttention";
        RequireFloat(Name, query);
        RequireSameType(Name, query, NotNull(key));
        RequireSameType(Name, query, NotNull(value));
        if (query.Rank < 2 || key.Rank < 2 || value.Rank < 2 || query.Shape[^1] != key.Shape[^1] || key.Shape[^2] != value.Shape[^2])
        {
            throw new ShapeException($"{Name}: query […, L, E], key […, S, E] and value […, S, V] are needed, with the same E and the same S.{Broadcasting.Declare(query.Shape, key.Shape)} Inputs: {query.Describe()}, {key.Describe()}, {value.Describe()}.");
        }

        return Composite.Of(
            Name,
            query,
            key,
            value,
            mask,
            StreamOf(Name, dropout, generator),
            (query, key, value, mask, stream) =>
            {
                if (groupedHeads)
                {
                    (key, value) = ForHeads(Name, query, key, value);
                }

                return MatMul(Dropped(Name, AttentionWeights(Name, query, key, mask, causal, scale), dropout, stream), value);
            },
            ("Causal", causal),
            ("Scale", scale),
            ("GroupedHeads", groupedHeads),
            ("Dropout", dropout));
    }

    /// <summary>
    /// Attention of several heads, each over its part of projected queries, keys and values, which a last product joins: PyTorch's
    /// <c>multi_head_attention_forward</c>.
    /// </summary>
    /// <param name="query">Floats [L, N, E], or [N, L, E] with <paramref name="batchFirst"/>, or [L, E] without a batch.</param>
    /// <param name="key">Floats [S, N, E], in the same order; the same node as query for self-attention, which is projected by one product.</param>
    /// <param name="value">Floats of key's shape.</param>
    /// <param name="heads">How many heads; E must be a number that this divides.</param>
    /// <param name="inWeight">The projections of query, key and value, one below the other: [3·E, E]. Null if they are projected already.</param>
    /// <param name="inBias">What they add, [3·E], or null for none.</param>
    /// <param name="outWeight">The last projection, [E, E]; null for none.</param>
    /// <param name="outBias">What it adds, [E], or null for none.</param>
    /// <param name="keyPaddingMask">Null, or [N, S] ([S] without a batch): bools, true where a key is padding that nothing sees, or floats added to the scores.</param>
    /// <param name="mask">
    /// Null, or [L, S], or [N·heads, L, S]: bools, as in PyTorch true where a query does <em>not</em> see a key, or floats added to the scores.
    /// </param>
    /// <param name="causal">Whether query i sees keys 0 to i only, besides what the masks say.</param>
    /// <param name="batchFirst">Whether the batch is the first axis.</param>
    /// <param name="averageWeights">Whether the weights are averaged over the heads.</param>
    /// <param name="dropout">The probability that a weight is dropped, see <see cref="Dropout(Generator, Node, double)"/>; 0, that none is, for evaluation.</param>
    /// <param name="generator">Where the numbers for that come from; needed unless the probability is 0.</param>
    /// <returns>
    /// The result, of query's shape, and the weights, [N, L, S] or [N, heads, L, S] (without N if there is no batch), which cost nothing if they are not
    /// used. With dropout the weights are what is left of them, scaled.
    /// </returns>
    /// <exception cref="ShapeException">Sizes do not fit.</exception>
    /// <exception cref="GraphException">The probability is outside [0, 1], or there is no generator.</exception>
    public static (Node Result, Node Weights) MultiHeadAttention(
        Node query,
        Node key,
        Node value,
        int heads,
        Node? inWeight,
        Node? inBias,
        Node? outWeight,
        Node? outBias,
        Node? keyPaddingMask = null,
        Node? mask = null,
        bool causal = false,
        bool batchFirst = false,
        bool averageWeights = true,
        double dropout = 0,
        Generator? generator = null)
    {
        const string Name = "MultiHeadAttention";
        long width = RequireAttention(Name, query, key, value, heads, batchFirst);
        RequireProjection(Name, "in-projection", query, inWeight, inBias, 3 * width, width);
        RequireProjection(Name, "out-projection", query, outWeight, outBias, width, width);

        Node[] results = Composite.Several(
            Name,
            [query, key, value, inWeight, inBias, outWeight, outBias, keyPaddingMask, mask, StreamOf(Name, dropout, generator)],
            OfHeads,
            ("Heads", heads),
            ("Causal", causal),
            ("BatchFirst", batchFirst),
            ("AverageWeights", averageWeights),
            ("Dropout", dropout));
        return (results[0], results[1]);

        Node[] OfHeads(Node?[] given)
        {
            (Node query, Node key, Node value, Node? inWeight, Node? inBias) = (given[0]!, given[1]!, given[2]!, given[3], given[4]);
            (Node? outWeight, Node? outBias, Node? keyPaddingMask, Node? mask, Node? stream) = (given[5], given[6], given[7], given[8], given[9]);

            // With the batch first, as [N, L, E].
            bool isSingle = query.Rank == 2;
            Node Batched(Node x) => isSingle ? Unsqueeze(x, 0) : batchFirst ? x : Transpose(x, 0, 1);
            Node[] parts = inWeight is null ? [Batched(query), Batched(key), Batched(value)] : Projected(query, key, value, Batched, inWeight, inBias, width);
            Node[] split = [.. parts.Select(p => Transpose(Reshape(p, [p.Shape[0], p.Shape[1], heads, width / heads]), 1, 2))];
            (Dim batch, Dim rows, Dim columns) = (parts[0].Shape[0], parts[0].Shape[1], parts[1].Shape[1]);
            Node? seen = Masks(Name, query.DType, heads, keyPaddingMask, mask, isSingle, batch, rows, columns);

            Node weights = Dropped(Name, AttentionWeights(Name, split[0], split[1], seen, causal, null), dropout, stream);
            Node joined = Flatten(Transpose(MatMul(weights, split[2]), 1, 2), 2);
            Node result = outWeight is null ? joined : Linear(joined, outWeight, outBias);
            result = isSingle ? Squeeze(result, 0) : batchFirst ? result : Transpose(result, 0, 1);
            weights = averageWeights ? Mean(weights, 1) : weights;
            return [result, isSingle ? Squeeze(weights, 0) : weights];
        }
    }

    /// <summary>Where the numbers for dropout come from; null if there is none.</summary>
    private static Node? StreamOf(string op, double p, Generator? generator)
    {
        RequireProbability(op, p);
        return p == 0 ? null
            : generator is null ? throw new GraphException($"{op}: dropout with the probability {p} needs a generator; give one, or 0 for none.")
            : p == 1 ? null : RandomStreamOp.Create(generator);
    }

    private static Node Dropped(string op, Node weights, double p, Node? stream) => stream is not null ? Dropped(op, weights, p, stream, 0) : p == 0 ? weights : weights * 0;

    /// <summary>The softmax of scores, 0 where bools leave a query no key at all.</summary>
    private static Node AttentionWeights(string op, Node query, Node key, Node? mask, bool causal, double? scale)
    {
        Node factor = scale is { } given ? Scalar(given, query.DType)
            : query.Shape[^1].Constant is { } size ? Scalar(1 / Math.Sqrt(size), query.DType)
            : Rsqrt(DimValue(query.Shape[^1], query.DType));
        Node scores = MatMul(query, Transpose(key)) * factor;
        Node? seen = null;
        if (mask is not null)
        {
            if (mask.DType != DType.Bool && mask.DType != query.DType)
            {
                throw new DTypeException($"{op}: a mask is bool or of the query's dtype {query.DType.Display()}, not {mask.DType.Display()}. Inputs: {query.Describe()}, {mask.Describe()}.");
            }

            if (Broadcasting.Join($"{op}: the scores and the mask", scores.Shape, mask.Shape, mask) != scores.Shape)
            {
                throw new ShapeException($"{op}: a mask of the shape {mask.Shape} does not broadcast to the scores' shape {scores.Shape}. Mask: {mask.Describe()}.");
            }

            seen = mask.DType == DType.Bool ? mask : null;
            scores = seen is null ? scores + mask : scores;
        }

        if (causal)
        {
            Shape plane = [scores.Shape[^2], scores.Shape[^1]];
            Node before = Iota(plane, 1) <= Iota(plane, 0);
            seen = seen is null ? before : seen & before;
        }

        return seen is null ? Softmax(scores) : Where(seen, Softmax(Where(seen, scores, double.NegativeInfinity)), 0);
    }

    /// <summary>Keys and values repeated for the query heads that share them.</summary>
    private static (Node Key, Node Value) ForHeads(string op, Node query, Node key, Node value)
    {
        if (query.Rank < 3 || key.Rank != query.Rank || value.Rank != query.Rank || key.Shape[^3] != value.Shape[^3]
            || query.Shape[^3].Constant is not { } all || key.Shape[^3].Constant is not (> 0 and { } shared) || all % shared != 0)
        {
            throw new ShapeException($"{op}: grouped heads need query […, H, L, E], key […, G, S, E] and value […, G, S, V] whose H is a number that G divides. Inputs: {query.Describe()}, {key.Describe()}, {value.Describe()}.");
        }

        return (Repeated(key), Repeated(value));

        Node Repeated(Node x)
        {
            Dim[] leading = [.. x.Shape.SkipLast(2)];
            Dim[] trailing = [.. x.Shape.TakeLast(2)];
            Node wide = BroadcastTo(Unsqueeze(x, -3), Shape.Of([.. leading, all / shared, .. trailing]));
            return Reshape(wide, Shape.Of([.. leading[..^1], all, .. trailing]));
        }
    }

    /// <summary>Query, key and value after their projections; what is the same node is projected by one product.</summary>
    private static Node[] Projected(Node query, Node key, Node value, Func<Node, Node> batched, Node weight, Node? bias, long width)
    {
        Node[] inputs = [query, key, value];
        var parts = new Node[3];
        for (int first = 0; first < 3;)
        {
            int last = first;
            while (last < 3 && inputs[last] == inputs[first])
            {
                last++;
            }

            Node together = Linear(batched(inputs[first]), Rows(weight, first, last), bias is null ? null : Rows(bias, first, last));
            for (int i = first; i < last; i++)
            {
                parts[i] = last - first == 1 ? together : Slice(together, 2, (i - first) * width, (i - first + 1) * width);
            }

            first = last;
        }

        return parts;

        Node Rows(Node x, int from, int to) => to - from == 3 ? x : Slice(x, 0, from * width, to * width);
    }

    /// <summary>Both masks as one of the scores [N, heads, L, S]: bools, true where a query sees a key, or floats to be added.</summary>
    private static Node? Masks(string op, DType real, int heads, Node? padding, Node? mask, bool isSingle, Dim batch, Dim rows, Dim columns)
    {
        Node? first = null;
        if (padding is not null)
        {
            Shape expected = isSingle ? [columns] : [batch, columns];
            RequireMask(op, "key padding mask", padding, real, padding.Shape == expected, $"{expected}");
            first = Reshape(padding, [batch, 1, 1, columns]);
        }

        Node? second = mask;
        if (mask is not null)
        {
            bool isWhole = mask.Shape == Shape.Create([batch * heads, rows, columns]);
            RequireMask(op, "mask", mask, real, isWhole || mask.Shape == Shape.Create([rows, columns]), $"[{rows}, {columns}] or [{batch * heads}, {rows}, {columns}]");
            second = isWhole ? Reshape(mask, [batch, heads, rows, columns]) : mask;
        }

        // Bools are turned round; beside floats they become −∞ where nothing is seen.
        if (first is null || second is null)
        {
            return (first ?? second) is not { } only ? null : only.DType == DType.Bool ? !only : only;
        }

        return first.DType == DType.Bool && second.DType == DType.Bool ? !(first | second) : AsFloats(first) + AsFloats(second);

        Node AsFloats(Node x) => x.DType == DType.Bool ? Where(x, double.NegativeInfinity, Zeros(x.Shape, real)) : x;
    }

    private static void RequireMask(string op, string what, Node mask, DType real, bool fits, string expected)
    {
        if (mask.DType != DType.Bool && mask.DType != real)
        {
            throw new DTypeException($"{op}: the {what} is bool or {real.Display()}, not {mask.DType.Display()}. Mask: {mask.Describe()}.");
        }

        if (!fits)
        {
            throw new ShapeException($"{op}: the {what} must have the shape {expected}. Mask: {mask.Describe()}.");
        }
    }

    /// <summary>Checks what attention of several heads works on; gives E.</summary>
    private static long RequireAttention(string op, Node query, Node key, Node value, int heads, bool batchFirst)
    {
        RequireFloat(op, query);
        RequireSameType(op, query, NotNull(key));
        RequireSameType(op, query, NotNull(value));
        string order = batchFirst ? "[N, L, E]" : "[L, N, E]";
        int batch = batchFirst ? 0 : 1;
        bool fits = query.Rank is 2 or 3 && key.Rank == query.Rank && key.Shape == value.Shape && key.Shape[^1] == query.Shape[^1]
            && (query.Rank == 2 || key.Shape[batch] == query.Shape[batch]);
        if (!fits)
        {
            throw new ShapeException($"{op}: query, key and value must be {order}, or [L, E], with the same N and E, key and value of one shape.{Broadcasting.Declare(query.Shape, key.Shape)} Inputs: {query.Describe()}, {key.Describe()}, {value.Describe()}.");
        }

        return heads >= 1 && query.Shape[^1].Constant is { } width && width % heads == 0 ? width
            : throw new ShapeException($"{op}: the width {query.Shape[^1]} cannot be divided into {heads} heads of the same size. Input: {query.Describe()}.");
    }

    private static void RequireProjection(string op, string what, Node query, Node? weight, Node? bias, long rows, long columns)
    {
        if (weight is null && bias is null)
        {
            return;
        }

        RequireSameType(op, query, NotNull(weight!));
        if (weight!.Shape != Shape.Create([rows, columns]))
        {
            throw new ShapeException($"{op}: the {what}'s weight must be [{rows}, {columns}]. Inputs: {query.Describe()}, {weight.Describe()}.");
        }

        if (bias is not null)
        {
            RequireSameType(op, query, bias);
            if (bias.Shape != Shape.Create([rows]))
            {
                throw new ShapeException($"{op}: the {what}'s bias must be [{rows}]. Inputs: {query.Describe()}, {bias.Describe()}.");
            }
        }
    }
}

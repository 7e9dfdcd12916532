using GraphCompiler.Differentiation;
using static GraphCompiler.Ops;

namespace GraphCompiler.Operations;

/// <summary>
/// The integral of f(x, θ) over x between two ends, by the rules of Gauss and Kronrod of 7 and 15 points on intervals, of which the one with the largest error is halved until all errors
/// together are small: Piessens et al., QUADPACK, 1983.
/// </summary>
/// <param name="Integrand">f of x and θ: parts of any shapes.</param>
/// <param name="Relative">The error that is allowed, beside the largest element of the integral.</param>
/// <param name="Absolute">The error that is allowed where that is small.</param>
/// <param name="Intervals">How many intervals there are at most.</param>
internal sealed record Quadrature(Function Integrand, double Relative, double Absolute, int Intervals)
{
    private const string Name = "Integrate";

    // The points of one side, from the middle, and their weights in both rules.
    private static readonly double[] Points =
    [
        0, 0.207784955007898467600689403773245, 0.405845151377397166906606412076961, 0.586087235467691130294144838258730,
        0.741531185599394439863864773280788, 0.864864423359769072789712788640926, 0.949107912342758524526189684047851, 0.991455371120812639206854697526329,
    ];

    private static readonly double[] Kronrod =
    [
        0.209482141084727828012999174891714, 0.204432940075298892414161999234649, 0.190350578064785409913256402421014, 0.169004726639267902826583426598550,
        0.140653259715525918745189590510238, 0.104790010322250183839876322541518, 0.063092092629978553290700663189204, 0.022935322010529224963732008058970,
    ];

    private static readonly double[] Gauss =
    [
        0.417959183673469387755102040816327, 0, 0.381830050505118944950369775488975, 0, 0.279705391489276667901467771423780, 0, 0.129484966168869693270611432679082, 0,
    ];

    private int Parts => Integrand.Results.Count;

    /// <summary>The integrals of the parts, the sum of the estimated errors, and whether it is allowed: a call whose derivatives are Leibniz' rule, which are integrals again.</summary>
    /// <param name="lower">The end that x comes from; may be infinite.</param>
    /// <param name="upper">The end that it goes to.</param>
    /// <param name="given">θ.</param>
    public NodeList Call(Node lower, Node upper, NodeList given) => SmoothCall.Of(Name, [lower, upper, .. given], p => Find(p[0], p[1], p[2..]), Pull, Push);

    private NodeList Find(Node lower, Node upper, NodeList given)
    {
        DType dtype = lower.DType;
        Node places = Arange(Intervals);

        // One interval of −1 to 1, of which nothing is known.
        Node[] nothing = [.. Integrand.Results.Select(r => Zeros(Shape.Of([Intervals, .. r.Shape]), r.DType))];
        NodeList state =
        [
            Scalar(1L, DType.Int64), Full([Intervals], -1, dtype), Full([Intervals], 1, dtype), Where(Equal(places, 0), Scalar(double.PositiveInfinity, dtype), Zeros([Intervals], dtype)), .. nothing,
        ];
        NodeList found = While(state, s => !IsExact(s) & !IsNaN(Sum(s[3])) & (s[0] < Intervals), s =>
        {
            (Node count, Node lows, Node highs, Node errors) = s[..4];
            Node worst = ArgMax(errors);
            (Node low, Node high) = (Take(lows, worst), Take(highs, worst));
            Node middle = (low + high) / 2;
            Node isWorst = Equal(places, worst);
            Node isNew = Equal(places, count);
            (_, NodeList halves) = Scan([], [Stack([low, middle]), Stack([middle, high])], (_, ends) => ([], Rule(ends[0], ends[1], lower, upper, given)));
            return
            [
                count + 1, Where(isNew, middle, lows), Where(isNew, high, Where(isWorst, middle, highs)), .. s[3..].Zip(halves, (all, two) => Placed(all, two, isWorst, isNew)),
            ];
        });
        return [.. found[4..].Select(v => Sum(v, 0)), Sum(found[3]), IsExact(found)];
    }

    private Node IsExact(NodeList state) =>
        Sum(state[3]) <= Maximum(Scalar(Absolute, state[3].DType), Relative * state[4..].Select(v => RootFinding.Magnitude(Sum(v, 0))).Aggregate(Maximum));

    /// <summary>The halves of an interval in the places of the whole and of the next one.</summary>
    private static Node Placed(Node all, Node two, Node isFirst, Node isSecond)
    {
        Node Along(Node mask) => Reshape(mask, Shape.Of([mask.Shape[0], .. Enumerable.Repeat(Dim.Of(1), all.Rank - 1)]));
        return Where(Along(isFirst), Slice(two, 0, 0, 1), Where(Along(isSecond), Slice(two, 0, 1, 2), all));
    }

    /// <summary>The error of an interval of −1 to 1, and the integrals of the parts over it.</summary>
    private NodeList Rule(Node low, Node high, Node lower, Node upper, NodeList given)
    {
        DType dtype = lower.DType;
        Node Both(double[] half, double sign)
        {
            double[] both = [.. half.Skip(1).Reverse().Select(h => sign * h), .. half];
            return Cast(Constant(both), dtype);
        }

        (Node middle, Node half) = ((low + high) / 2, (high - low) / 2);
        Node[] none = [.. Integrand.Results.Select(ZerosLike)];
        (NodeList sums, _) = Scan([.. none, .. none], [Both(Points, -1), Both(Kronrod, 1), Both(Gauss, 1)], (s, point) =>
        {
            (Node x, Node density) = Place(middle + (half * point[0]), lower, upper);
            Node[] values = [.. Integrand.Apply([x, .. given]).Select(v => v * (density * half))];
            return ([.. values.Select((v, i) => s[i] + (point[1] * v)), .. values.Select((v, i) => s[Parts + i] + (point[2] * v))], []);
        });
        Node error = Enumerable.Range(0, Parts).Select(i => RootFinding.Magnitude(sums[i] - sums[Parts + i])).Aggregate(Maximum);
        return [error, .. sums[..Parts]];
    }

    /// <summary>Where a point of −1 to 1 lies between the ends, and how much longer the way is there; infinite ways are bent into finite ones.</summary>
    private static (Node X, Node Density) Place(Node t, Node lower, Node upper)
    {
        (Node isLow, Node isHigh) = (IsFinite(lower), IsFinite(upper));
        (Node a, Node b) = (Where(isLow, lower, 0), Where(isHigh, upper, 0));
        (Node toA, Node toB) = (1 + t, 1 - t);
        Node below = Sign(Where(isLow, 1, lower));
        Node above = Sign(Where(isHigh, 1, upper));
        Node inside = toA * toB;
        Node x = Where(
            isLow,
            Where(isHigh, ((a * toB) + (b * toA)) / 2, a + (above * (toA / toB))),
            Where(isHigh, b + (below * (toB / toA)), above * (t / inside)));
        Node density = Where(
            isLow,
            Where(isHigh, (b - a) / 2, above * (2 / Square(toB))),
            Where(isHigh, -below * (2 / Square(toA)), above * ((1 + Square(t)) / Square(inside))));
        return (x, Where(Equal(lower, upper), 0, density));
    }

    /// <summary>The integrand at an end, 0 at an infinite one.</summary>
    private NodeList At(Node end, NodeList given)
    {
        Node isFinite = IsFinite(end);
        return [.. Integrand.Apply([Where(isFinite, end, 0), .. given]).Select(v => Where(isFinite, v, 0))];
    }

    private Node?[] Pull(NodeList inputs, NodeList results, IReadOnlyList<Node?> cotangents)
    {
        var pulled = new Node?[inputs.Count];
        NodeList given = inputs[2..];
        int[] reached = [.. Enumerable.Range(0, Parts).Where(i => cotangents[i] is not null)];
        NodeList own = [.. reached.Select(i => cotangents[i]!)];
        if (own.Count == 0)
        {
            return pulled;
        }

        pulled[0] = -Along(At(inputs[0], given));
        pulled[1] = Along(At(inputs[1], given));
        int[] asked = [.. Enumerable.Range(0, given.Count).Where(i => given[i].RequiresGrad)];
        if (asked.Length == 0)
        {
            return pulled;
        }

        Function slope = Trace([.. given, .. own], p =>
        {
            var seeds = new Node?[Parts];
            for (int i = 0; i < reached.Length; i++)
            {
                seeds[reached[i]] = p[1 + given.Count + i];
            }

            NodeList at = p[..(1 + given.Count)];
            Node?[] into = Integrand.Pull(at, seeds);
            return [.. asked.Select(i => into[1 + i] ?? ZerosLike(at[1 + i]))];
        });
        NodeList integrals = (this with { Integrand = slope }).Call(inputs[0], inputs[1], [.. given, .. own]);
        for (int i = 0; i < asked.Length; i++)
        {
            pulled[2 + asked[i]] = integrals[i];
        }

        return pulled;

        Node Along(NodeList values) => reached.Select((r, i) => Sum(values[r] * own[i])).Aggregate((x, y) => x + y);
    }

    private Node?[] Push(NodeList inputs, NodeList results, IReadOnlyList<Node?> tangents)
    {
        NodeList given = inputs[2..];
        int[] moving = [.. Enumerable.Range(0, given.Count).Where(i => tangents[2 + i] is not null)];
        NodeList directions = [.. moving.Select(i => tangents[2 + i]!)];
        Node[] moved = [.. results.Take(Parts).Select(ZerosLike)];
        if (moving.Length > 0)
        {
            Function slope = Trace([.. given, .. directions], p =>
            {
                var direction = new Node?[1 + given.Count];
                for (int i = 0; i < moving.Length; i++)
                {
                    direction[1 + moving[i]] = p[1 + given.Count + i];
                }

                return [.. Integrand.Push(p[..(1 + given.Count)], direction).Select((v, i) => v ?? ZerosLike(Integrand.Results[i]))];
            });
            moved = [.. (this with { Integrand = slope }).Call(inputs[0], inputs[1], [.. given, .. directions]).Take(Parts)];
        }

        for (int end = 0; end < 2; end++)
        {
            if (tangents[end] is { } step)
            {
                Node signed = end == 0 ? -step : step;
                moved = [.. moved.Zip(At(inputs[end], given), (m, v) => m + (v * signed))];
            }
        }

        return [.. moved, .. new Node?[2]];
    }

    private Function Trace(NodeList given, Func<NodeList, NodeList> body) =>
        FunctionDerivatives.Trace(Name, [(Integrand.Parameters[0].Type, "x"), .. given.Select((n, i) => (n.Type, $"given{i}"))], body);
}

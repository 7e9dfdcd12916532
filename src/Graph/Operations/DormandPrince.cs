using GraphCompiler.Differentiation;
using static GraphCompiler.Ops;

namespace GraphCompiler.Operations;

/// <summary>How exact a differential equation is solved.</summary>
/// <param name="Relative">The error of a step, beside magnitudes.</param>
/// <param name="Absolute">The error of a step where magnitudes are small.</param>
/// <param name="Steps">How many steps there are at most between two times, those included that were refused.</param>
internal sealed record OdeLimits(double Relative, double Absolute, int Steps);

/// <summary>
/// Solves y′ = f(t, y, θ) between two times by the method of Dormand and Prince, A family of embedded Runge–Kutta formulae, 1980: order 5, with an error of order 4 that chooses the steps
/// (Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, 1993).
/// </summary>
/// <param name="Slope">f of t, the parts of y, and θ: the slopes of the parts.</param>
/// <param name="Limits">How exact.</param>
internal sealed record DormandPrince(Function Slope, OdeLimits Limits)
{
    private const string Name = "OdeSolve";

    private static readonly double[] Times = [0.2, 0.3, 0.8, 8.0 / 9, 1, 1];

    // The last row is the solution: its slope is the first one of the next step.
    private static readonly double[][] Stages =
    [
        [1.0 / 5],
        [3.0 / 40, 9.0 / 40],
        [44.0 / 45, -56.0 / 15, 32.0 / 9],
        [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
        [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
        [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84],
    ];

    private static readonly double[] Errors = [71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40];

    /// <summary>How many parts y has.</summary>
    private int Parts => Slope.Results.Count;

    /// <summary>
    /// The parts of y at the end, the step to go on with, the steps that were taken, and whether the end was reached: a call whose reverse mode solves the adjoint equation backward, and whose
    /// forward mode solves that of the tangents beside.
    /// </summary>
    /// <param name="y">The parts at the start.</param>
    /// <param name="step">The step to begin with; 0 for one that is guessed.</param>
    /// <param name="from">The time at the start.</param>
    /// <param name="to">The time at the end, before or after it.</param>
    /// <param name="given">θ.</param>
    public NodeList Call(NodeList y, Node step, Node from, Node to, NodeList given) => SmoothCall.Of(
        Name, [.. y, step, from, to, .. given], p => Run(p[..Parts], p[Parts], p[Parts + 1], p[Parts + 2], p[(Parts + 3)..], isBounded: false), Pull, Push);

    /// <summary>The same as a loop, through whose steps gradients flow if it is bounded; the lengths of steps have none.</summary>
    public NodeList Run(NodeList y, Node step, Node from, Node to, NodeList given, bool isBounded)
    {
        NodeList first = At(from, y, given);
        step = Detach(Where(Equal(step, 0), Guess(y, first, to - from), step));
        NodeList state = [from, step, Scalar(0L, DType.Int64), NotEqual(from, to), Constant(true), .. y, .. first];
        NodeList found = While(state, s => s[3] & s[4] & (s[2] < Limits.Steps), s => Step(s, to, given), isBounded ? Limits.Steps : null);
        return [.. found[5..(5 + Parts)], Detach(found[1]), found[2], !found[3] & found[4]];
    }

    private NodeList At(Node time, NodeList y, NodeList given) => Slope.Apply([time, .. y, .. given]);

    private NodeList Step(NodeList state, Node to, NodeList given)
    {
        (Node time, Node proposed, Node steps) = state[..3];
        NodeList y = state[5..(5 + Parts)];
        List<NodeList> slopes = [state[(5 + Parts)..]];
        Node left = to - time;
        Node isLast = Detach(Abs(proposed)) >= Detach(Abs(left)) * (1 - (8 * time.DType.Row().Epsilon));
        Node length = Where(isLast, left, proposed);
        NodeList next = y;
        for (int i = 0; i < Stages.Length; i++)
        {
            next = Moved(y, length, slopes, Stages[i]);
            slopes.Add(At(time + (length * Times[i]), next, given));
        }

        Node error = Detach(Size(Moved(null, length, slopes, Errors), Larger(y, next)));
        Node isTaken = error <= 1;
        Node growth = Where(Equal(error, 0), 10, Clamp(0.9 * Pow(Where(error > 0, error, 1e30), -0.2), 0.2, 10));
        Node grown = Detach(length) * Where(isTaken, growth, Minimum(growth, Scalar(1, time.DType)));

        // A last step is cut short, and says little of those to come.
        Node nextStep = Where(isTaken & isLast & (Abs(proposed) > Abs(grown)), proposed, grown);
        Node isTooShort = !isTaken & (Abs(grown) <= 8 * time.DType.Row().Epsilon * Abs(Detach(time)));
        Node Kept(Node after, Node before) => Where(isTaken, after, before);
        return
        [
            Kept(Where(isLast, to, time + length), time), Detach(nextStep), steps + 1, !(isTaken & isLast), !isTooShort & NotEqual(grown, 0),
            .. next.Zip(y, Kept), .. slopes[^1].Zip(slopes[0], Kept),
        ];
    }

    /// <summary>Parts moved along slopes, or what they move by.</summary>
    private static NodeList Moved(NodeList? y, Node length, List<NodeList> slopes, double[] weights) =>
    [
        .. slopes[0].Select((_, part) =>
        {
            Node sum = weights.Select((w, i) => (Weight: w, Slope: slopes[i][part])).Where(p => p.Weight != 0).Select(p => p.Weight * p.Slope).Aggregate((a, b) => a + b);
            return y is null ? length * sum : y[part] + (length * sum);
        }),
    ];

    private static NodeList Larger(NodeList a, NodeList b) => [.. a.Zip(b, (x, y) => Maximum(Abs(x), Abs(y)))];

    /// <summary>The root of the mean square of errors beside what is allowed.</summary>
    private Node Size(NodeList errors, NodeList magnitudes)
    {
        Node sum = errors.Zip(magnitudes, (e, m) => Sum(Square(e / (Limits.Absolute + (Limits.Relative * m))))).Aggregate((a, b) => a + b);
        Dim count = errors.Aggregate(Dim.Of(0), (total, e) => total + e.Shape.ElementCount);
        return Sqrt(sum / Maximum(DimValue(count, sum.DType), Scalar(1, sum.DType)));
    }

    /// <summary>A step in which y changes by a hundredth of itself, in the direction of the end and no further.</summary>
    private Node Guess(NodeList y, NodeList slopes, Node left)
    {
        NodeList magnitudes = [.. y.Select(Abs)];
        (Node size, Node speed) = (Size(y, magnitudes), Size(slopes, magnitudes));
        Node isTiny = (size < 1e-5) | !(speed >= 1e-5);
        Node length = Where(isTiny, 1e-6, 0.01 * size / Where(isTiny, 1, speed));
        return Sign(left) * Minimum(length, Abs(left));
    }

    /// <summary>
    /// The adjoint equation (Pontryagin): beside y, a′ = −(∂f/∂y)ᵀa and q′ = −(∂f/∂θ)ᵀa from the end, where a is the cotangent of y and q is 0, back to the start, where a and q are the cotangents of y and θ.
    /// </summary>
    private Node?[] Pull(NodeList inputs, NodeList results, IReadOnlyList<Node?> cotangents)
    {
        var none = new Node?[inputs.Count];
        if (cotangents.Take(Parts).All(c => c is null))
        {
            return none;
        }

        NodeList end = results[..Parts];
        NodeList given = inputs[(Parts + 3)..];
        (Node from, Node to) = (inputs[Parts + 1], inputs[Parts + 2]);
        int[] asked = [.. Enumerable.Range(0, given.Count).Where(i => given[i].RequiresGrad)];
        NodeList adjoint = [.. cotangents.Take(Parts).Select((c, i) => c ?? ZerosLike(end[i]))];
        var whole = new DormandPrince(Trace([.. end, .. adjoint, .. asked.Select(i => given[i])], (time, y, own) =>
        {
            NodeList at = [time, .. y[..Parts], .. own];
            Node?[] pulled = Slope.Pull(at, [.. y[Parts..(2 * Parts)]]);
            return
            [
                .. Slope.Apply(at), .. Enumerable.Range(1, Parts).Concat(asked.Select(i => 1 + Parts + i)).Select(i => pulled[i] is { } p ? -p : ZerosLike(at[i])),
            ];
        }), Limits);
        NodeList found = whole.Call([.. end, .. adjoint, .. asked.Select(i => ZerosLike(given[i]))], -Detach(results[Parts]), to, from, given);
        NodeList start = [.. found[..^3].Select(s => Where(found[^1], s, double.NaN))];
        for (int i = 0; i < Parts; i++)
        {
            none[i] = start[Parts + i];
        }

        none[Parts + 1] = -Along(start[Parts..(2 * Parts)], At(from, inputs[..Parts], given));
        none[Parts + 2] = Along(adjoint, At(to, end, given));
        for (int i = 0; i < asked.Length; i++)
        {
            none[Parts + 3 + asked[i]] = start[(2 * Parts) + i];
        }

        return none;
    }

    /// <summary>The equation of the tangents, v′ = ∂f/∂y·v + ∂f/∂θ·dθ, beside y. A start that moves in time is one that moves back along y.</summary>
    private Node?[] Push(NodeList inputs, NodeList results, IReadOnlyList<Node?> tangents)
    {
        NodeList y = inputs[..Parts];
        NodeList given = inputs[(Parts + 3)..];
        (Node from, Node to) = (inputs[Parts + 1], inputs[Parts + 2]);
        int[] moving = [.. Enumerable.Range(0, given.Count).Where(i => tangents[Parts + 3 + i] is not null)];
        NodeList directions = [.. moving.Select(i => tangents[Parts + 3 + i]!)];
        NodeList tangent = [.. y.Select((n, i) => tangents[i] ?? ZerosLike(n))];
        if (tangents[Parts + 1] is { } startMoves)
        {
            tangent = [.. tangent.Zip(At(from, y, given), (v, slope) => v - (slope * startMoves))];
        }

        var whole = new DormandPrince(Trace([.. y, .. tangent], [.. given, .. directions], (time, both, own) =>
        {
            NodeList at = [time, .. both[..Parts], .. own[..given.Count]];
            var direction = new Node?[at.Count];
            for (int i = 0; i < Parts; i++)
            {
                direction[1 + i] = both[Parts + i];
            }

            for (int i = 0; i < moving.Length; i++)
            {
                direction[1 + Parts + moving[i]] = own[given.Count + i];
            }

            return [.. Slope.Apply(at), .. Slope.Push(at, direction).Select((p, i) => p ?? ZerosLike(both[i]))];
        }), Limits);
        NodeList end = whole.Call([.. y, .. tangent], Detach(inputs[Parts]), from, to, [.. given, .. directions])[Parts..(2 * Parts)];
        return
        [
            .. tangents[Parts + 2] is { } endMoves ? end.Zip(At(to, results[..Parts], given), (v, slope) => v + (slope * endMoves)) : end, .. new Node?[3],
        ];
    }

    private Function Trace(NodeList y, Func<Node, NodeList, NodeList, NodeList> slope) => Trace(y, Slope.Parameters[(1 + Parts)..], slope);

    /// <summary>An equation of other parts, with the same time.</summary>
    private Function Trace(NodeList y, NodeList given, Func<Node, NodeList, NodeList, NodeList> slope) => FunctionDerivatives.Trace(
        Name,
        [(Slope.Parameters[0].Type, "t"), .. y.Select((n, i) => (n.Type, $"y{i}")), .. given.Select((n, i) => (n.Type, $"given{i}"))],
        p => slope(p[0], p[1..(1 + y.Count)], p[(1 + y.Count)..]));

    private static Node Along(NodeList a, NodeList b) => a.Zip(b, (x, y) => Sum(x * y)).Aggregate((x, y) => x + y);
}

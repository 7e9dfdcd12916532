using GraphCompiler.Differentiation;
using static GraphCompiler.Ops;

namespace GraphCompiler.Operations;

/// <summary>When a search ends.</summary>
/// <param name="Tolerance">How small a change must be, beside 1 + the magnitude of what changes.</param>
/// <param name="Steps">How many steps there are at most.</param>
internal sealed record SearchLimits(double Tolerance, int Steps)
{
    /// <summary>Limits that users gave.</summary>
    /// <param name="op">For whom, in messages.</param>
    /// <param name="type">The dtype that is searched in.</param>
    /// <param name="tolerance">Null for a power of the dtype's unit.</param>
    /// <param name="maxSteps">The bound.</param>
    /// <param name="power">The power.</param>
    public static SearchLimits Of(string op, DType type, double? tolerance, int maxSteps, double power = 0.75)
    {
        if (tolerance is < 0 or double.NaN)
        {
            throw InvariantText.OutOfRange(nameof(tolerance), tolerance, $"{op}: a tolerance is not below 0.");
        }

        return maxSteps < 1
            ? throw InvariantText.OutOfRange(nameof(maxSteps), maxSteps, $"{op}: there is at least one step.")
            : new SearchLimits(tolerance ?? Math.Pow(type.Row().Epsilon, power), maxSteps);
    }
}

/// <summary>Searches for fixed points and roots, as loops. All of them carry what is searched first.</summary>
internal static class RootFinding
{
    // Differences of points that are near each other are nearly parallel: what rounding makes of them weighs little beside this part of the largest.
    private const double Ridge = 1e-5;

    // The least part of a Newton step that is tried where all of it goes too far.
    private const double LeastPart = 1.0 / 1024;

    /// <summary>The x with f(x, θ) = x by iteration, whether it was found, and the steps that it took.</summary>
    /// <param name="name">The name of the call.</param>
    /// <param name="step">f.</param>
    /// <param name="start">What x is at first.</param>
    /// <param name="given">θ.</param>
    /// <param name="limits">When to end.</param>
    /// <param name="memory">How many steps are combined (Anderson); 0 for none.</param>
    public static NodeList FixedPoint(string name, Function step, Node start, NodeList given, SearchLimits limits, int memory)
    {
        Function residual = FunctionDerivatives.Trace(name, Named(step), p => [p[0] - step.Apply(p)[0]]);
        return new ImplicitFunction(name, residual, Solve).Call([start], given, (starts, own) => Iterate(step, starts[0], own, limits, memory));

        // (I − J)·v = b is a fixed point, too: v = b + J·v.
        Node Solve(NodeList at, Node b, bool isTransposed)
        {
            Function linear = ImplicitFunction.Linear(name, residual, isTransposed);
            Function correct = FunctionDerivatives.Trace(
                name, [(b.Type, "v"), (b.Type, "b"), .. at.Select((n, i) => (n.Type, step.Parameters[i].Name!))], p => [p[0] + (p[1] - linear.Apply([p[0], .. p[2..]])[0])]);
            Node solved = FixedPoint(name, correct, b, [b, .. at], limits, memory)[0];
            Node isSolved = Magnitude(correct.Apply([solved, b, .. at])[0] - solved) <= Math.Max(limits.Tolerance, Math.Sqrt(b.DType.Row().Epsilon)) * (1 + Magnitude(solved));
            return Where(isSolved, solved, double.NaN);
        }
    }

    /// <summary>The x with g(x, θ) = 0 by Newton's method, with parts of steps that would make g larger, whether each of a batch was found, and the steps that it took.</summary>
    /// <param name="residual">g, of vectors along the last axis.</param>
    /// <param name="start">What x is at first, [.., N].</param>
    /// <param name="given">θ.</param>
    /// <param name="limits">When to end.</param>
    public static NodeList Newton(Function residual, Node start, NodeList given, SearchLimits limits)
    {
        return new ImplicitFunction("FindRoot", residual, ImplicitFunction.Dense(residual)).Call([start], given, (starts, own) =>
        {
            var batch = Shape.Of(start.Shape.SkipLast(1));
            NodeList state = [starts[0], Zeros(batch, DType.Int64), Falses(batch), BroadcastTo(Constant(true), batch)];
            NodeList found = While(state, s => Any(s[3]), s =>
            {
                (Node x, Node steps, Node isFound, Node goesOn) = s;
                Node r = residual.Apply([x, .. own])[0];
                Node step = SolveAny(residual.Jacobian([x, .. own]), r);
                step = Where(Unsqueeze(All(Equal(r, 0), -1), -1), 0, step);
                Node size = Squeeze(Largest(Abs(step), -1), -1);
                Node isFinite = IsFinite(size);
                Node isNear = size <= limits.Tolerance * (1 + Squeeze(Largest(Abs(x), -1), -1));
                Node part = Part(x, step, Squeeze(Largest(Abs(r), -1), -1), goesOn & isFinite & !isNear, own);
                Node next = Where(Unsqueeze(goesOn & isFinite, -1), x - (Unsqueeze(part, -1) * step), x);
                Node isClose = goesOn & (size <= limits.Tolerance * (1 + Squeeze(Largest(Abs(next), -1), -1)));
                steps += Cast(goesOn, DType.Int64);
                return [next, steps, isFound | isClose, goesOn & isFinite & !isClose & (steps < limits.Steps)];
            });
            return [found[0], found[2], found[1]];
        });

        // The largest of 1, 1/2, 1/4, … by which a step makes g no larger; all of it, as Newton would, where none of them does.
        Node Part(Node x, Node step, Node largest, Node isAsked, NodeList own)
        {
            Node IsWorse(Node part) => !(Squeeze(Largest(Abs(residual.Apply([x - (Unsqueeze(part, -1) * step), .. own])[0]), -1), -1) <= largest);
            Node whole = OnesLike(largest);
            return While([whole, isAsked & IsWorse(whole)], s => Any(s[1]), s =>
            {
                Node half = Where(s[1], s[0] / 2, s[0]);
                Node isWorse = s[1] & IsWorse(half);
                Node isLast = isWorse & (half <= LeastPart);
                return [Where(isLast, 1, half), isWorse & !isLast];
            })[0];
        }
    }

    /// <summary>
    /// The root of each element between two ends, whether it was found, and the steps that it took: bisection, or inverse quadratic interpolation where that is safe (Chandrupatla, 1997).
    /// </summary>
    /// <param name="residual">g, element by element.</param>
    /// <param name="lower">One end.</param>
    /// <param name="upper">The other.</param>
    /// <param name="given">θ.</param>
    /// <param name="limits">When to end.</param>
    public static NodeList Chandrupatla(Function residual, Node lower, Node upper, NodeList given, SearchLimits limits) =>
        new ImplicitFunction("Bisect", residual, ImplicitFunction.ByElement(residual)).Call([lower, upper], given, (starts, own) =>
        {
            Node At(Node x) => residual.Apply([x, .. own])[0];
            Shape shape = lower.Shape;
            (Node low, Node high) = starts;
            (Node atLow, Node atHigh) = (At(low), At(high));
            Node isBracket = (Sign(atLow) * Sign(atHigh)) <= 0;
            Node best = Where(Abs(atLow) < Abs(atHigh), low, high);
            NodeList state =
            [
                best, Zeros(shape, DType.Int64), isBracket & (Equal(atLow, 0) | Equal(atHigh, 0)), isBracket & NotEqual(atLow, 0) & NotEqual(atHigh, 0),
                low, high, atLow, atHigh, Full(shape, 0.5, lower.DType),
            ];
            NodeList found = While(state, s => Any(s[3]), s =>
            {
                (Node x, Node steps, Node isFound, Node goesOn) = s[..4];
                (Node b, Node a, Node fb, Node fa, Node t) = s[4..];
                Node point = a + (t * (b - a));
                Node value = At(point);
                Node isOnSide = Equal(Sign(value), Sign(fa));
                (Node c, Node fc) = (Where(isOnSide, a, b), Where(isOnSide, fa, fb));
                (Node nextB, Node nextFb) = (Where(isOnSide, b, a), Where(isOnSide, fb, fa));
                (Node nextA, Node nextFa) = (point, value);
                Node nextX = Where(Abs(nextFa) < Abs(nextFb), nextA, nextB);
                Node share = limits.Tolerance * (1 + Abs(nextX)) / Abs(nextB - nextA);
                Node isClose = goesOn & ((share > 0.5) | Equal(value, 0));
                Node xi = (nextA - nextB) / (c - nextB);
                Node phi = (nextFa - nextFb) / (fc - nextFb);
                Node isSafe = (Square(phi) < xi) & (Square(1 - phi) < 1 - xi);
                Node inverse = (nextFa / (nextFb - nextFa) * (fc / (nextFb - fc))) + ((c - nextA) / (nextB - nextA) * (nextFa / (fc - nextFa)) * (nextFb / (fc - nextFb)));
                Node nextT = Where(isSafe, Minimum(Maximum(inverse, share), 1 - share), 0.5);
                steps += Cast(goesOn, DType.Int64);
                Node Kept(Node next, Node former) => Where(goesOn, next, former);
                return
                [
                    Kept(nextX, x), steps, isFound | isClose, goesOn & !isClose & (steps < limits.Steps) & !IsNaN(value),
                    Kept(nextB, b), Kept(nextA, a), Kept(nextFb, fb), Kept(nextFa, fa), Kept(nextT, t),
                ];
            });
            return [found[0], found[2], found[1]];
        });

    /// <summary>The v of A·v = b for vectors b, not finite where A is singular.</summary>
    public static Node SolveAny(Node a, Node b)
    {
        Node lu = Node.Create(new LuOp(MustBeRegular: false), a);
        return Squeeze(SolveOp.With(Output(lu, 0), Output(lu, 1), Unsqueeze(b, -1), transposed: false), -1);
    }

    /// <summary>The largest magnitude, a number; −∞ of nothing.</summary>
    public static Node Magnitude(Node x) => Reshape(Largest(Abs(x), default), []);

    private static NodeList Iterate(Function step, Node start, NodeList given, SearchLimits limits, int memory)
    {
        Dim n = start.Shape.ElementCount;
        Node[] history = memory == 0 ? [] : [Zeros([memory, n], start.DType), Zeros([memory, n], start.DType), Zeros([n], start.DType), Zeros([n], start.DType)];
        NodeList state = [start, Scalar(0L, DType.Int64), Constant(false), Constant(true), .. history];
        NodeList found = While(state, s => s[3] & (s[1] < limits.Steps), s =>
        {
            Node x = s[0];
            Node next = step.Apply([x, .. given])[0];
            Node change = Magnitude(next - x);
            Node isClose = change <= limits.Tolerance * (1 + Magnitude(next));
            (Node mixed, Node[] kept) = memory == 0 ? (next, []) : Mix(Flatten(x), Flatten(next), s[4..], s[1]);
            return [Where(isClose, next, Reshape(mixed, start.Shape)), s[1] + 1, isClose, !isClose & IsFinite(change), .. kept];
        });
        return [found[0], found[2], found[1]];
    }

    /// <summary>
    /// Anderson, Iterative procedures for nonlinear integral equations, 1965, in the form of Walker and Ni, 2011: the step that makes the residual least, were it linear
    /// between the last points.
    /// </summary>
    /// <param name="x">The point.</param>
    /// <param name="value">f there.</param>
    /// <param name="history">Differences of residuals and of values, newest last, and the last residual and value.</param>
    /// <param name="steps">How many there were.</param>
    private static (Node Mixed, Node[] History) Mix(Node x, Node value, NodeList history, Node steps)
    {
        (Node residuals, Node values, Node lastResidual, Node lastValue) = history;
        Node residual = value - x;
        Node isFirst = Equal(steps, 0);
        Node Later(Node all, Node row) => Where(isFirst, all, Concat([Slice(all, 0, 1, all.Shape[0]), Unsqueeze(row, 0)], 0));
        residuals = Later(residuals, residual - lastResidual);
        values = Later(values, value - lastValue);
        Node gram = MatMul(residuals, Transpose(residuals));
        Node scale = Largest(Abs(gram), default);
        Node regular = gram + (Matrices.IdentityLike(gram) * ((scale * Ridge) + x.DType.OfFloat(1e-30, 1e-200)));
        Node weights = Solve(regular, MatMul(residuals, residual));
        return (value - MatMul(weights, values), [residuals, values, residual, value]);
    }

    private static Node Falses(Shape shape) => BroadcastTo(Constant(false), shape);

    private static IEnumerable<(NodeType, string)> Named(Function function) => function.Parameters.Select(p => (p.Type, p.Name!));
}

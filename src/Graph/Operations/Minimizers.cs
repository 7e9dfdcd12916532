using GraphCompiler.Differentiation;
using static GraphCompiler.Ops;

namespace GraphCompiler.Operations;

/// <summary>Searches for the x that makes a number least, as loops.</summary>
internal static class Minimizers
{
    // Armijo's condition and that on the curvature, as in Nocedal and Wright, Numerical Optimization, 2006.
    private const double Decrease = 1e-4;
    private const double Curvature = 0.9;

    // A step along a line that is halved or doubled so often has left the numbers of the dtype.
    private const int StepsOfLine = 60;

    /// <summary>Limited-memory BFGS: x, whether it was found, and the steps.</summary>
    /// <param name="function">f of x and θ, a number.</param>
    /// <param name="start">What x is at first.</param>
    /// <param name="given">θ.</param>
    /// <param name="limits">When to end.</param>
    /// <param name="memory">How many pairs of differences stand for the Hessian.</param>
    public static NodeList Lbfgs(Function function, Node start, NodeList given, SearchLimits limits, int memory)
    {
        Function both = FunctionDerivatives.Trace("MinimizeLbfgs", Parameters(function), p => [function.Apply(p)[0], function.Pull(p, [Scalar(1, start.DType)])[0] ?? ZerosLike(p[0])]);
        var slope = new Function(both.Parameters, both.Results[1..]);
        Function hessian = ImplicitFunction.Linear("MinimizeLbfgs", slope, isTransposed: false);
        var implicitly = new ImplicitFunction("MinimizeLbfgs", slope, (at, b, _) => ConjugateGradient("MinimizeLbfgs", hessian, b, at, limits));
        return implicitly.Call([start], given, (starts, own) => Descend(x => both.Apply([x, .. own]), starts[0], limits, memory));
    }

    /// <summary>Levenberg and Marquardt's method for sums of squares: x, whether each of a batch was found, and the steps.</summary>
    /// <param name="residuals">r of x [.., N] and θ, [.., M].</param>
    /// <param name="start">What x is at first.</param>
    /// <param name="given">θ.</param>
    /// <param name="limits">When to end.</param>
    public static NodeList LevenbergMarquardt(Function residuals, Node start, NodeList given, SearchLimits limits)
    {
        Function slope = FunctionDerivatives.Trace(
            "LevenbergMarquardt", Parameters(residuals), p => [residuals.Pull(p, [residuals.Apply(p)[0]])[0] ?? ZerosLike(p[0])]);
        return new ImplicitFunction("LevenbergMarquardt", slope, ImplicitFunction.Dense(slope)).Call([start], given, (starts, own) =>
        {
            Node At(Node x) => residuals.Apply([x, .. own])[0];
            Node Cost(Node x) => Sum(Square(At(x)), -1) / 2;
            var batch = Shape.Of(start.Shape.SkipLast(1));
            Node Everywhere(double value) => Full(batch, value, start.DType);
            NodeList state =
            [
                starts[0], Zeros(batch, DType.Int64), BroadcastTo(Constant(false), batch), BroadcastTo(Constant(true), batch), Cost(starts[0]), Everywhere(1e-3), Everywhere(2),
            ];
            NodeList found = While(state, s => Any(s[3]), s =>
            {
                (Node x, Node steps, Node isFound, Node goesOn, Node cost, Node damping, Node growth) = s;
                Node jacobian = residuals.Jacobian([x, .. own]);
                Node normal = MatMul(Transpose(jacobian), jacobian);
                Node gradient = Squeeze(MatMul(Transpose(jacobian), Unsqueeze(At(x), -1)), -1);
                Node scale = Matrices.Diagonal(normal);
                scale += (Largest(scale, -1) * start.DType.Row().Epsilon) + start.DType.OfFloat(1e-30, 1e-200);
                Node step = -RootFinding.SolveAny(normal + Matrices.FromDiagonal(Unsqueeze(damping, -1) * scale), gradient);
                Node next = x + step;
                Node nextCost = Cost(next);

                // Nielsen, Damping parameter in Marquardt's method, 1999: the damping follows how well the cost was foretold.
                Node foretold = Sum(step * ((Unsqueeze(damping, -1) * scale * step) - gradient), -1) / 2;
                Node gain = (cost - nextCost) / Where(Equal(foretold, 0), 1, foretold);
                Node isBetter = nextCost <= cost;
                Node nextDamping = damping * Where(isBetter, Maximum(1 - Pow((2 * gain) - 1, 3), Scalar(1.0 / 3, start.DType)), growth);
                Node size = Squeeze(Largest(Abs(step), -1), -1);
                Node isFinite = IsFinite(size);
                Node isSmall = size <= limits.Tolerance * (1 + Squeeze(Largest(Abs(x), -1), -1));
                Node isClose = goesOn & isFinite & isSmall;
                Node isTaken = goesOn & isFinite & isBetter;
                steps += Cast(goesOn, DType.Int64);
                return
                [
                    Where(Unsqueeze(isTaken, -1), next, x), steps, isFound | isClose, goesOn & isFinite & !isClose & (steps < limits.Steps), Where(isTaken, nextCost, cost),
                    Where(goesOn, nextDamping, damping), Where(isBetter, 2, growth * 2),
                ];
            });
            return [found[0], found[2], found[1]];
        });
    }

    /// <summary>
    /// The v with A(θ)·v = b for a symmetric positive definite A that is given by its products (Hestenes and Stiefel, 1952), NaN where A is not or steps are too few. Its derivatives are those of
    /// the equation.
    /// </summary>
    /// <param name="name">The name of the call.</param>
    /// <param name="product">A·v of v and θ.</param>
    /// <param name="b">The right side, of any shape.</param>
    /// <param name="given">θ.</param>
    /// <param name="limits">When to end, beside the magnitude of b.</param>
    private static Node ConjugateGradient(string name, Function product, Node b, NodeList given, SearchLimits limits)
    {
        Function residual = FunctionDerivatives.Trace(
            name, [(b.Type, "v"), (b.Type, "b"), .. Parameters(product).Skip(1)], p => [product.Apply([p[0], .. p[2..]])[0] - p[1]]);
        return new ImplicitFunction(name, residual, (at, right, _) => ConjugateGradient(name, product, right, at[2..], limits)).Call([], [b, .. given], (_, own) =>
        {
            Node right = own[0];
            Node aim = Sum(Square(right)) * (limits.Tolerance * limits.Tolerance);
            NodeList found = While([ZerosLike(right), right, right, Sum(Square(right)), DimValue(10 * b.Shape.ElementCount)], s => (s[3] > aim) & (s[4] > 0), s =>
            {
                (Node v, Node r, Node p, Node square, Node left) = s;
                Node ap = product.Apply([p, .. own[1..]])[0];
                Node curvature = Sum(p * ap);
                Node length = square / curvature;
                Node next = r - (length * ap);
                Node nextSquare = Sum(Square(next));
                Node isSound = (curvature > 0) & IsFinite(nextSquare);
                return [Where(isSound, v + (length * p), v), next, next + (nextSquare / square * p), Where(isSound, nextSquare, square), Where(isSound, left - 1, 0)];
            });
            return [Where(found[3] <= Maximum(aim, Sum(Square(right)) * b.DType.Row().Epsilon), found[0], double.NaN)];
        })[0];
    }

    private static NodeList Descend(Func<Node, Node[]> both, Node start, SearchLimits limits, int memory)
    {
        Shape shape = start.Shape;
        Dim n = shape.ElementCount;
        (Node Value, Node Slope) At(Node x)
        {
            Node[] found = both(Reshape(x, shape));
            return (found[0], Flatten(found[1]));
        }

        Node IsFlat(Node value, Node slope) => RootFinding.Magnitude(slope) <= limits.Tolerance * (1 + Abs(value));
        Node x0 = Flatten(start);
        (Node value0, Node slope0) = At(x0);
        Node isFlat0 = IsFlat(value0, slope0);
        NodeList pairs = [Zeros([memory, n], start.DType), Zeros([memory, n], start.DType), Zeros([memory], start.DType)];
        NodeList found = While([x0, Scalar(0L, DType.Int64), isFlat0, !isFlat0 & IsFinite(value0), value0, slope0, .. pairs], s => s[3] & (s[1] < limits.Steps), s =>
        {
            (Node x, Node steps, _, _, Node value, Node slope) = s[..6];
            Node direction = Direction(slope, s[6..]);
            Node descent = Sum(direction * slope);
            (Node next, Node nextValue, Node nextSlope, Node isBetter) = Line(At, x, value, slope, direction, descent);
            Node isFlat = IsFlat(nextValue, nextSlope);
            return [next, steps + 1, isFlat, !isFlat & isBetter, nextValue, nextSlope, .. Remember(s[6..], next - x, nextSlope - slope)];
        });
        return [Reshape(found[0], shape), found[2], found[1]];
    }

    /// <summary>The inverse Hessian that pairs of differences stand for, times the negative slope: Nocedal, Updating quasi-Newton matrices with limited storage, 1980.</summary>
    /// <param name="slope">The slope.</param>
    /// <param name="pairs">Differences of x and of slopes, [memory, N], the newest last, and what is 1 over their products; zeros where there is none yet.</param>
    private static Node Direction(Node slope, NodeList pairs)
    {
        (NodeList last, NodeList weights) = Scan([slope], pairs, (q, pair) =>
        {
            Node weight = pair[2] * Sum(pair[0] * q[0]);
            return ([q[0] - (weight * pair[1])], [weight]);
        }, reverse: true);
        Node newest = Select(pairs[1], 0, -1);
        Node product = Select(pairs[2], 0, -1);
        Node hasPair = product > 0;
        Node scale = Where(hasPair, Reciprocal(Where(hasPair, product * Sum(Square(newest)), 1)), Reciprocal(Maximum(Norm(slope), Scalar(1, slope.DType))));
        (NodeList direction, _) = Scan([scale * last[0]], [.. pairs, weights[0]], (q, pair) => ([q[0] + ((pair[3] - (pair[2] * Sum(pair[1] * q[0]))) * pair[0])], []));
        return -direction[0];
    }

    private static NodeList Remember(NodeList pairs, Node step, Node change)
    {
        Node product = Sum(step * change);
        Node isCurved = product > step.DType.Row().Epsilon * Sum(Square(change));
        Node Later(Node all, Node row) => Where(isCurved, Concat([Slice(all, 0, 1, all.Shape[0]), Unsqueeze(row, 0)], 0), all);
        return [Later(pairs[0], step), Later(pairs[1], change), Later(pairs[2], Reciprocal(Where(isCurved, product, 1)))];
    }

    /// <summary>
    /// A step along a line that fulfils Wolfe's conditions, by halving and doubling an interval of steps: Lewis and Overton, Nonsmooth optimization via quasi-Newton methods, 2013.
    /// What rounding may take from the value is no increase.
    /// </summary>
    private static (Node X, Node Value, Node Slope, Node IsBetter) Line(Func<Node, (Node Value, Node Slope)> at, Node x, Node value, Node slope, Node direction, Node descent)
    {
        DType dtype = x.DType;
        Node slack = Abs(value) * (10 * dtype.Row().Epsilon);
        NodeList state = [x, value, slope, Scalar(1, dtype), Scalar(0, dtype), Scalar(double.PositiveInfinity, dtype), Scalar(0L, DType.Int64), Constant(false)];
        NodeList found = While(state, s => !s[7] & (s[6] < StepsOfLine), s =>
        {
            (_, _, _, Node length, Node low, Node high, Node steps, _) = s;
            Node next = x + (length * direction);
            (Node nextValue, Node nextSlope) = at(next);
            Node isLower = nextValue <= value + (Decrease * length * descent) + slack;
            Node isFlatter = Sum(nextSlope * direction) >= Curvature * descent;
            Node nextLow = Where(isLower, length, low);
            Node nextHigh = Where(isLower, high, length);
            Node nextLength = Where(IsFinite(nextHigh), (nextLow + nextHigh) / 2, 2 * length);
            return [next, nextValue, nextSlope, nextLength, nextLow, nextHigh, steps + 1, isLower & isFlatter];
        });
        Node isBetter = found[7];
        return (Where(isBetter, found[0], x), Where(isBetter, found[1], value), Where(isBetter, found[2], slope), isBetter);
    }

    private static IEnumerable<(NodeType, string)> Parameters(Function function) => function.Parameters.Select(p => (p.Type, p.Name!));
}

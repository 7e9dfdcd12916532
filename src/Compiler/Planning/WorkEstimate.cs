using System.Buffers;
using GraphCompiler.Loops;

namespace GraphCompiler.Planning;

/// <summary>
/// How long one thread works on a kernel, roughly: for each loop how often it runs, what an iteration computes, and which bytes it touches. The
/// loops are summed up once; sizes then cost a walk over their bounds. It decides whether threads share a kernel, and so need only be right to
/// a small factor.
/// </summary>
internal sealed class WorkEstimate
{
    // Nanoseconds of an operation on a scalar or vector in a stream of independent ones; of a byte that comes from or goes to a far cache.
    private const double Operation = 0.14;
    private const double Byte = 0.01;

    // What a bound is taken for that only data tells.
    private const long UnknownTrips = 16;

    private readonly Kernel kernel;
    private readonly int vectorBytes;
    private readonly Region body;

    // Where a walk keeps the value of each local that bounds may use.
    private readonly Dictionary<Local, int> places = [];
    private readonly double? constant;

    private WorkEstimate(Kernel kernel, VectorWidth width)
    {
        this.kernel = kernel;
        vectorBytes = width.Bits() / 8;
        body = Summarise(kernel.Body, lanes: 1);
        places.TryAdd(kernel.Begin, places.Count);
        places.TryAdd(kernel.End, places.Count);
        constant = kernel.Extents == 0 ? Evaluate([]) : null;
        IsVectorRange = LoopTree.Statements(kernel.Body).Any(s => s is For { Kind: LoopKind.Vector } loop && IsEnd(loop.End));
    }

    /// <summary>Whether the parallel range is that of a vector loop, or a shifted part of it is.</summary>
    public bool IsVectorRange { get; }

    public static WorkEstimate Of(Kernel kernel, VectorWidth width) => new(kernel, width);

    /// <summary>Nanoseconds for the whole range.</summary>
    /// <param name="extents">The values of the kernel's extents.</param>
    public double Nanoseconds(ReadOnlySpan<long> extents) => constant ?? Evaluate(extents);

    private bool IsEnd(LoopValue value) => ReferenceEquals(value, kernel.End)
        || (value is BinaryValue { Function: BinaryFunction.Minimum or BinaryFunction.Maximum or BinaryFunction.Subtract } shifted && IsEnd(shifted.X));

    private double Evaluate(ReadOnlySpan<long> extents)
    {
        long?[] locals = ArrayPool<long?>.Shared.Rent(places.Count);
        double[] touched = ArrayPool<double>.Shared.Rent(kernel.Buffers.Length);
        Array.Clear(locals);
        Array.Clear(touched);
        var walk = new Walk(extents, places, locals, touched);
        walk.Set(kernel.Begin, 0);
        walk.Set(kernel.End, walk.Value(kernel.Range) ?? UnknownTrips);
        walk.Add(body, 1);
        double bytes = 0;
        for (int b = 0; b < kernel.Buffers.Length; b++)
        {
            LoopBuffer buffer = kernel.Buffers[b];
            double whole = walk.Value(buffer.Length) * buffer.Storage.Size() ?? double.PositiveInfinity;
            bytes += Math.Min(whole, touched[b]);
        }

        ArrayPool<long?>.Shared.Return(locals);
        ArrayPool<double>.Shared.Return(touched);
        return (walk.Operations * Operation) + (bytes * Byte);
    }

    private Region Summarise(LoopStatement statement, int lanes)
    {
        var region = new Region();
        Add(statement);
        return region;

        void Add(LoopStatement part)
        {
            Count(part, lanes, region);
            switch (part)
            {
                case Block block:
                    foreach (LoopStatement child in block.Statements)
                    {
                        Add(child);
                    }

                    break;
                case Let { Variable.Type: DType.Int64 } let when !LoopTree.Values(let.Value).Any(v => v is Load):
                    region.Parts.Add(let);
                    places.TryAdd(let.Variable, places.Count);
                    break;
                case Invoke invoke:
                    region.Parts.Add(invoke);
                    break;
                case For loop:
                    places.TryAdd(loop.Variable, places.Count);
                    int inner = loop.Kind == LoopKind.Vector ? Lanes(loop) : lanes;
                    region.Parts.Add(new LoopPart(loop, loop.Kind == LoopKind.Vector ? inner : 1, Summarise(loop.Body, inner)));
                    break;
                case If branch:
                    region.Parts.Add(new BranchPart(branch.Condition, Summarise(branch.Then, lanes), branch.Else is null ? new Region() : Summarise(branch.Else, lanes)));
                    break;
                case Let or Assign or Store or Prefetch or Fail or CallHost:
                    break;
                default:
                    throw LoopTree.Unknown(part);
            }
        }
    }

    /// <summary>The elements that an iteration of a vector loop does at once.</summary>
    private int Lanes(For loop)
    {
        int size = LoopTree.Statements(loop.Body).Aggregate(4, (most, s) => Math.Max(most, s switch
        {
            Store store => store.Value.Type.Row().LaneSize,
            Assign assign => assign.Variable.Type.Row().LaneSize,
            _ => 4,
        }));
        return Math.Max(1, vectorBytes / size);
    }

    /// <summary>What a statement itself computes and touches each time it runs.</summary>
    private void Count(LoopStatement statement, int lanes, Region region)
    {
        if (statement is For)
        {
            return;
        }

        var seen = new HashSet<LoopValue>(ReferenceEqualityComparer.Instance);
        if (statement is Invoke invoke)
        {
            // How much of each it touches is not known: all of it, once.
            region.Bytes.AddRange(invoke.Parts.Select(p => (kernel.Buffers.IndexOf(p.Buffer), double.PositiveInfinity)));
        }
        else if (statement is Store store)
        {
            region.Operations += 1;
            Touch(store.Buffer, store.Index);
            Visit(store.Value);
        }
        else
        {
            foreach (LoopValue value in LoopTree.Values(statement))
            {
                Visit(value);
            }
        }

        void Visit(LoopValue value)
        {
            if (!seen.Add(value))
            {
                return;
            }

            region.Operations += Cost(value, lanes);
            if (value is Load load)
            {
                Touch(load.Buffer, load.Index);
                return;
            }

            foreach (LoopValue argument in LoopTree.Arguments(value))
            {
                Visit(argument);
            }
        }

        // Addresses are part of loads and stores, unless they are looked up themselves: then every lane goes its own way.
        void Touch(LoopBuffer buffer, LoopValue index)
        {
            region.Bytes.Add((kernel.Buffers.IndexOf(buffer), buffer.Storage.Size() * lanes));
            foreach (Load lookup in LoopTree.Values(index).OfType<Load>())
            {
                region.Operations += lanes;
                Visit(lookup);
            }
        }
    }

    private static double Cost(LoopValue value, int lanes) => value switch
    {
        Literal or Local or Extent or BitcastValue or RandomPart => 0,
        RandomBlock => lanes == 1 ? 40 : 130,
        Load => 0.25,
        UnaryValue unary => ScalarFunction.Of(unary.Function).Cost.Of(unary.X.Type, lanes),
        BinaryValue binary => ScalarFunction.Of(binary.Function).Cost.Of(binary.X.Type, lanes),
        _ => 1,
    };

    /// <summary>What runs each time one comes by: straight code, and parts that may run often or not at all.</summary>
    private sealed class Region
    {
        public double Operations { get; set; }

        public List<(int Buffer, double Bytes)> Bytes { get; } = [];

        /// <summary>A <see cref="Let"/> that bounds may use, an <see cref="Invoke"/>, a <see cref="LoopPart"/> or a <see cref="BranchPart"/>.</summary>
        public List<object> Parts { get; } = [];

        public double Size => Operations + (UnknownTrips * Parts.Count);
    }

    private sealed record LoopPart(For Loop, int Lanes, Region Body);

    private sealed record BranchPart(LoopValue Condition, Region Then, Region Else);

    /// <summary>One walk over the regions for given sizes. A loop is as long in each run as in the first of the loops around it.</summary>
    private ref struct Walk(ReadOnlySpan<long> extents, Dictionary<Local, int> places, long?[] locals, double[] touched)
    {
        private readonly ReadOnlySpan<long> extents = extents;

        public double Operations { get; private set; }

        public readonly void Set(Local local, long? value) => locals[places[local]] = value;

        public void Add(Region region, double times)
        {
            Operations += region.Operations * times;
            foreach ((int buffer, double bytes) in region.Bytes)
            {
                touched[buffer] += bytes * times;
            }

            foreach (object part in region.Parts)
            {
                switch (part)
                {
                    case Let let:
                        Set(let.Variable, Value(let.Value));
                        break;
                    case Invoke invoke:
                        Operations += times * (Value(invoke.Work) ?? UnknownTrips);
                        break;
                    case LoopPart loop:
                        AddLoop(loop, times);
                        break;
                    case BranchPart branch:
                        AddBranch(branch, times);
                        break;
                }
            }
        }

        /// <summary>An integer or truth value, if the sizes tell it.</summary>
        public readonly long? Value(LoopValue value) => value switch
        {
            Literal literal => literal.Bits,
            Extent extent => extents[extent.Slot],
            Local local => places.TryGetValue(local, out int place) ? locals[place] : null,
            UnaryValue { Function: UnaryFunction.Not, Type: DType.Bool } not => 1 - Value(not.X),
            BinaryValue binary when binary.X.Type is DType.Int64 or DType.Bool && Value(binary.X) is { } x && Value(binary.Y) is { } y => ScalarEvaluator.Whole(binary.Function, x, y),
            _ => null,
        };

        private void AddLoop(LoopPart part, double times)
        {
            For loop = part.Loop;
            long? begin = Value(loop.Begin);
            long trips = Value(loop.End) - begin ?? UnknownTrips;
            if (trips <= 0)
            {
                return;
            }

            Set(loop.Variable, begin);
            long passes = (trips + loop.Step - 1) / loop.Step;
            passes = (passes + part.Lanes - 1) / part.Lanes;

            // Counting and comparing, and what a loop costs that is not run.
            Operations += times * (passes + 4);
            if (loop.Kind == LoopKind.Parallel && passes > 1)
            {
                // The last block may be a small one.
                Add(part.Body, times * (passes - 1));
                Set(loop.Variable, begin + ((passes - 1) * loop.Step));
                Add(part.Body, times);
                return;
            }

            Add(part.Body, times * passes);
        }

        private void AddBranch(BranchPart part, double times)
        {
            switch (Value(part.Condition))
            {
                case 0:
                    Add(part.Else, times);
                    break;
                case not null:
                    Add(part.Then, times);
                    break;
                default:
                    // The one with more to do is the usual one: the other reports an error, or skips.
                    Add(part.Else.Size > part.Then.Size ? part.Else : part.Then, times);
                    break;
            }
        }
    }
}

using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Planning;

namespace GraphCompiler.Tests.Planning;

/// <summary>Memory is planned for loops and branches: random plans give what they give where every buffer has memory of its own.</summary>
public class LoopMemoryTests
{
    private const int Length = 5;

    // The sizes of the plans.
    private const int Bytes = 0;
    private const int Elements = 1;
    private const int SequenceBytes = 2;
    private const int FirstCount = 3;

    [Test]
    public void Random_plans_give_what_they_give_with_memory_of_their_own_for_every_buffer()
    {
        long separate = 0;
        long shared = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var plan = new RandomPlan(seed);
            using Workspace workspace = plan.Workspace(reuse: true);
            using Workspace large = plan.Workspace(reuse: false);
            for (int call = 0; call < 3; call++)
            {
                long[] expected = plan.Simulate();
                Assert.That(plan.Run(large), Is.EqualTo(expected), $"plan {seed}, call {call}");
                Assert.That(plan.Run(workspace), Is.EqualTo(expected), $"plan {seed}, call {call}, memory used again");
            }

            separate += large.Layout.Total;
            shared += workspace.Layout.Total;
        }

        Assert.That(shared, Is.LessThan(0.7 * separate));
    }

    [Test]
    public void What_each_time_of_a_loop_makes_for_itself_takes_turns_in_memory()
    {
        var plan = new RandomPlan(null);
        PlanBlock[] blocks = plan.Chain(times: 3, steps: 20);
        Assert.That(blocks, Has.Length.LessThanOrEqualTo(4), "the carried pair, and what a step reads and writes");
    }

    /// <summary>A plan of additions, made at random.</summary>
    private sealed class RandomPlan
    {
        private readonly Random random;
        private readonly List<PlanBuffer> buffers = [];
        private readonly List<Node> nodes = [];
        private readonly List<PlanStep> steps = [];
        private readonly List<LoweredKernel> kernels = [];
        private readonly List<(int Target, int X, int Y, long Number)> work = [];
        private readonly List<long> counts = [];
        private readonly int input;
        private readonly int sequence;
        private readonly int result;
        private readonly PlanNode tree;
        private readonly long[] given = [.. Enumerable.Range(1, Length).Select(i => (long)i * 7)];
        private readonly long[] sequences = [.. Enumerable.Range(1, 3 * Length).Select(i => (long)i * i)];

        public RandomPlan(int? seed)
        {
            random = new Random(seed ?? 0);
            input = Add(new PlanBuffer(0, 0, Bytes));
            sequence = Add(new PlanBuffer(1, 0, SequenceBytes));
            result = Add(new PlanBuffer(2, 0, Bytes));
            List<int> visible = [input];
            PlanNode body = seed is null ? new PlanNode.Sequence() : Sequence(visible, depth: 0);
            tree = new PlanNode.Sequence(body, Step(result, Any(visible), Any(visible)));
        }

        /// <summary>The blocks of a loop whose body is a chain.</summary>
        public PlanBlock[] Chain(int times, int steps)
        {
            this.steps.Clear();
            kernels.Clear();
            (int current, int next) = (Own(), Own());
            List<PlanNode> body = [];
            int at = current;
            for (int s = 1; s < steps; s++)
            {
                int made = Own();
                body.Add(Step(made, at, at));
                at = made;
            }

            body.Add(Step(next, at, at));
            var chain = new PlanNode.Sequence(
                Step(current, input, input),
                new PlanNode.Loop(new PlanNode.Sequence([.. body])) { Count = Count(times), Carries = [new LoopCarry(current, next)] },
                Step(result, current, current));
            return Memory(chain, reuse: true).Blocks;
        }

        public Workspace Workspace(bool reuse)
        {
            PlannedMemory memory = Memory(tree, reuse);
            var workspace = new Workspace(new Plan
            {
                Steps = [.. steps],
                Forward = tree,
                EndOfForward = memory.EndOfForward,
                Buffers = memory.Buffers,
                Blocks = memory.Blocks,
                Externals = 3,
                Symbols = 0,
                Sizes = FirstCount + counts.Count,
                EvaluateSizes = (_, sizes) =>
                {
                    (sizes[Bytes], sizes[Elements], sizes[SequenceBytes]) = (Length * sizeof(long), Length, 3 * Length * sizeof(long));
                    counts.CopyTo(sizes[FirstCount..]);
                },
            });
            workspace.Bind([], []);
            return workspace;
        }

        public unsafe long[] Run(Workspace workspace)
        {
            long[] found = new long[Length];
            fixed (long* x = given, s = sequences, y = found)
            {
                (workspace.Externals[0], workspace.Externals[1], workspace.Externals[2]) = ((nint)x, (nint)s, (nint)y);
                Assert.That(workspace.Run(forward: true, backward: true, out _, out _), Is.EqualTo(-1));
            }

            return found;
        }

        public long[] Simulate()
        {
            Dictionary<int, long[]> values = new() { [input] = given, [sequence] = sequences };
            Visit(tree);
            return values[result];

            void Visit(PlanNode node)
            {
                switch (node)
                {
                    case PlanNode.Run run:
                        (int target, int x, int y, long number) = work[run.Step];
                        values[target] = [.. values[x].Zip(values[y], (a, b) => unchecked(a + (3 * b) + number))];
                        break;
                    case PlanNode.Sequence list:
                        Array.ForEach(list.Parts, Visit);
                        break;
                    case PlanNode.Branch branch:
                        Visit((byte)values[branch.Condition][0] != 0 ? branch.Then : branch.Otherwise);
                        break;
                    case PlanNode.Loop loop:
                        for (int t = 0; t < counts[loop.Count - FirstCount]; t++)
                        {
                            foreach (LoopPart part in loop.Parts.Where(p => values.ContainsKey(p.Whole)))
                            {
                                values[part.Buffer] = values[part.Whole][(t * Length)..((t + 1) * Length)];
                            }

                            Visit(loop.Body);
                            foreach (LoopPart part in loop.Parts.Where(p => p.Whole != sequence))
                            {
                                if (!values.TryGetValue(part.Whole, out long[]? whole))
                                {
                                    values[part.Whole] = whole = new long[3 * Length];
                                }

                                values[part.Buffer].CopyTo(whole, t * Length);
                            }

                            foreach (LoopCarry carry in loop.Carries)
                            {
                                (values[carry.Current], values[carry.Next]) = (values[carry.Next], values[carry.Current]);
                            }
                        }

                        break;
                    default:
                        throw new InvalidOperationException();
                }
            }
        }

        /// <summary>Memory for a plan, both verified.</summary>
        private PlannedMemory Memory(PlanNode plan, bool reuse)
        {
            var schedule = new Schedule { Kernels = kernels, Steps = [.. steps], Forward = plan, Buffers = [.. buffers], Sizes = [.. Enumerable.Repeat((Dim)1, FirstCount + counts.Count)] };
            PlannedMemory memory = PlanMemory.Run(schedule, reuse);
            PlanVerifier.Verify(schedule);
            MemoryVerifier.Verify(memory);
            return memory;
        }

        private PlanNode.Sequence Sequence(List<int> visible, int depth)
        {
            List<PlanNode> parts = [];
            for (int i = random.Next(1, 5); i >= 0; i--)
            {
                parts.AddRange(random.Next(depth > 2 ? 1 : 4) switch
                {
                    1 => Looped(visible, depth),
                    2 => Branched(visible, depth),
                    _ => Single(visible),
                });
            }

            return new PlanNode.Sequence([.. parts]);
        }

        private IEnumerable<PlanNode> Single(List<int> visible)
        {
            PlanNode step = Step(Own(), Any(visible), Any(visible));
            visible.Add(buffers.Count - 1);
            return [step];
        }

        private IEnumerable<PlanNode> Branched(List<int> visible, int depth)
        {
            int joint = Own();
            PlanNode Side()
            {
                List<int> inside = [.. visible];
                return new PlanNode.Sequence(Sequence(inside, depth + 1), Step(joint, Any(inside), Any(inside)));
            }

            var branch = new PlanNode.Branch(Any(visible), Side(), Side());
            visible.Add(joint);
            return [branch];
        }

        /// <summary>A loop with a carried value, a sequence and stacked results, and one that reads these.</summary>
        private IEnumerable<PlanNode> Looped(List<int> visible, int depth)
        {
            int times = Count(random.Next(4));
            int stack = Add(new PlanBuffer(-1, 0, SequenceBytes));
            (int current, int next, int read, int written) = (Own(), Own(), Part(), Part());
            PlanNode start = Step(current, Any(visible), Any(visible));
            List<int> inside = [.. visible, current, read];
            var body = new PlanNode.Sequence(Sequence(inside, depth + 1), Step(written, Any(inside), read), Step(next, Any(inside), current));
            var loop = new PlanNode.Loop(body)
            {
                Count = times,
                Carries = [new LoopCarry(current, next)],
                Parts = [new LoopPart(read, sequence, Bytes), new LoopPart(written, stack, Bytes)],
            };

            (int sum, int after, int again) = (Own(), Own(), Part());
            PlanNode first = Step(sum, current, Any(visible));
            var reading = new PlanNode.Loop(Step(after, sum, again)) { Count = times, Carries = [new LoopCarry(sum, after)], Parts = [new LoopPart(again, stack, Bytes)] };
            visible.AddRange([current, sum]);
            return [start, loop, first, reading];
        }

        private unsafe PlanNode.Run Step(int target, int x, int y)
        {
            long number = work.Count;
            var kernel = new KernelBuilder(nodes[target]);
            Local i = LoopMath.Index("i");
            LoopValue value = LoopMath.Sum(new Load(kernel.Input(nodes[x]), i), LoopMath.Times(new Load(kernel.Input(nodes[y]), i), LoopMath.Int(3)), LoopMath.Int(number));
            LoweredKernel lowered = kernel.Build(Length, new For(i, kernel.Begin, kernel.End, LoopKind.Vector, new Store(kernel.Output(nodes[target]), i, value)));
            int[] used = [.. lowered.Buffers.Select(b => nodes.IndexOf(b.Node!))];
            (int to, int first, int second) = (Array.IndexOf(used, target), Array.IndexOf(used, x), Array.IndexOf(used, y));
            kernels.Add(lowered);
            work.Add((target, x, y, number));
            steps.Add(new PlanStep(
                (frame, begin, end) =>
                {
                    long** f = (long**)frame;
                    for (nint at = begin; at < end; at++)
                    {
                        f[to][at] = unchecked(f[first][at] + (3 * f[second][at]) + number);
                    }

                    return 0;
                },
                used,
                [],
                Elements));
            return new PlanNode.Run(steps.Count - 1);
        }

        private int Any(List<int> visible) => visible[^(1 + random.Next(Math.Min(visible.Count, 4)))];

        private int Count(long times)
        {
            counts.Add(times);
            return FirstCount + counts.Count - 1;
        }

        private int Own() => Add(new PlanBuffer(-1, 0, Bytes));

        private int Part() => Add(new PlanBuffer(-1, 0, Bytes) { IsPart = true });

        private int Add(PlanBuffer buffer)
        {
            buffers.Add(buffer);
            nodes.Add(Ops.Placeholder(new NodeType(DType.Int64, [Length]), $"b{nodes.Count}", requiresGrad: false));
            return buffers.Count - 1;
        }
    }
}

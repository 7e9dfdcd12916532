using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Planning;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Planning;

/// <summary>What steps leave is refused where later ones cannot rely on it.</summary>
internal sealed class VerifierTests
{
    private static readonly Node[] Nodes = [.. "xabcd".Select(name => Input<long>($"{name}", [8]))];

    private static readonly PlanNode.Run A = new(0);
    private static readonly PlanNode.Run B = new(1);
    private static readonly PlanNode.Run C = new(2);
    private static readonly Schedule Good = Chain(A, B, C);

    [Test]
    public void Nodes_keep_their_types_and_read_what_was_given()
    {
        Input<float> x = Input("x", ["N", 4]);
        Input<float> other = Input("y", ["N", 4]);
        Input<float> seed = Input("seed", []);
        var good = new Computation([x, seed], [new Root(Softmax(x), IsForward: true, RootKind.Output), new Root(x.Sum() * seed, IsForward: false, RootKind.Gradient)], seed);
        Assert.That(() => NodeVerifier.Verify(good), Throws.Nothing);
        Refuses(Broken(Exp(x).Sum(1)), "Softmax float32[N, 4] has become Sum float32[N], of another type");
        Refuses(Broken(Exp(x) + other), "Input 'y' float32[N, 4] is used, which is no input");
        Refuses(Broken(Exp(x) * seed), "is of the forward part and reads Input 'seed'");

        Computation Broken(Node node) => good.After(nodes => [node, nodes[1]]);

        static void Refuses(Computation computation, string message) =>
            Assert.That(() => NodeVerifier.Verify(computation), Throws.TypeOf<CompileException>().With.Message.Contains(message));
    }

    [Test]
    public void What_is_refused_names_the_step_that_left_it()
    {
        Input<float> x = Input("x", [4]);
        var broken = new Computation([], [new Root(x, IsForward: true, RootKind.Output) with { Node = x.Sum() }], null);
        var context = new CompilerContext(new CompileOptions { Verify = true });
        Assert.That(() => context.Step("join-slices", Level.Nodes, () => broken), Throws.TypeOf<CompileException>().With.Message.StartsWith("The step join-slices of the compiler has left what cannot go on: "));
        Assert.That(() => new CompilerContext(new CompileOptions { Verify = false }).Step("join-slices", Level.Nodes, () => broken), Throws.Nothing);
    }

    [Test]
    public void Loops_are_verified()
    {
        LoweredKernel kernel = Good.Kernels[0];
        var local = new Local("nowhere", DType.Int64);
        LoweredKernel broken = kernel with { Kernel = kernel.Kernel with { Body = new Store(kernel.Kernel.Buffers[1], Literal.Of(0L), local) } };
        var regions = new Regions(new Computation([], [], null), [], new HashSet<Node>());
        var graph = new KernelGraph([], new Materialization([], leavesLast: false), new FusionLog(), Steps: 0);
        LoweredProgram Program(LoweredKernel only) => new(regions, graph, [], [only], new Dictionary<LoweredKernel, LoweredKernel>());
        Assert.That(() => Level.Loops.Verify(Program(kernel)), Throws.Nothing);
        Assert.That(() => Level.Loops.Verify(Program(broken)), Throws.TypeOf<CompileException>().With.Message.Contains("nowhere"));
    }

    [Test]
    public void Each_step_of_a_plan_runs_once_on_what_is_there_and_was_written_before()
    {
        PlanStep first = Good.Steps[0];
        Assert.That(() => PlanVerifier.Verify(Good), Throws.Nothing);
        Refuses(Chain(A, B), "step 2, Input_c, stands 0 times in the plan");
        Refuses(Chain(A, B, C, B), "step 1, Input_b, stands 2 times in the plan");
        Refuses(Chain(B, A, C), "step 1, Input_b, reads Input 'a' int64[8], buffer 1, which holds no value then");
        Refuses(Chain(A, B, new PlanNode.Run(7)), "has the step 7, of 3");
        Refuses(Good with { Steps = [first with { Buffers = [0, 9] }, .. Good.Steps[1..]] }, "step 0, Input_a, has the buffer 9, of 5");
        Refuses(Good with { Steps = [first with { Buffers = [0] }, .. Good.Steps[1..]] }, "step 0, Input_a, has 1 buffer and 0 sizes, its kernel 2 and 0");
        Refuses(Good with { Steps = [first with { Range = 2 }, .. Good.Steps[1..]] }, "step 0, Input_a, has the size 2, of 1");
        Refuses(Good with { Buffers = [.. Good.Buffers[..4], new PlanBuffer(-1, 0, Bytes: 5)] }, "a buffer has the size 5, of 1");
        Refuses(Good with { Outputs = [new RootBuffer(Nodes[4], Nodes[4], 4, 0, [], 1, null)] }, "the end of the forward part reads Input 'd' int64[8], buffer 4");
    }

    [Test]
    public void What_is_read_was_written_on_all_ways()
    {
        var nothing = new PlanNode.Sequence();
        Accepts(Plan([0, 0, 2], new PlanNode.Branch(0, A, nothing), B, C));
        Refuses(Chain(new PlanNode.Branch(0, A, nothing), B, C), "step 1, Input_b, reads Input 'a'");
        Refuses(Chain(new PlanNode.Variants(A, new PlanVariant(nothing)), B, C), "step 1, Input_b, reads Input 'a'");
        Refuses(Plan([0, 0, 2], new PlanNode.Branch(3, A, nothing), B, C), "a branch reads the condition, buffer 3");

        // What a loop makes is there after it only if it is carried or stacked: it may not run at all.
        Refuses(Chain(new PlanNode.Loop(A) { Count = 0 }, B, C), "step 1, Input_b, reads Input 'a'");
        var carrying = new PlanNode.Loop(B) { Count = 0, Carries = [new LoopCarry(1, 2)] };
        Accepts(Plan([0, 1, 1], A, carrying, C));
        Refuses(Plan([0, 1, 1], carrying, A, C), "a loop reads what is carried, buffer 1");
        Refuses(Plan([0, 1, 1], A, carrying with { Carries = [new LoopCarry(1, 3)] }, C), "for its next time, reads what is carried, buffer 3");
        Refuses(Plan([0, 1, 1], A, carrying with { Condition = new LoopCondition(nothing, 4) }, C), "a loop reads the condition, buffer 4");

        static void Accepts(Schedule schedule) => Assert.That(() => PlanVerifier.Verify(schedule), Throws.Nothing);
    }

    [Test]
    public void No_value_is_overwritten_while_it_is_needed()
    {
        PlannedMemory good = PlanMemory.Run(Good, reuse: true);
        Assert.That(() => MemoryVerifier.Verify(good), Throws.Nothing);
        Assert.That(good.Buffers[1..4].Select(b => b.Block), Is.All.EqualTo(0), "each kernel may write where it reads");

        // What reads from the end may not.
        Schedule reversed = Good with { Kernels = [.. Good.Kernels.Select((_, s) => Kernel(s, s, fromTheEnd: true))] };
        Refuses(good with { Schedule = reversed }, "step 1, Input_b, may not write Input 'b' int64[8] where Input 'a' int64[8] lies");
        Accepts(PlanMemory.Run(reversed, reuse: true));

        // The last step reads a value whose memory another has taken by then.
        Schedule again = Plan([0, 1, 1], A, B, C);
        Refuses(good with { Schedule = again }, "step 2, Input_c, reads Input 'a' int64[8], buffer 1, which holds no value then");
        PlannedMemory apart = PlanMemory.Run(again, reuse: true);
        Accepts(apart);
        int place = apart.Buffers[1].Block;
        Refuses(apart with { Blocks = [.. apart.Blocks.Select((b, i) => i == place ? b with { Last = 0 } : b)] }, "Input 'a' int64[8], buffer 1, which holds no value then");

        Refuses(good with { Buffers = [.. good.Buffers.Select(b => b with { Block = b.Block < 0 ? -1 : 30 })] }, "does not fit block 30 of");
        Refuses(good with { Blocks = [.. good.Blocks.Select(b => b with { IsPerThread = true })] }, "does not fit block 0 of");

        static void Accepts(PlannedMemory memory) => Assert.That(() => MemoryVerifier.Verify(memory), Throws.Nothing);

        static void Refuses(PlannedMemory memory, string message) =>
            Assert.That(() => MemoryVerifier.Verify(memory), Throws.TypeOf<CompileException>().With.Message.Contains(message));
    }

    [Test]
    public void What_a_loop_decides_by_each_time_stays_as_long_as_the_loop()
    {
        // The condition was made before the loop; what the body makes after it may not take its place.
        var choice = new PlanNode.Branch(1, new PlanNode.Sequence(), new PlanNode.Sequence());
        PlannedMemory memory = PlanMemory.Run(Plan([0, 0, 2], A, new PlanNode.Loop(new PlanNode.Sequence(choice, B, C)) { Count = 0 }), reuse: true);
        Assert.That(() => MemoryVerifier.Verify(memory), Throws.Nothing);
        Assert.That(memory.Buffers[2..4].Select(b => b.Block), Has.None.EqualTo(memory.Buffers[1].Block));
    }

    private static void Refuses(Schedule schedule, string message) =>
        Assert.That(() => PlanVerifier.Verify(schedule), Throws.TypeOf<CompileException>().With.Message.Contains(message));

    /// <summary>Steps of which each reads what the one before it writes.</summary>
    private static Schedule Chain(params PlanNode[] parts) => Plan([0, 1, 2], parts);

    /// <summary>Three steps: the buffer that each reads is given, those that they write are 1, 2 and 3.</summary>
    private static Schedule Plan(int[] reads, params PlanNode[] parts) => new()
    {
        Kernels = [.. reads.Select((from, s) => Kernel(s, from))],
        Steps = [.. reads.Select((from, s) => new PlanStep((_, _, _) => 0, [from, s + 1], [], 0))],
        Forward = new PlanNode.Sequence(parts),
        Buffers = [.. Nodes.Select((_, b) => new PlanBuffer(b == 0 ? 0 : -1, 0, 0))],
        Sizes = [64],
    };

    private static LoweredKernel Kernel(int step, int from, bool fromTheEnd = false)
    {
        var kernel = new KernelBuilder(Nodes[step + 1]);
        Local i = LoopMath.Index("i");
        var read = new Load(kernel.Input(Nodes[from]), fromTheEnd ? new BinaryValue(BinaryFunction.Subtract, LoopMath.Int(7), i) : i);
        return kernel.Build(8, new For(i, kernel.Begin, kernel.End, LoopKind.Vector, new Store(kernel.Output(Nodes[step + 1]), i, read)));
    }
}

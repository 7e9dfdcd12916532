using static GraphCompiler.Ops;
using static GraphCompiler.Tests.GraphTesting;

namespace GraphCompiler.Tests.ControlFlow;

/// <summary>What loops and branches say where they are built wrongly, and where they fail.</summary>
internal sealed class LoopMistakeTests
{
    private static readonly Input<double> H = Variable("h", 3);
    private static readonly Input<double> Xs = Variable("xs", "T", 3);
    private static readonly Node Truth = Constant(true);

    [Test]
    public void A_carry_keeps_its_type()
    {
        Assert.That(() => Scan(H, Xs, (h, x) => Concat([h, x], 0)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Scan: carry 0 starts as float64[3] and the body makes float64[6] of it; a carry keeps its shape. Inputs: Input 'h' float64[3], Input 'xs' float64[T, 3]"));
        Assert.That(() => Scan(H, Xs, (h, x) => Cast(h, DType.Float32)), Throws.TypeOf<DTypeException>().And.Message.Contains("carry 0 starts as float64[3] and the body makes float32[3] of it; a carry keeps its dtype, use Cast."));
        Assert.That(() => Scan(Constant(0.0), Xs, (h, x) => h + x), Throws.TypeOf<ShapeException>().And.Message.Contains("carry 0 starts as float64[] and the body makes float64[3] of it"));
        Assert.That(() => While([H, Constant(1)], c => Truth, c => [c[0], c[1] < 3]), Throws.TypeOf<DTypeException>().And.Message.StartsWith("While: carry 1 starts as int32[] and the body makes bool[] of it"));
    }

    [Test]
    public void As_many_carries_as_are_taken()
    {
        Assert.That(() => Scan([H, H], [Xs], (c, x) => ([c[0]], [])), Throws.TypeOf<GraphException>().And.Message.EqualTo("Scan: the body takes 2 carries and gives 1; it gives as many as it takes."));
        Assert.That(() => Scan([H], [Xs], (c, x) => (null!, [])), Throws.TypeOf<GraphException>().And.Message.EqualTo("Scan: the body takes 1 carry and gives null; it gives as many as it takes."));
        Assert.That(() => Scan([H], [Xs], (c, x) => (c, null!)), Throws.TypeOf<GraphException>().And.Message.Contains("return an empty list if there are none"));
        Assert.That(() => Scan([], [Xs], (c, x) => ([], [])), Throws.TypeOf<GraphException>().And.Message.EqualTo("Scan: the body must return at least one node, and no null."));
        Assert.That(() => While([H], c => Truth, c => [c[0], c[0]]), Throws.TypeOf<GraphException>().And.Message.EqualTo("While: the body takes 1 carry and gives 2; it gives as many as it takes."));
    }

    [Test]
    public void Bodies_give_a_node()
    {
        static Node Nothing(Node x) => null!;
        Assert.Multiple(() =>
        {
            Refuses("Scan", () => Scan(H, Xs, (h, x) => Nothing(x)));
            Refuses("Scan", () => Scan(H, 3, (h, t) => (h, Nothing(t))));
            Refuses("While", () => While(H, Nothing, h => h));
            Refuses("While", () => While(H, h => Truth, Nothing));
            Refuses("Cond", () => Cond(Truth, () => H, () => Nothing(H)));
            Refuses("Vmap", () => Vmap(Nothing)(H));
            Refuses("Vmap", () => Vmap((a, b) => Nothing(a))(H, H));
            Refuses("Checkpoint", () => Checkpoint(Nothing, H));
            Refuses("CustomGradient 'f'", () => CustomGradient("f", [H], (NodeList x) => Nothing(x[0]), (x, y, c) => [c]));
            Refuses("OdeSolve", () => OdeSolve((t, y) => Nothing(y), H, H));
        });

        static void Refuses(string function, Func<object> build) =>
            Assert.That(() => build(), Throws.TypeOf<GraphException>().And.Message.EqualTo($"{function}: the body gave null; it must return a node."));
    }

    [Test]
    public void Sequences_of_one_length()
    {
        Assert.That(() => Scan([H], [Variable("a", 4, 3), Variable("b", 5, 3)], (c, x) => (c, [])), Throws.TypeOf<ShapeException>().And.Message.Contains("sequence 1 has 5 rows, and there are 4 steps."));
        Assert.That(() => Scan([H], [H, Constant(1.0)], (c, x) => (c, [])), Throws.TypeOf<ShapeException>().And.Message.EqualTo("Scan: a scalar has no axis of steps; what is the same in all steps is used in the body as it is. Input: Constant float64[]."));
        Assert.That(() => Scan(H, Input<long>("n", []), (h, t) => h), Throws.TypeOf<ShapeException>().And.Message.EqualTo("Scan: a scalar has no axis of steps; a number of steps is a Dim, such as 10 or \"T\"; where a node computes it, use While. Input: Input 'n' int64[]."));
        Assert.That(() => Scan([H], [], (NodeList c, NodeList x) => (c, c)), Throws.TypeOf<GraphException>().And.Message.Contains("give a count of steps instead"));
        Assert.That(() => Scan(H, Xs, (h, x) => h, axis: 2), Throws.TypeOf<ShapeException>().And.Message.Contains("axis 2 is outside a rank of 2"));
        Assert.That(() => Scan(H, Variable("a", 3, 4), (h, x) => (h, Sum(h)), axis: 1), Throws.TypeOf<ShapeException>().And.Message.Contains("axis 1 is outside a rank of 1"), "of the output");
        Assert.That(() => Scan(H, -1, (h, t) => h), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Scan: count is -1, which is below 0"));
        Assert.That(() => Scan(H, Xs, (h, x) => h, checkpoint: 0), Throws.TypeOf<ArgumentOutOfRangeException>().And.Message.Contains("a block has at least one step"));

        // Symbols are compared when sizes are bound.
        Input<double> ys = Variable("ys", "S", 3);
        (NodeList last, _) = Scan([H], [Xs, ys], (c, x) => ([c[0] + (x[0] * x[1])], []));
        Assert.That(() => Values(last[0], (H, Reals([3], 1, 2, 3)), (Xs, Reals([1, 3], 1, 2, 3)), (ys, Reals([2, 3], 1, 2, 3, 4, 5, 6))), Throws.TypeOf<BindingException>().And.Message.Contains("sequence 1 has S rows, and there are T steps"));
    }

    [Test]
    public void Conditions_are_one_bool()
    {
        Assert.That(() => While(H, h => h > 0, h => h), Throws.TypeOf<ShapeException>().And.Message.Contains("the condition must be bool[], not bool[3]"));
        Assert.That(() => While(H, h => Sum(h), h => h), Throws.TypeOf<DTypeException>().And.Message.Contains("the condition must be bool[], not float64[]"));
        Assert.That(() => Cond(H > 0, () => H, () => H), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Cond: the condition must be bool[], not bool[3]; use Where to choose by element."));
        Assert.That(() => Cond(Sum(H), () => H, () => H), Throws.TypeOf<DTypeException>().And.Message.StartsWith("Cond: the condition must be bool[], not float64[]"));
        Assert.That(() => While(H, h => Truth, h => h, most: -1), Throws.TypeOf<ShapeException>().And.Message.StartsWith("While: most is -1, which is below 0; a number that is not known yet is a symbol"));
        Node bounded = While(Sum(Xs), s => s < 0, s => s + 1, most: Xs.Shape[0] - 2);
        Assert.That(() => Values(bounded, (Xs, Reals([1, 3], 1, 2, 3))), Throws.TypeOf<BindingException>().And.Message.Contains("there are T - 2 steps at most"));
    }

    [Test]
    public void Branches_give_the_same_types()
    {
        Assert.That(() => Cond(Truth, () => H, () => Sum(H)), Throws.TypeOf<ShapeException>().And.Message.StartsWith("Cond: result 0 of one branch is float64[3], that of the other float64[]; both give the same dtype and shape."));
        Assert.That(() => Cond(Truth, () => [H, H], () => [H, H > 0]), Throws.TypeOf<DTypeException>().And.Message.Contains("result 1 of one branch is float64[3], that of the other bool[3]"));
        Assert.That(() => Cond(Truth, () => [H, H], () => [H]), Throws.TypeOf<ShapeException>().And.Message.Contains("one branch gives 2 results, the other 1"));
        Assert.That(() => Cond(Truth, () => (NodeList)null!, () => [H]), Throws.TypeOf<GraphException>().And.Message.EqualTo("Cond: the body must return at least one node, and no null."));
    }

    [Test]
    public void What_leaks_out_of_a_body_is_refused_by_name()
    {
        Node? leaked = null;
        Scan(H, Xs, (h, x) => leaked = (h + x).Named("sum"));
        Assert.That(() => leaked! * 2, Throws.TypeOf<GraphException>().And.Message.Contains("Mul uses Add 'sum' float64[3], which was made in the body of Scan and has no value outside of it; let the body return it."));
        Assert.That(() => Cond(Truth, () => leaked!, () => H), Throws.TypeOf<GraphException>().And.Message.Contains("made in the body of Scan"));
        Node? placeholder = null;
        While(H, h => Truth, h => placeholder = h);
        Assert.That(() => placeholder! * 2, Throws.TypeOf<GraphException>().And.Message.Contains("made in the body of While"));
        Assert.That(() => GraphCompiler.Compiler.Compile([H, Xs], leaked!), Throws.TypeOf<GraphException>().And.Message.Contains("made in the body of Scan"));
    }

    [Test]
    public void Reverse_mode_needs_a_bound()
    {
        Node free = While(H, h => Sum(h) < 10, h => h * 2);
        Assert.That(free.RequiresGrad, Is.True);
        Assert.That(() => Gradients(Sum(free), H), Throws.TypeOf<GradientException>().And.Message.EqualTo("While float64[3] has no bound on its steps, which reverse mode keeps; give it one (most), or use forward mode."));
        Assert.That(Values(Jvp([free], [H], [Vector(1, 0, 0)])[0], (H, Reals([3], 1, 1, 1))), Is.EqualTo([4, 0, 0]));
    }

    [Test]
    public void A_failure_names_the_step()
    {
        Input<long> at = Input<long>("at", ["T"]);
        (Node last, _) = Scan(Constant(0.0), at, (sum, i) => sum + Sum(Take(H, Unsqueeze(i, 0))));
        Assert.That(
            () => Values(last, (H, Reals([3], 1, 2, 3)), (at, Whole([4], 1, 2, 7, 0))),
            Throws.TypeOf<ExecutionException>().And.Message.Contains("index 7").And.Message.EndsWith(" In step 2 of Scan."));
    }

    [Test]
    public void Functions_in_CSharp_run_in_bodies_if_they_are_pure()
    {
        static Node Doubled(Node x, bool hasEffects) => HostFunction("doubled", [x], x.Type, call =>
        {
            ReadOnlySpan<double> from = call.In<double>(0);
            Span<double> to = call.Out<double>(0);
            for (int i = 0; i < from.Length; i++)
            {
                to[i] = from[i] < 0 ? throw new InvalidOperationException("below 0") : 2 * from[i];
            }
        }, (x, y, g) => [2 * g], hasEffects);
        Node last = Scan(H, Xs, (h, x) => Doubled(h, hasEffects: false) + x).Last;
        Node gradient = Gradients(Sum(last), H)[0];
        (Node, TensorValue)[] given = [(H, Reals([3], 1, 2, 3)), (Xs, Reals([2, 3], 1, 1, 1, 1, 1, 1))];
        Assert.That(Values(last, given), Is.EqualTo([7, 11, 15]));
        Assert.That(Values(gradient, given), Is.EqualTo([4, 4, 4]));
        Assert.That(() => Values(last, (H, Reals([3], 1, 2, 3)), (Xs, Reals([2, 3], -9, 1, 1, 1, 1, 1))), Throws.TypeOf<ExecutionException>().And.Message.EndsWith("below 0. In step 1 of Scan.").And.InnerException.TypeOf<InvalidOperationException>());
        Assert.That(
            () => Gradients(Sum(Scan(H, Xs, (h, x) => Doubled(h, hasEffects: true)).Last), H),
            Throws.TypeOf<GradientException>().And.Message.EqualTo("Scan float64[3], float64[T, 3] calls HostFunction 'doubled' float64[3], which has effects: its derivative would repeat them. Call it outside, make it pure, or Detach what the gradient comes from."));
    }
}

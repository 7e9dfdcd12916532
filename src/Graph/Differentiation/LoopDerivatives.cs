using GraphCompiler.Operations;

namespace GraphCompiler.Differentiation;

/// <summary>
/// Derivatives of loops, which are loops. Forward mode carries tangents beside what is carried. Reverse mode runs the same loop with what each step was given as
/// further outputs, and a loop the other way whose body is the pullback of the body. What repeats the first loop is one with it where it is compiled.
/// </summary>
internal static class LoopDerivatives
{
    /// <summary>The tangents of a loop's results.</summary>
    public static Node?[] Push(LoopOp loop, Node node, Node?[] tangents)
    {
        RefuseEffects(node);
        bool[] moving = Moved(loop, [.. tangents.Select(t => t is not null)], out bool[] moved);
        int[] rows = [.. Enumerable.Range(loop.Carried, moved.Length - loop.Carried).Where(i => moved[i])];
        int carries = moving[..loop.Carried].Count(m => m);
        (Function body, Function? condition) = BodyTrace.Outside(() =>
        {
            Node[] primal = Placeholders(loop.Body.Parameters);
            Node[] results = loop.Body.Apply(primal);
            Node?[] directions = [.. primal.Select((p, i) => moving[i] ? Placeholder(p, "tangent") : null)];
            Node?[] pushed = ForwardMode.PushWithin(results, primal, directions);
            Node Tangent(int i) => pushed[i] ?? Ops.ZerosLike(results[i]);
            Node[] next = [.. results[..loop.Carried], .. Enumerable.Range(0, loop.Carried).Where(i => moving[i]).Select(Tangent), .. rows.Select(Tangent)];
            return (new Function(Beside(loop, primal, directions), next), Repeat(loop.Condition, loop.Carried, [.. directions[..loop.Carried]], [.. directions[(loop.Carried + loop.Sequences)..]]));
        });
        Node?[] given = [.. tangents.Select((t, i) => moving[i] ? t ?? Ops.ZerosLike(node.Inputs[i]) : null)];
        int sequences = loop.Sequences + given[loop.Carried..][..loop.Sequences].Count(t => t is not null);
        Node both = node.CreatePart(new LoopOp(body, condition, loop.Carried + carries, sequences, loop.Count, loop.Reverse), Beside(loop, node.Inputs, given).AsSpan());
        int next = loop.Carried;
        return [.. moved.Select(m => m ? Result(both, next++) : null)];
    }

    /// <summary>The cotangents of a loop's inputs.</summary>
    /// <exception cref="GradientException">Nobody knows how many steps run at most.</exception>
    public static Node?[] Pull(LoopOp loop, Node node, Node?[] cotangents)
    {
        RefuseEffects(node);
        return loop.Count is null
            ? throw new GradientException($"{node.Describe()} has no bound on its steps, which reverse mode keeps; give it one (most), or use forward mode.")
            : new LoopPullback(loop, node, cotangents).Build();
    }

    /// <summary>Refuses a loop or branch whose derivative would do again what is seen outside of the graph.</summary>
    /// <exception cref="GradientException">Its bodies have effects.</exception>
    public static void RefuseEffects(Node node)
    {
        if (node.Op.HasEffects)
        {
            Node effect = node.Op.Bodies.SelectMany(b => GraphWalk.WithBodies(b.Results)).First(n => n.Op is HostFunctionOp { HasEffects: true });
            throw new GradientException($"{node.Describe()} calls {effect.Describe()}, which has effects: its derivative would repeat them. Call it outside, make it pure, or Detach what the gradient comes from.");
        }
    }

    /// <summary>Which parameters of the body move with inputs, and which results of the loop do.</summary>
    public static bool[] Moved(LoopOp loop, bool[] inputs, out bool[] results)
    {
        results = Moving.Results(loop, inputs);
        return [.. results[..loop.Carried], .. inputs[loop.Carried..]];
    }

    /// <summary>One result of a node, whatever the number.</summary>
    public static Node Result(Node node, int index) => node.Results.Count == 1 ? node : Node.Create(new OutputOp(index), node);

    /// <summary>Parameters like others.</summary>
    public static Node[] Placeholders(IEnumerable<Node> parameters) => [.. parameters.Select(p => Placeholder(p, p.Name!))];

    /// <summary>A parameter of a node's type.</summary>
    public static Node Placeholder(Node like, string name) => Ops.Placeholder(like.Results[0], name, like.Results[0].DType.IsFloat());

    /// <summary>A condition that takes further values that are carried and captured.</summary>
    public static Function? Repeat(Function? condition, int carried, IReadOnlyList<Node?> carries, IReadOnlyList<Node?> captured)
    {
        if (condition is null)
        {
            return null;
        }

        Node[] own = Placeholders(condition.Parameters);
        return new Function(
            [.. own[..carried], .. Placeholders(carries.OfType<Node>()), .. own[carried..], .. Placeholders(captured.OfType<Node>())], condition.Apply(own));
    }

    /// <summary>What a loop is given, with what belongs to some of it: after what is carried, after the sequences, after what is captured.</summary>
    private static NodeList Beside(LoopOp loop, IReadOnlyList<Node> inputs, Node?[] others)
    {
        int captured = loop.Carried + loop.Sequences;
        return
        [
            .. inputs.Take(loop.Carried), .. others[..loop.Carried].OfType<Node>(),
            .. inputs.Skip(loop.Carried).Take(loop.Sequences), .. others[loop.Carried..captured].OfType<Node>(),
            .. inputs.Skip(captured), .. others[captured..].OfType<Node>(),
        ];
    }
}

/// <summary>Reverse mode through a loop.</summary>
internal sealed class LoopPullback
{
    private readonly LoopOp loop;
    private readonly Node node;
    private readonly Node?[] cotangents;

    // The body on parameters of its own, the cotangents of its results, null where there is none, and of what it is given.
    private readonly Node[] primal;
    private readonly Node?[] seeds;
    private readonly Node?[] pulled;

    // The sums of what flows into what is captured.
    private readonly Node?[] sums;

    public LoopPullback(LoopOp loop, Node node, Node?[] cotangents)
    {
        (this.loop, this.node, this.cotangents) = (loop, node, cotangents);
        bool[] moving = LoopDerivatives.Moved(loop, [.. node.Inputs.Select(i => i.RequiresGrad)], out bool[] moved);
        primal = LoopDerivatives.Placeholders(loop.Body.Parameters);
        seeds = [.. loop.Body.Results.Select((r, i) => moved[i] && cotangents[i] is not null ? LoopDerivatives.Placeholder(r, "cotangent") : null)];
        int[] targets = [.. Enumerable.Range(0, primal.Length).Where(i => moving[i])];
        pulled = new Node?[primal.Length];
        (seeds, pulled, sums) = BodyTrace.Outside(() =>
        {
            Node[] results = loop.Body.Apply(primal);
            Node?[] into = new Node?[primal.Length];
            int[] further;
            do
            {
                Node?[] reached = ReverseMode.PullWithin(results, seeds, [.. targets.Select(t => primal[t])]);
                for (int i = 0; i < targets.Length; i++)
                {
                    into[targets[i]] = reached[i];
                }

                // What flows into what a step is given flows out of the step before.
                further = [.. Enumerable.Range(0, loop.Carried).Where(i => into[i] is not null && seeds[i] is null)];
                foreach (int i in further)
                {
                    seeds[i] = LoopDerivatives.Placeholder(primal[i], "cotangent");
                }
            }
            while (further.Length > 0);
            return (seeds, into, (Node?[])[.. into.Select((p, i) => p is not null && i >= FirstCaptured ? LoopDerivatives.Placeholder(p, "sum") : null)]);
        });
    }

    private int FirstCaptured => loop.Carried + loop.Sequences;

    /// <summary>The cotangents of the loop's inputs.</summary>
    public Node?[] Build()
    {
        if (Array.TrueForAll(pulled, p => p is null) && Array.TrueForAll(seeds, s => s is null))
        {
            return new Node?[node.Inputs.Count];
        }

        // What a step gives: the cotangents of what it was given, sums, and rows.
        int[] carries = [.. Enumerable.Range(0, loop.Carried).Where(i => seeds[i] is not null)];
        int[] captured = [.. Enumerable.Range(FirstCaptured, primal.Length - FirstCaptured).Where(i => sums[i] is not null)];
        int[] rows = [.. Enumerable.Range(loop.Carried, loop.Sequences).Where(i => pulled[i] is not null)];
        Node[] flowing = [.. carries.Select(i => seeds[i]!), .. captured.Select(i => sums[i]!)];
        Node[] results = BodyTrace.Outside<Node[]>(() =>
        [
            .. carries.Select(i => pulled[i] ?? Ops.ZerosLike(primal[i])),
            .. captured.Select(i => sums[i]! + pulled[i]!),
            .. rows.Select(i => pulled[i]!),
        ]);

        // What a step needs of what it was given, of the first loop's sequences and of its results' cotangents.
        HashSet<Node> used = [.. GraphWalk.TopologicalOrder(results)];
        int[] kept = [.. Enumerable.Range(0, loop.Carried).Where(i => used.Contains(primal[i]))];
        (Node[] stacks, Node? steps) = Repeat(kept);
        List<Node> parameters = [.. flowing];
        List<Node> inputs =
        [
            .. carries.Select(i => cotangents[i] ?? Ops.ZerosLike(node.Inputs[i])),
            .. captured.Select(i => Ops.ZerosLike(node.Inputs[i])),
        ];
        Add(kept.Select(i => primal[i]), stacks);
        Add(Used(loop.Carried, FirstCaptured).Select(i => primal[i]), Used(loop.Carried, FirstCaptured).Select(i => node.Inputs[i]));
        int[] outputs = [.. Enumerable.Range(loop.Carried, cotangents.Length - loop.Carried).Where(i => seeds[i] is not null)];
        Add(outputs.Select(i => seeds[i]!), outputs.Select(i => cotangents[i]!));
        int sequences = parameters.Count - flowing.Length;
        Add(Used(FirstCaptured, primal.Length).Select(i => primal[i]), Used(FirstCaptured, primal.Length).Select(i => node.Inputs[i]));
        var body = new Function([.. parameters], results);
        if (steps is not null)
        {
            body = BodyTrace.Outside(() => WhereStepsRan(body, flowing.Length, sequences));
            inputs.Insert(flowing.Length + sequences, Ops.Arange(loop.Count!));
            inputs.Add(steps);
            sequences++;
        }

        Node back = node.CreatePart(new LoopOp(body, null, flowing.Length, sequences, loop.Count, !loop.Reverse), [.. inputs]);
        var found = new Node?[node.Inputs.Count];
        int next = 0;
        foreach (int i in (int[])[.. carries, .. captured, .. rows])
        {
            found[i] = node.Inputs[i].RequiresGrad ? LoopDerivatives.Result(back, next) : null;
            next++;
        }

        return found;

        int[] Used(int from, int to) => [.. Enumerable.Range(from, to - from).Where(i => used.Contains(primal[i]))];

        void Add(IEnumerable<Node> own, IEnumerable<Node> given)
        {
            parameters.AddRange(own);
            inputs.AddRange(given);
        }
    }

    /// <summary>The first loop again: what its steps were given of some of what it carries, stacked, and how many of them ran, if a condition says so.</summary>
    private (Node[] Stacks, Node? Steps) Repeat(int[] kept)
    {
        if (kept.Length == 0 && loop.Condition is null)
        {
            return ([], null);
        }

        (Function body, Function? condition) = BodyTrace.Outside(() =>
        {
            Node[] own = LoopDerivatives.Placeholders(loop.Body.Parameters);
            Node[] results = loop.Body.Apply(own);
            Node[] counter = loop.Condition is null ? [] : [Ops.Placeholder(new NodeType(DType.Int64, []), "steps", requiresGrad: false)];
            return (
                new Function(
                    [.. own[..loop.Carried], .. counter, .. own[loop.Carried..]],
                    [.. results[..loop.Carried], .. counter.Select(c => c + 1), .. kept.Select(i => own[i])]),
                LoopDerivatives.Repeat(loop.Condition, loop.Carried, counter, []));
        });
        int carried = loop.Carried + (loop.Condition is null ? 0 : 1);
        Node[] counted = loop.Condition is null ? [] : [Ops.Scalar(0, DType.Int64)];
        Node again = node.CreatePart(
            loop with { Body = body, Condition = condition, Carried = carried }, [.. node.Inputs[..loop.Carried], .. counted, .. node.Inputs[loop.Carried..]]);
        return ([.. kept.Select((_, k) => LoopDerivatives.Result(again, carried + k))], loop.Condition is null ? null : LoopDerivatives.Result(again, loop.Carried));
    }

    /// <summary>A body of the loop back that does nothing where the first loop's step did not run. Its last sequence has the rows' numbers; the number of steps is captured.</summary>
    private Function WhereStepsRan(Function body, int carried, int sequences)
    {
        Node[] skipped = LoopDerivatives.Placeholders(body.Parameters);
        var skip = new Function(skipped, [.. skipped[..carried], .. body.Results.Skip(carried).Select(Ops.ZerosLike)]);
        Node[] own = LoopDerivatives.Placeholders(body.Parameters);
        Node row = Ops.Placeholder(new NodeType(DType.Int64, []), "row", requiresGrad: false);
        Node steps = Ops.Placeholder(new NodeType(DType.Int64, []), "steps", requiresGrad: false);
        Node step = loop.Reverse ? Ops.DimValue(loop.Count! - 1) - row : row;
        Node branch = Node.Create(new BranchOp(body, skip), [step < steps, .. own]);
        return new Function(
            [.. own[..(carried + sequences)], row, .. own[(carried + sequences)..], steps],
            [.. body.Results.Select((_, i) => LoopDerivatives.Result(branch, i))]);
    }
}

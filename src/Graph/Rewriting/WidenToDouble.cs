using GraphCompiler.Operations;

namespace GraphCompiler.Rewriting;

/// <summary>
/// The same graph in double: float32 nodes become float64 ones, casts between the two vanish unless they cut gradients off, and every leaf becomes a
/// placeholder that is to be given a value. Integers and bools stay as they are. The pullback of a call is asked in the dtypes it was written for and widened after;
/// a host function is given doubles.
/// </summary>
internal sealed class WidenToDouble
{
    private readonly Dictionary<Node, Node> map = [];
    private readonly Func<Node, Node?> cut;
    private readonly Func<Node, bool> apart;
    private readonly bool keepLeaves;

    private WidenToDouble(Func<Node, Node?>? cut, bool keepLeaves, Func<Node, bool>? apart = null)
    {
        this.cut = cut ?? (_ => null);
        this.apart = apart ?? (_ => false);
        this.keepLeaves = keepLeaves;
    }

    /// <summary>What every node that the roots reach becomes.</summary>
    /// <param name="roots">Any nodes.</param>
    /// <param name="cut">What to put in a node's place, already wide; null to widen it.</param>
    /// <param name="apart">Nodes that become nodes of their own, casts too.</param>
    public static IReadOnlyDictionary<Node, Node> Run(IReadOnlyList<Node> roots, Func<Node, Node?>? cut = null, Func<Node, bool>? apart = null) =>
        new WidenToDouble(cut, keepLeaves: false, apart).Widen(roots);

    /// <summary>The type with float64 in the place of float32.</summary>
    public static NodeType Wide(NodeType type) => type with { DType = Wide(type.DType) };

    /// <summary>The value in the dtype of a wide node.</summary>
    public static TensorValue Wide(TensorValue value) =>
        Wide(value.DType) == value.DType ? value : TensorValue.OfReals(DType.Float64, value.Shape, [.. value.Reals]);

    private static DType Wide(DType type) => type.IsFloat() ? DType.Float64 : type;

    private Dictionary<Node, Node> Widen(IReadOnlyList<Node> roots)
    {
        foreach (Node node in GraphWalk.TopologicalOrder(roots))
        {
            if (!map.ContainsKey(node))
            {
                map[node] = cut(node) ?? Widen(node, [.. node.Inputs.Select(i => map[i])]);
            }
        }

        return map;
    }

    private Node Widen(Node node, NodeList inputs)
    {
        if (node.Op.IsLeaf)
        {
            return keepLeaves ? Ops.Cast(node, Wide(node.Results[0]).DType) : Ops.Placeholder(Wide(node.Results[0]), node.Title!, node.RequiresGrad);
        }

        Op op = Widen(node.Op);
        if (op is CastOp && inputs[0].DType == DType.Float64 && node.DType.IsFloat() && inputs[0].RequiresGrad == node.RequiresGrad && !apart(node))
        {
            return inputs[0];
        }

        if (ReferenceEquals(op, node.Op) && node.Inputs.SequenceEqual(inputs))
        {
            return node;
        }

        var wide = new Node(op, inputs, node.RequiresGrad, node.Name, node.Scope, from: node.From);
        return wide.Results.All(r => Wide(r) == r)
            ? wide
            : throw new InvalidOperationException($"Widening does not know the dtype that {node.Describe()} holds.");
    }

    /// <summary>The operation with every float32 that it names replaced.</summary>
    private static Op Widen(Op op) => op switch
    {
        ConstantOp { Data.Value: var value } when Wide(value) != value => new ConstantOp(new ConstantData(Wide(value))),
        CastOp { To: var to } when Wide(to) != to => new CastOp(Wide(to)),
        IotaOp { Type: var type } iota when Wide(type) != type => iota with { Type = Wide(type) },
        DimValueOp { Type: var type } size when Wide(type) != type => size with { Type = Wide(type) },
        CallOp call => Widen(call),
        HostFunctionOp host => Widen(host),
        RecurrenceOp recurrence => recurrence with { Body = Widen(recurrence.Body) },
        LoopOp loop => loop with { Body = Widen(loop.Body), Condition = loop.Condition is null ? null : Widen(loop.Condition) },
        BranchOp branch => new BranchOp(Widen(branch.Then), Widen(branch.Otherwise)),
        _ => op,
    };

    private static CallOp Widen(CallOp call)
    {
        Function body = Widen(call.Body);
        EquatableArray<NodeType> inputs = [.. call.Body.Parameters.Take(call.Arguments).Select(p => p.Type)];
        EquatableArray<NodeType> results = [.. call.Body.Results.Select(r => r.Type)];
        return body == call.Body ? call : call with
        {
            Body = body,
            Rule = call.Rule is null ? null : Widen(call.Rule, inputs, results, results),
            Forward = call.Forward is null ? null : Widen(call.Forward, inputs, results, inputs),

            // It may make nodes of the dtypes it was written for; the body is the same function.
            Batched = null,
        };
    }

    private static HostFunctionOp Widen(HostFunctionOp host) => host with
    {
        InputTypes = [.. host.InputTypes.Select(Wide)],
        ResultTypes = [.. host.ResultTypes.Select(Wide)],
        IsWidened = host.IsWidened || host.InputTypes.Concat(host.ResultTypes).Any(t => Wide(t) != t),
        Rule = host.Rule is null ? null : Widen(host.Rule, host.InputTypes, host.ResultTypes, host.ResultTypes),
    };

    private static Function Widen(Function function)
    {
        Node[] parameters = [.. function.Parameters.Select(p => Wide(p.DType) == p.DType ? p : Ops.Placeholder(Wide(p.Results[0]), p.Name!, p.RequiresGrad))];
        Node[] results = WidenOn([.. function.Results], function.Parameters, parameters);
        return new Function([.. parameters], [.. results]);
    }

    /// <summary>A pullback or a pushforward that is asked in the dtypes it was written for, and whose answer is widened.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="inputTypes">The types of the inputs that it is told of.</param>
    /// <param name="resultTypes">Those of the results.</param>
    /// <param name="directionTypes">Those of what has the cotangents or tangents.</param>
    private static Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> Widen(
        Func<NodeList, NodeList, IReadOnlyList<Node?>, IReadOnlyList<Node?>> rule,
        EquatableArray<NodeType> inputTypes,
        EquatableArray<NodeType> resultTypes,
        EquatableArray<NodeType> directionTypes) => (inputs, results, directions) =>
    {
        Node[] narrowInputs = [.. inputTypes.Select((t, i) => Ops.Placeholder(t, $"arg{i}", inputs[i].RequiresGrad))];
        Node[] narrowResults = [.. resultTypes.Select((t, i) => Ops.Placeholder(t, $"result{i}", results[i].RequiresGrad))];
        Node?[] narrowDirections = [.. directionTypes.Select((t, i) => directions[i] is { } d ? Ops.Placeholder(t, $"direction{i}", d.RequiresGrad) : null)];
        IReadOnlyList<Node?> answer = rule(narrowInputs, narrowResults, narrowDirections);
        Node[] from = [.. narrowInputs, .. narrowResults, .. narrowDirections.OfType<Node>()];
        Node[] to = [.. inputs, .. results, .. directions.OfType<Node>()];
        var wide = new Queue<Node>(WidenOn([.. answer.OfType<Node>()], from, to));
        return [.. answer.Select(a => a is null ? null : wide.Dequeue())];
    };

    /// <summary>Nodes over placeholders, widened over what takes the placeholders' place. Other leaves are captured from outside and keep their values.</summary>
    private static Node[] WidenOn(Node[] roots, IReadOnlyList<Node> placeholders, IReadOnlyList<Node> replacements)
    {
        Dictionary<Node, Node> given = placeholders.Zip(replacements).ToDictionary(p => p.First, p => p.Second);
        Dictionary<Node, Node> map = new WidenToDouble(given.GetValueOrDefault, keepLeaves: true).Widen(roots);
        return [.. roots.Select(r => map[r])];
    }
}

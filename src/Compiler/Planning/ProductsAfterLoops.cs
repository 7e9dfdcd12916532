using GraphCompiler.Batching;
using GraphCompiler.Kernels;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Planning;

/// <summary>
/// What only feeds a sum over a loop's steps, or an output, is done after the loop, for all steps at once: products, whose factors the loop leaves instead, a row a step,
/// where <see cref="RowBudget"/> has room for them, and sums of what it leaves anyway.
/// </summary>
internal sealed class ProductsAfterLoops
{
    private readonly Node loop;
    private readonly LoopOp op;
    private readonly RowBudget budget;
    private readonly Dictionary<Node, int> readers;
    private readonly HashSet<Node> changing;

    // What a step makes: what it carries on, what the loop leaves already, what it is to leave, too; and of which values all rows are there after the loop.
    private readonly List<Node> values;
    private readonly HashSet<Node> left;

    // Of each result, what is left of it in the loop, if it is a sum, and what is added after it; and whether it is made after it.
    private readonly List<Term>[] terms;
    private readonly List<Term>[] added;
    private readonly bool[] isAfter;

    private ProductsAfterLoops(Node loop)
    {
        (this.loop, op) = (loop, (LoopOp)loop.Op);
        values = [.. op.Body.Results];
        budget = new RowBudget(loop);
        readers = GraphWalk.TopologicalOrder(values).SelectMany(n => n.Inputs).Concat(values).CountBy(n => n).ToDictionary();
        changing = Bodies.Changing(op.Body, op.Carried + op.Sequences);
        terms = [.. values.Select((_, i) => i < op.Carried ? TermsOf(i) : [])];
        added = [.. values.Select(_ => new List<Term>())];
        isAfter = new bool[values.Count];
        left = [.. op.Body.Parameters.Skip(op.Carried).Take(op.Sequences), .. values.Skip(op.Carried)];
    }

    /// <summary>What takes the place of a loop's results; null if nothing is done after it.</summary>
    public static Node[]? Of(Node loop)
    {
        if (loop.Op is not LoopOp { Condition: null })
        {
            return null;
        }

        var products = new ProductsAfterLoops(loop);
        return products.Choose() ? products.Results() : null;
    }

    /// <summary>Whether there is something to do after the loop.</summary>
    private bool Choose()
    {
        for (int i = op.Carried; i < isAfter.Length; i++)
        {
            if (ProductOf(values[i]) is { } product && FactorsOf(product) is (var rows, { } weight) && Leave([SourceOf(rows)], Costs.Bytes(weight)))
            {
                isAfter[i] = left.Remove(values[i]);
            }
        }

        // Sums over axes come last: by then all is known that is left.
        foreach (bool isSum in (bool[])[false, true])
        {
            for (int i = 0; i < op.Carried; i++)
            {
                foreach (Term term in terms[i].ToArray())
                {
                    List<Node> sources = [];
                    if (CanSum(term.Value, isSum, sources) && Leave(sources, isSum ? 0 : Costs.Bytes(term.Value)))
                    {
                        terms[i].Remove(term);
                        added[i].Add(term);
                    }
                }
            }
        }

        return isAfter.Contains(true) || Array.Exists(added, a => a.Count > 0);
    }

    private Node[] Results()
    {
        // A sum of which nothing is left in the loop stays there what it begins with.
        Node[] next = [.. values.Select((v, i) => i < op.Carried && added[i].Count > 0 ? terms[i].Aggregate(op.Body.Parameters[i], (sum, term) => term.AddTo(sum, term.Value)) : v)];
        Node[] results = Bodies.ResultsOf(loop.As(op with { Body = new Function(op.Body.Parameters, [.. next]) }, loop.Inputs));
        Dictionary<Node, Node> outside = op.Body.Parameters.Zip(loop.Inputs).Skip(op.Carried).ToDictionary(p => p.First, p => p.Second);
        for (int i = op.Carried; i < values.Count; i++)
        {
            if (left.Contains(values[i]))
            {
                outside.TryAdd(values[i], results[i]);
            }
        }

        var walk = new BatchWalk(op.Count!, VmapRandomness.Different);
        return [.. isAfter.Select((after, i) => after ? Output(values[i]) : added[i].Aggregate(terms[i].Count == 0 && added[i].Count > 0 ? loop.Inputs[i] : results[i], Plus))];

        Node Plus(Node sum, Term term) => Splat.Is(sum, 0) && !term.IsMinus ? Sum(term.Value) : term.AddTo(sum, Sum(term.Value));

        Node Sum(Node term) => term.Op switch
        {
            MatMulOp => AllRows.SumOfProducts(term, Outside(term.Inputs[0]), Outside(term.Inputs[1])),
            SumOp => AllRows.SumOfSums(term, Outside(term.Inputs[0])),
            _ => term.On([.. term.Inputs.Select(Sum)]),
        };

        Node Output(Node value)
        {
            Node product = ProductOf(value)!;
            outside.TryAdd(product, AllRows.Product(product, Outside(product.Inputs[0]), Outside(product.Inputs[1])));
            return Outside(value);
        }

        // What is the same in all steps as it is, else for all of them.
        Node Outside(Node node) => walk.Apply([node], [.. outside.Keys], [.. outside.Values])[0];
    }

    /// <summary>What a step adds to what is carried and nothing else reads; nothing, if it does anything else to it.</summary>
    private List<Term> TermsOf(int carry)
    {
        List<Term> found = [];
        var sums = new Stack<Term>([new Term(values[carry], IsMinus: false)]);
        while (sums.TryPop(out Term term))
        {
            if (term.Value.Op is AddOp or SubOp && readers[term.Value] == 1)
            {
                sums.Push(new Term(term.Value.Inputs[1], term.IsMinus ^ term.Value.Op is SubOp));
                sums.Push(term with { Value = term.Value.Inputs[0] });
            }
            else
            {
                found.Add(term);
            }
        }

        Node own = op.Body.Parameters[carry];
        return readers.GetValueOrDefault(own) == 1 && found.Remove(new Term(own, IsMinus: false)) ? found : [];
    }

    /// <summary>Whether a term, which nothing else reads, is the sum over all steps of products, moved, or of sums over axes; and what of a step that needs.</summary>
    private bool CanSum(Node term, bool isSum, List<Node> sources)
    {
        if (readers[term] > 1)
        {
            return false;
        }

        switch (term.Op)
        {
            case MatMulOp when !isSum:
            case SumOp when isSum:
                sources.AddRange(term.Inputs.Select(SourceOf));
                return sources.TrueForAll(changing.Contains);
            case MovementOp or NegOp or PadOp { Value: 0 } or ConcatOp:
                return term.Inputs.All(i => CanSum(i, isSum, sources));
            default:
                return false;
        }
    }

    /// <summary>The product that an output is, moved, and nothing else reads.</summary>
    private Node? ProductOf(Node output)
    {
        Node node = output;
        for (; readers[node] == 1 && node.Op is MovementOp; node = node.Inputs[0])
        {
        }

        return readers[node] == 1 && node.Op is MatMulOp ? node : null;
    }

    /// <summary>The factor of a product that differs from step to step, and the other one; null if that does, too.</summary>
    private (Node Rows, Node? Weight) FactorsOf(Node product)
    {
        (Node a, Node b) = (product.Inputs[0], product.Inputs[1]);
        return changing.Contains(a) ? (a, changing.Contains(b) ? null : b) : (b, changing.Contains(b) ? a : null);
    }

    /// <summary>What is left of a step, or to be left, for a value that is it or it moved: no more than the value.</summary>
    private Node SourceOf(Node value)
    {
        Node source = value;
        for (Node node = value; ; node = node.Inputs[0])
        {
            if (left.Contains(node))
            {
                return node;
            }

            source = Costs.Bytes(node) <= Costs.Bytes(source) ? node : source;
            if (node.Op is not MovementOp)
            {
                return source;
            }
        }
    }

    /// <summary>Has the loop leave what it does not yet, if there is room; never what loops in it leave, which would stay for all steps then.</summary>
    private bool Leave(IEnumerable<Node> sources, long matrix)
    {
        Node[] further = [.. sources.Where(s => !left.Contains(s)).Distinct()];
        bool fits = !Array.Exists(further, IsOfLoop) && (further.Length == 0 || budget.Take(further.Sum(Costs.Bytes), matrix));
        if (fits)
        {
            values.AddRange(further);
            left.UnionWith(further);
        }

        return fits;
    }

    private static bool IsOfLoop(Node node) => (node.Op is OutputOp ? node.Inputs[0] : node).Op is LoopOp;

    /// <summary>A term of a sum.</summary>
    private readonly record struct Term(Node Value, bool IsMinus)
    {
        /// <summary>A sum with a value in the term's place.</summary>
        public Node AddTo(Node sum, Node value) => Value.CreatePart(IsMinus ? new SubOp() : new AddOp(), sum, value);
    }
}

using System.Globalization;
using System.Text;

namespace GraphCompiler.Loops;

/// <summary>
/// Kernels as text for people and golden tests: a statement a line, sizes as n0, n1, …, and values used more than once as t0, t1, ….
/// </summary>
internal sealed class LoopPrinter
{
    private const int Tightest = 9;

    private readonly StringBuilder text = new();
    private readonly Dictionary<object, string> names = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> taken = [];
    private Dictionary<LoopValue, string> shared = new(ReferenceEqualityComparer.Instance);
    private int sharedCount;

    private LoopPrinter()
    {
    }

    /// <summary>A whole kernel.</summary>
    public static string Print(Kernel kernel)
    {
        var printer = new LoopPrinter();
        IEnumerable<string> buffers = kernel.Buffers.Select(buffer =>
            $"{(buffer.Writable ? "out " : string.Empty)}{buffer.Storage.Display()} {printer.Name(buffer, buffer.Name)}[{printer.Value(buffer.Length)}]");
        printer.text.Append(CultureInfo.InvariantCulture, $"kernel {kernel.Name}({string.Join(", ", buffers)})");
        printer.text.Append(CultureInfo.InvariantCulture, $" over [{printer.Value(kernel.Begin)}, {printer.Value(kernel.End)}) of {printer.Value(kernel.Range)}\n");
        printer.Print(kernel.Body, 1);
        return printer.text.ToString();
    }

    /// <summary>The first line of a statement, for messages.</summary>
    public static string Print(LoopStatement statement)
    {
        var printer = new LoopPrinter();
        printer.Print(statement is For loop ? loop with { Body = new Block([]) } : statement is If branch ? new If(branch.Condition, new Block([])) : statement, 0);
        return printer.text.ToString().TrimEnd().Replace("\n", "; ", StringComparison.Ordinal);
    }

    /// <summary>One value.</summary>
    public static string Print(LoopValue value)
    {
        var printer = new LoopPrinter();
        printer.Share(value, 0);
        return printer.text.Replace("\n", "; ") + printer.Value(value);
    }

    private void Print(LoopStatement statement, int depth)
    {
        shared = new(ReferenceEqualityComparer.Instance);
        foreach (LoopValue value in LoopTree.Values(statement))
        {
            Share(value, depth);
        }

        switch (statement)
        {
            case Block block:
                foreach (LoopStatement child in block.Statements)
                {
                    Print(child, depth);
                }

                break;
            case Let let:
                string initial = Value(let.Value);
                Line(depth, $"{let.Variable.Type.Display()} {Value(let.Variable)} = {initial}");
                break;
            case Assign assign:
                Line(depth, $"{Value(assign.Variable)} = {Value(assign.Value)}");
                break;
            case For loop:
                Line(depth, Head(loop));
                Print(loop.Body, depth + 1);
                break;
            case If branch:
                Line(depth, $"if {Value(branch.Condition)}:");
                Print(branch.Then, depth + 1);
                if (branch.Else is not null)
                {
                    Line(depth, "else:");
                    Print(branch.Else, depth + 1);
                }

                break;
            case Store store:
                Line(depth, $"{Name(store.Buffer, store.Buffer.Name)}[{Value(store.Index)}] = {Value(store.Value)}");
                break;
            case Prefetch prefetch:
                Line(depth, $"prefetch {Name(prefetch.Buffer, prefetch.Buffer.Name)}[{Value(prefetch.Index)}]");
                break;
            case Invoke invoke:
                IEnumerable<string> arguments = invoke.Parts
                    .Select(p => $"{Name(p.Buffer, p.Buffer.Name)}[{Value(p.Offset)} .. +{Value(p.Count)}]")
                    .Concat(invoke.Sizes.Select(s => Value(s)));
                Line(depth, $"{invoke.Result.Type.Display()} {Value(invoke.Result)} = {invoke.Routine.Name}({string.Join(", ", arguments)})");
                break;
            case CallHost call:
                Line(depth, $"{call.Routine.Title}({string.Join(", ", call.Buffers.Select(b => $"{Name(b, b.Name)}[]").Concat(call.Lengths.Select(l => Value(l))))}), or fail {call.Site}");
                break;
            case Fail fail:
                Line(depth, $"fail {fail.Site} with {Value(fail.Detail)}");
                break;
            default:
                throw LoopTree.Unknown(statement);
        }
    }

    private string Head(For loop)
    {
        string kind = loop.Kind switch
        {
            LoopKind.Parallel => "parallel ",
            LoopKind.Vector => "vector ",
            _ => string.Empty,
        };
        string range = $"[{Value(loop.Begin)}, {Value(loop.End)})";
        string step = loop.Step == 1 ? string.Empty : $" by {loop.Step}";
        string reductions = loop.Reductions.IsEmpty
            ? string.Empty
            : $" reducing {string.Join(", ", loop.Reductions.Select(reduction => $"{Value(reduction.Accumulator)} by {ScalarFunction.Of(reduction.Function).Name}{(reduction.Lost is null ? string.Empty : $" losing {Value(reduction.Lost)}")}"))}";
        string vectors = (loop.Vectors == 1 ? string.Empty : $" {loop.Vectors} at once") + (loop.IsMasked ? " masked" : string.Empty)
            + (loop.PastCache is null ? string.Empty : $" past the cache if {Value(loop.PastCache)}") + (loop.While is null ? string.Empty : $" while {Value(loop.While)}");
        return $"{kind}for {Value(loop.Variable)} in {range}{step}{vectors}{reductions}:";
    }

    private void Line(int depth, string line) => text.Append(' ', 4 * depth).Append(line).Append('\n');

    // A DAG written out as a tree could be exponentially long.
    private void Share(LoopValue root, int depth)
    {
        var seen = new HashSet<LoopValue>(ReferenceEqualityComparer.Instance);
        var repeated = new HashSet<LoopValue>(ReferenceEqualityComparer.Instance);
        Count(root);
        Define(root);

        void Count(LoopValue value)
        {
            if (value is Local or Literal or Extent || IsIndex(value) || shared.ContainsKey(value))
            {
                return;
            }

            if (!seen.Add(value))
            {
                repeated.Add(value);
                return;
            }

            foreach (LoopValue argument in LoopTree.Arguments(value))
            {
                Count(argument);
            }
        }

        void Define(LoopValue value)
        {
            if (!seen.Remove(value))
            {
                return;
            }

            foreach (LoopValue argument in LoopTree.Arguments(value))
            {
                Define(argument);
            }

            if (repeated.Contains(value))
            {
                string name = $"t{sharedCount++}";
                Line(depth, $"{value.Type.Display()} {name} = {Value(value)}");
                shared.Add(value, name);
            }
        }
    }

    // Short sums of products read better in place.
    private static bool IsIndex(LoopValue value) =>
        value.Type == DType.Int64 && value is BinaryValue && LoopTree.Values(value).Take(12).Count() < 12 && !LoopTree.Values(value).Any(part => part is Load);

    private string Name(object item, string wanted)
    {
        if (!names.TryGetValue(item, out string? name))
        {
            name = wanted;
            for (int suffix = 1; !taken.Add(name); suffix++)
            {
                name = $"{wanted}_{suffix}";
            }

            names.Add(item, name);
        }

        return name;
    }

    private string Value(LoopValue value, int tightness = 0)
    {
        if (shared.TryGetValue(value, out string? known))
        {
            return known;
        }

        (string result, int own) = value switch
        {
            Literal literal => (Number(literal), Tightest),
            Local local => (Name(local, local.Name), Tightest),
            Extent extent => ($"n{extent.Slot}", Tightest),
            Load load => ($"{Name(load.Buffer, load.Buffer.Name)}[{Value(load.Index)}]", Tightest),
            UnaryValue unary => Unary(unary),
            BinaryValue binary => Binary(binary),
            SelectValue select => ($"{Value(select.Condition, 1)} ? {Value(select.X, 1)} : {Value(select.Y, 1)}", 0),
            FmaValue fma => ($"fma({Value(fma.X)}, {Value(fma.Y)}, {Value(fma.Z)})", Tightest),
            ConvertValue convert => ($"{convert.To.Display()}({Value(convert.X)})", Tightest),
            BitcastValue bitcast => ($"bits.{bitcast.To.Display()}({Value(bitcast.X)})", Tightest),
            RandomBlock block => ($"random({string.Join(", ", LoopTree.Arguments(block).Select(a => Value(a)))})", Tightest),
            RandomPart part => ($"{Value(part.Block, Tightest)}.{part.Part}", Tightest),
            _ => throw LoopTree.Unknown(value),
        };
        return own < tightness ? $"({result})" : result;
    }

    private (string Text, int Tightness) Unary(UnaryValue unary)
    {
        ScalarFunction function = ScalarFunction.Of(unary.Function);
        string name = (unary.Function, unary.Type) is (UnaryFunction.Not, DType.Bool) ? "!" : function.Name;
        return function.Tightness == 0 ? ($"{name}({Value(unary.X)})", Tightest) : ($"{name}{Value(unary.X, Tightest)}", function.Tightness);
    }

    private (string Text, int Tightness) Binary(BinaryValue binary)
    {
        ScalarFunction function = ScalarFunction.Of(binary.Function);
        int own = function.Tightness;
        return own == 0
            ? ($"{function.Name}({Value(binary.X)}, {Value(binary.Y)})", Tightest)
            : ($"{Value(binary.X, own)} {function.Name} {Value(binary.Y, own + 1)}", own);
    }

    private static string Number(Literal literal) => literal.Type switch
    {
        DType.Float32 => literal.AsSingle.ToString("R", CultureInfo.InvariantCulture) + "f",
        DType.Float64 => literal.AsDouble.ToString("R", CultureInfo.InvariantCulture) + "d",
        DType.Bool => literal.Bits != 0 ? "true" : "false",
        DType.Int32 or DType.Int64 => literal.Bits.ToString(CultureInfo.InvariantCulture),
        _ => throw DTypes.Unexpected(literal.Type),
    };
}

using System.Globalization;
using GraphCompiler.Operations;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Tests.Docs.Operations;

/// <summary>Elementwise nodes as a formula in the names of their inputs.</summary>
/// <param name="y">The result that a derivative belongs to; it is written y.</param>
/// <param name="names">What numbers are called.</param>
internal sealed class FormulaPrinter(Node y, IReadOnlyDictionary<double, string> names)
{
    private const int Atom = 9;

    private static readonly Dictionary<double, string> Constants = new()
    {
        [Math.PI] = "π",
        [Math.Log(2)] = "ln 2",
        [Math.Log(10)] = "ln 10",
        [1 / Math.Log(2)] = "1/ln 2",
        [Math.Sqrt(0.5)] = "√½",
        [ErfOp.TwoOverRootPi] = "2/√π",
        [1 / ErfOp.TwoOverRootPi] = "√π/2",
        [1.0 / 6] = "1/6",
        [double.PositiveInfinity] = "∞",
        [0] = "0",
    };

    public string Print(Node node, int tightness = 0)
    {
        (string text, int own) = Write(node);
        return own < tightness ? $"({text})" : text;
    }

    private (string Text, int Tightness) Write(Node node)
    {
        if (node == y && node.Op is not (InputOp or ConstantOp))
        {
            return ("y", Atom);
        }

        string Of(int input, int tightness = 0) => Print(node.Inputs[input], tightness);
        string Infix(string sign, int own, int left = 0, int right = 1) => $"{Of(left, own)}{sign}{Of(right, own + 1)}";
        switch (node.Op)
        {
            case BroadcastToOp or DetachOp or ReshapeOp or CastOp:
                return Write(node.Inputs[0]);
            case InputOp:
                return (node.Name!, Atom);
            case ConstantOp constant:
                return Number(constant.Data.Value[0], node.DType);
            case AddOp when Splat.Is(node.Inputs[1], 0):
                return Write(node.Inputs[0]);
            case AddOp:
                return (Infix(" + ", 4), 4);
            case SubOp when Splat.Is(node.Inputs[0], 0):
                return Negative(node.Inputs[1]);
            case SubOp:
                return (Infix(" − ", 4), 4);
            case MulOp or ScaleCotangentOp when node.Inputs[0] == node.Inputs[1]:
                return ($"{Of(0, Atom)}²", 7);
            case MulOp or ScaleCotangentOp:
                return ($"{Of(0, 5)}·{Of(1, 5)}", 5);
            case DivOp:
                return (Infix("/", 5), 5);
            case ReciprocalOp:
                return ($"1/{Of(0, 6)}", 5);
            case NegOp:
                return Negative(node.Inputs[0]);
            case PowOp:
                return ($"{Of(0, Atom)}^{Of(1, Atom)}", 7);
            case AbsOp:
                return ($"|{Of(0)}|", Atom);
            case SqrtOp:
                return ($"√{Of(0, Atom)}", 7);
            case EqualOp:
                return (Infix(" = ", 2), 2);
            case NotEqualOp:
                return (Infix(" ≠ ", 2), 2);
            case LessOp:
                return (Infix(" < ", 2), 2);
            case LessEqualOp:
                return (Infix(" ≤ ", 2), 2);
            case GreaterOp:
                return (Infix(" > ", 2), 2);
            case GreaterEqualOp:
                return (Infix(" ≥ ", 2), 2);
            case AndOp:
                return (Infix(" and ", 1), 1);
            case OrOp:
                return (Infix(" or ", 1), 1);
            case PolygammaOp polygamma:
                return ($"polygamma({polygamma.Order}, {Of(0)})", Atom);
            default:
                string name = node.Op.Name;
                return ($"{char.ToLowerInvariant(name[0])}{name[1..]}({string.Join(", ", node.Inputs.Select(i => Print(i)))})", Atom);
        }
    }

    /// <summary>−x, without a second minus in front of a product.</summary>
    private (string Text, int Tightness) Negative(Node x)
    {
        Node inner = x.Op is AddOp && Splat.Is(x.Inputs[1], 0) ? x.Inputs[0] : x;
        return inner.Op is MulOp or ScaleCotangentOp && inner.Inputs[0].Op is NegOp
            ? ($"{Print(inner.Inputs[0].Inputs[0], 5)}·{Print(inner.Inputs[1], 5)}", 5)
            : ($"−{Print(inner, 5)}", 4);
    }

    private (string, int) Number(double value, DType type)
    {
        if (type == DType.Bool)
        {
            return (value != 0 ? "true" : "false", Atom);
        }

        // Float32's constants are rounded, names are not.
        string? name = names.Concat(Constants).Where(n => value == n.Key || (float)value == (float)n.Key).Select(n => n.Value).FirstOrDefault();
        name ??= names.Concat(Constants).Where(n => -value == n.Key || (float)-value == (float)n.Key).Select(n => $"−{n.Value}").FirstOrDefault();
        string text = name ?? value.ToString("G5", CultureInfo.InvariantCulture).Replace('-', '−');
        return (text, text.StartsWith('−') ? 4 : text.Contains('/', StringComparison.Ordinal) ? 5 : text.Contains('−', StringComparison.Ordinal) ? 4 : text.Contains(' ', StringComparison.Ordinal) ? 7 : Atom);
    }
}

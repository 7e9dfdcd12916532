using System.Globalization;
using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Docs.Operations;

/// <summary>Elementwise nodes as a formula in the names of their inputs; y is the result that a derivative belongs to.</summary>
internal static class FormulaPrinter
{
    private const int Atom = 9;

    public static string Print(Node node, Node result, int tightness = 0)
    {
        (string text, int own) = Write(node, result);
        return own < tightness ? $"({text})" : text;
    }

    private static (string Text, int Tightness) Write(Node node, Node y)
    {
        if (node == y && node.Op is not (InputOp or ConstantOp))
        {
            return ("y", Atom);
        }

        string Of(int input, int tightness = 0) => Print(node.Inputs[input], y, tightness);
        string Infix(string sign, int own, int left = 0, int right = 1) => $"{Of(left, own)}{sign}{Of(right, own + 1)}";
        switch (node.Op)
        {
            case BroadcastToOp or DetachOp or ReshapeOp or CastOp:
                return Write(node.Inputs[0], y);
            case InputOp:
                return (node.Name!, Atom);
            case ConstantOp constant:
                return Number(constant.Data.Value[0], node.DType);
            case AddOp:
                return (Infix(" + ", 4), 4);
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
                return ($"−{Of(0, 5)}", 4);
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
                return ($"{char.ToLowerInvariant(name[0])}{name[1..]}({string.Join(", ", node.Inputs.Select(i => Print(i, y)))})", Atom);
        }
    }

    private static (string, int) Number(double value, DType type)
    {
        if (type == DType.Bool)
        {
            return (value != 0 ? "true" : "false", Atom);
        }

        string text = Math.Abs(value) switch
        {
            Math.PI => "π",
            double.PositiveInfinity => "∞",
            0 => "0",
            var v => v.ToString("G5", CultureInfo.InvariantCulture),
        };
        return value < 0 ? ($"−{text}", 4) : (text, Atom);
    }
}

using System.Globalization;

namespace GraphCompiler.Tests.References;

/// <summary>A Python expression of the reference cases, ready to be evaluated: literals, tuples, lists, operators, calls, attributes, subscripts, lambdas and generators.</summary>
internal sealed class PythonExpression
{
    private static readonly string[] Symbols = ["**", "//", "==", "!=", "<=", ">=", "...", "+", "-", "*", "/", "@", "<", ">", "(", ")", "[", "]", ",", ":", ".", "=", "~"];

    private readonly List<(char Kind, string Text)> tokens;
    private int position;

    private PythonExpression(string text) => tokens = Tokens(text);

    /// <summary>Parses an expression; the result evaluates it in a scope of names.</summary>
    public static Func<PythonScope, object?> Parse(string text)
    {
        var parser = new PythonExpression(text);
        Func<PythonScope, object?> parsed = parser.Expression();
        if (parser.Peek.Kind == ',')
        {
            throw parser.Unexpected();
        }

        return parser.position == parser.tokens.Count - 1 ? parsed : throw parser.Unexpected();
    }

    private (char Kind, string Text) Peek => tokens[position];

    private static List<(char Kind, string Text)> Tokens(string text)
    {
        List<(char, string)> tokens = [];
        for (int i = 0; i < text.Length;)
        {
            int start = i;
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
            }
            else if (char.IsAsciiLetter(text[i]) || text[i] == '_')
            {
                while (i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || text[i] == '_'))
                {
                    i++;
                }

                tokens.Add(('n', text[start..i]));
            }
            else if (char.IsAsciiDigit(text[i]))
            {
                while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.' || text[i] == 'e' || (text[i] == '-' && text[i - 1] == 'e')))
                {
                    i++;
                }

                tokens.Add(('d', text[start..i]));
            }
            else if (text[i] is '\'' or '"')
            {
                i = text.IndexOf(text[i], i + 1) + 1;
                tokens.Add(('s', text[(start + 1)..(i - 1)]));
            }
            else
            {
                string symbol = Symbols.First(s => string.CompareOrdinal(text, start, s, 0, s.Length) == 0);
                tokens.Add(('o', symbol));
                i += symbol.Length;
            }
        }

        tokens.Add(('e', "the end"));
        return tokens;
    }

    private bool Is(string text) => Peek.Kind is 'o' or 'n' && Peek.Text == text;

    private bool Take(string text)
    {
        bool there = Is(text);
        position += there ? 1 : 0;
        return there;
    }

    private void Need(string text)
    {
        if (!Take(text))
        {
            throw Unexpected();
        }
    }

    private string Name() => Peek.Kind == 'n' ? tokens[position++].Text : throw Unexpected();

    private FormatException Unexpected() => new($"unexpected '{Peek.Text}' at token {position}");

    private Func<PythonScope, object?> Expression()
    {
        if (!Take("lambda"))
        {
            return Comparison();
        }

        string parameter = Name();
        Need(":");
        Func<PythonScope, object?> body = Expression();
        return scope => new PythonFunction("lambda", arguments => body(scope.With(parameter, arguments.Positional[0])));
    }

    private Func<PythonScope, object?> Comparison()
    {
        Func<PythonScope, object?> left = Sum();
        while (Peek.Kind == 'o' && Peek.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
        {
            left = Binary(tokens[position++].Text, left, Sum());
        }

        return left;
    }

    private Func<PythonScope, object?> Sum()
    {
        Func<PythonScope, object?> left = Product();
        while (Peek.Kind == 'o' && Peek.Text is "+" or "-")
        {
            left = Binary(tokens[position++].Text, left, Product());
        }

        return left;
    }

    private Func<PythonScope, object?> Product()
    {
        Func<PythonScope, object?> left = Signed();
        while (Peek.Kind == 'o' && Peek.Text is "*" or "/" or "@" or "//")
        {
            left = Binary(tokens[position++].Text, left, Signed());
        }

        return left;
    }

    private Func<PythonScope, object?> Signed()
    {
        if (Peek.Kind == 'o' && Peek.Text is "-" or "~")
        {
            string sign = tokens[position++].Text;
            Func<PythonScope, object?> operand = Signed();
            return scope => scope.Library.Unary(sign, operand(scope));
        }

        Func<PythonScope, object?> left = Postfix();
        return Take("**") ? Binary("**", left, Signed()) : left;
    }

    private Func<PythonScope, object?> Postfix()
    {
        Func<PythonScope, object?> value = Atom();
        while (true)
        {
            Func<PythonScope, object?> target = value;
            if (Take("."))
            {
                string name = Name();
                value = scope => scope.Library.Attribute(target(scope), name);
            }
            else if (Take("("))
            {
                Func<PythonScope, PythonArguments> arguments = Arguments();
                value = scope => ((PythonFunction)target(scope)!).Call(arguments(scope));
            }
            else if (Take("["))
            {
                Func<PythonScope, object?> index = Subscript();
                value = scope => scope.Library.Index(target(scope), index(scope));
            }
            else
            {
                return value;
            }
        }
    }

    private Func<PythonScope, PythonArguments> Arguments()
    {
        List<Func<PythonScope, object?>> positional = [];
        List<(string Name, Func<PythonScope, object?> Value)> keyword = [];
        while (!Take(")"))
        {
            if (Peek.Kind == 'n' && tokens[position + 1] is ('o', "="))
            {
                string name = Name();
                Need("=");
                keyword.Add((name, Expression()));
            }
            else
            {
                positional.Add(Generator(Expression()));
            }

            if (!Is(")"))
            {
                Need(",");
            }
        }

        return scope => new PythonArguments([.. positional.Select(p => p(scope))], keyword.ToDictionary(k => k.Name, k => k.Value(scope)));
    }

    /// <summary>The elements as a list where <c>for name in …</c> follows an expression.</summary>
    private Func<PythonScope, object?> Generator(Func<PythonScope, object?> element)
    {
        if (!Take("for"))
        {
            return element;
        }

        string name = Name();
        Need("in");
        Func<PythonScope, object?> source = Expression();
        return scope => ((object?[])source(scope)!).Select(item => element(scope.With(name, item))).ToArray();
    }

    private Func<PythonScope, object?> Subscript()
    {
        List<Func<PythonScope, object?>> parts = [];
        bool tuple = false;
        do
        {
            if (Is("]"))
            {
                break;
            }

            parts.Add(SliceOrIndex());
            tuple |= Is(",");
        }
        while (Take(","));
        Need("]");
        return tuple ? scope => parts.Select(p => p(scope)).ToArray() : parts[0];
    }

    private Func<PythonScope, object?> SliceOrIndex()
    {
        var bounds = new Func<PythonScope, object?>?[3];
        int colons = 0;
        while (!Is(",") && !Is("]"))
        {
            if (Take(":"))
            {
                colons++;
            }
            else
            {
                bounds[colons] = Expression();
            }
        }

        return colons == 0
            ? bounds[0]!
            : scope => new PythonSlice((long?)bounds[0]?.Invoke(scope), (long?)bounds[1]?.Invoke(scope), (long?)bounds[2]?.Invoke(scope) ?? 1);
    }

    private Func<PythonScope, object?> Atom()
    {
        (char kind, string text) = tokens[position++];
        if (kind == 's')
        {
            return _ => text;
        }

        if (kind == 'd')
        {
            object number = text.Contains('.') || text.Contains('e')
                ? (object)double.Parse(text, CultureInfo.InvariantCulture)
                : long.Parse(text, CultureInfo.InvariantCulture);
            return _ => number;
        }

        if (kind == 'n')
        {
            return text switch
            {
                "True" => _ => true,
                "False" => _ => false,
                "None" => _ => null,
                _ => scope => scope[text],
            };
        }

        switch (text)
        {
            case "...":
                return _ => PythonEllipsis.Value;
            case "[":
                return Items("]").Value;
            case "(":
                (Func<PythonScope, object?> items, Func<PythonScope, object?>? single) = Items(")");
                return single ?? items;
            default:
                position--;
                throw Unexpected();
        }
    }

    /// <summary>The items up to a closing bracket, and the item itself if there is one without a comma.</summary>
    private (Func<PythonScope, object?> Value, Func<PythonScope, object?>? Single) Items(string close)
    {
        List<(Func<PythonScope, object?> Item, bool Spread)> items = [];
        bool comma = false;
        while (!Take(close))
        {
            bool spread = Take("*");
            items.Add((Expression(), spread));
            comma = Is(",");
            if (!Is(close))
            {
                Need(",");
            }
        }

        return (
            scope => items.SelectMany(i => i.Spread ? (object?[])i.Item(scope)! : [i.Item(scope)]).ToArray(),
            items is [(var only, false)] && !comma ? only : null);
    }

    private static Func<PythonScope, object?> Binary(string op, Func<PythonScope, object?> left, Func<PythonScope, object?> right) =>
        scope => scope.Library.Binary(op, left(scope), right(scope));
}

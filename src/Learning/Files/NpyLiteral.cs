using System.Globalization;

namespace GraphCompiler.Learning.Files;

/// <summary>The part of Python's literals that headers of npy files are made of.</summary>
/// <param name="where">The file and array, for errors.</param>
/// <param name="text">The text.</param>
internal sealed class NpyLiteral(string where, string text)
{
    /// <summary>NumPy's own bound.</summary>
    private const int MostAxes = 64;

    private int at;

    /// <summary>Reads the whole.</summary>
    /// <param name="length">The bytes of the header, with what is before the text.</param>
    public NpyHeader ReadHeader(int length)
    {
        string? descr = null;
        bool? isColumnMajor = null;
        long[]? sizes = null;
        Require('{');
        while (!Takes('}'))
        {
            string key = ReadString("a key");
            Require(':');
            switch (key)
            {
                case "descr" when descr is null:
                    descr = Next == '[' ? throw Wrong("has fields ('descr' is a list): an array of numbers has one type") : ReadString("'descr'");
                    break;
                case "fortran_order" when isColumnMajor is null:
                    isColumnMajor = ReadBool();
                    break;
                case "shape" when sizes is null:
                    sizes = ReadSizes();
                    break;
                default:
                    throw Wrong($"has the key '{key}'; once each there are 'descr', 'fortran_order' and 'shape'");
            }

            if (!Takes(',') && Next != '}')
            {
                throw Expected("',' or '}'");
            }
        }

        if (text.AsSpan(at).Trim(" \n").Length > 0)
        {
            throw Expected("nothing");
        }

        return descr is not null && isColumnMajor is { } order && sizes is not null ? new(descr, order, sizes, length)
            : throw Wrong($"does not say {(descr is null ? "'descr'" : sizes is null ? "'shape'" : "'fortran_order'")}");
    }

    private char Next
    {
        get
        {
            while (at < text.Length && text[at] == ' ')
            {
                at++;
            }

            return at < text.Length ? text[at] : '\0';
        }
    }

    private bool Takes(char character)
    {
        bool isNext = Next == character;
        at += isNext ? 1 : 0;
        return isNext;
    }

    private void Require(char character)
    {
        if (!Takes(character))
        {
            throw Expected($"'{character}'");
        }
    }

    private string ReadString(string what)
    {
        char quote = Next;
        int end = quote is '\'' or '"' ? text.IndexOf(quote, at + 1) : -1;
        if (end < 0)
        {
            throw Expected($"{what}, a string");
        }

        string read = text[(at + 1)..end];
        at = end + 1;
        return read;
    }

    private bool ReadBool()
    {
        bool isTrue = Next == 'T';
        string word = isTrue ? "True" : "False";
        if (!text.AsSpan(at).StartsWith(word))
        {
            throw Expected("True or False");
        }

        at += word.Length;
        return isTrue;
    }

    private long[] ReadSizes()
    {
        List<long> sizes = [];
        bool isTuple = true;
        Require('(');
        while (!Takes(')'))
        {
            int begin = Next is >= '0' and <= '9' ? at : throw Expected("a size");
            while (char.IsAsciiDigit(Next) && at - begin < 20)
            {
                at++;
            }

            if (!long.TryParse(text.AsSpan(begin, at - begin), NumberStyles.None, CultureInfo.InvariantCulture, out long size) || sizes.Count == MostAxes)
            {
                throw Wrong($"has a size of more than 2⁶³ − 1, or more than {MostAxes} axes");
            }

            // NumPy of Python 2 wrote long integers.
            Takes('L');
            sizes.Add(size);
            isTuple = Takes(',');
            if (!isTuple && Next != ')')
            {
                throw Expected("',' or ')'");
            }
        }

        return isTuple || sizes.Count > 1 ? [.. sizes] : throw Wrong("has a shape that is no tuple");
    }

    private InvalidDataException Expected(string what) => Wrong($"has {(at < text.Length ? $"'{text[at]}'" : "its end")} where {what} is expected, at {at}");

    private InvalidDataException Wrong(string fault) => new($"{where} is no npy file that can be read: its header {fault}.");
}

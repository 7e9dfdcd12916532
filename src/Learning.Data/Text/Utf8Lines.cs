using System.Text;

namespace GraphCompiler.Learning.Data.Text;

/// <summary>Lines of UTF-8, none of which is longer than may be, so that a file without ends of lines takes little memory.</summary>
internal static class Utf8Lines
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines with their numbers, from 1, without their ends.</summary>
    public static IEnumerable<(int Number, string Line)> Of(string file, Stream stream, int longest)
    {
        byte[] part = new byte[1 << 16];
        using var line = new MemoryStream();
        int number = 1;
        for (int read; (read = stream.Read(part)) > 0;)
        {
            int begin = 0;
            for (int end; (end = Array.IndexOf(part, (byte)'\n', begin, read - begin)) >= 0; begin = end + 1)
            {
                Add(begin, end);
                yield return (number, Take());
                number++;
            }

            Add(begin, read);
        }

        if (line.Length > 0)
        {
            yield return (number, Take());
        }

        void Add(int begin, int end)
        {
            if (line.Length + end - begin > longest)
            {
                throw new InvalidDataException($"{file}, line {number}: it has more than {longest} bytes, and may end nowhere.");
            }

            line.Write(part, begin, end - begin);
        }

        string Take()
        {
            ReadOnlySpan<byte> bytes = line.GetBuffer().AsSpan(0, (int)line.Length);
            line.SetLength(0);
            try
            {
                return Strict.GetString(bytes[(number == 1 && bytes.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0)..].TrimEnd((byte)'\r'));
            }
            catch (DecoderFallbackException)
            {
                throw new InvalidDataException($"{file}, line {number}: its bytes are no UTF-8.");
            }
        }
    }
}

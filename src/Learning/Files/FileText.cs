using System.Text;

namespace GraphCompiler.Learning.Files;

/// <summary>Text that goes into files. UTF-8 says all but halves of surrogate pairs, in whose place other characters would be written.</summary>
internal static class FileText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Refuses text that cannot be written.</summary>
    /// <param name="text">The text.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <param name="parameter">The parameter that it comes from.</param>
    /// <exception cref="ArgumentException">It has half of a surrogate pair.</exception>
    public static void Require(string text, string what, string parameter)
    {
        try
        {
            Strict.GetByteCount(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"{what} '{text}' has half of a surrogate pair at place {e.Index}, which no file can hold.", parameter);
        }
    }
}

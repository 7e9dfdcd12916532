using System.Text.Json;
using System.Text.Unicode;

namespace GraphCompiler.Learning.Files;

/// <summary>JSON of files that may say anything, read part by part, so that nothing is built that is then refused.</summary>
internal static class JsonText
{
    public delegate void Reading(ref Utf8JsonReader json);

    /// <summary>Reads one value and nothing behind it.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="text">The text.</param>
    /// <param name="read">Reads the value.</param>
    /// <exception cref="InvalidDataException">It is no JSON, or not what was looked for.</exception>
    public static void Read(string path, ReadOnlySpan<byte> text, Reading read)
    {
        if (!Utf8.IsValid(text))
        {
            throw new InvalidDataException($"'{path}' is damaged: what should be JSON in UTF-8 is not UTF-8.");
        }

        try
        {
            var json = new Utf8JsonReader(text);
            read(ref json);
            json.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second of them for halves of surrogate pairs.
            throw new InvalidDataException($"'{path}' is damaged: its JSON is wrong: {e.Message}", e);
        }
    }

    /// <summary>Reads a token of one kind.</summary>
    public static void Require(ref Utf8JsonReader json, JsonTokenType type)
    {
        if (!json.Read() || json.TokenType != type)
        {
            throw new JsonException($"{type} is expected, and there is {json.TokenType}, at byte {json.TokenStartIndex}.");
        }
    }

    /// <summary>Reads the name of an object's next property; null at the object's end.</summary>
    public static string? ReadName(ref Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.PropertyName ? json.GetString() : null;

    public static string ReadString(ref Utf8JsonReader json)
    {
        Require(ref json, JsonTokenType.String);
        return json.GetString()!;
    }
}

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GraphCompiler.Learning.Files;

/// <summary>What a file says of tensors that are saved once and have several names: the others, each with the one that it is saved under.</summary>
internal static class Ties
{
    /// <summary>The key of the metadata.</summary>
    public const string Key = "tied";

    /// <summary>What a file says.</summary>
    /// <exception cref="InvalidDataException">It says it wrongly.</exception>
    public static Dictionary<string, string> Of(TensorFile file, Func<string, string>? rename)
    {
        Dictionary<string, string> ties = [];
        if (file.Metadata.TryGetValue(Key, out string? text))
        {
            JsonText.Read(file.Path, Encoding.UTF8.GetBytes(text), (ref Utf8JsonReader json) =>
            {
                JsonText.Require(ref json, JsonTokenType.StartObject);
                while (JsonText.ReadName(ref json) is { } name)
                {
                    string saved = JsonText.ReadString(ref json);
                    ties[rename?.Invoke(name) ?? name] = rename?.Invoke(saved) ?? saved;
                }
            });
        }

        return ties;
    }

    /// <summary>What a file is to say of a module; null if nothing is in two places.</summary>
    public static string? Of(IEnumerable<IGrouping<Parameter, ModuleParameter>> places)
    {
        (string Alias, string Saved)[] ties = [.. places.SelectMany(p => p.Skip(1).Select(alias => (alias.Path, p.First().Path)))];
        if (ties.Length == 0)
        {
            return null;
        }

        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach ((string alias, string saved) in ties)
            {
                FileText.Require(alias, "The name", "module");
                json.WriteString(alias, saved);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}

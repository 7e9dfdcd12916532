using System.Collections;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning;

/// <summary>Which names are meant: one pattern, <c>"head.*"</c>, or several, <c>["head.*", "*.bias"]</c>. <c>*</c> stands for any characters, dots among them, <c>?</c> for one; case matters.</summary>
[CollectionBuilder(typeof(NamePatterns), nameof(Create))]
public readonly struct NamePatterns : IEnumerable<string>
{
    private readonly string[]? patterns;

    private NamePatterns(string[] patterns) => this.patterns = patterns;

    /// <summary>One pattern; null is none.</summary>
    /// <param name="pattern">The pattern.</param>
    public static implicit operator NamePatterns(string? pattern) => pattern is null ? default : new([pattern]);

    /// <summary>Several patterns.</summary>
    /// <param name="patterns">Patterns, of which a name fits one.</param>
    public static NamePatterns Create(ReadOnlySpan<string> patterns) => new(patterns.ToArray());

    /// <summary>Whether a name fits a pattern.</summary>
    /// <param name="name">The name.</param>
    public bool Match(string name) => patterns is not null && Array.Exists(patterns, p => FileSystemName.MatchesSimpleExpression(p, name, ignoreCase: false));

    /// <summary>Enumerates the patterns.</summary>
    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)(patterns ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

using System.Runtime.CompilerServices;

namespace GraphCompiler.Types;

/// <summary>Lists that users give.</summary>
internal static class Items
{
    /// <summary>Refuses a list that is null or has an element that is, whose place the message tells.</summary>
    /// <exception cref="ArgumentNullException">There is such.</exception>
    public static void ThrowIfNull<T>(IEnumerable<T> items, [CallerArgumentExpression(nameof(items))] string? name = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(items, name);
        foreach ((int index, T? item) in items.Index())
        {
            ArgumentNullException.ThrowIfNull(item, item is null ? $"{name}[{index}]" : null);
        }
    }
}

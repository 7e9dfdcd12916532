using GraphCompiler.Peers.Works;

namespace GraphCompiler.Peers;

/// <summary>All works, in the order in which they are measured.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<Work> All { get; } =
    [
        .. LinearWork.All(),
        .. MlpWork.All(),
        .. MlpTrainingWork.All(),
        .. ElementwiseWorks.All(),
        .. RowWorks.All(),
        .. ReductionWorks.All(),
        .. AdamWork.All(),
        .. MatMulWork.All(),
        .. ConvolutionWork.All(),
        .. ImageWork.All(),
        new DigitsNetworkWork(),
        new ResidualBlockWork(),
        .. RecurrentWork.All(),
        .. FactorisationWorks.All(),
    ];

    /// <summary>The works that a list of names, or of beginnings of names, selects; all of them without a list.</summary>
    /// <exception cref="ArgumentException">A name selects nothing.</exception>
    public static IReadOnlyList<Work> Select(string? names)
    {
        if (names is null)
        {
            return All;
        }

        string[] wanted = names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (string name in wanted)
        {
            if (name != "machine" && !All.Any(work => Matches(work, name)))
            {
                throw new ArgumentException($"There is no work '{name}'; --list names them.");
            }
        }

        return [.. All.Where(work => wanted.Any(name => Matches(work, name)))];
    }

    private static bool Matches(Work work, string name) => work.Name == name || work.Name.StartsWith(name + "-", StringComparison.Ordinal);
}

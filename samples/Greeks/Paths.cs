using GraphCompiler;
using static GraphCompiler.Ops;

namespace Greeks;

/// <summary>How many paths are drawn at once, in how many steps, and by what.</summary>
internal sealed record Paths(int Count, int Steps, Generator Generator)
{
    /// <summary>A standard normal number for each path, another in each step of a loop.</summary>
    public Node Draw() => Normal(Generator, [Count], DType.Float64);
}

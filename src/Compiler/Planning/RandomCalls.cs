using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>What each call of a program draws: one counter of each generator that its graph holds, written as the words of each stream that kernels read.</summary>
internal sealed class RandomCalls
{
    private readonly Generator[] generators;
    private readonly StreamBuffer[] streams;

    private RandomCalls(Generator[] generators, StreamBuffer[] streams) => (this.generators, this.streams) = (generators, streams);

    /// <param name="graph">The streams of the graph, also those that simplification has dropped: how a graph is compiled does not change what it draws.</param>
    /// <param name="buffers">The buffers of those that kernels read.</param>
    public static RandomCalls Of(IEnumerable<RandomStreamOp> graph, IEnumerable<(RandomStreamOp Stream, int Buffer)> buffers)
    {
        Generator[] generators = [.. graph.Select(s => s.Generator).Distinct()];
        return new RandomCalls(generators, [.. buffers.Select(b => new StreamBuffer(b.Buffer, Array.IndexOf(generators, b.Stream.Generator), b.Stream.Number))]);
    }

    /// <summary>The generators that a call draws from.</summary>
    public IReadOnlyList<Generator> Generators => generators;

    /// <summary>Draws for a call that nothing stands in the way of.</summary>
    /// <param name="workspace">The call's memory.</param>
    /// <param name="before">Where to write down the states of the generators before it, if anybody asks.</param>
    public unsafe void Draw(Workspace workspace, GeneratorState[]? before = null)
    {
        for (int g = 0; g < generators.Length; g++)
        {
            PhiloxBlock call = generators[g].NextCall(out GeneratorState state);
            if (before is not null)
            {
                before[g] = state;
            }

            foreach (StreamBuffer stream in streams)
            {
                if (stream.Generator == g)
                {
                    RandomStream.Write(new Span<int>((void*)workspace.Address(stream.Buffer), RandomStream.Words), call, stream.Number);
                }
            }
        }
    }

    private readonly record struct StreamBuffer(int Buffer, int Generator, int Number);
}

namespace GraphCompiler;

/// <summary>
/// The state of a <see cref="Generator"/> as a value, to be kept beside weights and given back by <see cref="Generator.State"/>. Every value is the state of
/// some generator; the default is that of seed 0 at its start.
/// </summary>
/// <param name="Key">The key of every block: the seed, unless the generator came from <see cref="Generator.Split"/>.</param>
/// <param name="Stream">The high half of every counter: 0, unless the generator came from <see cref="Generator.Split"/>.</param>
/// <param name="Position">The low half of the next counter: how many have been consumed. After the last of 2^64 the stream begins anew.</param>
public readonly record struct GeneratorState(ulong Key, ulong Stream, ulong Position);

namespace GraphCompiler.Learning;

/// <summary>A place in the data from which reading goes on exactly: kept beside weights, it makes a run that was broken off as one that was not.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Row">How many rows of the epoch have been read.</param>
public readonly record struct Place(int Epoch, int Row);

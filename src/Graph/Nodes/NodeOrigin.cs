namespace GraphCompiler.Nodes;

/// <summary>What a node was made for.</summary>
/// <param name="Line">The line of the program; null where it is not known.</param>
/// <param name="DerivativeOf">The node whose derivative it is a part of; null if it is none.</param>
internal sealed record NodeOrigin(string? Line, Node? DerivativeOf);

using System.Runtime.CompilerServices;

namespace GraphCompiler.Arguments;

/// <summary>What an argument looked like when it was last checked: one of the same looks, wherever it lies, needs no check.</summary>
internal struct AcceptedArgument
{
    private int kind;
    private nint count;
    private nint[]? lengths;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsLike(in SpanArgument argument) =>
        argument.Kind == kind && argument.Count == count && (!argument.HasShape || HasLengths(argument.Lengths));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly bool HasLengths(ReadOnlySpan<nint> given) => given.SequenceEqual(lengths);

    public void Accept(in SpanArgument argument)
    {
        kind = argument.Kind;
        count = argument.Count;
        if (argument.Lengths.Length != (lengths?.Length ?? 0))
        {
            lengths = new nint[argument.Lengths.Length];
        }

        argument.Lengths.CopyTo(lengths);
    }
}

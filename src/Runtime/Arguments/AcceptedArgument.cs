namespace GraphCompiler.Arguments;

/// <summary>What an argument looked like when it was last checked: one of the same looks, wherever it lies, needs no check.</summary>
internal struct AcceptedArgument
{
    private int kind;
    private nint count;
    private nint[]? lengths;

    public readonly bool IsLike(in SpanArgument argument) =>
        argument.Kind == kind
        && argument.Count == count
        && argument.Lengths.Length == (lengths is null ? 0 : lengths.Length)
        && (argument.Lengths.IsEmpty || argument.Lengths.SequenceEqual(lengths));

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

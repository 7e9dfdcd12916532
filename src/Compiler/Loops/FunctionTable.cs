namespace GraphCompiler.Loops;

/// <summary>Rows of the functions of one or of two numbers; null where there is none.</summary>
internal sealed class FunctionTable<TRow>
    where TRow : class
{
    // More than there are of either: to ask how many takes longer than all that is in a table.
    private readonly TRow?[] rows = new TRow?[64];

    public TRow? this[UnaryFunction function]
    {
        get => rows[(int)function];
        init => rows[(int)function] = value;
    }

    public TRow? this[BinaryFunction function]
    {
        get => rows[(int)function];
        init => rows[(int)function] = value;
    }
}

namespace GraphCompiler.Loops;

/// <summary>A row for each function of one or of two numbers, so many as there are; null where there is none.</summary>
internal sealed class FunctionTable<TRow>(int count)
    where TRow : class
{
    private readonly TRow?[] rows = new TRow?[count];

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

namespace GraphCompiler.Learning.Training.TensorBoard;

/// <summary>The numbers of fields in TensorFlow's <c>event.proto</c> and <c>summary.proto</c>.</summary>
internal static class EventFields
{
    public const int WallTime = 1;
    public const int Step = 2;
    public const int FileVersion = 3;
    public const int Summary = 5;
    public const int SessionLog = 7;

    /// <summary>Of a session log: its status, of which 1 is a start, from whose step on what was told before is forgotten.</summary>
    public const int Status = 1;

    public const int SummaryValue = 1;
    public const int Tag = 1;
    public const int SimpleValue = 2;
    public const int Histogram = 5;

    public const int Least = 1;
    public const int Most = 2;
    public const int Count = 3;
    public const int Sum = 4;
    public const int SumOfSquares = 5;
    public const int BucketLimits = 6;
    public const int Buckets = 7;
}

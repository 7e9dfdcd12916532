using System.Diagnostics;

namespace GraphCompiler;

/// <summary>
/// Whether nodes keep the line of the program that made them, for errors while graphs run, and for dumps. Off by default, as looking for the line takes longer than making the
/// node.
/// </summary>
public static class NodeOrigins
{
    private static readonly NodeOrigin Nowhere = new(null, null);

    // What nodes are made for, if not at the wish of the user.
    [ThreadStatic]
    private static NodeOrigin? current;

    /// <summary>
    /// Whether nodes made from now on keep it, in <see cref="Node.Origin"/>; on from the start where the environment variable GRAPHCOMPILER_ORIGINS is 1. For the whole process.
    /// </summary>
    public static bool AreKept { get; set; } = Environment.GetEnvironmentVariable("GRAPHCOMPILER_ORIGINS") == "1";

    /// <summary>
    /// What makes a node now: where nothing says what it is for, the innermost line outside of this assembly. Null if there is nothing to tell, or nobody wants lines.
    /// </summary>
    internal static NodeOrigin? Here => current is { } known ? (known == Nowhere ? null : known) : AreKept && Find() is { } line ? new(line, null) : null;

    /// <summary>Until it is disposed of, nodes are made for the sake of another one, and where that was made.</summary>
    internal static Scope Of(Node node) => new(node.From ?? (AreKept ? Nowhere : current));

    /// <summary>Until it is disposed of, nodes are parts of another one's derivative, and made where that was.</summary>
    internal static Scope OfDerivative(Node node) => new(new(node.Origin, node));

    /// <summary>Until it is disposed of, nodes are made nowhere in the program.</summary>
    internal static Scope None() => new(AreKept ? Nowhere : current);

    private static string? Find()
    {
        // Only the line that is wanted is looked up in the symbols, which takes longer than all else.
        StackFrame[] frames = new StackTrace(fNeedFileInfo: false).GetFrames();
        for (int i = 0; i < frames.Length; i++)
        {
            if (DiagnosticMethodInfo.Create(frames[i]) is { } method && method.DeclaringAssemblyName != Own)
            {
                var frame = new StackFrame(i, needFileInfo: true);
                string where = frame.GetFileName() is { } file ? $", {Path.GetFileName(file)}:{frame.GetFileLineNumber()}" : string.Empty;
                return $"{method.DeclaringTypeName?.Split('.')[^1]}.{method.Name}{where}";
            }
        }

        return null;
    }

    private static string Own { get; } = typeof(NodeOrigins).Assembly.FullName!;

    /// <summary>Restores what was before.</summary>
    internal readonly struct Scope : IDisposable
    {
        private readonly NodeOrigin? former;

        public Scope(NodeOrigin? origin)
        {
            former = current;
            current = origin;
        }

        public void Dispose() => current = former;
    }
}

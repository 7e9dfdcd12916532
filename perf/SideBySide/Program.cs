// Two builds side by side, in one process, in turn, on the same inputs: see ../NOTES.md.
using System.Globalization;
using GraphCompiler.SideBySide;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
try
{
    switch (args)
    {
        case ["calls", var first, var second, var names]:
            CallTimes.Child(new Build(first), new Build(second), names);
            return 0;
        case ["cold", var directory, var name]:
            CompileTimes.ColdChild(new Build(directory), name);
            return 0;
        case ["warm", var first, var second, var name]:
            CompileTimes.WarmChild(new Build(first), new Build(second), name);
            return 0;
        case ["compile-time", var old, var @new, .. { Length: <= 1 } names]:
            return CompileTimes.Run(Build.Check(old), Build.Check(@new), names.FirstOrDefault("digits-step"));
        case [var old, var @new, .. { Length: <= 1 } names]:
            return CallTimes.Run(Build.Check(old), Build.Check(@new), names.FirstOrDefault(string.Empty));
        default:
            Console.Error.WriteLine("usage: [compile-time] OLD_DIRECTORY NEW_DIRECTORY [NAME,NAME…]");
            return 2;
    }
}
catch (Exception e) when (e is ArgumentException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

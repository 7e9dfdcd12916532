using System.Collections.Concurrent;
using System.Reflection;

namespace GraphCompiler.Loops;

/// <summary>
/// A handwritten static method of the runtime that kernels call: <c>long Routine(nint buffer, …, long size, …)</c>, with the addresses of the buffers
/// first. It returns 0, or what went wrong as a number of its own, and allocates nothing: what it needs beside its arguments is a buffer too. Equal
/// routines are one object, numbered in the order in which the process met them.
/// </summary>
internal sealed class Routine
{
    private static readonly ConcurrentDictionary<MethodInfo, OnDemand<Routine>> Known = [];
    private static int count;

    private Routine(MethodInfo method)
    {
        Method = method;
        Number = Interlocked.Increment(ref count);
        ParameterInfo[] parameters = method.GetParameters();
        Buffers = parameters.TakeWhile(p => p.ParameterType == typeof(nint)).Count();
        Sizes = parameters.Length - Buffers;
        if (method.ReturnType != typeof(long) || parameters.Skip(Buffers).Any(p => p.ParameterType != typeof(long)))
        {
            throw new CompileException($"{method.DeclaringType?.Name}.{method.Name} is no routine: it must take addresses, then sizes, and return a long.");
        }
    }

    public MethodInfo Method { get; }

    /// <summary>What tells routines apart in a process.</summary>
    public int Number { get; }

    /// <summary>How many buffers it takes.</summary>
    public int Buffers { get; }

    /// <summary>How many sizes it takes.</summary>
    public int Sizes { get; }

    public string Name => $"{Method.DeclaringType!.Name}.{Method.Name}";

    /// <summary>The routine that a static method of the runtime is.</summary>
    public static Routine Of(Delegate method) => Known.GetOrAdd(method.Method, m => new OnDemand<Routine>(() => new Routine(m))).Value;

    public override string ToString() => Name;
}

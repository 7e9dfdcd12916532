using System.Reflection;
using System.Security;

namespace GraphCompiler.Tests;

/// <summary>What the code of an assembly refers to in others, as the compiler of C# wrote it down.</summary>
internal static class AssemblyReferences
{
    private const int MemberReference = 0x0A000000;
    private const int MethodSpecification = 0x2B000000;

    /// <summary>The methods and constructors; those of generic types and methods as they are called.</summary>
    public static IEnumerable<MethodBase> Methods(Module module) => Members(module).OfType<MethodBase>();

    /// <summary>Methods, constructors and fields.</summary>
    public static IEnumerable<MemberInfo> Members(Module module) => Rows(module, MemberReference).Concat(Rows(module, MethodSpecification));

    private static IEnumerable<MemberInfo> Rows(Module module, int table)
    {
        for (int row = 1; ; row++)
        {
            MemberInfo? member = null;
            try
            {
                // What stands for the type parameters of the code that calls: a reference, or a value where constraints ask for one.
                member = Resolve(module, table + row, typeof(object)) ?? Resolve(module, table + row, typeof(int));
            }
            catch (ArgumentOutOfRangeException)
            {
                yield break;
            }

            if (member is not null)
            {
                yield return member;
            }
        }
    }

    private static MemberInfo? Resolve(Module module, int token, Type standIn)
    {
        Type[] some = [.. Enumerable.Repeat(standIn, 8)];
        try
        {
            return module.ResolveMember(token, some, some);
        }
        catch (Exception e) when (e is (ArgumentException and not ArgumentOutOfRangeException) or TypeLoadException or MissingMemberException or BadImageFormatException or VerificationException)
        {
            // A generic member whose constraints the stand-ins do not meet.
            return null;
        }
    }
}

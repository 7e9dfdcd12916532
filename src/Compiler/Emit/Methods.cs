using System.Collections.Concurrent;
using System.Reflection;

namespace GraphCompiler.Emit;

/// <summary>Static methods by name and exact parameter types, generic or not; each is looked up once a process.</summary>
internal static class Methods
{
    private static readonly ConcurrentDictionary<Key, MethodInfo> Cache = new();

    /// <summary>The method whose parameters are exactly these, closing generic methods over <paramref name="typeArguments"/>.</summary>
    public static MethodInfo Find(Type owner, string name, Type[] parameters, params Type[] typeArguments) =>
        Cache.GetOrAdd(new Key(owner, name, Describe(parameters), Describe(typeArguments)), _ => LookUp(owner, name, parameters, typeArguments));

    private static string Describe(Type[] types) => string.Join(';', types.Select(type => type.ToString()));

    private static MethodInfo LookUp(Type owner, string name, Type[] parameters, Type[] typeArguments)
    {
        foreach (MethodInfo candidate in owner.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (candidate.Name != name || candidate.GetGenericArguments().Length != typeArguments.Length)
            {
                continue;
            }

            MethodInfo method = candidate.IsGenericMethodDefinition ? candidate.MakeGenericMethod(typeArguments) : candidate;
            if (method.GetParameters().Select(parameter => parameter.ParameterType).SequenceEqual(parameters))
            {
                return method;
            }
        }

        throw new CompileException($"{owner.Name} has no method {name}({Describe(parameters)}).");
    }

    private sealed record Key(Type Owner, string Name, string Parameters, string TypeArguments);
}

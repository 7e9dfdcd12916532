using System.Collections.Concurrent;
using System.Reflection;

namespace GraphCompiler.Emit;

/// <summary>Static methods by name and exact parameter types, generic or not; each is looked up once a process.</summary>
internal static class Methods
{
    private static readonly ConcurrentDictionary<Key, MethodInfo> Cache = new();

    /// <summary>The method whose parameters are exactly these, closing generic methods over <paramref name="typeArguments"/>.</summary>
    public static MethodInfo Find(Type owner, string name, Type[] parameters, params Type[] typeArguments) =>
        Cache.GetOrAdd(new Key(owner, name, parameters, typeArguments), LookUp);

    private static MethodInfo LookUp(Key key)
    {
        (Type owner, string name, Type[] parameters, Type[] typeArguments) = key;
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

        throw new CompileException($"{owner.Name} has no method {name}({string.Join(", ", parameters.Select(type => type.ToString()))}).");
    }

    private sealed record Key(Type Owner, string Name, Type[] Parameters, Type[] TypeArguments)
    {
        public bool Equals(Key? other) =>
            other is not null && Owner == other.Owner && Name == other.Name
            && Parameters.AsSpan().SequenceEqual(other.Parameters) && TypeArguments.AsSpan().SequenceEqual(other.TypeArguments);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(Owner);
            hash.Add(Name);
            foreach (Type type in Parameters)
            {
                hash.Add(type);
            }

            foreach (Type type in TypeArguments)
            {
                hash.Add(type);
            }

            return hash.ToHashCode();
        }
    }
}

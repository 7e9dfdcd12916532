using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace GraphCompiler.Emit;

/// <summary>
/// Static methods by name and exact parameter types, generic or not; each is looked up once a process. Who names a type has its methods kept when a
/// program is trimmed.
/// </summary>
internal static class Methods
{
    /// <summary>What is kept of a type whose methods are looked up.</summary>
    public const DynamicallyAccessedMemberTypes Kept = DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods;

    private static readonly ConcurrentDictionary<Key, MethodInfo> Cache = new();

    /// <summary>The method whose parameters are exactly these, closing generic methods over <paramref name="typeArguments"/>.</summary>
    public static MethodInfo Find([DynamicallyAccessedMembers(Kept)] Type owner, string name, Type[] parameters, params Type[] typeArguments) =>
        Cache.GetOrAdd(new Key(owner, name, parameters, typeArguments), LookUp);

    [UnconditionalSuppressMessage("Trimming", "IL2060", Justification = "No type parameter of these methods asks for members to be kept.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "The emitter runs only where code can be generated; who else asks for a generic method tries whether there is code.")]
    private static MethodInfo LookUp(Key key)
    {
        (_, string name, Type[] parameters, Type[] typeArguments) = key;
        foreach (MethodInfo candidate in key.Owner.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
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

        throw new CompileException($"{key.Owner.Name} has no method {name}({string.Join(", ", parameters.Select(type => type.ToString()))}).");
    }

    private sealed record Key([property: DynamicallyAccessedMembers(Kept)][param: DynamicallyAccessedMembers(Kept)] Type Owner, string Name, Type[] Parameters, Type[] TypeArguments)
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

using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace GraphCompiler.Learning.Modules;

/// <summary>A field of a module that may hold parameters or modules.</summary>
/// <param name="Field">The field.</param>
/// <param name="Name">A part of a path.</param>
/// <param name="IsTransient">Whether what is there is not saved.</param>
internal sealed record ModuleMember(FieldInfo Field, string Name, bool IsTransient);

/// <summary>The members of modules, and what they are called.</summary>
internal static class ModuleMembers
{
    private static readonly ConcurrentDictionary<Type, ModuleMember[]> Known = [];

    /// <summary>The members of a module's type, those of base classes first.</summary>
    public static ModuleMember[] Of(Module module)
    {
        // Written out, for compilers ahead of time to see that it is a module's type whose members are asked for.
        Type type = module.GetType();
        return Known.TryGetValue(type, out ModuleMember[]? members) ? members : Known.GetOrAdd(type, Find(type));
    }

    /// <summary>What a member holds: parameters and modules, each with a name.</summary>
    public static IEnumerable<(string Name, object Held)> Held(string name, object? value)
    {
        switch (value)
        {
            case Module or Parameter:
                return [(name.TrimStart('.'), value)];
            case IDictionary dictionary:
                return Entries(dictionary).SelectMany(e => Held($"{name}.{Convert.ToString(e.Key, CultureInfo.InvariantCulture)}", e.Value));
            case IReadOnlyCollection<object?> items:
                return IsEmpty(items) ? [] : items.Index().SelectMany(e => Held($"{name}.{e.Index}", e.Item));
            case IList list when MayHold(list.GetType()):
                return list.Cast<object?>().Index().SelectMany(e => Held($"{name}.{e.Index}", e.Item));
            case ITuple tuple:
                return Enumerable.Range(0, tuple.Length).SelectMany(i => Held($"{name}.{i}", tuple[i]));
            default:
                return [];
        }
    }

    /// <summary>A name in snake case: <c>RunningMean</c> is <c>running_mean</c>, <c>WeightIhL0</c> <c>weight_ih_l0</c>, <c>Conv2D</c> <c>conv2d</c>.</summary>
    public static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        for (int i = 0; i < name.Length; i++)
        {
            char c = name[i];
            bool endsWord = i > 0 && char.IsUpper(c) && (char.IsLower(name[i - 1]) || (name[i - 1] != '_' && i + 1 < name.Length && char.IsLower(name[i + 1])));
            text.Append(endsWord ? "_" : string.Empty).Append(char.ToLowerInvariant(c));
        }

        return text.ToString().TrimStart('_');
    }

    private static ModuleMember[] Find([DynamicallyAccessedMembers(Module.FieldsOfModules)] Type type)
    {
        List<ModuleMember> members = [];
        foreach (Type part in BasesFirst(type))
        {
            foreach (FieldInfo field in FieldsOf(part).OrderBy(f => f.HasMetadataToken() ? f.MetadataToken : 0))
            {
                MemberInfo[] said = PropertyOf(part, field) is { } property ? [field, property] : [field];
                if (MayHold(field.FieldType))
                {
                    members.Add(new ModuleMember(field, NameOf(part, field, said), said.Any(m => m.IsDefined(typeof(TransientAttribute)))));
                }
            }
        }

        return [.. members];
    }

    private static Stack<Type> BasesFirst(Type type)
    {
        Stack<Type> types = [];
        for (Type? part = type; part is not null && part != typeof(Module); part = part.BaseType)
        {
            types.Push(part);
        }

        return types;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Module demands the fields of all that derive from it.")]
    private static FieldInfo[] FieldsOf(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    /// <summary>An attribute on a property is not on the field that C# makes for it, <c>&lt;Weight&gt;k__BackingField</c>.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Module demands the properties of all that derive from it.")]
    private static PropertyInfo? PropertyOf(Type type, FieldInfo field) => field.Name.StartsWith('<') && field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal)
        ? type.GetProperty(Written(field.Name), BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        : null;

    private static string NameOf(Type type, FieldInfo field, MemberInfo[] said)
    {
        string? given = said.Select(m => m.GetCustomAttribute<NamedAttribute>()?.Name).FirstOrDefault(n => n is not null);
        string name = given ?? SnakeCase(Written(field.Name));
        return !name.Any(c => c is '.' or '/' || char.IsControl(c)) ? name
            : throw new InvalidOperationException($"The name '{name}' of {type.Name}.{Written(field.Name)} is no part of a path: it has a dot, a slash or a control character in it.");
    }

    /// <summary>The name that stands in the source: <c>&lt;Weight&gt;k__BackingField</c> is a property's field, <c>&lt;inner&gt;P</c> a parameter of a primary constructor.</summary>
    public static string Written(string field) => field.StartsWith('<') && field.IndexOf('>', StringComparison.Ordinal) is > 1 and int end ? field[1..end] : field;

    /// <summary>Whether what is declared as this may be, or hold, parameters or modules. Arrays of numbers are not looked through.</summary>
    private static bool MayHold(Type type) =>
        type.IsArray ? MayHold(type.GetElementType()!)
        : !(type.IsPrimitive || type.IsEnum || type.IsPointer || type == typeof(string))
        && (!type.IsGenericType || type.Namespace?.StartsWith("System", StringComparison.Ordinal) is not true || type.IsAssignableTo(typeof(Module)) || type.IsAssignableTo(typeof(Parameter)) || type.IsAssignableTo(typeof(ITuple)) || type.GenericTypeArguments.Any(MayHold));

    /// <summary>Whether nothing is in it, as in an immutable array that was not filled yet, which throws when it is asked.</summary>
    private static bool IsEmpty(IReadOnlyCollection<object?> items)
    {
        try
        {
            return items.Count == 0;
        }
        catch (InvalidOperationException) when (items is ValueType)
        {
            return true;
        }
    }

    private static IEnumerable<(object Key, object? Value)> Entries(IDictionary dictionary)
    {
        foreach (DictionaryEntry entry in dictionary)
        {
            yield return (entry.Key, entry.Value);
        }
    }
}

namespace GraphCompiler.Types;

/// <summary>Types as C# writes them, for messages: <c>byte[]</c>, <c>Tensor&lt;float&gt;</c>, <c>float[,]</c>.</summary>
internal static class TypeNames
{
    public static string Display(Type type) =>
        type.IsArray ? Array(type)
        : Nullable.GetUnderlyingType(type) is { } value ? $"{Display(value)}?"
        : Keyword(type) is { } keyword ? keyword
        : !type.IsGenericType ? type.Name
        : type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal) ? $"({string.Join(", ", type.GenericTypeArguments.Select(Display))})"
        : $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GenericTypeArguments.Select(Display))}>";

    /// <summary>The ranks of arrays of arrays are written from the outside in.</summary>
    private static string Array(Type type)
    {
        string ranks = string.Empty;
        while (type.IsArray)
        {
            ranks += $"[{new string(',', type.GetArrayRank() - 1)}]";
            type = type.GetElementType()!;
        }

        return Display(type) + ranks;
    }

    private static string? Keyword(Type type) => type.IsEnum ? null : Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => "bool",
        TypeCode.Char => "char",
        TypeCode.SByte => "sbyte",
        TypeCode.Byte => "byte",
        TypeCode.Int16 => "short",
        TypeCode.UInt16 => "ushort",
        TypeCode.Int32 => "int",
        TypeCode.UInt32 => "uint",
        TypeCode.Int64 => "long",
        TypeCode.UInt64 => "ulong",
        TypeCode.Single => "float",
        TypeCode.Double => "double",
        TypeCode.Decimal => "decimal",
        TypeCode.String => "string",
        _ => type == typeof(object) ? "object" : type == typeof(void) ? "void" : type == typeof(nint) ? "nint" : type == typeof(nuint) ? "nuint" : null,
    };
}

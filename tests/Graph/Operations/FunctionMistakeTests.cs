using System.Reflection;
using System.Text.RegularExpressions;
using GraphCompiler.Tests.Docs.Operations;

namespace GraphCompiler.Tests.Operations;

/// <summary>Every function names itself where it refuses an axis or a dtype, not what it is made of.</summary>
public sealed class FunctionMistakeTests
{
    /// <summary>Functions that stand for one operation under another name, which the message has.</summary>
    private static readonly Dictionary<string, string> Named = new()
    {
        ["LogicalAnd"] = "And",
        ["LogicalOr"] = "Or",
        ["LogicalXor"] = "Xor",
        ["LogicalNot"] = "Not",
        ["BitwiseAnd"] = "And",
        ["BitwiseOr"] = "Or",
        ["BitwiseXor"] = "Xor",
        ["BitwiseNot"] = "Not",
    };

    private static readonly Dictionary<Type, object> Outside = new()
    {
        [typeof(int)] = 9,
        [typeof(int?)] = 9,
        [typeof(Axes)] = (Axes)9,
        [typeof(IReadOnlyList<int>)] = new[] { 0, 9 },
    };

    private static readonly string[] AxisNames = ["axis", "axes", "axis0", "axis1", "startAxis", "endAxis", "source", "destination"];

    private static IReadOnlyList<PublicFunction> Functions { get; } = PublicFunction.All(Repository.Root);

    [Test]
    public void An_axis_outside_the_rank_is_refused_by_name()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (PublicFunction function in Functions)
            {
                foreach (ParameterInfo parameter in function.Method.GetParameters().Where(p => AxisNames.Contains(p.Name) && Outside.ContainsKey(p.ParameterType) && function.Name != nameof(Ops.CumulativeScan)))
                {
                    DType[] taken = [.. FunctionTrace.Of(function)?.DTypes ?? []];
                    string? message = taken.Length == 0 ? null : FunctionTrace.Refusal(function, taken[0], p => p.Name == parameter.Name ? Outside[p.ParameterType] : null);
                    Assert.That(taken.Length == 0 || Names(message, function.Name), $"{function.Signature}, {parameter.Name}: {message ?? "taken"}");
                }
            }
        }
    }

    [Test]
    public void A_dtype_is_refused_by_name()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (PublicFunction function in Functions)
            {
                if (FunctionTrace.Of(function) is not { } trace)
                {
                    continue;
                }

                foreach (DType type in (DType[])[DType.Bool, DType.Int64, DType.Float32])
                {
                    string? message = trace.DTypes.Contains(type) ? null : FunctionTrace.Refusal(function, type, _ => null);
                    string name = Named.GetValueOrDefault(function.Name, function.Name);
                    Assert.That(message is null || Names(message, name), $"{function.Signature}, {type}: {message}");
                }
            }
        }
    }

    /// <summary>Whether a message begins with a function's name, alone or with more about the call.</summary>
    private static bool Names(string? message, string name) => message is not null && Regex.IsMatch(message, $"^{name}( .*)?:");
}

using System.Linq.Expressions;
using E = System.Linq.Expressions.Expression;

namespace GraphCompiler.Emit;

/// <summary>Random bits, one element at a time or in lanes: the types of the arguments say which.</summary>
internal static class RandomEmitter
{
    /// <summary>All parts of a block, in a struct.</summary>
    public static MethodCallExpression Block(E[] arguments)
    {
        Type word = arguments[1].Type;
        Type lane = word.IsGenericType ? VectorOperations.LaneOf(word) : word;
        string name = lane == typeof(int) ? nameof(PhiloxLanes.Words) : nameof(PhiloxLanes.Pairs);
        return E.Call(Methods.Find(typeof(PhiloxLanes), name, [.. arguments.Select(a => a.Type)]), arguments);
    }

    /// <summary>One of the parts.</summary>
    public static MethodCallExpression Part(E block, int part)
    {
        string name = block.Type.GetGenericTypeDefinition() == typeof(PhiloxWords<>) ? "Word" : "Pair";
        return E.Call(Methods.Find(typeof(PhiloxLanes), $"{name}{part}", [block.Type], block.Type.GetGenericArguments()[0]), block);
    }
}

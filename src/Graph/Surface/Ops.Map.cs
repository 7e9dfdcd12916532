using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using GraphCompiler.Surface;

namespace GraphCompiler;

public static partial class Ops
{
    /// <summary>
    /// A C# lambda applied to every element: it becomes operations of the graph, is differentiated and compiled like them. Types follow the node,
    /// not the lambda; captured values are taken as they are now. Arithmetic, comparisons, <c>?:</c>, functions of <see cref="Math"/> and
    /// <see cref="MathF"/>, other expressions by <c>Swish.Of(v)</c>, and captured nodes by <c>scale.Element()</c> (<see cref="LambdaExtensions"/>) are understood.
    /// Random numbers are a node of the shape of x, which the lambda takes or captures; a call that draws one for all elements is refused.
    /// </summary>
    /// <param name="x">Floats.</param>
    /// <param name="function">The function of one element, an expression.</param>
    /// <returns>Of the shape to which x and captured nodes broadcast, and of their dtype.</returns>
    /// <exception cref="GraphException">The lambda uses something that has no operation here, or draws one random number for several elements.</exception>
    /// <exception cref="DTypeException">A captured node is of another dtype.</exception>
    /// <exception cref="ShapeException">A captured node does not broadcast with the others.</exception>
    [OverloadResolutionPriority(1)]
    public static Node Map(Node x, Expression<Func<float, float>> function) => MapLambda(function, NotNull(x));

    /// <inheritdoc cref="Map(Node, Expression{Func{float, float}})"/>
    public static Node Map(Node x, Expression<Func<double, double>> function) => MapLambda(function, NotNull(x));

    /// <summary>A C# lambda applied to the elements of two nodes, whose shapes broadcast; see <see cref="Map(Node, Expression{Func{float, float}})"/>.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="y">Floats of the same dtype.</param>
    /// <param name="function">The function of two elements, an expression.</param>
    /// <returns>Of the shape to which all broadcast, and of their dtype.</returns>
    [OverloadResolutionPriority(1)]
    public static Node Map(Node x, Node y, Expression<Func<float, float, float>> function) => MapLambda(function, NotNull(x), NotNull(y));

    /// <inheritdoc cref="Map(Node, Node, Expression{Func{float, float, float}})"/>
    public static Node Map(Node x, Node y, Expression<Func<double, double, double>> function) => MapLambda(function, NotNull(x), NotNull(y));

    /// <summary>A C# lambda applied to the elements of three nodes, whose shapes broadcast; see <see cref="Map(Node, Expression{Func{float, float}})"/>.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="y">Floats of the same dtype.</param>
    /// <param name="z">Floats of the same dtype.</param>
    /// <param name="function">The function of three elements, an expression.</param>
    /// <returns>Of the shape to which all broadcast, and of their dtype.</returns>
    [OverloadResolutionPriority(1)]
    public static Node Map(Node x, Node y, Node z, Expression<Func<float, float, float, float>> function) => MapLambda(function, NotNull(x), NotNull(y), NotNull(z));

    /// <inheritdoc cref="Map(Node, Node, Node, Expression{Func{float, float, float, float}})"/>
    public static Node Map(Node x, Node y, Node z, Expression<Func<double, double, double, double>> function) => MapLambda(function, NotNull(x), NotNull(y), NotNull(z));

    /// <summary>A C# lambda applied to the elements of four nodes, whose shapes broadcast; see <see cref="Map(Node, Expression{Func{float, float}})"/>.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="y">Floats of the same dtype.</param>
    /// <param name="z">Floats of the same dtype.</param>
    /// <param name="w">Floats of the same dtype.</param>
    /// <param name="function">The function of four elements, an expression.</param>
    /// <returns>Of the shape to which all broadcast, and of their dtype.</returns>
    [OverloadResolutionPriority(1)]
    public static Node Map(Node x, Node y, Node z, Node w, Expression<Func<float, float, float, float, float>> function) =>
        MapLambda(function, NotNull(x), NotNull(y), NotNull(z), NotNull(w));

    /// <inheritdoc cref="Map(Node, Node, Node, Node, Expression{Func{float, float, float, float, float}})"/>
    public static Node Map(Node x, Node y, Node z, Node w, Expression<Func<double, double, double, double, double>> function) =>
        MapLambda(function, NotNull(x), NotNull(y), NotNull(z), NotNull(w));

    private static Node MapLambda(LambdaExpression lambda, params Node[] inputs)
    {
        ArgumentNullException.ThrowIfNull(lambda);
        foreach (Node input in inputs)
        {
            RequireSameType("Map", inputs[0], input);
        }

        Node[] arguments = Operations.Broadcasting.Together("Map", inputs);
        RequireFloat("Map", arguments[0]);
        List<Node> nodes = [.. inputs];
        Node result = new LambdaTranslation("Map", lambda, arguments, nodes).Result();
        return BroadcastTo(result, Operations.Broadcasting.Together("Map", [.. nodes])[0].Shape);
    }
}

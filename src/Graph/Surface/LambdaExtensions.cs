using System.Linq.Expressions;

namespace GraphCompiler;

/// <summary>
/// Lambdas and nodes used within lambdas that <see cref="Ops.Map(Node, Expression{Func{float, float}})"/> takes: <c>v => scale.Element() * Swish.Of(v)</c>, where <c>Swish</c> is an
/// expression and <c>scale</c> a node, in a field or a variable. Outside of graphs lambdas give their value, compiled at each call, and nodes have none.
/// </summary>
public static class LambdaExtensions
{
    /// <summary>The value of a lambda.</summary>
    /// <param name="function">The lambda.</param>
    /// <param name="x">Its parameter.</param>
    public static float Of(this Expression<Func<float, float>> function, float x) => Compiled(function)(x);

    /// <inheritdoc cref="Of(Expression{Func{float, float}}, float)"/>
    public static double Of(this Expression<Func<double, double>> function, double x) => Compiled(function)(x);

    /// <summary>The value of a lambda of two parameters.</summary>
    /// <param name="function">The lambda.</param>
    /// <param name="x">Its first parameter.</param>
    /// <param name="y">Its second parameter.</param>
    public static float Of(this Expression<Func<float, float, float>> function, float x, float y) => Compiled(function)(x, y);

    /// <inheritdoc cref="Of(Expression{Func{float, float, float}}, float, float)"/>
    public static double Of(this Expression<Func<double, double, double>> function, double x, double y) => Compiled(function)(x, y);

    /// <summary>
    /// The element of a captured node that stands beside those of the lambda's parameters, with which it broadcasts as in every elementwise operation. Gradients flow to the node. It
    /// is a float for C#, so that it fits into lambdas of both types; in the graph it is of the node's dtype, which is that of the parameters.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <exception cref="GraphException">It is called outside of a lambda that <see cref="Ops.Map(Node, Expression{Func{float, float}})"/> translates.</exception>
    public static float Element(this Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        throw new GraphException($"Element: {node.Describe()} has elements when the graph runs; Element stands for them within a lambda that is given to Map, and has no value outside.");
    }

    private static T Compiled<T>(Expression<T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return function.Compile(preferInterpretation: true);
    }
}

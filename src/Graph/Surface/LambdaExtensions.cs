using System.Linq.Expressions;

namespace GraphCompiler;

/// <summary>
/// Lambdas used within others that <see cref="Ops.Map(Node, Expression{Func{float, float}})"/> takes: <c>v => v * Swish.Of(v)</c>, where <c>Swish</c> is an expression in a field or a
/// variable. Outside of graphs they give the value of the lambda, compiled at each call.
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

    private static T Compiled<T>(Expression<T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return function.Compile(preferInterpretation: true);
    }
}

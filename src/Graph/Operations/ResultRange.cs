namespace GraphCompiler.Operations;

/// <summary>Where the results of an operation lie, for inputs that are numbers.</summary>
internal enum ResultRange
{
    /// <summary>In an interval, whatever the inputs are.</summary>
    Bounded,

    /// <summary>Among the finite numbers if the inputs are, but for overflow of sums and products.</summary>
    Finite,

    /// <summary>In an interval if the inputs are finite, else NaN: the sine of infinity.</summary>
    Periodic,

    /// <summary>Anywhere: the function has a pole, is NaN in a part of the line, or grows so fast that it overflows in ordinary use.</summary>
    Unbounded,
}

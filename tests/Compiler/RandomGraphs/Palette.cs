namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>The kinds of numbers that inputs hold besides ordinary ones.</summary>
internal enum Palette
{
    Ordinary,
    Ties,
    Infinite,
    NotANumber,
    Subnormal,
    Huge,
    All,
}

internal static class Palettes
{
    /// <summary>A number of a palette, of any palette now and then ordinary.</summary>
    public static double Next(this Palette palette, Random random, DType type) => palette switch
    {
        Palette.Ties => Of(random, -1, -0.0, 0, 1, 1, 2),
        Palette.Ordinary => Ordinary(random),
        _ when random.Next(6) != 0 => Ordinary(random),
        Palette.Infinite => Infinite(random),
        Palette.NotANumber => double.NaN,
        Palette.Subnormal => Subnormal(random, type),
        Palette.Huge => Huge(random, type),
        _ => random.Next(5) switch
        {
            0 => Infinite(random),
            1 => double.NaN,
            2 => Subnormal(random, type),
            3 => Huge(random, type),
            _ => Of(random, -0.0, 0),
        },
    };

    private static double Ordinary(Random random) => random.Next(10) == 0 ? Of(random, -2, -1, -0.0, 0, 1, 2) : Math.Round((random.NextDouble() * 4) - 2, 3);

    private static double Infinite(Random random) => Of(random, double.PositiveInfinity, double.NegativeInfinity);

    private static double Subnormal(Random random, DType type) => type == DType.Float32
        ? Of(random, float.Epsilon, -float.Epsilon, 1e-40f, -3e-39f, 1.17549435e-38f)
        : Of(random, double.Epsilon, -double.Epsilon, 1e-310, -3e-309, 2.2250738585072014e-308);

    private static double Huge(Random random, DType type) => type == DType.Float32
        ? Of(random, float.MaxValue, -float.MaxValue, 3e38f, -2e19f, 1e20f)
        : Of(random, double.MaxValue, -double.MaxValue, 1.5e308, -2e154, 1e155);

    private static double Of(Random random, params ReadOnlySpan<double> values) => values[random.Next(values.Length)];
}

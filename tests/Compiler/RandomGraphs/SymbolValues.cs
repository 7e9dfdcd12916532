namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Values of the symbols N, M and K.</summary>
internal readonly record struct SymbolValues(long N, long M, long K)
{
    public const string Names = "NMK";

    // The lanes of all widths and types, and of what takes several vectors a step.
    private static readonly long[] Lanes = [2, 4, 8, 16, 32, 64];
    private static readonly long[] Large = [127, 257, 1000, 1025, 4099, 20_001];

    public static implicit operator SymbolValues((long N, long M, long K) values) => new(values.N, values.M, values.K);

    public static implicit operator SymbolValues((long N, long M) values) => new(values.N, values.M, 0);

    /// <summary>None, one, and few.</summary>
    public static SymbolValues Edge(Random random) => new(random.Next(3), random.Next(4), random.Next(3));

    /// <summary>Sizes about the lanes of vectors; some even, some that are the same, so that conditions on them hold now and then.</summary>
    public static SymbolValues AboutVectors(Random random)
    {
        long n = About(random);
        long m = random.Next(4) switch { 0 => n, 1 => About(random), 2 => n / 2, _ => random.Next(10) };
        return new(n, m, random.Next(3) switch { 0 => n, 1 => m, _ => random.Next(5) });
    }

    /// <summary>One large size.</summary>
    public static SymbolValues OneLarge(Random random)
    {
        long large = Large[random.Next(Large.Length)];
        (long one, long other) = (random.Next(4), random.Next(3));
        return random.Next(3) switch { 0 => new(large, one, other), 1 => new(one, large, other), _ => new(one, other, large) };
    }

    public long Of(string symbol) => symbol switch { "N" => N, "M" => M, _ => K };

    public SymbolValues With(char symbol, long value) => symbol switch { 'N' => this with { N = value }, 'M' => this with { M = value }, _ => this with { K = value } };

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"({N}, {M}, {K})");

    private static long About(Random random) => Lanes[random.Next(Lanes.Length)] + random.Next(-1, 2);
}

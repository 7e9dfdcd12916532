using System.Diagnostics;
using GraphCompiler;
using GraphCompiler.Learning;

namespace Text;

/// <summary>A whole run: passages, tokens, learning to write, texts, learning to judge, the test.</summary>
internal static class Run
{
    /// <summary>The accuracy of ML.NET's default n-grams with SDCA on the same passages, by perf/Text.</summary>
    private const double TheirAccuracy = 0.781;

    /// <summary>The most tokens of a text.</summary>
    private const int Length = 256;

    /// <summary>Runs; gives the process' exit code, which is 1 if the bar is missed.</summary>
    public static async Task<int> Execute(bool isQuick, ulong seed, int threads, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        (Passage[] training, Passage[] test) = Novels.Load();
        if (isQuick)
        {
            (training, test) = (OneOf(20, training), OneOf(20, test));
        }

        double commonest = test.CountBy(p => p.Novel).Max(c => c.Value) / (double)test.Length;
        var tokens = Tokens.Learn(training, isQuick ? 1000 : 2000);
        Console.WriteLine($"{training.Length} passages to learn from, {test.Length} of other chapters for the test, {commonest:0.000} of them of one novel; {tokens.Count} tokens, {Seconds(start)}");

        // First a reader learns the language, of which there is more to learn from than of novels.
        var random = new Generator(seed);
        var reader = new Reader(tokens.Count, Length, random);
        var writer = new Writer(reader, random);
        var lessons = new Lessons(tokens, training, test, random, new CompileOptions { Threads = threads });
        await lessons.Learn(writer, isQuick ? 1 : 2, cancellation);
        Console.WriteLine($"it writes, after {Seconds(start)}:");
        double gain = Write(writer, tokens, seed, lessons.Options);

        // Then to judge, over which it forgets how to write.
        double accuracy = await lessons.Learn(new Judge(reader, random), isQuick ? 5 : 4, cancellation);
        Console.WriteLine($"{Seconds(start)} in all");
        bool isEnough = isQuick ? accuracy > commonest : accuracy >= TheirAccuracy + 0.01 && gain >= 10;
        Console.WriteLine($"accuracy: {accuracy:0.000}, {(isQuick ? $"the commonest novel {commonest:0.000}" : $"ML.NET's n-grams {TheirAccuracy:0.000}")}; tokens a second with the cache: {gain:0} times those without");
        return isEnough ? 0 : 1;
    }

    /// <summary>Writes a text in each voice, all at once, and a longer one with the cache and without; gives how many times as fast it is with it.</summary>
    private static double Write(Writer writer, Tokens tokens, ulong seed, CompileOptions options)
    {
        long[] novels = [.. Enumerable.Range(0, Novels.Titles.Count)];
        using (var texts = new TextGenerator(writer.In(novels), Length, batch: novels.Length, options: options))
        {
            long[][] begins = [.. novels.Select(_ => tokens.Encode("She").Prepend(Tokens.Boundary).ToArray())];
            long[][] steps = [.. texts.GenerateBatch(begins, most: 48, new Sampling(new Generator(seed)) { Temperature = 0.7, TopK = 40 })];
            foreach (long novel in novels)
            {
                IEnumerable<long> text = begins[novel].Concat(steps.Select(s => s[novel]).TakeWhile(t => t != Tokens.Boundary));
                Console.WriteLine($"  {Novels.Titles[(int)novel]}: {tokens.Decode(text)}");
            }
        }

        double with = TokensPerSecond(isCached: true);
        double without = TokensPerSecond(isCached: false);
        Console.WriteLine($"a text of {Length} tokens: {with:0} tokens/s with the cache, {without:0} without");
        return with / without;

        // The best of some turns: the first has code compiled, and the machine may have other work.
        double TokensPerSecond(bool isCached)
        {
            using var text = new TextGenerator(writer.In(0), Length, isCached: isCached, options: options);
            return Enumerable.Range(0, 2).Max(_ =>
            {
                long start = Stopwatch.GetTimestamp();
                return text.Generate([Tokens.Boundary], Length - 1).Count() / Stopwatch.GetElapsedTime(start).TotalSeconds;
            });
        }
    }

    private static Passage[] OneOf(int count, Passage[] passages) => [.. passages.Where((_, i) => i % count == 0)];

    private static string Seconds(long start) => $"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s";
}

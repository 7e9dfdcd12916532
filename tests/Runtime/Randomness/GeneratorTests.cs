using System.Collections.Concurrent;

namespace GraphCompiler.Tests.RandomNumbers;

[TestFixture]
public sealed class GeneratorTests
{
    private const int Many = 200_000;

    // A second implementation, in Python, gives the same integers, and the normals but for the last place.
    private static readonly double[] GoldenNormals = [-0.66537486780734878, -1.4338891806537386, 0.13500793462831751];
    private static readonly long[] GoldenIntegers = [-1, -2, 1, 1, 3, -3, 2, -1];
    private static readonly long[] GoldenPermutation = [1, 5, 3, 7, 4, 6, 2, 0];
    private static readonly long[] GoldenSplit = [52, 30, 17, 65];

    [Test]
    public void Equal_seeds_give_equal_numbers_and_others_do_not()
    {
        Assert.That(new Generator(seed: 5).Normal(100).ToArray(), Is.EqualTo(new Generator(5).Normal(100).ToArray()));
        Assert.That(new Generator().Normal(100).ToArray(), Is.EqualTo(new Generator(seed: 0).Normal(100).ToArray()));
        Assert.That(new Generator(5).Normal(100).ToArray(), Is.Not.EqualTo(new Generator(6).Normal(100).ToArray()));
    }

    [Test]
    public void Shapes_are_those_asked_for()
    {
        var random = new Generator();

        Assert.That(random.Normal(4, 1).Lengths.ToArray(), Is.EqualTo(new nint[] { 4, 1 }));
        Assert.That(random.Uniform(2, 3, 5).Lengths.ToArray(), Is.EqualTo(new nint[] { 2, 3, 5 }));
        Assert.That(random.Normal().Lengths.ToArray(), Is.EqualTo(new nint[] { 1 }));
        Assert.That(random.Normal(0, 3).Lengths.ToArray(), Is.EqualTo(new nint[] { 0, 3 }));
        Assert.That(random.Normal(0f, 2f, [3]).Lengths.ToArray(), Is.EqualTo(new nint[] { 3 }));
        Assert.That(random.Integers(0, 10, 2, 2).Lengths.ToArray(), Is.EqualTo(new nint[] { 2, 2 }));
        Assert.That(random.Permutation(0).Lengths.ToArray(), Is.EqualTo(new nint[] { 0 }));
        Assert.That(random.Normal(4, 1).IsDense, Is.True);
    }

    [Test]
    public void Every_draw_consumes_one_counter_an_element()
    {
        var random = new Generator(1);
        random.Normal(2, 3);
        Assert.That(random.Position, Is.EqualTo(6));
        random.Uniform<double>(5);
        Assert.That(random.Position, Is.EqualTo(11));
        random.Integers(0, long.MaxValue, 4);
        Assert.That(random.Position, Is.EqualTo(15));
        random.Permutation(7);
        Assert.That(random.Position, Is.EqualTo(22));
        random.Split();
        Assert.That(random.Position, Is.EqualTo(23));
        random.Normal(0);
        Assert.That(random.Position, Is.EqualTo(23));
    }

    [Test]
    public void A_state_that_is_set_again_repeats_every_kind_of_draw()
    {
        foreach (var random in new[] { new Generator(7), new Generator(7).Split(), new Generator(7).Split().Split() })
        {
            random.Normal(5);
            var state = random.State;
            var other = new Generator(1) { State = state };
            Assert.That(other.State, Is.EqualTo(state));
            string expected = Draws(random);
            Assert.That(Draws(other), Is.EqualTo(expected));
            Assert.That(other.State, Is.EqualTo(random.State));

            random.State = state;
            Assert.That(random.Position, Is.EqualTo(5));
            Assert.That(Draws(random), Is.EqualTo(expected));
        }

        static string Draws(Generator random) => string.Join(
            ';',
            string.Join(',', random.Normal<double>(9).ToArray()),
            string.Join(',', random.Uniform(9).ToArray()),
            string.Join(',', random.Integers(0, 3, 9).ToArray()),
            string.Join(',', random.Permutation(9).ToArray()),
            string.Join(',', random.Split().Normal<double>(3).ToArray()));
    }

    [Test]
    public void A_state_is_a_value()
    {
        Assert.That(new Generator(9).State, Is.EqualTo(new GeneratorState(Key: 9, Stream: 0, Position: 0)));
        Assert.That(new Generator { State = default }.Normal(4).ToArray(), Is.EqualTo(new Generator(0).Normal(4).ToArray()));
        var random = new Generator(9).Split();
        random.Normal(3);
        string text = System.Text.Json.JsonSerializer.Serialize(random.State);
        Assert.That(System.Text.Json.JsonSerializer.Deserialize<GeneratorState>(text), Is.EqualTo(random.State));
        var state = random.State;
        random.Normal(3);
        Assert.That(state.Position, Is.EqualTo(3), "what was read does not change");
    }

    [Test]
    public void Draws_beside_a_state_that_is_set_belong_to_the_old_or_to_the_new()
    {
        GeneratorState[] states = [new(1, 2, 0), new(ulong.MaxValue, 4, 1UL << 60)];
        HashSet<double> possible = [.. states.SelectMany(s => new Generator { State = s }.Uniform<double>(3000).ToArray())];
        var random = new Generator { State = states[0] };
        ConcurrentBag<double> drawn = [];
        Parallel.For(0, 1000, i =>
        {
            if (i % 7 == 0)
            {
                random.State = states[i % 2];
            }

            foreach (double number in random.Uniform<double>(3).ToArray())
            {
                drawn.Add(number);
            }
        });
        Assert.That(drawn.Except(possible), Is.Empty);
    }

    [Test]
    public void Draws_join_up_whatever_their_shapes()
    {
        var (whole, parts) = (new Generator(3), new Generator(3));
        var expected = whole.Normal(4, 6).ToArray();
        float[] actual = [.. parts.Normal(5).ToArray(), .. parts.Normal(2, 2).ToArray(), .. parts.Normal(3, 5, 1).ToArray()];

        Assert.That(actual, Is.EqualTo(expected));
    }

    [Test]
    public void A_position_means_the_same_whatever_was_drawn_before()
    {
        var (first, second) = (new Generator(3), new Generator(3));
        first.Normal(10);
        second.Integers(0, 3, 10);

        Assert.That(first.Uniform(8).ToArray(), Is.EqualTo(second.Uniform(8).ToArray()));
    }

    [Test]
    public void Floats_are_the_doubles_rounded()
    {
        var floats = new Generator(9).Normal(1000).ToArray();
        var doubles = new Generator(9).Normal<double>(1000).ToArray();
        Assert.That(floats, Is.EqualTo(doubles.Select(value => (float)value)));

        var uniforms = new Generator(9).Uniform(1000).ToArray();
        var fine = new Generator(9).Uniform<double>(1000).ToArray();
        Assert.That(uniforms, Is.EqualTo(fine.Select(value => (float)(Math.Floor(value * 0x1000000) / 0x1000000))));
    }

    [Test]
    public void Numbers_are_those_of_the_first_release()
    {
        Assert.That(new Generator(0).Uniform<double>(1)[0], Is.EqualTo((0xe169c58d6627e8d5 >> 11) * Math.ScaleB(1, -53)));
        Assert.That(new Generator(0).Integers(0, 1L << 32, 1)[0], Is.EqualTo(0xe169c58d));
        Assert.That(new Generator(42).Normal<double>(3).ToArray(), Is.EqualTo(GoldenNormals));
        Assert.That(new Generator(42).Integers(-5, 5, 8).ToArray(), Is.EqualTo(GoldenIntegers));
        Assert.That(new Generator(42).Permutation(8).ToArray(), Is.EqualTo(GoldenPermutation));
        Assert.That(new Generator(42).Split().Integers(0, 100, 4).ToArray(), Is.EqualTo(GoldenSplit));
    }

    [Test]
    public void Normals_have_the_moments_of_a_normal()
    {
        var values = new Generator(11).Normal<double>(Many).ToArray();
        var mean = values.Average();
        double Moment(int order) => values.Average(value => Math.Pow(value - mean, order));
        var deviation = Math.Sqrt(Moment(2));

        // Five standard errors each.
        Assert.That(mean, Is.Zero.Within(5 / Math.Sqrt(Many)));
        Assert.That(Moment(2), Is.EqualTo(1).Within(5 * Math.Sqrt(2.0 / Many)));
        Assert.That(Moment(3) / Math.Pow(deviation, 3), Is.Zero.Within(5 * Math.Sqrt(6.0 / Many)));
        Assert.That(Moment(4) / Math.Pow(deviation, 4), Is.EqualTo(3).Within(5 * Math.Sqrt(24.0 / Many)));
    }

    [Test]
    public void Normals_pass_Kolmogorov_and_Smirnov()
    {
        var values = new Generator(12).Normal<double>(Many).ToArray();
        Assert.That(Distance(values, NormalCumulative), Is.LessThan(1.95 / Math.Sqrt(Many)), "p = 0.001");

        var wide = new Generator(12).Normal(3.0, 0.5, [Many]).ToArray();
        Assert.That(Distance(wide, x => NormalCumulative((x - 3) / 0.5)), Is.LessThan(1.95 / Math.Sqrt(Many)), "p = 0.001");
    }

    [Test]
    public void Uniforms_pass_Kolmogorov_and_Smirnov_and_stay_in_range()
    {
        var values = new Generator(13).Uniform(Many).ToArray();
        Assert.That(values, Has.All.InRange(0f, MathF.BitDecrement(1f)));
        Assert.That(Distance(Array.ConvertAll(values, value => (double)value), x => x), Is.LessThan(1.95 / Math.Sqrt(Many)), "p = 0.001");

        var between = new Generator(13).Uniform(-2f, 3f, [Many]).ToArray();
        Assert.That(between, Has.All.InRange(-2f, MathF.BitDecrement(3f)));
        Assert.That(Distance(Array.ConvertAll(between, value => (double)value), x => (x + 2) / 5), Is.LessThan(1.95 / Math.Sqrt(Many)), "p = 0.001");
    }

    [Test]
    public void Neighbours_are_not_correlated()
    {
        foreach (var (first, second) in new[]
        {
            (new Generator(20), new Generator(21)),
            (new Generator(20), new Generator(20).Split()),
            Two(new Generator(20)),
        })
        {
            var (left, right) = (first.Normal<double>(Many).ToArray(), second.Normal<double>(Many).ToArray());
            Assert.That(left.Zip(right, (a, b) => a * b).Average(), Is.Zero.Within(5 / Math.Sqrt(Many)));
        }

        var stream = new Generator(22).Normal<double>(Many).ToArray();
        Assert.That(stream.Zip(stream.Skip(1), (a, b) => a * b).Average(), Is.Zero.Within(5 / Math.Sqrt(Many)));

        static (Generator First, Generator Second) Two(Generator parent) => (parent.Split(), parent.Split());
    }

    [Test]
    public void A_uniform_that_rounds_to_the_open_bound_is_kept_below_it()
    {
        var high = MathF.BitIncrement(1f);
        Assert.That(new Generator(1).Uniform(1f, high, [1000]).ToArray(), Is.All.EqualTo(1f));
        Assert.That(new Generator(1).Uniform(-1e30f, 1e-30f, [1000]).ToArray(), Is.All.LessThan(1e-30f));
    }

    [Test]
    public void Integers_pass_chi_square()
    {
        const int bins = 7;
        var values = new Generator(14).Integers(-3, 4, Many).ToArray();
        var expected = (double)Many / bins;
        var statistic = Enumerable.Range(-3, bins).Sum(bin => Math.Pow(values.Count(value => value == bin) - expected, 2) / expected);

        Assert.That(values, Has.All.InRange(-3L, 3L));
        Assert.That(statistic, Is.LessThan(22.46), "p = 0.001 with 6 degrees of freedom");
    }

    [Test]
    public void Integers_are_unbiased_over_ranges_that_reject_half()
    {
        // A multiply-shift without rejection would give the lower half of [0, 1.5 * 2^63) too often, a modulo even more so.
        const long low = long.MinValue;
        const long high = long.MinValue / 2 * -1;
        var values = new Generator(15).Integers(low, high, Many).ToArray();
        foreach (var part in new[] { 1.0 / 6, 1.0 / 3, 0.5, 2.0 / 3, 5.0 / 6 })
        {
            var bound = low + (1.5 * Math.Pow(2, 63) * part);
            Assert.That(values.Count(value => value < bound) / (double)Many, Is.EqualTo(part).Within(5 * Math.Sqrt(part * (1 - part) / Many)));
        }
    }

    [Test]
    public void Integers_of_either_type_are_the_same()
    {
        Assert.That(
            new Generator(1).Integers<int>(int.MinValue, int.MaxValue, 100).ToArray().Select(value => (long)value),
            Is.EqualTo(new Generator(1).Integers(int.MinValue, int.MaxValue, 100).ToArray()));
        Assert.That(new Generator(1).Integers(7, 8, 10).ToArray(), Is.All.EqualTo(7));
    }

    [Test]
    public void A_permutation_is_one([Values(0, 1, 2, 17, 1000)] int count)
    {
        var expected = Enumerable.Range(0, count).ToArray();
        Assert.That(new Generator(2).Permutation<int>(count).ToArray(), Is.EquivalentTo(expected));
        Assert.That(new Generator(2).Permutation(count).ToArray(), Is.EqualTo(new Generator(2).Permutation<int>(count).ToArray()));
    }

    [Test]
    public void Every_order_is_equally_likely()
    {
        const int draws = 24_000;
        var random = new Generator(16);
        var counts = Enumerable.Range(0, draws).GroupBy(_ => string.Join(",", random.Permutation(4).ToArray())).Select(group => group.Count()).ToArray();

        Assert.That(counts, Has.Length.EqualTo(24));
        Assert.That(counts.Sum(count => Math.Pow(count - 1000, 2) / 1000), Is.LessThan(49.73), "p = 0.001 with 23 degrees of freedom");
    }

    [Test]
    public void Concurrent_draws_never_overlap()
    {
        const int draws = 2000;
        var random = new Generator(17);
        var bag = new ConcurrentBag<double[]>();
        Parallel.For(0, draws, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => bag.Add(random.Uniform<double>((i % 7) + 1).ToArray()));

        var total = Enumerable.Range(0, draws).Sum(i => (i % 7) + 1);
        Assert.That(random.Position, Is.EqualTo(total));
        Assert.That(bag.SelectMany(values => values), Is.EquivalentTo(new Generator(17).Uniform<double>(total).ToArray()));
    }

    [Test]
    public void Splits_are_reproducible_and_differ()
    {
        static float[] Grandchild(Generator root)
        {
            root.Split();
            return root.Split().Split().Normal(50).ToArray();
        }

        var expected = Grandchild(new Generator(18));
        Assert.That(Grandchild(new Generator(18)), Is.EqualTo(expected));
        var parent = new Generator(18);
        var streams = new[] { parent.Split(), parent.Split(), parent, new Generator(19).Split() };
        Assert.That(streams.Select(stream => stream.Normal<double>(1)[0]), Is.Unique);
    }

    [Test]
    public void Wrong_arguments_are_named_and_consume_nothing()
    {
        var random = new Generator();

        Assert.That(() => random.Normal(2, -3), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("[2, -3]"));
        Assert.That(() => random.Normal(int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue, 2),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("more elements"));
        Assert.That(() => random.Uniform(1f, 1f, [2]), Throws.ArgumentException.With.Message.Contains("low is 1 and high is 1"));
        Assert.That(() => random.Uniform(float.NaN, 1f, [2]), Throws.ArgumentException.With.Message.Contains("NaN"));
        Assert.That(() => random.Uniform(float.MinValue, float.MaxValue, [2]), Throws.ArgumentException);
        Assert.That(() => random.Normal(float.NaN, 1f, [2]), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("NaN"));
        Assert.That(() => random.Normal(0f, -1f, [2]), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("-1"));
        Assert.That(() => random.Integers(3, 2, 2), Throws.ArgumentException.With.Message.Contains("low is 3 and high is 2"));
        Assert.That(() => random.Permutation(-1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("-1"));
        Assert.That(() => random.Normal<Half>(1), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("Half"));
        Assert.That(() => random.Integers<short>(0, 1, 1), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("Int16"));
        Assert.That(random.Position, Is.Zero);
    }

    private static double Distance(double[] values, Func<double, double> cumulative)
    {
        Array.Sort(values);
        return values.Select((value, i) => Math.Max(
            Math.Abs(cumulative(value) - ((double)i / values.Length)),
            Math.Abs(cumulative(value) - ((i + 1.0) / values.Length)))).Max();
    }

    // Abramowitz and Stegun 26.2.17, error below 7.5e-8.
    private static double NormalCumulative(double x)
    {
        var t = 1 / (1 + (0.2316419 * Math.Abs(x)));
        var tail = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI)
            * t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return x > 0 ? 1 - tail : tail;
    }

    [Test]
    public void A_state_made_of_its_numbers_goes_on_where_it_was()
    {
        var seeded = new Generator(7);
        Assert.That((seeded.State.Key, seeded.State.Stream, seeded.State.Position), Is.EqualTo((7UL, 0UL, 0UL)));
        Generator part = seeded.Split();
        part.Normal(5);
        GeneratorState state = part.State;
        Assert.That((state.Key, state.Stream), Is.Not.EqualTo((7UL, 0UL)), "a stream of its own");
        var again = new Generator(1) { State = new GeneratorState(state.Key, state.Stream, state.Position) };
        Assert.That(again.Normal(5).ToArray(), Is.EqualTo(part.Normal(5).ToArray()));
    }

    [Test]
    public void Single_numbers_are_draws_of_one_element_and_allocate_nothing()
    {
        var (one, tensors) = (new Generator(5), new Generator(5));
        for (int i = 0; i < 20; i++)
        {
            Assert.That(one.NextSingle(), Is.EqualTo(tensors.Uniform(1)[0]));
            Assert.That(one.NextDouble(), Is.EqualTo(tensors.Uniform<double>(1)[0]));
            Assert.That(one.NextNormal(), Is.EqualTo(tensors.Normal<double>(1)[0]));
            Assert.That(one.NextInt64(-3, 4), Is.EqualTo(tensors.Integers(-3, 4, 1)[0]));
            Assert.That(one.NextInt64(long.MinValue, long.MaxValue), Is.EqualTo(tensors.Integers(long.MinValue, long.MaxValue, 1)[0]));
        }

        Assert.That(one.State, Is.EqualTo(tensors.State));
        Assert.That(() => one.NextInt64(2, 2), Throws.ArgumentException.With.Message.Contains("low < high; low is 2"));
        Assert.That(one.State, Is.EqualTo(tensors.State));
        long before = GC.GetAllocatedBytesForCurrentThread();
        one.State = one.State with { Position = 1UL << 40 };
        double sum = one.NextSingle() + one.NextDouble() + one.NextNormal() + one.NextInt64(0, 3);
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before, double.IsFinite(sum)), Is.EqualTo((0L, true)));
        Assert.That(one.Position, Is.EqualTo((1UL << 40) + 4));
    }
}

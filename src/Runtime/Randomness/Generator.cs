using System.Numerics;
using System.Numerics.Tensors;

namespace GraphCompiler;

/// <summary>
/// A seeded source of random tensors, counter-based: element i of a draw is a function of the seed and of the counter p + i alone, where p is the
/// <see cref="Position"/> before the draw. So the numbers are the same on every machine, at any vector width and number of threads.
/// Every draw consumes one counter an element, whatever its distribution and type; a permutation of n consumes n, <see cref="Split"/> one.
/// A draw of shape [2, 3] therefore holds the numbers of a draw of shape [6], or of [4] and then [2].
/// A random operation of a graph holds its generator: each call of the compiled graph consumes one counter, from which the numbers of all elements of
/// all operations that hold this generator follow. Such operations are told apart by the order in which they were made.
/// </summary>
/// <remarks>
/// The bits are those of Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
/// Thread-safe: a draw reserves its range of counters atomically, so draws on many threads never overlap; which draw gets which range then depends
/// on their order. For numbers that do not, give each thread a generator of its own by <see cref="Split"/>.
/// Not for cryptography. Tensors are dense and row-major. System.Numerics.Tensors has no rank 0: an empty shape gives a tensor of shape [1].
/// </remarks>
public sealed class Generator
{
    private Source source;
    private int streams;

    /// <summary>A generator at the start of the stream of a seed. Equal seeds give equal numbers.</summary>
    /// <param name="seed">Any number; neighbouring seeds are as independent as any others.</param>
    public Generator(ulong seed = 0)
        : this(seed, 0)
    {
    }

    private Generator(ulong key, ulong stream) => source = new Source(new GeneratorState(key, stream, Position: 0));

    /// <summary>
    /// How many counters have been consumed: elements drawn so far, and one for each <see cref="Split"/> and for each call of a graph that draws from
    /// this generator. Making a random operation of a graph consumes none.
    /// </summary>
    public ulong Position => State.Position;

    /// <summary>
    /// All that the next draws and calls of graphs depend on. Setting what was read before, from this generator or another, makes all that follows equal to
    /// what followed then, bit for bit. How random operations of graphs are told apart is no part of it: where a graph is built anew, build it in the same order,
    /// before or after. A draw that runs on another thread while the state is set belongs wholly to the old one or to the new.
    /// </summary>
    public GeneratorState State
    {
        get => Volatile.Read(ref source).State;
        set
        {
            // Of one stream, the position is all that changes.
            if (!Volatile.Read(ref source).TryMove(value))
            {
                Volatile.Write(ref source, new Source(value));
            }
        }
    }

    /// <summary>
    /// A generator of an independent stream. Its key and stream are the 128 bits of the counter it consumes here; so a tree of splits is as
    /// reproducible as draws are.
    /// </summary>
    public Generator Split()
    {
        var block = Reserve(1).Block(0);
        return new Generator(block.Low, block.High);
    }

    /// <summary>Standard normal floats, mean 0 and standard deviation 1: the doubles of <see cref="Normal{T}(ReadOnlySpan{int})"/>, rounded.</summary>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    public Tensor<float> Normal(params ReadOnlySpan<int> shape) => Normal<float>(shape);

    /// <summary>Normal floats with a mean and a standard deviation.</summary>
    /// <param name="mean">The mean, finite.</param>
    /// <param name="standardDeviation">The standard deviation, finite and at least 0.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A size is negative, there are more elements than an array may hold, or the mean or standard deviation is outside its range.
    /// </exception>
    public Tensor<float> Normal(float mean, float standardDeviation, ReadOnlySpan<int> shape) => Normal<float>(mean, standardDeviation, shape);

    /// <summary>
    /// Standard normal numbers, mean 0 and standard deviation 1. Each is the cosine of Box and Muller's pair, computed in double from the two 53-bit
    /// uniforms of one counter; magnitudes are at most 8.58.
    /// </summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    /// <exception cref="NotSupportedException">The element type is neither float nor double.</exception>
    public Tensor<T> Normal<T>(params ReadOnlySpan<int> shape)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Normal(T.Zero, T.One, shape);

    /// <summary>Normal numbers with a mean and a standard deviation: mean + standardDeviation · z in double, rounded, z standard normal.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="mean">The mean, finite.</param>
    /// <param name="standardDeviation">The standard deviation, finite and at least 0.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A size is negative, there are more elements than an array may hold, or the mean or standard deviation is outside its range.
    /// </exception>
    /// <exception cref="NotSupportedException">The element type is neither float nor double.</exception>
    public Tensor<T> Normal<T>(T mean, T standardDeviation, ReadOnlySpan<int> shape)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireFloat<T>();
        if (!T.IsFinite(mean))
        {
            throw new ArgumentOutOfRangeException(nameof(mean), $"The mean must be finite; it is {mean}.");
        }

        if (!T.IsFinite(standardDeviation) || standardDeviation < T.Zero)
        {
            throw new ArgumentOutOfRangeException(
                nameof(standardDeviation), $"The standard deviation must be finite and at least 0; it is {standardDeviation}.");
        }

        var values = Allocate<T>(shape, out var counters);
        var (center, scale) = (double.CreateChecked(mean), double.CreateChecked(standardDeviation));
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateTruncating(center + (scale * Distributions.Normal(counters.Block((uint)i))));
        }

        return Sizes.ToTensor(values, shape);
    }

    /// <summary>Uniform floats in [0, 1): multiples of 2^-24.</summary>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    public Tensor<float> Uniform(params ReadOnlySpan<int> shape) => Uniform<float>(shape);

    /// <summary>Uniform floats in [low, high).</summary>
    /// <param name="low">The least value, finite.</param>
    /// <param name="high">The bound that is never reached, finite and above <paramref name="low"/>.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    /// <exception cref="ArgumentException">The bounds are not finite or not in order.</exception>
    public Tensor<float> Uniform(float low, float high, ReadOnlySpan<int> shape) => Uniform<float>(low, high, shape);

    /// <summary>Uniform numbers in [0, 1): multiples of 2^-24 for float and of 2^-53 for double, the top bits of a counter's first 64.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    /// <exception cref="NotSupportedException">The element type is neither float nor double.</exception>
    public Tensor<T> Uniform<T>(params ReadOnlySpan<int> shape)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Uniform(T.Zero, T.One, shape);

    /// <summary>Uniform numbers in [low, high): low + u · (high − low) in double, rounded, u uniform in [0, 1).</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="low">The least value, finite.</param>
    /// <param name="high">The bound that is never reached, finite and above <paramref name="low"/>.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    /// <exception cref="ArgumentException">The bounds or their difference are not finite, or the bounds are not in order.</exception>
    /// <exception cref="NotSupportedException">The element type is neither float nor double.</exception>
    public Tensor<T> Uniform<T>(T low, T high, ReadOnlySpan<int> shape)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireFloat<T>();
        if (!(low < high) || !T.IsFinite(high - low))
        {
            throw new ArgumentException($"Uniform numbers need finite bounds, low < high, and a finite difference; low is {low} and high is {high}.", nameof(low));
        }

        var values = Allocate<T>(shape, out var counters);
        var (origin, width) = (double.CreateChecked(low), double.CreateChecked(high) - double.CreateChecked(low));
        var last = T.BitDecrement(high);
        for (var i = 0; i < values.Length; i++)
        {
            var bits = counters.Block((uint)i).Low;
            var unit = typeof(T) == typeof(float) ? Distributions.Uniform24(bits) : Distributions.Uniform53(bits);

            // Rounding may reach the open bound.
            values[i] = T.Min(T.CreateTruncating(origin + (unit * width)), last);
        }

        return Sizes.ToTensor(values, shape);
    }

    /// <summary>Uniform integers in [low, high), as indices are: int64.</summary>
    /// <param name="low">The least value.</param>
    /// <param name="high">The bound that is never reached, above <paramref name="low"/>.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    /// <exception cref="ArgumentException">low ≥ high.</exception>
    public Tensor<long> Integers(long low, long high, params ReadOnlySpan<int> shape) => Integers<long>(low, high, shape);

    /// <summary>
    /// Uniform integers in [low, high), unbiased (Lemire, "Fast random integer generation in an interval", ACM TOMACS 29, 2019): where that method
    /// rejects, the next bits are a function of the same counter, so that each element still consumes exactly one.
    /// </summary>
    /// <typeparam name="T">int or long.</typeparam>
    /// <param name="low">The least value.</param>
    /// <param name="high">The bound that is never reached, above <paramref name="low"/>.</param>
    /// <param name="shape">The sizes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or there are more elements than an array may hold.</exception>
    /// <exception cref="ArgumentException">low ≥ high.</exception>
    /// <exception cref="NotSupportedException">The element type is neither int nor long.</exception>
    public Tensor<T> Integers<T>(T low, T high, params ReadOnlySpan<int> shape)
        where T : unmanaged, IBinaryInteger<T>
    {
        RequireInteger<T>();
        RequireRange(low, high);
        var values = Allocate<T>(shape, out var counters);
        var origin = long.CreateChecked(low);
        var range = unchecked((ulong)long.CreateChecked(high) - (ulong)origin);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateTruncating(unchecked(origin + (long)Distributions.Bounded(counters.Key, counters.Block((uint)i), range)));
        }

        return Sizes.ToTensor(values, shape);
    }

    /// <summary>The integers 0 to count − 1 in a random order, every order equally likely: int64, shape [count].</summary>
    /// <param name="count">How many, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or more than an array may hold.</exception>
    public Tensor<long> Permutation(int count) => Permutation<long>(count);

    /// <summary>
    /// The integers 0 to count − 1 in a random order, every order equally likely: shape [count]. Consumes <paramref name="count"/> counters.
    /// Source: Durstenfeld's form of the Fisher–Yates shuffle, CACM 7, 1964.
    /// </summary>
    /// <typeparam name="T">int or long.</typeparam>
    /// <param name="count">How many, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or more than an array may hold.</exception>
    /// <exception cref="NotSupportedException">The element type is neither int nor long.</exception>
    public Tensor<T> Permutation<T>(int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        RequireInteger<T>();
        if (count < 0 || count > Array.MaxLength)
        {
            throw new ArgumentOutOfRangeException(nameof(count), $"A permutation has 0 to {Array.MaxLength} elements, not {count}.");
        }

        var values = Allocate<T>([count], out var counters);
        for (var i = 0; i < values.Length; i++)
        {
            var chosen = (int)Distributions.Bounded(counters.Key, counters.Block((uint)i), (ulong)i + 1);
            values[i] = values[chosen];
            values[chosen] = T.CreateTruncating(i);
        }

        return Sizes.ToTensor(values, [count]);
    }

    /// <summary>One uniform float in [0, 1), as a draw of one element: nothing is allocated.</summary>
    public float NextSingle() => (float)Distributions.Uniform24(Reserve(1).Block(0).Low);

    /// <summary>One uniform double in [0, 1), as a draw of one element: nothing is allocated.</summary>
    public double NextDouble() => Distributions.Uniform53(Reserve(1).Block(0).Low);

    /// <summary>One standard normal number, as a draw of one double: nothing is allocated.</summary>
    public double NextNormal() => Distributions.Normal(Reserve(1).Block(0));

    /// <summary>One uniform integer in [low, high), as a draw of one element: nothing is allocated.</summary>
    /// <param name="low">The least value.</param>
    /// <param name="high">The bound that is never reached, above <paramref name="low"/>.</param>
    /// <exception cref="ArgumentException">low ≥ high.</exception>
    public long NextInt64(long low, long high)
    {
        RequireRange(low, high);
        Counters counters = Reserve(1);
        return unchecked(low + (long)Distributions.Bounded(counters.Key, counters.Block(0), (ulong)high - (ulong)low));
    }

    /// <summary>Takes the next counters of the stream for the caller alone.</summary>
    /// <param name="count">How many.</param>
    private Counters Reserve(ulong count) => Volatile.Read(ref source).Reserve(count);

    /// <summary>The number of the next random operation of a graph: counted apart from the position, so that making operations changes no draw.</summary>
    /// <exception cref="GraphException">There have been as many as numbers can tell apart.</exception>
    internal int NextStream()
    {
        int next = Interlocked.Increment(ref streams) - 1;
        return (uint)next < RandomStream.Most
            ? next
            : throw new GraphException($"A generator serves {RandomStream.Most} random operations, and this one has served them all; go on with one from Split.");
    }

    /// <summary>What a call of a graph consumes: one counter, whose block is the key and the nonce of all that the call draws.</summary>
    internal PhiloxBlock NextCall() => NextCall(out _);

    /// <summary>The same, with the state before it.</summary>
    /// <param name="before">The state.</param>
    internal PhiloxBlock NextCall(out GeneratorState before)
    {
        Counters taken = Reserve(1);
        before = taken.Start;
        return taken.Block(0);
    }

    /// <summary>Makes a call undone that was the last to draw.</summary>
    /// <param name="before">The state before it.</param>
    internal void GiveBack(GeneratorState before) => Volatile.Read(ref source).GiveBack(before);

    /// <summary>The key and nonce of the call that consumes a counter.</summary>
    /// <param name="counter">The counter.</param>
    internal PhiloxBlock CallAt(ulong counter) => CallAt(State with { Position = counter });

    /// <summary>The key and nonce of the call that a state is the one before of.</summary>
    /// <param name="before">The state.</param>
    internal static PhiloxBlock CallAt(GeneratorState before) => new Counters(before).Block(0);

    private T[] Allocate<T>(ReadOnlySpan<int> shape, out Counters counters)
        where T : unmanaged
    {
        // Only a draw that will succeed may consume counters.
        var values = Allocation.ArrayOf<T>(Sizes.Count(shape));
        counters = Reserve((ulong)values.Length);
        return values;
    }

    private static void RequireRange<T>(T low, T high)
        where T : IBinaryInteger<T>
    {
        if (low >= high)
        {
            throw new ArgumentException($"Random integers need low < high; low is {low} and high is {high}.", nameof(low));
        }
    }

    private static void RequireFloat<T>()
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double))
        {
            throw new NotSupportedException($"Random numbers of type {typeof(T).Name} are not supported; use float or double.");
        }
    }

    private static void RequireInteger<T>()
    {
        if (typeof(T) != typeof(int) && typeof(T) != typeof(long))
        {
            throw new NotSupportedException($"Random integers of type {typeof(T).Name} are not supported; use int or long.");
        }
    }

    /// <summary>A stream and how far it has been drawn: replaced as a whole, so that no draw has the key of one and the position of another.</summary>
    private sealed class Source(GeneratorState start)
    {
        private ulong position = start.Position;

        public GeneratorState State => start with { Position = Volatile.Read(ref position) };

        public Counters Reserve(ulong count) => new(start with { Position = Interlocked.Add(ref position, count) - count });

        public bool TryMove(GeneratorState state)
        {
            if (state with { Position = start.Position } != start)
            {
                return false;
            }

            Volatile.Write(ref position, state.Position);
            return true;
        }

        public void GiveBack(GeneratorState before)
        {
            if (before with { Position = start.Position } == start)
            {
                Interlocked.CompareExchange(ref position, before.Position, before.Position + 1);
            }
        }
    }

    /// <summary>The counters of one draw, by the state before it.</summary>
    private readonly struct Counters(GeneratorState start)
    {
        public GeneratorState Start => start;

        public ulong Key => start.Key;

        public PhiloxBlock Block(uint index) => Philox.Block(start.Key, start.Position + index, start.Stream);
    }
}

using System.Runtime.CompilerServices;

namespace GraphCompiler.Tests.Binding;

[TestFixture]
public sealed class PinningTests
{
    [Test]
    public void Addresses_hold_while_the_collector_compacts([Values(0, 1, 2, 3, 4, 6, 7, 17, 70)] int count)
    {
        // Garbage between the arrays, so that there is something to compact.
        var arguments = new Argument[count];
        for (var i = 0; i < count; i++)
        {
            GC.KeepAlive(new byte[100]);
            arguments[i] = (i % 4) switch
            {
                0 => new[] { i, -1 },
                1 => i,
                2 => new[] { -1, i, -1 }.AsMemory(1, 1),
                _ => Tensors.Of(i, -1),
            };
        }

        var results = new int[count];
        Destination[] destinations = [results, new int[1]];
        var action = new CollectAndCopy(count);
        Pinning.Invoke(arguments, destinations, ref action);

        Assert.That(action.Count, Is.EqualTo(count + 2));
        Assert.That(results, Is.EqualTo(Enumerable.Range(0, count)));
    }

    [Test]
    public void Memory_of_a_manager_lives_through_the_call()
    {
        var action = new CollectAndCopy(1);
        var result = new int[1];
        Pinning.Invoke([Lonely()], [result], ref action);
        Assert.That(result[0], Is.EqualTo(3));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Argument Lonely()
        {
            var manager = new NativeMemoryManager<int>(2);
            manager.Memory.Span[0] = 3;
            return manager.Memory;
        }
    }

    [Test]
    public void Empty_arguments_have_address_0()
    {
        var action = default(Addresses);
        Pinning.Invoke([Array.Empty<float>(), 1f, Tensors.Zeros<float>(0, 2)], [Array.Empty<float>()], ref action);
        Assert.That(action.AreZero, Is.EqualTo(new[] { true, false, true, true }));
    }

    [Test]
    public void Calls_allocate_nothing()
    {
        Argument[] arguments = [new float[3], 1f, Tensors.Zeros<float>(2, 2), new float[2, 2]];
        Destination[] destinations = [.. Enumerable.Range(0, 12).Select(_ => (Destination)new float[1])];
        var action = default(CountOnly);
        Pinning.Invoke(arguments, destinations, ref action);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Pinning.Invoke(arguments, destinations, ref action);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(action.Count, Is.EqualTo(16 * 101));
    }

    [Test]
    public void Exceptions_pass_through()
    {
        var action = default(Throw);
        Assert.That(() => Pinning.Invoke(new Argument[9], new Destination[60], ref action), Throws.InvalidOperationException);
    }

    // Copies the first element of each argument into the first destination, after the collector has moved what it can.
    private unsafe struct CollectAndCopy(int arguments) : IPinned
    {
        public int Count { get; private set; }

        public void Invoke(scoped ReadOnlySpan<nint> addresses)
        {
            for (var i = 0; i < 3; i++)
            {
                GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            Count = addresses.Length;
            for (var i = 0; i < arguments; i++)
            {
                ((int*)addresses[arguments])[i] = *(int*)addresses[i];
            }
        }
    }

    private struct Addresses : IPinned
    {
        public bool[] AreZero { get; private set; }

        public void Invoke(scoped ReadOnlySpan<nint> addresses) => AreZero = [.. addresses.ToArray().Select(address => address == 0)];
    }

    private struct CountOnly : IPinned
    {
        public int Count { get; private set; }

        public void Invoke(scoped ReadOnlySpan<nint> addresses) => Count += addresses.Length;
    }

    private struct Throw : IPinned
    {
        public readonly void Invoke(scoped ReadOnlySpan<nint> addresses) => throw new InvalidOperationException();
    }
}

using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Calling;

/// <summary>
/// What nobody but a call refers to lives as long as the call, while another thread collects garbage all the time: in a process of its own, which has so little
/// that this is quick.
/// </summary>
internal sealed class OwnerTests
{
    private const int Rounds = 40;

    private static readonly Dictionary<string, Func<Func<float>>> Calls = new()
    {
        ["graph, parameters and constants"] = Owners,
        ["memory"] = () => Memories(isReadOnly: false),
        ["read-only memory"] = () => Memories(isReadOnly: true),
    };

    [Test]
    public void Owners_that_nobody_else_refers_to_live_as_long_as_the_call()
    {
        string[] lines = OwnProcess.Run("owners");
        Assert.That(lines, Is.EqualTo(Calls.Keys.Select(name => string.Create(CultureInfo.InvariantCulture, $"{name}: right {Rounds} times of {Rounds}"))));
    }

    /// <summary>What the test reads, from another process.</summary>
    public static void Run()
    {
        foreach ((string name, Func<Func<float>> make) in Calls)
        {
            Func<float> call = make();
            float expected = call();
            using var stop = new CancellationTokenSource();
            var collector = new Thread(() =>
            {
                while (!stop.IsCancellationRequested)
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                }
            });
            collector.Start();
            int right = 0;
            for (int round = 0; round < Rounds; round++)
            {
                right += call() == expected ? 1 : 0;
            }

            stop.Cancel();
            collector.Join();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: right {right} times of {Rounds}"));
        }
    }

    /// <summary>The graph, its parameters and its constants have no other owner than the call that runs.</summary>
    private static Func<float> Owners()
    {
        const int Size = 160;
        float[] rows = new Generator(5).Normal(Size, Size).ToArray();
        return Call;

        [MethodImpl(MethodImplOptions.NoInlining)]
        float Call()
        {
            Input<float> x = Input("x", ["N", Size]);
            Parameter<float> first = Parameter("first", new Generator(1).Normal(Size, Size));
            Parameter<float> second = Parameter("second", new Generator(2).Normal(Size, Size));
            Node y = Sum(Tanh(MatMul(Tanh(MatMul(x, first)), second) + Constant(new Generator(3).Normal(Size))));
            return GraphCompiler.Compiler.Compile([x], y).Run(rows).Scalar<float>();
        }
    }

    /// <summary>A typed delegate sees spans of memory; its owner, which spoils them when it is finalised, is known to the caller's argument alone.</summary>
    private static Func<float> Memories(bool isReadOnly)
    {
        const int Count = 400_000;
        Input<float> x = Input("x", ["N"]);
        Node y = Sin(Exp(Tanh(Sin(Exp(Tanh(x)))))).Sum();
        var writable = GraphCompiler.Compiler.Compile<Func<Memory<float>, float>>([x], y);
        var readOnly = GraphCompiler.Compiler.Compile<Func<ReadOnlyMemory<float>, float>>([x], y);
        return Call;

        [MethodImpl(MethodImplOptions.NoInlining)]
        float Call() => isReadOnly ? readOnly(new SpoiledMemory(Count).Memory) : writable(new SpoiledMemory(Count).Memory);
    }

    /// <summary>Memory of zeros, which become NaN when it is finalised, as other memory is freed then.</summary>
    private sealed class SpoiledMemory(int length) : MemoryManager<float>
    {
        private readonly Spoiled inner = new(length);

        public override Memory<float> Memory => CreateMemory(length);

        public override Span<float> GetSpan() => inner.Span;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed unsafe class Spoiled(int length)
    {
        // Never freed: who reads it late gets NaN, not an access violation.
        private readonly nint memory = (nint)NativeMemory.AllocZeroed((nuint)length, sizeof(float));

        ~Spoiled() => Span.Fill(float.NaN);

        public Span<float> Span => new((void*)memory, length);
    }
}

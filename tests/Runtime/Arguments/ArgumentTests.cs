using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GraphCompiler.Tests.Binding;

[TestFixture]
public sealed class ArgumentTests
{
    [Test]
    public void Arrays_have_a_count_and_no_shape()
    {
        Check<float>(new float[] { 1, 2, 3 }, "float32 of 3 elements", null, [1, 2, 3]);
        Check<double>(new double[] { 1 }, "float64 of 1 element", null, [1]);
        Check<int>(new[] { 4, 5 }, "int32 of 2 elements", null, [4, 5]);
        Check<long>(Array.Empty<long>(), "int64 of 0 elements", null, []);
        Check<bool>(new[] { true, false }, "bool of 2 elements", null, [true, false]);
    }

    [Test]
    public void Scalars_have_rank_0()
    {
        Check(1.5f, "float32 []", [], [1.5f]);
        Check(1.5, "float64 []", [], [1.5]);
        Check(-3, "int32 []", [], [-3]);
        Check(long.MinValue, "int64 []", [], [long.MinValue]);
        Check(true, "bool []", [], [true]);
        Assert.That(((Argument)2f).IsScalar, Is.True);
    }

    [Test]
    public void Memory_is_read_from_its_offset()
    {
        int[] array = [0, 1, 2, 3, 4];
        Check<int>(array.AsMemory(1, 3), "int32 of 3 elements", null, [1, 2, 3]);
        Check<int>((ReadOnlyMemory<int>)array.AsMemory(2), "int32 of 3 elements", null, [2, 3, 4]);
        Check<int>(array.AsMemory(5), "int32 of 0 elements", null, []);
        Check<int>(default(Memory<int>), "int32 of 0 elements", null, []);

        using var manager = new NativeMemoryManager<double>(4);
        manager.Memory.Span[2] = 7;
        Check<double>(manager.Memory[1..], "float64 of 3 elements", null, [0, 7, 0]);
        Check<double>(manager.Memory[4..], "float64 of 0 elements", null, []);
    }

    [Test]
    public void Multi_dimensional_arrays_have_a_shape()
    {
        Check<float>(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }, "float32 [2, 3]", [2, 3], [1, 2, 3, 4, 5, 6]);
        Check<bool>(new bool[,,] { { { true, false } } }, "bool [1, 1, 2]", [1, 1, 2], [true, false]);
        Check<long>(new long[0, 3], "int64 [0, 3]", [0, 3], []);
    }

    [Test]
    public void Tensors_have_a_shape()
    {
        Check<float>(Tensor.Reshape(Tensors.Arange(0f, 6f), [2, 3]), "float32 [2, 3]", [2, 3], [0, 1, 2, 3, 4, 5]);
        Check<double>(Tensor.Create([1.0, 2, 3, 4, 5], 1, [2, 2], []), "float64 [2, 2]", [2, 2], [2, 3, 4, 5]);
        Check<int>(Tensors.Zeros<int>(0, 3), "int32 [0, 3]", [0, 3], []);
        Check<long>(Tensors.Of(5L), "int64 [1]", [1], [5]);
        Check<bool>(Tensors.Of(true, false), "bool [2]", [2], [true, false]);
        Check<float>(Tensor<float>.Empty, "float32 of 0 elements", null, []);
    }

    [Test]
    public void Strided_tensors_are_copied_row_major()
    {
        var tensor = Tensor.Reshape(Tensors.Arange(0f, 12f), [3, 4]);
        Check<float>(Tensor.PermuteDimensions(tensor, [1, 0]).Slice([0..2, 0..3]), "float32 [2, 3]", [2, 3], [0, 4, 8, 1, 5, 9], dense: false);
        Check<float>(tensor.Slice([1..3, 1..3]), "float32 [2, 2]", [2, 2], [5, 6, 9, 10], dense: false);
        Check<bool>(Tensor.Create([true, false, true], 0, [2, 1], [2, 0]), "bool [2, 1]", [2, 1], [true, true], dense: false);
        Check<double>(Tensor.Create([7.0], 0, [2, 2], [0, 0]), "float64 [2, 2]", [2, 2], [7, 7, 7, 7], dense: false);
        Check<long>(Tensor.Create([1L, 2, 3], 0, [1, 3], [0, 1]), "int64 [1, 3]", [1, 3], [1, 2, 3]);
        Check<float>(tensor.Slice([1..1, 1..3]), "float32 [0, 2]", [0, 2], []);

        Assert.That(((Argument)tensor.Slice([1..3, 1..3])).ByteExtent, Is.EqualTo((nint)(6 * sizeof(float))));
    }

    [Test]
    public void Some_rows_are_in_the_same_memory()
    {
        int[] array = [0, 1, 2, 3, 4, 5, 6];
        Check<int>(((Argument)array.AsMemory(1)).Rows(1, 2, 3), "int32 of 4 elements", null, [3, 4, 5, 6]);
        Check<int>(((Argument)array).Rows(7, 0, 7), "int32 of 0 elements", null, []);
        using var manager = new NativeMemoryManager<double>(6);
        manager.Memory.Span[4] = 7;
        Check<double>(((Argument)manager.Memory[2..]).Rows(1, 1, 2), "float64 of 2 elements", null, [7, 0]);

        Check<float>(((Argument)new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }).Rows(1, 2, 3), "float32 [2, 2]", [2, 2], [3, 4, 5, 6]);
        Tensor<float> tensor = Tensor.Reshape(Tensors.Arange(0f, 12f), [3, 4]);
        Argument last = ((Argument)tensor).Rows(1, 2, 3);
        Check<float>(last, "float32 [2, 4]", [2, 4], [4, 5, 6, 7, 8, 9, 10, 11]);
        Check<float>(last.Rows(1, 1, 2), "float32 [1, 4]", [1, 4], [8, 9, 10, 11]);
        Check<float>(last.Rows(2, 0, 2), "float32 [0, 4]", [0, 4], []);
        Argument strided = ((Argument)Tensor.PermuteDimensions(tensor, [1, 0])).Rows(1, 2, 4);
        Check<float>(strided, "float32 [2, 3]", [2, 3], [1, 5, 9, 2, 6, 10], dense: false);
        Assert.That(strided.ByteExtent, Is.EqualTo((nint)(10 * sizeof(float))));
        Assert.That((last.ElementCount, last.Rank, last.GetLength(0), last.GetLength(1), ((Argument)array).Rank), Is.EqualTo(((nint)8, 2, (nint)2, (nint)4, -1)));
        Assert.That(((Argument)(float[]?)null).Rows(0, 1, 1).IsNull);

        Assert.That(() => last.Rows(1, 2, 2), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("There are no 2 rows from row 1 on among 2"));
        Assert.That(() => last.Rows(0, 1, 3), Throws.ArgumentException.With.Message.Contains("float32 [2, 4] has not 3 rows."));
        Assert.That(() => ((Argument)array).Rows(0, 1, 2), Throws.ArgumentException.With.Message.Contains("int32 of 7 elements has not 2 rows of one size."));
        Assert.That(() => ((Argument)1f).Rows(0, 1, 1), Throws.ArgumentException.With.Message.Contains("float32 [] has not 1 row."));
        Assert.That(() => last.GetLength(2), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("float32 [2, 4] has no such axis."));
    }

    [Test]
    public void Nothing_is_recognised()
    {
        Assert.That(default(Argument).IsNull, Is.True);
        Assert.That(((Argument)(float[]?)null).IsNull, Is.True);
        Assert.That(((Argument)(int[,]?)null).IsNull, Is.True);
        Assert.That(((Argument)(long[,,]?)null).IsNull, Is.True);
        Assert.That(((Argument)(double[]?)null).DType, Is.EqualTo(DType.Float64));
        Assert.That(((Argument)(Tensor<double>?)null).IsNull, Is.True);
        Assert.That(default(Argument).ToString(), Is.EqualTo("null"));
        Assert.That(default(Argument).Rank, Is.EqualTo(-1));
        Assert.That(default(Destination).IsNull, Is.True);
        Assert.That(IsNullReference(default), Is.True);
    }

    [Test]
    public void Too_little_room_is_an_error()
    {
        Argument argument = new float[2, 2];
        Assert.That(() => argument.CopyTo(new byte[15]), Throws.ArgumentException.With.Message.Contains("15 bytes"));
        Assert.That(() => argument.TryGetShape(new nint[1], out _), Throws.ArgumentException);
    }

    [Test]
    public void Making_arguments_allocates_nothing()
    {
        var array = new float[4];
        var tensor = Tensors.Zeros<double>(2, 2);
        Use(array, tensor);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Use(array, tensor);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(Unsafe.SizeOf<Argument>(), Is.EqualTo(32));

        static void Use(float[] array, Tensor<double> tensor)
        {
            Span<nint> lengths = stackalloc nint[8];
            ReadOnlySpan<Argument> arguments = [array, tensor, array.AsMemory(1), 5, true];
            Span<byte> bytes = stackalloc byte[64];
            foreach (ref readonly var argument in arguments)
            {
                argument.TryGetShape(lengths, out _);
                argument.CopyTo(bytes);
            }
        }
    }

    [Test]
    public void Destinations_are_written_in_place()
    {
        var array = new int[4];
        Write(array.AsMemory(1, 2));
        Assert.That(array, Is.EqualTo(new[] { 0, 9, 0, 0 }));
        var tensor = Tensors.Zeros<int>(2, 2);
        Write(tensor);
        Assert.That(tensor[0, 0], Is.EqualTo(9));
        var rows = new int[1, 2];
        Write(rows);
        Assert.That(rows[0, 0], Is.EqualTo(9));
        Write(array);
        Assert.That(array[0], Is.EqualTo(9));
        Assert.That(((Destination)rows).ToString(), Is.EqualTo("int32 [1, 2]"));

        Destination strided = Tensor.PermuteDimensions(Tensors.Zeros<int>(2, 3), [1, 0]);
        Assert.That(strided.IsDense, Is.False);
        Assert.That(() => Write(strided), Throws.InvalidOperationException);

        static void Write(Destination destination) => Unsafe.As<byte, int>(ref destination.GetReference()) = 9;
    }

    [Test]
    public void Overlaps_are_seen()
    {
        var array = new float[10];
        Destination middle = array.AsMemory(3, 4);

        Assert.That(middle.Overlaps((Argument)array), Is.True);
        Assert.That(middle.Overlaps((Argument)array.AsMemory(0, 4)), Is.True);
        Assert.That(middle.Overlaps((Argument)array.AsMemory(0, 3)), Is.False);
        Assert.That(middle.Overlaps((Argument)array.AsMemory(6)), Is.True);
        Assert.That(middle.Overlaps((Argument)array.AsMemory(7)), Is.False);
        Assert.That(middle.Overlaps((Argument)new float[10]), Is.False);
        Assert.That(middle.Overlaps((Argument)2f), Is.False);
        Assert.That(middle.Overlaps((Argument)Array.Empty<float>()), Is.False);
        Assert.That(middle.Overlaps(default(Argument)), Is.False);
        Assert.That(middle.Overlaps((Argument)Tensor.Create(array, 0, [2, 2], [5, 1])), Is.True, "its gaps count");
        Assert.That(middle.Overlaps((Destination)array.AsMemory(6)), Is.True);
        Assert.That(middle.Overlaps((Destination)Tensor.Create(array, 7, [3], [])), Is.False);
    }

    private static void Check<T>(Argument argument, string text, nint[]? shape, T[] elements, bool dense = true)
        where T : unmanaged
    {
        Assert.That(argument.ToString(), Is.EqualTo(text));
        Assert.That(argument.IsNull, Is.False);
        Assert.That(argument.DType, Is.EqualTo(DTypes.Of<T>()));
        Assert.That(argument.ElementCount, Is.EqualTo((nint)elements.Length));
        Assert.That(argument.IsDense, Is.EqualTo(dense));
        var lengths = new nint[8];
        Assert.That(argument.TryGetShape(lengths, out var rank), Is.EqualTo(shape is not null));
        Assert.That(rank, Is.EqualTo(shape?.Length ?? -1));
        Assert.That(lengths.Take(Math.Max(rank, 0)), Is.EqualTo(shape ?? []));

        var copy = new T[elements.Length];
        argument.CopyTo(MemoryMarshal.AsBytes(copy.AsSpan()));
        Assert.That(copy, Is.EqualTo(elements));
        Assert.That(IsNullReference(argument), Is.EqualTo(elements.Length == 0));
        if (elements.Length > 0)
        {
            Assert.That(Unsafe.As<byte, T>(ref Unsafe.AsRef(in argument.GetReference())), Is.EqualTo(elements[0]));
        }
    }

    private static bool IsNullReference(Argument argument) => Unsafe.IsNullRef(in argument.GetReference());
}

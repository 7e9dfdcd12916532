using System.Buffers;
using System.Numerics.Tensors;
using CsCheck;

namespace GraphCompiler.Tests.Memory;

[TestFixture]
public sealed class StridedCopyTests
{
    // Slices and permutations of a tensor of up to four axes, with the elements that indexing one by one gives.
    private static readonly Gen<Tensor<int>> Views =
        from lengths in Gen.Int[1, 4].Array[1, 4]
        from ends in Gen.Select(Gen.Int[0, 4], Gen.Int[0, 4]).Array[lengths.Length]
        from order in Gen.Shuffle(Enumerable.Range(0, lengths.Length).ToArray())
        select View(lengths, ends, order);

    [Test]
    public void Copies_agree_with_indexing_one_by_one() => Views.Sample(
        tensor =>
        {
            Argument argument = tensor;
            var actual = new int[tensor.FlattenedLength];
            argument.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(actual.AsSpan()));
            var expected = ByIndex(tensor).ToArray();

            return actual.AsSpan().SequenceEqual(expected)
                && tensor.ToArray().AsSpan().SequenceEqual(expected)
                && argument.IsDense == IsRowMajor(tensor);
        },
        iter: 3000);

    [Test]
    public void Extents_reach_the_last_element()
    {
        Assert.That(StridedCopy.Extent([2, 3], [10, 2]), Is.EqualTo((nint)15));
        Assert.That(StridedCopy.Extent([2, 0], [10, 2]), Is.EqualTo((nint)0));
        Assert.That(StridedCopy.Extent([], []), Is.EqualTo((nint)1));
        Assert.That(StridedCopy.Extent([4], [0]), Is.EqualTo((nint)1));
    }

    private static Tensor<int> View(int[] lengths, (int, int)[] ends, int[] order)
    {
        var tensor = Tensors.From(Enumerable.Range(0, lengths.Aggregate(1, (a, b) => a * b)).ToArray(), lengths);
        var ranges = lengths.Zip(ends, (length, end) =>
        {
            var (from, to) = (Math.Min(end.Item1, length), Math.Min(end.Item2, length));
            return (NRange)(Math.Min(from, to)..Math.Max(from, to));
        }).ToArray();
        var slice = tensor.Slice(ranges);
        return slice.FlattenedLength == 0 ? slice : Tensor.PermuteDimensions(slice, order);
    }

    private static IEnumerable<int> ByIndex(Tensor<int> tensor)
    {
        var lengths = tensor.Lengths.ToArray();
        for (nint flat = 0; flat < tensor.FlattenedLength; flat++)
        {
            var index = new nint[lengths.Length];
            var rest = flat;
            for (var axis = lengths.Length - 1; axis >= 0; axis--)
            {
                (rest, index[axis]) = Math.DivRem(rest, lengths[axis]);
            }

            yield return tensor[index];
        }
    }

    private static bool IsRowMajor(Tensor<int> tensor)
    {
        nint expected = 1;
        for (var axis = tensor.Rank - 1; axis >= 0 && tensor.FlattenedLength > 0; axis--)
        {
            if (tensor.Lengths[axis] > 1 && tensor.Strides[axis] != expected)
            {
                return false;
            }

            expected *= tensor.Lengths[axis];
        }

        return true;
    }
}

namespace GraphCompiler.Tests.Runtime.Types;

/// <summary>Lists that compare by their elements.</summary>
internal sealed class ValueEqualityTests
{
    [Test]
    public void Lists_compare_by_their_elements_in_order()
    {
        EquatableArray<int> list = [1, 2];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(list.Equals([1, 2]), Is.True);
            Assert.That(list == EquatableArray.Create([1, 2]), Is.True);
            Assert.That(list != EquatableArray.Create([2, 1]), Is.True);
            Assert.That(list == EquatableArray.Create([1, 2, 3]), Is.False);
            Assert.That(default(EquatableArray<int>) == EquatableArray.Create<int>([]), Is.True, "none and never made are the same");
            Assert.That(list.GetHashCode(), Is.EqualTo(EquatableArray.Create([1, 2]).GetHashCode()));
        }
    }

    [Test]
    public void Lists_are_read_in_order_without_allocation()
    {
        EquatableArray<int> list = [3, 1, 2];
        Assert.That(Digits(list), Is.EqualTo(312));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Digits(list);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(list.AsSpan().ToArray(), Is.EqualTo(new[] { 3, 1, 2 }));
        Assert.That(default(EquatableArray<int>).AsSpan().IsEmpty);

        static int Digits(EquatableArray<int> list)
        {
            int digits = 0;
            foreach (int item in list)
            {
                digits = (10 * digits) + item;
            }

            return digits;
        }
    }
}

namespace GraphCompiler.Tests.Runtime.Threading;

[TestFixture]
internal sealed class FavouringTurnTests
{
    // More than it takes to be favoured.
    private const int Many = 100;

    private FavouringTurn turn;

    [SetUp]
    public void Begin() => turn = new FavouringTurn();

    [Test]
    public void Whoever_took_it_often_takes_it_once_at_a_time([Values(0, 1, Many)] int before)
    {
        TakeOften(before);
        Assert.That(turn.TryTake());
        Assert.That(turn.TryTake(), Is.False, "a call within");
        Assert.That((turn.IsOwn, turn.IsOthers), Is.EqualTo((true, false)));
        Assert.That(OnAnotherThread(() => (turn.TryTake(), turn.IsOwn, turn.IsOthers)), Is.EqualTo((false, false, true)));
        Assert.That(turn.TryClose(), Is.False);
        turn.GiveBack();
        Assert.That((turn.IsOwn, turn.IsOthers), Is.EqualTo((false, false)));
        Assert.That(OnAnotherThread(() => turn.IsOthers), Is.False);
        Assert.That(turn.TryTake());
        turn.GiveBack();
    }

    [Test]
    public void Another_thread_takes_it_when_it_was_given_back([Values(0, 1, Many)] int before)
    {
        for (int round = 0; round < 4; round++)
        {
            TakeOften(before);
            Assert.That(OnAnotherThread(() => turn.TryTake()));
            Assert.That((turn.TryTake(), turn.IsOwn, turn.IsOthers), Is.EqualTo((false, false, true)));

            // On whatever thread the call ends.
            turn.GiveBack();
            OnAnotherThread(() =>
            {
                TakeOften(Many);
                return true;
            });
        }
    }

    [Test]
    public void It_is_closed_for_good([Values(0, 1, Many)] int before)
    {
        TakeOften(before);
        Assert.That(OnAnotherThread(() => turn.TryClose()));
        Assert.That((turn.TryTake(), turn.TryClose(), turn.IsOwn, turn.IsOthers), Is.EqualTo((false, false, false, false)));
    }

    [Test]
    public void Warm_calls_allocate_nothing_when_the_favour_begins()
    {
        TakeOften(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        TakeOften(Many);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void One_thread_at_a_time_has_it_until_it_is_closed()
    {
        for (int round = 0; round < 200; round++)
        {
            turn = new FavouringTurn();
            int inside = 0;
            int clashes = 0;
            int strangers = 0;
            int afterClosed = 0;
            bool closed = false;
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(i => new Thread(() =>
            {
                // Each alone for a while, so that it is favoured, and they get in each other's way.
                for (int call = 0; !Volatile.Read(ref closed); call++)
                {
                    bool wasClosed = Volatile.Read(ref closed);
                    if (!turn.TryTake())
                    {
                        continue;
                    }

                    afterClosed += wasClosed ? 1 : 0;
                    clashes += Interlocked.Increment(ref inside) == 1 ? 0 : 1;
                    strangers += turn.IsOwn && !turn.IsOthers ? 0 : 1;
                    Interlocked.Decrement(ref inside);
                    turn.GiveBack();
                    if (call % (Many * (i + 1)) == 0)
                    {
                        Thread.Yield();
                    }
                }
            }))];
            Array.ForEach(threads, t => t.Start());
            SpinWait.SpinUntil(() => false, TimeSpan.FromMilliseconds(1));
            SpinWait wait = default;
            while (!turn.TryClose())
            {
                wait.SpinOnce();
            }

            bool isFree = Volatile.Read(ref inside) == 0;
            Volatile.Write(ref closed, true);
            Array.ForEach(threads, t => t.Join());
            Assert.That((clashes, strangers, afterClosed, isFree, turn.TryTake()), Is.EqualTo((0, 0, 0, true, false)));
        }
    }

    private void TakeOften(int times)
    {
        for (int i = 0; i < times; i++)
        {
            if (!turn.TryTake())
            {
                throw new AssertionException("It was free.");
            }

            turn.GiveBack();
        }
    }

    private static T OnAnotherThread<T>(Func<T> run)
    {
        T result = default!;
        var thread = new Thread(() => result = run());
        thread.Start();
        thread.Join();
        return result;
    }
}

using GraphCompiler.Fusion;

namespace GraphCompiler.Tests.Compiler.Fusion;

/// <summary>Joins in random graphs, against walks over all of the graph.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class AcyclicGraphTests
{
    [Test]
    public void ADetourIsFoundWhereverThereIsOne([Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        int count = random.Next(2, 60);
        int reach = random.Next(1, count);
        List<int>[] readers = [.. Enumerable.Range(0, count).Select(n => Enumerable.Range(n + 1, Math.Min(reach, count - n - 1)).Where(_ => random.Next(reach + 1) < 2).ToList())];
        var joins = new AcyclicGraph(readers);
        int[] cluster = [.. Enumerable.Range(0, count)];
        for (int trial = 0; trial < 400; trial++)
        {
            (int x, int y) = (random.Next(count), random.Next(count));
            if (cluster[x] == cluster[y])
            {
                continue;
            }

            bool expected = LeadsBeyond(cluster[x], cluster[y]) || LeadsBeyond(cluster[y], cluster[x]);
            Assert.That(joins.HasDetour(x, y), Is.EqualTo(expected), $"trial {trial}: {x} and {y}");
            if (!expected && random.Next(3) > 0)
            {
                joins.Join(x, y);
                int old = cluster[x];
                cluster = [.. cluster.Select(c => c == old ? cluster[y] : c)];
            }
        }

        bool LeadsBeyond(int from, int to)
        {
            HashSet<int> seen = [from];
            var pending = new Stack<int>([from]);
            while (pending.TryPop(out int each))
            {
                foreach (int next in Enumerable.Range(0, count).Where(n => cluster[n] == each).SelectMany(n => readers[n]).Select(n => cluster[n]))
                {
                    if (next == to ? each != from : seen.Add(next))
                    {
                        if (next == to)
                        {
                            return true;
                        }

                        pending.Push(next);
                    }
                }
            }

            return false;
        }
    }

    [Test]
    public void AnEdgeThatWouldCloseACycleIsKnown([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        int count = random.Next(2, 50);
        List<int>[] readers = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        var graph = new AcyclicGraph(readers);
        for (int trial = 0; trial < 300; trial++)
        {
            (int from, int to) = (random.Next(count), random.Next(count));
            bool expected = Reaches(to, from);
            Assert.That(graph.Leads(to, from), Is.EqualTo(expected), $"trial {trial}: {to} to {from}");
            if (expected)
            {
                Assert.That(() => graph.Lead(from, to), Throws.InvalidOperationException);
                continue;
            }

            graph.Lead(from, to);
            readers[from].Add(to);
        }

        bool Reaches(int from, int to)
        {
            HashSet<int> seen = [from];
            var pending = new Stack<int>([from]);
            while (pending.TryPop(out int each))
            {
                foreach (int next in readers[each].Where(seen.Add))
                {
                    pending.Push(next);
                }
            }

            return seen.Contains(to);
        }
    }

    [Test]
    public void WhatStandsBetweenIsNotJoinedOver()
    {
        var joins = new AcyclicGraph([[1, 2], [2], []]);
        Assert.That(() => joins.Join(0, 2), Throws.InvalidOperationException);
        joins.Join(0, 1);
        Assert.That(joins.HasDetour(0, 2), Is.False);
    }

    /// <summary>There and back again: each step on the way back reads what the step there left.</summary>
    [Test]
    public void LongWaysBackTakeFewSteps()
    {
        Assert.That(StepsOf(16_000), Is.LessThan(18 * StepsOf(1_000)));

        static long StepsOf(int count)
        {
            int[][] readers = [.. Enumerable.Range(0, 2 * count).Select(n =>
                n < count ? [n + 1, (2 * count) - 1 - n] : n + 1 < 2 * count ? new[] { n + 1 } : [])];
            var joins = new AcyclicGraph(readers);
            for (int n = 0; n + 2 < count; n++)
            {
                Assert.That(joins.HasDetour(n, (2 * count) - 1 - n));
                Assert.That(joins.HasDetour(n + 1, (2 * count) - 1 - n));
            }

            for (int n = 0; n < (2 * count) - 8; n += 8)
            {
                for (int k = 1; k < 8; k++)
                {
                    joins.Join(n, n + k);
                }
            }

            return joins.Steps;
        }
    }
}

using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace GraphCompiler.Learning.Data;

/// <summary>Makes the batches of an epoch, when they are asked for or ahead.</summary>
internal sealed class BatchMaker(Rows rows, EpochPlan plan)
{
    /// <summary>A batch when it is asked for, in the same memory each time.</summary>
    public IEnumerable<Batch> InTurn()
    {
        var batch = new Batch(rows.Columns);
        Generator[] chance = NewChance();
        for (int i = 0; i < plan.Count; i++)
        {
            Fill(batch, i, chance, CancellationToken.None);
            yield return batch;
        }
    }

    /// <summary>Batches that were made by another thread, so many ahead.</summary>
    public IEnumerable<Batch> Ahead(int depth)
    {
        using var stop = new CancellationTokenSource();
        using var made = new BlockingCollection<Batch>(depth);
        using var free = new BlockingCollection<Batch>();

        // One is being made and one is being read.
        for (int i = 0; i < depth + 2; i++)
        {
            free.Add(new Batch(rows.Columns));
        }

        ExceptionDispatchInfo? failure = null;
        var making = Task.Factory.StartNew(Make, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            foreach (Batch batch in made.GetConsumingEnumerable())
            {
                yield return batch;
                free.Add(batch);
            }

            failure?.Throw();
        }
        finally
        {
            stop.Cancel();
            making.Wait();
        }

        void Make()
        {
            try
            {
                Generator[] chance = NewChance();
                for (int i = 0; i < plan.Count; i++)
                {
                    Batch batch = free.Take(stop.Token);
                    Fill(batch, i, chance, stop.Token);
                    made.Add(batch, stop.Token);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                made.CompleteAdding();
            }
        }
    }

    private Generator[] NewChance() => [.. rows.Functions.Select((f, i) => RowChance.Of(f.Seed, RowChance.Functions + i, plan.Epoch))];

    private void Fill(Batch batch, int number, Generator[] chance, CancellationToken cancellation)
    {
        batch.Fill(plan.Sources(number), plan.After(number));
        ReadOnlySpan<int> numbers = plan.Numbers(number);
        for (int place = 0; place < numbers.Length && chance.Length > 0; place++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < chance.Length; i++)
            {
                RowChance.MoveTo(chance[i], numbers[place]);
                rows.Functions[i].Function(new Row(batch, place), chance[i]);
            }
        }
    }
}

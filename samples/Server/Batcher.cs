using System.Threading.Channels;

namespace Server;

/// <summary>
/// Answers rows by a function of many rows. While one run is under way, what is asked waits, and the next run takes all that waits, up to a number: who asks
/// alone is answered at once, and the more ask, the more are answered by a run. There is no timer.
/// </summary>
internal sealed class Batcher : IAsyncDisposable
{
    private readonly Action<ReadOnlyMemory<float>, Memory<float>> run;
    private readonly Channel<Question> waiting;
    private readonly float[] rows;
    private readonly float[] answers;
    private readonly int most;
    private readonly Task running;
    private long runs;
    private long answered;

    /// <summary>Begins to wait for rows.</summary>
    /// <param name="run">Fills answers, n times their width, from rows, n times theirs. It is called by one thread at a time.</param>
    /// <param name="row">The width of a row.</param>
    /// <param name="answer">The width of an answer.</param>
    /// <param name="most">The most rows that a run takes.</param>
    /// <param name="queue">The most rows that wait.</param>
    public Batcher(Action<ReadOnlyMemory<float>, Memory<float>> run, int row, int answer, int most, int queue)
    {
        this.run = run;
        this.most = most;
        rows = new float[most * row];
        answers = new float[most * answer];
        waiting = Channel.CreateBounded<Question>(new BoundedChannelOptions(queue) { SingleReader = true });
        running = Task.Run(Work);
    }

    /// <summary>How many runs there were.</summary>
    public long Runs => Interlocked.Read(ref runs);

    /// <summary>How many rows they answered.</summary>
    public long Answered => Interlocked.Read(ref answered);

    /// <summary>Asks for the answer to a row; false if too many wait, or none is taken any more. Who cancels is not waited for, and its row not computed if it still waits.</summary>
    public bool TryAsk(float[] row, CancellationToken cancellation, out Task<float[]> answer)
    {
        var question = new Question(row, cancellation);
        answer = question.Answer.Task.WaitAsync(cancellation);
        return waiting.Writer.TryWrite(question);
    }

    /// <summary>Takes no more questions, and ends when those that wait are answered.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await running;
    }

    private async Task Work()
    {
        var batch = new List<Question>(most);
        while (await waiting.Reader.WaitToReadAsync())
        {
            while (batch.Count < most && waiting.Reader.TryRead(out Question? question))
            {
                if (!question.Cancellation.IsCancellationRequested)
                {
                    batch.Add(question);
                }
            }

            Run(batch);
            batch.Clear();
        }
    }

    private void Run(List<Question> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        int row = rows.Length / most;
        int answer = answers.Length / most;
        for (int i = 0; i < batch.Count; i++)
        {
            batch[i].Row.CopyTo(rows, i * row);
        }

        try
        {
            run(rows.AsMemory(0, batch.Count * row), answers.AsMemory(0, batch.Count * answer));
        }
        catch (Exception e)
        {
            // Those who asked hear of it, and the next run may be better.
            batch.ForEach(q => q.Answer.SetException(e));
            return;
        }

        Interlocked.Increment(ref runs);
        Interlocked.Add(ref answered, batch.Count);
        for (int i = 0; i < batch.Count; i++)
        {
            batch[i].Answer.SetResult(answers[(i * answer)..((i + 1) * answer)]);
        }
    }

    private sealed record Question(float[] Row, CancellationToken Cancellation)
    {
        // What follows an answer is another thread's work: this one goes on with the next run.
        public TaskCompletionSource<float[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

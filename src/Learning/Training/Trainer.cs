using System.Diagnostics;
using System.Globalization;
using GraphCompiler.Learning.Training;

namespace GraphCompiler.Learning;

/// <summary>
/// Trains a model: it defines it twice, for training and for inference, and compiles a step and a measurement. The loop is the caller's: <c>trainer.Step(x, y)</c>.
/// </summary>
public sealed partial class Trainer : IDisposable
{
    private readonly Module model;
    private readonly IReadOnlyList<Node> inputs;
    private readonly Func<Objective> define;
    private readonly Generator random;
    private readonly Parameter<long> step = Ops.Parameter("step", 0L, requiresGrad: false);
    private readonly double[] told = new double[4];
    private readonly Destination[] destinations;
    private readonly TrainingMeter meter;
    private readonly TrainingListeners heard;
    private readonly Lock making = new();
    private Compiled? compiled;
    private bool isDisposed;
    private int stepping;

    /// <summary>A trainer, which compiles when it is first asked to do something.</summary>
    /// <param name="model">What is trained: its parameters that are not frozen when the trainer is first asked to do something.</param>
    /// <param name="inputs">What a batch is made of.</param>
    /// <param name="define">Defines the objective of a batch; it is called twice, in a pass for training and in one for inference, or more often as <see cref="ShardsAtOnce"/> says.</param>
    /// <param name="random">Where layers take random numbers from.</param>
    public Trainer(Module model, IReadOnlyList<Node> inputs, Func<Objective> define, Generator random)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(define);
        ArgumentNullException.ThrowIfNull(random);
        (this.model, this.inputs, this.define, this.random) = (model, [.. inputs], define, random);
        meter = new TrainingMeter($"{model}");
        heard = new TrainingListeners([meter]);
        destinations = [.. told.Select((_, i) => (Destination)told.AsMemory(i, 1))];
    }

    /// <summary>Optimisers, and what each trains; of those whose predicate holds the first one does.</summary>
    public required IReadOnlyList<OptimizerGroup> Optimizers
    {
        get;
        init => field = value is { Count: > 0 } ? [.. value] : throw new ArgumentException("A trainer has at least one optimiser.", nameof(Optimizers));
    }

    /// <summary>The largest norm of all gradients together; larger ones are scaled down. Null for no limit.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>The largest magnitude of a gradient's numbers, after <see cref="ClipNorm"/>; larger ones are cut. Null for no limit.</summary>
    public double? ClipValue { get; init; }

    /// <summary>Averages of the parameters that are kept beside them; null for none.</summary>
    public Ema? Average { get; init; }

    /// <summary>
    /// Into how many parts of rows a batch is cut, as even as can be; by default 1. The gradients of the parts' sums are added as a balanced tree and divided once, so that the memory
    /// of a step is that of a part, and the numbers depend on this and not on who computes what. Batch norm takes the statistics of each part, and the mean of them moves the running
    /// ones; each part has random numbers of its own. Inputs that begin with the first axis of the first one, a symbol, are cut; others go to each part whole.
    /// </summary>
    public int Shards
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(Shards), value, "A batch is cut into at least one part.");
    } = 1;

    /// <summary>How many of the <see cref="Shards"/> are computed at once, each on a thread and by a graph of its own; by default 1. It changes no bit of what is trained.</summary>
    public int ShardsAtOnce
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(ShardsAtOnce), value, "At least one part is computed at once.");
    } = 1;

    /// <summary>Options of the compiler.</summary>
    public CompileOptions? Options { get; init; }

    /// <summary>How many steps were made.</summary>
    public long StepCount => step.Values[0];

    /// <summary>Makes a step on a batch.</summary>
    /// <param name="batch">A value for each input.</param>
    /// <exception cref="DivergenceException">The loss, the norm of its gradients, or something that the step would write, is no finite number; nothing has changed. The message names a number of the batch that is none.</exception>
    /// <exception cref="InvalidOperationException">The steps that a schedule was made for are over, or another step is being made.</exception>
    public StepReport Step(params ReadOnlySpan<Argument> batch)
    {
        StepReport report = Make(batch);
        heard.Stepped(report);
        return report;
    }

    /// <summary>Begins to measure the model as it is at inference.</summary>
    public Measurement Measure()
    {
        Compiled ready = Ready();
        return new Measurement(ready.Measure, ready.Metrics);
    }

    /// <summary>The average of a parameter.</summary>
    /// <param name="parameter">A parameter that is trained.</param>
    /// <exception cref="InvalidOperationException">No averages are kept.</exception>
    /// <exception cref="ArgumentException">It is not trained.</exception>
    public Parameter AverageOf(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Average is null ? throw new InvalidOperationException($"The trainer keeps no averages; set {nameof(Average)}.")
            : Ready().Averages.GetValueOrDefault(parameter) ?? throw new ArgumentException($"Parameter '{parameter.Path}' is not trained.", nameof(parameter));
    }

    /// <summary>
    /// Gives the parameters their averages, for what the model is used for after the training; its own values are in checkpoints that were saved before. Statistics that layers keep, as batch
    /// norm's, stay those of the training.
    /// </summary>
    /// <exception cref="InvalidOperationException">No averages are kept.</exception>
    public void UseAverages()
    {
        if (Average is null)
        {
            throw new InvalidOperationException($"The trainer keeps no averages; set {nameof(Average)}.");
        }

        // Before the first step they are what the parameters are.
        foreach ((Parameter parameter, Parameter average) in Ready().Averages.Where(_ => StepCount > 0))
        {
            parameter.Set(average);
        }
    }

    /// <summary>
    /// Saves all that the training is at, in one file from which it goes on to the same bits: the model under its own names, the states of optimisers, averages, the count of steps,
    /// and where the random numbers of layers are. The file is there as a whole or not at all.
    /// </summary>
    /// <param name="path">The path of the file, which ends with <c>.safetensors</c>.</param>
    /// <exception cref="IOException">The file cannot be written; an old one is as it was.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        State().Save(path, new TrainingMetadata(TrainingMetadata.Current, Shards, random.State, place, rowsRead, Sums.ToTotals(), trend, new BestEpoch(Best.Loss, Best.Step)).ToMetadata());
    }

    /// <summary>Goes on from a file that <see cref="Save"/> wrote.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="InvalidDataException">It is no such file, is damaged, or of a training with another number of shards; nothing has changed.</exception>
    /// <exception cref="LoadException">It is of another model or of other optimisers; nothing has changed.</exception>
    public void Load(string path) => Load(path, null);

    /// <summary>Ends what was compiled; the model stays.</summary>
    public void Dispose()
    {
        lock (making)
        {
            isDisposed = true;
            compiled?.Step.Dispose();
            compiled?.Measure.Dispose();
            compiled = null;
        }
    }

    private StepReport Make(ReadOnlySpan<Argument> batch, Batch? rows = null)
    {
        Compiled ready = Ready();
        if (Interlocked.Exchange(ref stepping, 1) != 0)
        {
            throw new InvalidOperationException("The trainer is making another step: steps follow one another.");
        }

        try
        {
            long begun = Stopwatch.GetTimestamp();
            long number = StepCount;
            if (number >= ready.ScheduledSteps)
            {
                throw new InvalidOperationException($"A schedule of the optimisers was made for {ready.ScheduledSteps} steps, and these are over.");
            }

            if (number == 0)
            {
                // Whatever the parameters became since the step was compiled.
                foreach ((Parameter parameter, Parameter average) in ready.Averages)
                {
                    average.Set(parameter);
                }
            }

            ready.Step.Run(batch, destinations);
            double loss = told[0] / told[1];
            double spike = trend.DeviationsOf(loss);
            trend = trend.With(loss);
            return new StepReport { Step = number, Loss = loss, Weight = told[1], GradientNorm = told[2], LearningRate = told[3], Spike = spike, Duration = Stopwatch.GetElapsedTime(begun) };
        }
        catch (ExecutionException e) when (e.InnerException is DivergenceException divergence)
        {
            string? why = divergence.Advice is { } advice ? NotFinite.In(inputs, batch, rows) ?? advice : null;
            throw new DivergenceException(why is null ? divergence.Message : $"{divergence.Message} {why}", divergence.Step, divergence.Loss);
        }
        catch (ExecutionException e) when (e.InnerException is null && rows is not null)
        {
            // Such as a label that is no class, which stands at a place of the batch: the caller knows rows.
            throw new ExecutionException($"{e.Message} {RowsOf(rows)}");
        }
        finally
        {
            Volatile.Write(ref stepping, 0);
        }
    }

    private string RowsOf(Batch batch)
    {
        const int Most = 64;
        IEnumerable<string> numbers = batch.Indices[..Math.Min(Most, batch.Count)].ToArray().Select(i => i.ToString(CultureInfo.InvariantCulture));
        return $"The batch has, from place 0 on, the rows {string.Join(", ", numbers)}{(batch.Count > Most ? ", …" : string.Empty)} of what {nameof(Rows)}.{nameof(Rows.Of)} was given"
            + $"{(Shards > 1 ? string.Create(CultureInfo.InvariantCulture, $", a part of them in each of {Shards} shards, whose places begin at 0") : string.Empty)}; {nameof(Rows.RequireLabels)} and {nameof(Rows.RequireFinite)} look at all of them before anything is trained.";
    }

    private void Load(string path, Rows? train)
    {
        using var file = TensorFile.Open(path);
        var metadata = TrainingMetadata.Of(file);
        if (metadata.Shards != Shards)
        {
            throw new InvalidDataException($"'{path}' is of a training with {metadata.Shards} shards, and this has {Shards}, by which its numbers would differ: set {nameof(Shards)}, or load the model alone.");
        }

        if (train is not null && metadata.Rows is { } read && read != train.Count)
        {
            throw new InvalidDataException($"'{path}' is of a training on {read} rows, and these are {train.Count}, which it cannot go on with to the same numbers: begin in another folder, or {nameof(Load)} the checkpoint and train without one.");
        }

        EpochSums epoch = EpochSums.Of(Ready().Step.Metrics, metadata.Epoch);
        State().Load(file);
        random.State = metadata.Random;
        (place, rowsRead, trend) = (metadata.Place, metadata.Rows, metadata.Trend);
        (sums, unsaved) = (epoch, null);
        Best.Take(metadata.Best.Loss, metadata.Best.Step, Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "best.safetensors"));
    }

    private TrainingState State()
    {
        Compiled ready = Ready();
        return new(model, Optimizers.SelectMany(g => g.Optimizer.State).Where(ready.Written.Contains).Distinct(), ready.Averages, ready.Plateaus, step);
    }

    private Compiled Ready()
    {
        lock (making)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return compiled ??= Make();
        }
    }

    private Compiled Make()
    {
        Pass.RequireNone("A trainer opens passes of its own.");
        model.Walk();
        (StepProgram program, TrainingStep made) = Shards == 1 ? MakeWhole() : MakeSharded();
        Objective measured;
        using (Pass.Inference())
        using (GradMode.NoGrad())
        {
            measured = define();
        }

        return new Compiled(
            program,
            Compiler.Compile(inputs, [Metric.Double(measured.Sum), Metric.Double(measured.Weight), .. measured.Metrics.SelectMany(m => m.Parts)], null, Options),
            measured.Metrics,
            made.Averages,
            made.ScheduledSteps,
            made.Plateaus,
            made.Updates.Select(u => u.Parameter).ToHashSet());
    }

    private (StepProgram Program, TrainingStep Made) MakeWhole()
    {
        StepTerms terms = Terms(random);
        TrainingStep made = Define(terms);
        return (new WholeStep(Compiler.Compile(inputs, [.. made.Outputs, .. terms.MetricParts], made.Updates, Options), new StepMetrics(terms.Metrics, 1)), made);
    }

    private (StepProgram Program, TrainingStep Made) MakeSharded()
    {
        var cut = new BatchCut(inputs);
        int count = Math.Min(ShardsAtOnce, Shards);
        CompileOptions options = Options ?? CompileOptions.Default;
        CompileOptions shared = options with { Threads = Math.Max(1, options.Threads / count) };
        StepTerms terms = null!;
        ShardPool pool = null!;
        StepMetrics metrics = null!;
        var lanes = new ShardLane[count];
        for (int lane = 0; lane < count; lane++)
        {
            // A generator of its own tells a lane's shards apart, and numbers its random operations from 0 on, as in all others.
            var own = new Generator();
            terms = Terms(own);
            pool ??= new ShardPool(terms.Outputs);
            metrics ??= new StepMetrics(terms.Metrics, Shards);
            lanes[lane] = new ShardLane(Compiler.Compile(inputs, [.. terms.Outputs, .. terms.MetricParts], null, shared), own, cut, pool, metrics);
        }

        (StepTerms passed, IReadOnlyList<Node> passedInputs) = terms.Passed();
        TrainingStep made = Define(passed);
        return (new ShardedStep(lanes, Compiler.Compile(passedInputs, made.Outputs, made.Updates, Options), cut, pool, random, Shards, metrics), made);
    }

    private StepTerms Terms(Generator chance)
    {
        using Pass pass = Pass.Training(chance);
        Objective objective = define();
        return StepTerms.Of(model, objective, pass.Updates);
    }

    private TrainingStep Define(StepTerms terms) => TrainingStep.Define(terms, step, new TrainingSettings(Optimizers, ClipNorm, ClipValue, Average));

    private sealed record Compiled(StepProgram Step, CompiledGraph Measure, IReadOnlyList<Metric> Metrics, IReadOnlyDictionary<Parameter, Parameter> Averages, long? ScheduledSteps, IReadOnlyList<Plateau> Plateaus, IReadOnlySet<Parameter> Written);
}

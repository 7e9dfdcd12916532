namespace GraphCompiler.Learning.Training;

/// <summary>
/// All that a training has in parameters, as a module that is saved and loaded: the model's under their own names, so that others read them, and behind them the states of
/// optimisers, averages, plateaus and the count of steps.
/// </summary>
internal sealed class TrainingState(Module model, IEnumerable<Parameter> states, IReadOnlyDictionary<Parameter, Parameter> averages, IReadOnlyList<Plateau> plateaus, Parameter<long> step) : Module
{
    [Named("")]
    private readonly Module model = model;

    [Named("optimizer")]
    private readonly Dictionary<string, Parameter> states = states.ToDictionary(s => s.Path);

    [Named("average")]
    private readonly Dictionary<string, Parameter> averages = averages.ToDictionary(a => a.Key.Path, a => a.Value);

    [Named("plateau")]
    private readonly IReadOnlyList<Plateau> plateaus = plateaus;

    private readonly Parameter<long> step = step;

    public override string ToString() => $"training of {model}";
}

using System.Globalization;

namespace GraphCompiler.Learning;

/// <summary>A copy of a model as it was when it was best.</summary>
public sealed class BestModel
{
    private readonly Module model;
    private Dictionary<Parameter, ParameterValues>? values;
    private string? file;
    private string? missing;

    internal BestModel(Module model) => this.model = model;

    /// <summary>The loss at that time; infinite if there was none yet.</summary>
    public double Loss { get; private set; } = double.PositiveInfinity;

    /// <summary>After how many steps that was.</summary>
    public long Step { get; private set; }

    /// <summary>Gives the model the values that it had when it was best.</summary>
    /// <exception cref="InvalidOperationException">No model has been measured yet, or what was best in a training before this one was not saved.</exception>
    public void Restore()
    {
        if (values is null && file is not null)
        {
            model.Load(file);
            return;
        }

        if (values is null)
        {
            throw new InvalidOperationException(missing is null ? "No model has been measured yet, so none is best."
                : string.Create(CultureInfo.InvariantCulture, $"The best model, of step {Step}, is not there: a training before this one, which it goes on from, did not save it as '{missing}'."));
        }

        foreach ((Parameter parameter, ParameterValues best) in values)
        {
            parameter.SetBytes(best.Bytes.Span);
        }
    }

    /// <summary>Goes on from what was best in a training before, whose model a file has if it was saved.</summary>
    internal void Take(double loss, long step, string path)
    {
        (Loss, Step) = (loss, step);
        values = null;
        file = File.Exists(path) ? path : null;
        missing = file is null && !double.IsPositiveInfinity(loss) ? path : null;
    }

    /// <summary>Keeps the model if it is better than what was kept.</summary>
    internal bool Offer(double loss, long step)
    {
        if (!(loss < Loss))
        {
            return false;
        }

        values = model.NamedParameters().Where(p => p.IsSaved && p.Alias is null).ToDictionary(p => p.Parameter, p => new ParameterValues(p.Parameter.DType, p.Parameter.Shape, p.Parameter.Bytes.ToArray()));
        (Loss, Step) = (loss, step);
        return true;
    }
}

namespace GraphCompiler.Tests.References;

/// <summary>Elements where our result differs from PyTorch's by intention.</summary>
/// <param name="Values">Flat positions and our values.</param>
/// <param name="Reason">Why.</param>
internal sealed record Deviation(IReadOnlyList<(int Index, double Value)> Values, string Reason);

/// <summary>The named exceptions of the reference tests.</summary>
internal static class ReferenceNotes
{
    /// <summary>Where the result differs from PyTorch's by intention: the case, the part, and the output or input.</summary>
    public static IReadOnlyDictionary<(string Case, ReferenceTests.Part Part, string Name), Deviation> Deviations { get; } = new Dictionary<(string, ReferenceTests.Part, string), Deviation>
    {
        [("binary/where_nan_leak", ReferenceTests.Part.Gradients, "x")] = new([(0, 0)], "PyTorch multiplies the gradient 0 of the side not taken by its infinite slope; ours stays 0."),
        [("binary/xlogy_zero", ReferenceTests.Part.Gradients, "b")] = new([(0, 0)], "0·log 0 is masked by Where, whose side not taken gets 0; PyTorch has 0/0."),
        [("loss/bce_edge", ReferenceTests.Part.Gradients, "p")] = new([(0, -0.5371270074251142), (1, -0.07654299576431223), (2, 0), (3, 0)], "Ours is the slope of the loss, 0 where its logarithm is cut at -100; PyTorch takes (p - y)/max(p(1 - p), 1e-12)."),
        [("activation/softplus_edge", ReferenceTests.Part.SecondOrder, "x")] = new([(9, -8.245109541042114E-12)], "At the threshold itself PyTorch drops the curvature that softplus has."),
    };

    /// <summary>Cases with a bound in float64 of their own.</summary>
    public static IReadOnlyDictionary<string, (double Bound, string Reason)> Bounds { get; } = new Dictionary<string, (double, string)>
    {
        ["activation/celu_alpha07"] = (1e-7, "PyTorch rounds 1/alpha to float32."),
        ["activation/celu_alpha07_edge"] = (1e-7, "PyTorch rounds 1/alpha to float32."),
        ["activation/hardsigmoid"] = (1e-7, "PyTorch rounds the slope 1/6 to float32."),
        ["activation/hardsigmoid_edge"] = (1e-7, "PyTorch rounds the slope 1/6 to float32."),
    };

    /// <summary>Cases whose numbers float32 cannot hold or tell apart.</summary>
    public static IReadOnlyDictionary<string, string> NotInSingle { get; } = new Dictionary<string, string>
    {
        ["unary/log_zero_neg"] = "1e-300 is 0 in float32.",
    };
}

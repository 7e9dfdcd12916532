using static GraphCompiler.Ops;

namespace GraphCompiler.Learning.Tests.References;

/// <summary>The inputs of a reference, as leaves and as arguments.</summary>
internal sealed class ReferenceInputs
{
    public ReferenceInputs(ReferenceFile file)
    {
        IReadOnlyDictionary<string, StoredTensor> tensors = file.Of("input");
        Leaves = [.. tensors.Select(t => Input(t.Key, t.Value.Shape, t.Value.DType!.Value, requiresGrad: t.Value.DType == DType.Float32))];
        Nodes = Leaves.ToDictionary(l => l.Name!, l => (Node)l);
        Arguments = [.. tensors.Values.Select(Argument)];
    }

    public IReadOnlyList<Leaf> Leaves { get; }

    public IReadOnlyDictionary<string, Node> Nodes { get; }

    public Argument[] Arguments { get; }

    private static Argument Argument(StoredTensor tensor) => tensor.DType switch
    {
        DType.Float32 => tensor.ToTensor<float>(),
        DType.Int64 => tensor.ToTensor<long>(),
        _ => tensor.ToTensor<bool>(),
    };
}

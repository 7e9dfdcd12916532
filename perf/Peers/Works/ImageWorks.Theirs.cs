using TorchSharp;
using static TorchSharp.torch;

namespace GraphCompiler.Peers.Works;

/// <content>The others' side.</content>
internal sealed partial class ImageWork
{
    public override IEnumerable<Contender> Theirs(Systems systems)
    {
        if (systems.HasOnnx)
        {
            float[] output = Output;
            long[] shape = classes > 0 ? [input[0], classes] : [input[0], layers[^1].Outputs, Side, Side];
            yield return OnnxModels.Session(OnnxModels.Images(Nodes(), Initializers(), input, shape), systems.Threads, (xs, [.. input.Select(d => (long)d)]), (output, shape));
        }

        if (systems.HasTorch)
        {
            var side = new TorchSide();
            Tensor x = side.From(xs, [.. input.Select(d => (long)d)]);
            Tensor[] ws = [.. layers.Select((l, i) => side.From(weights[i], [.. l.Weight.Select(d => (long)d)]))];
            Tensor[] ss = [.. layers.Select((l, i) => side.From(scales[i], l.Outputs))];
            Tensor[] bs = [.. layers.Select((l, i) => side.From(biases[i], l.Outputs))];
            Tensor[] zeros = [.. layers.Select(l => side.From(new float[l.Outputs], l.Outputs))];
            Tensor[] ones = [.. layers.Select(l => side.From([.. Enumerable.Repeat(1f, l.Outputs)], l.Outputs))];
            Tensor? linear = classes > 0 ? side.From(Linear, Features, classes) : null;
            yield return new Contender(
                Systems.TorchName,
                () =>
                {
                    using IDisposable mode = inference_mode();
                    using DisposeScope scope = NewDisposeScope();
                    Tensor y = x;
                    for (int i = 0; i < layers.Length; i++)
                    {
                        long pad = layers[i].Size / 2;
                        y = nn.functional.conv2d(y, ws[i], layers[i].HasNorm ? null : bs[i], padding: [pad, pad], groups: layers[i].Groups);
                        y = layers[i].HasNorm ? nn.functional.batch_norm(y, zeros[i], ones[i], ss[i], bs[i], training: false, eps: 0) : y;
                        y = layers[i].AddsInput ? y.add_(x) : y;
                        y = layers[i].Ends == ImageEnd.Relu6 ? y.clamp_(0, 6) : y.relu_();
                        y = layers[i].Pools ? nn.functional.max_pool2d(y, 2) : y;
                    }

                    side.Keep(linear is null ? y : y.flatten(1).matmul(linear));
                },
                () => [side.Kept(0, "y")])
            {
                Owned = [side],
            };
        }
    }

    private List<OnnxNode> Nodes()
    {
        List<OnnxNode> nodes = [];
        string last = "x";
        string Next(string op, string name, string[] inputs, params (string Name, long[] Values)[] attributes)
        {
            nodes.Add(new OnnxNode(op, inputs, name, attributes));
            return name;
        }

        for (int i = 0; i < layers.Length; i++)
        {
            ImageLayer layer = layers[i];
            long pad = layer.Size / 2;
            (string, long[])[] attributes = [("pads", [pad, pad, pad, pad])];
            string[] own = layer.HasNorm ? [last, $"w{i}"] : [last, $"w{i}", $"b{i}"];
            last = Next("Conv", $"conv{i}", own, layer.Groups == 1 ? attributes : [.. attributes, ("group", [layer.Groups])]);
            last = layer.HasNorm ? Next("BatchNormalization", $"norm{i}", [last, $"s{i}", $"b{i}", $"zeros{i}", $"ones{i}"]) : last;
            last = layer.AddsInput ? Next("Add", $"sum{i}", [last, "x"]) : last;
            last = layer.Ends == ImageEnd.Relu6 ? Next("Clip", $"end{i}", [last, "zero", "six"]) : Next("Relu", $"end{i}", [last]);
            last = layer.Pools ? Next("MaxPool", $"pool{i}", [last], ("kernel_shape", [2, 2]), ("strides", [2, 2])) : last;
        }

        last = classes > 0 ? Next("MatMul", "product", [Next("Flatten", "flat", [last]), "linear"]) : last;
        nodes[^1] = nodes[^1] with { Output = "y" };
        return nodes;
    }

    private List<(string Name, float[] Values, int[] Shape)> Initializers()
    {
        List<(string, float[], int[])> tensors = [("zero", [0], []), ("six", [6], [])];
        for (int i = 0; i < layers.Length; i++)
        {
            int n = layers[i].Outputs;
            tensors.Add(($"w{i}", weights[i], layers[i].Weight));
            tensors.Add(($"b{i}", biases[i], [n]));
            tensors.Add(($"s{i}", scales[i], [n]));
            tensors.Add(($"zeros{i}", new float[n], [n]));

            // ONNX adds 1e-5 to the variance by default.
            tensors.Add(($"ones{i}", [.. Enumerable.Repeat(1f - 1e-5f, n)], [n]));
        }

        if (classes > 0)
        {
            tensors.Add(("linear", Linear, [Features, classes]));
        }

        return tensors;
    }
}

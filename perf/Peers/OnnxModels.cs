using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace GraphCompiler.Peers;

/// <summary>
/// The few ONNX models that are measured, written as protocol buffers by hand: a message is a sequence of fields, a field is a key
/// (number · 8 + kind) and a value; kind 0 is a varint, kind 2 a length and as many bytes (text, raw data or a message within).
/// Field numbers are those of onnx.proto.
/// </summary>
internal static class OnnxModels
{
    private const int Float = 1;
    private const int IrVersion = 8;
    private const int Opset = 17;

    /// <summary>A chain of Gemm nodes, an activation after each but the last; input "x" [N, in], output "y" [N, out], N any size as in ours.</summary>
    public static byte[] Mlp(MlpWeights mlp, string activation)
    {
        var graph = new Message();
        string last = "x";
        for (int layer = 0; layer < mlp.Layers; layer++)
        {
            bool isLast = layer == mlp.Layers - 1;
            string product = isLast ? "y" : $"h{layer}";
            graph.Add(1, Node("Gemm", [last, $"w{layer}", $"b{layer}"], product));
            if (!isLast)
            {
                graph.Add(1, Node(activation, [product], $"a{layer}"));
            }

            last = $"a{layer}";
        }

        graph.Add(2, "mlp");
        for (int layer = 0; layer < mlp.Layers; layer++)
        {
            graph.Add(5, Initializer($"w{layer}", mlp.Weights[layer], mlp.Sizes[layer], mlp.Sizes[layer + 1]));
            graph.Add(5, Initializer($"b{layer}", mlp.Biases[layer], mlp.Sizes[layer + 1]));
        }

        graph.Add(11, Value("x", mlp.Sizes[0]));
        graph.Add(12, Value("y", mlp.Sizes[^1]));

        // ModelProto: ir_version, producer_name, graph, opset_import { version }.
        return new Message().Add(1, IrVersion).Add(2, "peers").Add(7, graph).Add(8, new Message().Add(2, Opset)).ToArray();
    }

    /// <summary>A model of nodes that read each other by name; input "x" and output "y", float32 of known shapes.</summary>
    public static byte[] Images(IReadOnlyList<OnnxNode> nodes, IReadOnlyList<(string Name, float[] Values, int[] Shape)> initializers, int[] input, long[] output)
    {
        var graph = new Message();
        foreach (OnnxNode node in nodes)
        {
            Message message = Node(node.Op, node.Inputs, node.Output);
            foreach ((string name, long[] values) in node.Attributes)
            {
                message.Add(5, Attribute(name, values));
            }

            graph.Add(1, message);
        }

        graph.Add(2, "images");
        foreach ((string name, float[] values, int[] shape) in initializers)
        {
            graph.Add(5, Initializer(name, values, shape));
        }

        graph.Add(11, Value("x", [.. input.Select(d => (long)d)]));
        graph.Add(12, Value("y", output));
        return new Message().Add(1, IrVersion).Add(2, "peers").Add(7, graph).Add(8, new Message().Add(2, Opset)).ToArray();
    }

    /// <summary>A session that reads and writes memory of the caller: the least that a call of ONNX Runtime can cost.</summary>
    public static Contender Session(byte[] model, int threads, (float[] Values, long[] Shape) x, (float[] Values, long[] Shape) y)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        var session = new InferenceSession(model, options);
        var run = new RunOptions();
        OrtValue input = OrtValue.CreateTensorValueFromMemory(x.Values, x.Shape);
        OrtValue output = OrtValue.CreateTensorValueFromMemory(y.Values, y.Shape);
        string[] inputNames = ["x"];
        string[] outputNames = ["y"];
        OrtValue[] inputs = [input];
        OrtValue[] outputs = [output];
        return new Contender(Systems.OnnxName, () => session.Run(run, inputNames, inputs, outputNames, outputs), () => [new Result("y", y.Values)])
        {
            Owned = [input, output, run, session, options],
        };
    }

    /// <summary>NodeProto: input, output, op_type.</summary>
    private static Message Node(string op, string[] inputs, string output)
    {
        var node = new Message();
        foreach (string input in inputs)
        {
            node.Add(1, input);
        }

        return node.Add(2, output).Add(4, op);
    }

    /// <summary>AttributeProto: name, i or ints, type. "group" is one number, the others of these models are several.</summary>
    private static Message Attribute(string name, long[] values)
    {
        const int One = 2;
        const int Several = 7;
        Message attribute = new Message().Add(1, name);
        if (name == "group")
        {
            return attribute.Add(3, values[0]).Add(20, One);
        }

        foreach (long value in values)
        {
            attribute.Add(8, value);
        }

        return attribute.Add(20, Several);
    }

    /// <summary>TensorProto: dims, data_type, name, raw_data (little-endian).</summary>
    private static Message Initializer(string name, float[] values, params ReadOnlySpan<int> shape)
    {
        var tensor = new Message();
        foreach (int size in shape)
        {
            tensor.Add(1, size);
        }

        return tensor.Add(2, Float).Add(8, name).Add(9, MemoryMarshal.AsBytes(values.AsSpan()));
    }

    /// <summary>ValueInfoProto: name, type { tensor_type { elem_type, shape { dim { dim_param }, dim { dim_value } } } }, shape [N, columns].</summary>
    private static Message Value(string name, int columns)
    {
        Message dims = new Message().Add(1, new Message().Add(2, "N")).Add(1, new Message().Add(1, columns));
        return new Message().Add(1, name).Add(2, new Message().Add(1, new Message().Add(1, Float).Add(2, dims)));
    }

    /// <summary>The same of a known shape.</summary>
    private static Message Value(string name, long[] shape)
    {
        var dims = new Message();
        foreach (long size in shape)
        {
            dims.Add(1, new Message().Add(1, size));
        }

        return new Message().Add(1, name).Add(2, new Message().Add(1, new Message().Add(1, Float).Add(2, dims)));
    }

    /// <summary>A message being written.</summary>
    private sealed class Message
    {
        private const int Varint = 0;
        private const int Bytes = 2;
        private readonly List<byte> written = [];

        public Message Add(int field, long value)
        {
            Write((uint)((field << 3) | Varint));
            Write((ulong)value);
            return this;
        }

        public Message Add(int field, ReadOnlySpan<byte> bytes)
        {
            Write((uint)((field << 3) | Bytes));
            Write((ulong)bytes.Length);
            written.AddRange(bytes);
            return this;
        }

        public Message Add(int field, string text) => Add(field, Encoding.UTF8.GetBytes(text));

        public Message Add(int field, Message message) => Add(field, message.ToArray());

        public byte[] ToArray() => [.. written];

        /// <summary>Seven bits a byte, the lowest first; the top bit says that more follow.</summary>
        private void Write(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                written.Add((byte)(value | 0x80));
            }

            written.Add((byte)value);
        }
    }
}

/// <summary>A node of a model: what it computes, of what, and what of its attributes is not the default.</summary>
internal sealed record OnnxNode(string Op, string[] Inputs, string Output, (string Name, long[] Values)[] Attributes);

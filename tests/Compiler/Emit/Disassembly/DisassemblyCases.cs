using GraphCompiler.Emit;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Compiler.Emit.Disassembly;

/// <summary>Graphs whose machine code is looked at.</summary>
internal static class DisassemblyCases
{
    /// <summary>Graphs by name: inputs and output.</summary>
    public static IReadOnlyDictionary<string, Func<(Node[] Inputs, Node Output)>> All { get; } = new Dictionary<string, Func<(Node[] Inputs, Node Output)>>
    {
        ["pointwise chain"] = () => Of(["N"], ["N"], (x, y) => (((x * 2f) + y) * (x - y)) + 1f),
        ["exp"] = () => Of(["N"], ["N"], (x, y) => Exp(x) * y),
        ["tanh"] = () => Of(["N"], ["N"], (x, y) => Tanh(x + y)),
        ["broadcast rows"] = () => Of(["N", 40], [40], (x, y) => Relu(x + y)),
        ["sum of rows"] = () => Of(["N", "M"], ["N", "M"], (x, y) => Sum(x * y, 1)),
        ["sum of columns"] = () => Of(["N", 64], ["N", 64], (x, y) => Sum(x * y, 0)),
        ["maximum of rows"] = () => Of(["N", 100], [100], (x, y) => Max(x + y, 1)),
        ["softmax"] = () => Of(["N", 100], [100], (x, y) => Softmax(x + y, 1)),
        ["layer norm"] = () => Of(["N", 96], [96], (x, y) => LayerNorm(x) * y),
        ["product"] = () => Of([64, 128], [128, 96], MatMul),
        ["product of any rows"] = () => Of(["N", 128], [128, 96], MatMul),
        ["product with edges"] = () => Of([61, 128], [128, 83], MatMul),
        ["product of any size"] = () => Of(["N", "K"], ["K", "M"], MatMul),
        ["product of doubles of any size"] = () =>
        {
            Node x = Input<double>("x", ["N", "K"]);
            Node y = Input<double>("y", ["K", "M"]);
            return ([x, y], MatMul(x, y));
        },
        ["product of integers of any size"] = () =>
        {
            Node x = Input<long>("x", ["N", "K"]);
            Node y = Input<long>("y", ["K", "M"]);
            return ([x, y], MatMul(x, y));
        },
        ["product of any size, masked"] = () =>
        {
            Node mask = Input("mask", ["N", "M"]);
            (Node[] inputs, Node product) = Of(["N", "K"], ["K", "M"], MatMul);
            return ([.. inputs, mask], product + mask);
        },
        ["product of a row"] = () => Of([1, 128], [128, 96], MatMul),
        ["product with transposed"] = () => Of([64, 128], [96, 128], (x, y) => MatMul(x, Transpose(y))),
        ["product, bias and relu"] = () =>
        {
            Node bias = Input("bias", [96]);
            (Node[] inputs, Node product) = Of(["N", 128], [128, 96], MatMul);
            return ([.. inputs, bias], Relu(product + bias));
        },
        ["product of any size, scale, residual and relu"] = () =>
        {
            Node residual = Input("residual", ["N", "M"]);
            (Node[] inputs, Node product) = Of(["N", "K"], ["K", "M"], MatMul);
            return ([.. inputs, residual], Relu((product * 0.5f) + residual));
        },
        ["random numbers"] = () => Of(["N"], ["N"], (x, y) => x + (Uniform(new Generator(1), ["N"]) * y)),
        ["dropout"] = () => Of(["N", 96], [96], (x, y) => Dropout(new Generator(1), x + y, 0.5)),
        ["product and residual"] = () =>
        {
            Node residual = Input("residual", [61, 83]);
            (Node[] inputs, Node product) = Of([61, 128], [128, 83], MatMul);
            return ([.. inputs, residual], (product * 0.5f) + residual);
        },
    };

    /// <summary>Compiles each case, in order, and prints how many kernels it took: what a process under the JIT's eye does.</summary>
    public static void CompileAll(VectorWidth width)
    {
        foreach ((string name, Func<(Node[] Inputs, Node Output)> build) in All)
        {
            (Node[] inputs, Node output) = build();
            var count = CompilationCount.Start();
            using CompiledGraph graph = GraphCompiler.Compiler.Compile(inputs, output, new CompileOptions { Width = width });
            bool usedFec = graph.Executor.Program.Compiled.All(c => c.UsedFec);
            Console.WriteLine($"{name}\t{count.Kernels}\t{usedFec}");
        }
    }

    private static (Node[] Inputs, Node Output) Of(Shape first, Shape second, Func<Node, Node, Node> output)
    {
        Node x = Input("x", first);
        Node y = Input("y", second);
        return ([x, y], output(x, y));
    }
}

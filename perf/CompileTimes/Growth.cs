using System.Diagnostics;
using System.Globalization;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf.CompileTimes;

/// <summary>How the time to compile grows with the nodes: to the end of the first call of graphs of one form, each in a process of its own.</summary>
internal static class Growth
{
    // Sizes, one of which has a goal, in seconds.
    private static readonly (string Name, int[] Sizes, (int Size, double Seconds) Goal, Func<int, (CompiledGraph Graph, Argument[] Given)> Make)[] Forms =
    [
        ("chain", [1000, 2500, 5000, 10_000, 20_000], (20_000, 3), Chain),
        ("parameters", [125, 250, 500, 1250, 2500], (2500, 5), Parameters),
        ("layers", [25, 50, 100, 200, 400], (200, 1), Layers),
        ("gru", [25, 50, 100, 200, 400], (400, 4), Gru),
    ];

    public static int Run(string[] arguments)
    {
        if (arguments is ["child", var name, var size])
        {
            Child(name, int.Parse(size, CultureInfo.InvariantCulture));
            return 0;
        }

        string? picture = arguments.FirstOrDefault(a => a.EndsWith(".svg", StringComparison.Ordinal));
        string[] chosen = [.. arguments.Where(a => a != picture)];
        List<(string Form, (int Nodes, double Seconds)[] Points, (int Nodes, double Seconds) Goal)> lines = [];
        Console.WriteLine("| graph | size | nodes | kernels | seconds |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach ((string form, int[] sizes, (int Size, double Seconds) goal, _) in Forms.Where(f => chosen.Length == 0 || chosen.Contains(f.Name)))
        {
            List<(int Nodes, double Seconds)> points = [];
            foreach (int each in sizes)
            {
                string row = OwnProcess.Run("growth", "child", form, each.ToString(CultureInfo.InvariantCulture)).Trim();
                Console.WriteLine($"| {form} | {each.ToString(CultureInfo.InvariantCulture)} | {row} |");
                string[] cells = row.Split('|');
                points.Add((int.Parse(cells[0], CultureInfo.InvariantCulture), double.Parse(cells[2], CultureInfo.InvariantCulture)));
            }

            lines.Add((form, [.. points], (points[Array.IndexOf(sizes, goal.Size)].Nodes, goal.Seconds)));
        }

        if (picture is not null)
        {
            File.WriteAllText(picture, GrowthChart.Draw(lines));
        }

        return 0;
    }

    private static void Child(string name, int size)
    {
        long start = Stopwatch.GetTimestamp();
        (CompiledGraph graph, Argument[] given) = Forms.Single(f => f.Name == name).Make(size);
        graph.Run(given);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{graph.Graph.Nodes.Count} | {graph.Executor.Program.Kernels.Length} | {seconds:0.00}"));
    }

    /// <summary>Elementwise operations, one after the other.</summary>
    private static (CompiledGraph Graph, Argument[] Given) Chain(int count)
    {
        Input<float> x = Input("x", [1000]);
        Node y = x;
        for (int i = 0; i < count / 2; i++)
        {
            y = Tanh(y + x);
        }

        return (Compiler.Compile([x], y), [new float[1000]]);
    }

    /// <summary>A step of Adam for many small parameters.</summary>
    private static (CompiledGraph Graph, Argument[] Given) Parameters(int count)
    {
        Input<float> x = Input("x", [64]);
        Node y = x;
        List<Parameter> parameters = [];
        for (int i = 0; i < count; i++)
        {
            parameters.Add(Parameter($"p{i}", Tensors.Zeros<float>(64)));
            y = Tanh(y + parameters[^1]);
        }

        Node loss = Sum(y);
        return (Compiler.Compile([x], [loss], Optimizers.Adam(loss, parameters)), [new float[64]]);
    }

    /// <summary>A step of Adam for layers of tanh.</summary>
    private static (CompiledGraph Graph, Argument[] Given) Layers(int count)
    {
        const int Width = 64;
        const int Rows = 32;
        Input<float> x = Input("x", ["N", Width]);
        Node y = x;
        List<Parameter> parameters = [];
        for (int i = 0; i < count; i++)
        {
            parameters.Add(Parameter($"w{i}", Tensors.Zeros<float>(Width, Width)));
            parameters.Add(Parameter($"b{i}", Tensors.Zeros<float>(Width)));
            y = Tanh(MatMul(y, parameters[^2]) + parameters[^1]);
        }

        Node loss = Mean(y * y);
        return (Compiler.Compile([x], [loss], Optimizers.Adam(loss, parameters)), [new float[Rows * Width]]);
    }

    /// <summary>Steps of a gated recurrent unit, written out, with the gradients of all weights.</summary>
    private static (CompiledGraph Graph, Argument[] Given) Gru(int steps)
    {
        const int Width = 32;
        const int Rows = 8;
        Input<float> x = Input("x", [steps, Rows, Width]);
        Parameter<float>[] w = [.. Enumerable.Range(0, 6).Select(i => Parameter($"w{i}", Tensors.Zeros<float>(Width, Width)))];
        Node h = Zeros([Rows, Width]);
        foreach (Node step in Unbind(x, 0))
        {
            Node reset = Sigmoid(MatMul(step, w[0]) + MatMul(h, w[1]));
            Node update = Sigmoid(MatMul(step, w[2]) + MatMul(h, w[3]));
            Node next = Tanh(MatMul(step, w[4]) + (reset * MatMul(h, w[5])));
            h = (update * h) + ((1 - update) * next);
        }

        Node loss = Sum(h);
        return (Compiler.Compile([x], [loss, .. Gradients(loss, w)]), [new float[steps * Rows * Width]]);
    }
}

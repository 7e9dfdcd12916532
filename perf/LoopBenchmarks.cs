using BenchmarkDotNet.Attributes;
using static GraphCompiler.Ops;

namespace GraphCompiler.Perf;

/// <summary>Loops within a graph: beside the same loop written by hand, and beside as many calls.</summary>
public class LoopBenchmarks
{
    private const int Steps = 1000;
    private const double Half = 0.005;

    private readonly Generator random = new(seed: 0);
    private readonly double[] state = [1, 0, 0.5, -0.5];
    private CompiledGraph logistic = null!;
    private CompiledGraph ode = null!;
    private CompiledGraph descent = null!;
    private CompiledGraph step = null!;
    private CompiledGraph lstm = null!;
    private float[] start = null!;
    private float[] xs = null!;

    [GlobalSetup]
    public void Setup()
    {
        Input<float> x = Input("x", []);
        logistic = Compiler.Compile([x], Scan(x, Steps, (v, _) => 3.7f * v * (1 - v)).Last);

        Input<double> y = Input<double>("y", [4]);
        ode = Compiler.Compile([y], Scan(y, Steps, (v, _) => RungeKutta(v)).Last);

        Input<float> w = Input("w", [16], requiresGrad: true);
        Node Descended(Node v) => v - (0.01f * Gradients(Sum(Square(Tanh(v) - 0.5)), [v])[0]);
        descent = Compiler.Compile([w], Scan(w, Steps, (v, _) => Descended(v)).Last);
        step = Compiler.Compile([w], Descended(w));
        start = random.Normal(16).ToArray();

        Input<float> sequence = Input("sequence", [64, 16, 128]);
        Parameter<float>[] weights = [Weight("input", 512, 128), Weight("hidden", 512, 128), Weight("inputBias", 512), Weight("hiddenBias", 512)];
        lstm = Compiler.Compile([sequence], Mean(Square(Lstm(sequence, [.. weights]).Outputs)));
        xs = random.Normal(64, 16, 128).ToArray();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        logistic.Dispose();
        ode.Dispose();
        descent.Dispose();
        step.Dispose();
        lstm.Dispose();
    }

    [Benchmark]
    public float LogisticMap() => logistic.Run(0.3f).Scalar<float>();

    [Benchmark]
    public float LogisticMapByHand()
    {
        float v = start[0] * 0 + 0.3f;
        for (int i = 0; i < Steps; i++)
        {
            v = 3.7f * v * (1 - v);
        }

        return v;
    }

    /// <summary>Two oscillators that drive each other, four variables, by the classical method of Runge and Kutta.</summary>
    [Benchmark]
    public RunResults Oscillators() => ode.Run(state);

    [Benchmark]
    public double[] OscillatorsByHand()
    {
        (double a, double b, double c, double d) = (state[0], state[1], state[2], state[3]);
        for (int i = 0; i < Steps; i++)
        {
            (double a1, double b1, double c1, double d1) = Slopes(a, b, c, d);
            (double a2, double b2, double c2, double d2) = Slopes(a + (Half * a1), b + (Half * b1), c + (Half * c1), d + (Half * d1));
            (double a3, double b3, double c3, double d3) = Slopes(a + (Half * a2), b + (Half * b2), c + (Half * c2), d + (Half * d2));
            (double a4, double b4, double c4, double d4) = Slopes(a + (2 * Half * a3), b + (2 * Half * b3), c + (2 * Half * c3), d + (2 * Half * d3));
            a += Half / 3 * (a1 + (2 * a2) + (2 * a3) + a4);
            b += Half / 3 * (b1 + (2 * b2) + (2 * b3) + b4);
            c += Half / 3 * (c1 + (2 * c2) + (2 * c3) + c4);
            d += Half / 3 * (d1 + (2 * d2) + (2 * d3) + d4);
        }

        return [a, b, c, d];
    }

    [Benchmark]
    public RunResults DescentInOneCall() => descent.Run(start);

    [Benchmark]
    public float[] DescentInCalls()
    {
        float[] v = start;
        for (int i = 0; i < Steps; i++)
        {
            v = step.Run(v).GetArray<float>();
        }

        return v;
    }

    /// <summary>An LSTM of 128 to 128 over 64 steps of a batch of 16, with the gradients of its weights.</summary>
    [Benchmark]
    public void LstmWithGradients()
    {
        lstm.Forward(xs);
        lstm.Backward();
        lstm.ZeroGrad();
    }

    private static (double A, double B, double C, double D) Slopes(double a, double b, double c, double d) => (b, (0.1 * c * d) - a, d, (0.1 * a * b) - c);

    private static Node RungeKutta(Node v)
    {
        Node k1 = Slope(v);
        Node k2 = Slope(v + (Half * k1));
        Node k3 = Slope(v + (Half * k2));
        return v + (Half / 3 * (k1 + (2 * k2) + (2 * k3) + Slope(v + (2 * Half * k3))));

        static Node Slope(Node s) => Stack([s[1], (0.1 * s[2] * s[3]) - s[0], s[3], (0.1 * s[0] * s[1]) - s[2]], 0);
    }

    private Parameter<float> Weight(string name, params int[] shape) => Parameter(name, random.Normal(0f, 0.08f, shape));
}

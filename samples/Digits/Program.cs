// Hand-written digits: a 64-128-10 network, defined as a graph, differentiated, compiled, trained with Adam, tested on rows it has not seen.
using System.Diagnostics;
using System.Globalization;
using GraphCompiler;
using static GraphCompiler.Ops;

const int Hidden = 128;
const int Classes = 10;
const int BatchSize = 32;
const int Epochs = 200;
const double LearningRate = 2e-3;
const double WeightDecay = 1e-4;
const int HeldOut = 360;

long start = Stopwatch.GetTimestamp();
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
DigitsData all = DigitsData.Load();
DigitsData test = all.Take(Enumerable.Range(all.Rows - HeldOut, HeldOut).Select(i => (long)i));

// The model: N is any number of rows, and nothing is compiled again when it changes.
var random = new Generator(seed: 1);
Input<float> x = Input("x", ["N", DigitsData.PixelsPerRow]);
Input<long> label = Input<long>("label", ["N"]);
Parameter<float> w1 = Parameter("w1", random.Normal(0, MathF.Sqrt(2f / DigitsData.PixelsPerRow), [DigitsData.PixelsPerRow, Hidden]));
Parameter<float> b1 = Parameter("b1", [Hidden], 0f);
Parameter<float> w2 = Parameter("w2", random.Normal(0, MathF.Sqrt(1f / Hidden), [Hidden, Classes]));
Parameter<float> b2 = Parameter("b2", [Classes], 0f);
Node logits = MatMul(Relu(MatMul(x, w1) + b1), w2) + b2;
Node loss = CrossEntropy(logits, label);
Node hits = Sum(Cast(Equal(ArgMax(logits, 1), label), DType.Int64));

// One training step, and one measurement, as delegates; the learning rate is an argument, as it falls along a cosine.
Input<float> rate = Input("rate", []);
var adam = Optimizers.Adam(loss, [w1, b1, w2, b2], rate, weightDecay: WeightDecay);
var step = Compiler.Compile<Func<float[], long[], float, (float Loss, long Hits)>>([x, label, rate], [loss, hits], adam);
var measure = Compiler.Compile<Func<float[], long[], long>>([x, label], hits);
Console.WriteLine($"compiled in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");

var augmentation = new Augmentation(seed: 1);
for (int epoch = 1; epoch <= Epochs; epoch++)
{
    long epochStart = Stopwatch.GetTimestamp();
    long[] order = [.. random.Permutation(all.Rows - HeldOut)];
    float learningRate = (float)(LearningRate * (1 + Math.Cos(Math.PI * (epoch - 1) / Epochs)) / 2);
    double lossSum = 0;
    long hitCount = 0;
    foreach (long[] rows in order.Chunk(BatchSize))
    {
        DigitsData batch = all.Take(rows);
        augmentation.Apply(batch.Pixels);
        (float batchLoss, long batchHits) = step(batch.Pixels, batch.Labels, learningRate);
        lossSum += batchLoss * rows.Length;
        hitCount += batchHits;
    }

    double seconds = Stopwatch.GetElapsedTime(epochStart).TotalSeconds;
    Console.WriteLine($"epoch {epoch,3}  loss {lossSum / order.Length:0.0000}  accuracy {(double)hitCount / order.Length:0.000}  {order.Length / seconds:0} rows/s");
}

double accuracy = (double)measure(test.Pixels, test.Labels) / test.Rows;
Console.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s in all");
Console.WriteLine($"test accuracy: {accuracy:0.000}");
return accuracy >= 0.96 ? 0 : 1;

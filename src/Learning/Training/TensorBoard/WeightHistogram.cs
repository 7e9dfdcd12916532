using System.Numerics;

namespace GraphCompiler.Learning.Training.TensorBoard;

/// <summary>How often numbers are in ranges of one width between the smallest and the largest; those that are not finite are passed over.</summary>
internal sealed class WeightHistogram
{
    private const int Ranges = 30;

    private readonly double[] limits = new double[Ranges];
    private readonly double[] counts = new double[Ranges];
    private double least = double.PositiveInfinity;
    private double most = double.NegativeInfinity;
    private double count;
    private double sum;
    private double squares;

    /// <summary>A histogram of the values of a parameter; null of one that holds no floats.</summary>
    public static WeightHistogram? Of(Parameter parameter) => parameter switch
    {
        Parameter<float> singles => Of<float>(singles.Values.ToArray()),
        Parameter<double> doubles => Of<double>(doubles.Values.ToArray()),
        _ => null,
    };

    /// <summary>How many bytes <see cref="Write"/> writes.</summary>
    public static int Size => (5 * (1 + sizeof(double))) + (2 * (1 + ProtoWriter.SizeOfNumber(Ranges * sizeof(double)) + (Ranges * sizeof(double))));

    public void Write(ProtoWriter writer)
    {
        writer.Double(EventFields.Least, least);
        writer.Double(EventFields.Most, most);
        writer.Double(EventFields.Count, count);
        writer.Double(EventFields.Sum, sum);
        writer.Double(EventFields.SumOfSquares, squares);
        writer.Doubles(EventFields.BucketLimits, limits);
        writer.Doubles(EventFields.Buckets, counts);
    }

    private static WeightHistogram Of<T>(ReadOnlySpan<T> values)
        where T : unmanaged, INumber<T>
    {
        var made = new WeightHistogram();
        foreach (T value in values)
        {
            double number = double.CreateTruncating(value);
            if (double.IsFinite(number))
            {
                (made.least, made.most) = (Math.Min(made.least, number), Math.Max(made.most, number));
                (made.count, made.sum, made.squares) = (made.count + 1, made.sum + number, made.squares + (number * number));
            }
        }

        if (made.count == 0)
        {
            (made.least, made.most) = (0, 0);
        }

        // Of one value all ranges but the first are empty, and have limits that rise all the same.
        double width = made.most > made.least ? (made.most - made.least) / Ranges : Math.Max(1, Math.Abs(made.most)) / Ranges;
        for (int i = 0; i < Ranges; i++)
        {
            made.limits[i] = made.least + (width * (i + 1));
        }

        foreach (T value in values)
        {
            double number = double.CreateTruncating(value);
            if (double.IsFinite(number))
            {
                made.counts[Math.Clamp((int)((number - made.least) / width), 0, Ranges - 1)]++;
            }
        }

        return made;
    }
}

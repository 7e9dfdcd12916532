// What samples/Text is compared with: ML.NET's text featuriser with SDCA on the same passages. Regularisation is chosen by every fifth chapter of those to learn from.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Trainers;
using Microsoft.ML.Transforms.Text;
using Text;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var ml = new MLContext(seed: 1);
(Passage[] training, Passage[] test) = Novels.Load();
Console.WriteLine($"{training.Length} passages to learn from, {test.Length} of other chapters to be tested by; chance, the commonest novel: {test.CountBy(p => p.Novel).Max(c => c.Value) / (double)test.Length:0.000}");

const NgramExtractingEstimator.WeightingCriteria TfIdf = NgramExtractingEstimator.WeightingCriteria.TfIdf;
Try("default n-grams (words to 2, characters of 3)", new TextFeaturizingEstimator.Options());
Try("the same with case, words by tf-idf", new TextFeaturizingEstimator.Options
{
    CaseMode = TextNormalizingEstimator.CaseMode.None,
    WordFeatureExtractor = new WordBagEstimator.Options { NgramLength = 2, UseAllLengths = true, Weighting = TfIdf },
});
Try("words to 2, characters to 5 by tf-idf", new TextFeaturizingEstimator.Options
{
    CharFeatureExtractor = new WordBagEstimator.Options { NgramLength = 5, UseAllLengths = true, Weighting = TfIdf },
});

void Try(string name, TextFeaturizingEstimator.Options features)
{
    long start = Stopwatch.GetTimestamp();
    ILookup<bool, Passage> parts = training.ToLookup(p => p.Chapter % 5 == 1);
    float chosen = ((List<float>)[1e-4f, 3e-5f, 1e-5f, 3e-6f, 1e-6f]).MaxBy(l2 => Accuracy(parts[false], parts[true], features, l2));
    Console.WriteLine($"{name}: {Accuracy(training, test, features, chosen):0.0000}, regularisation {chosen:0e0}; {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s with the choice");
}

double Accuracy(IEnumerable<Passage> learned, IEnumerable<Passage> tested, TextFeaturizingEstimator.Options features, float l2)
{
    var trainer = new SdcaMaximumEntropyMulticlassTrainer.Options { L2Regularization = l2, MaximumNumberOfIterations = 40, NumberOfThreads = 1 };
    var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Example.Novel))
        .Append(ml.Transforms.Text.FeaturizeText("Features", features, nameof(Example.Words)))
        .AppendCacheCheckpoint(ml)
        .Append(ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(trainer));
    return ml.MulticlassClassification.Evaluate(pipeline.Fit(View(learned)).Transform(View(tested))).MicroAccuracy;
}

IDataView View(IEnumerable<Passage> passages) => ml.Data.LoadFromEnumerable(passages.Select(p => new Example { Words = p.Words, Novel = p.Novel }));

/// <summary>A row as ML.NET takes it.</summary>
internal sealed class Example
{
    public string Words { get; set; } = string.Empty;

    public int Novel { get; set; }
}

// What LightGBM reaches on the concrete of samples/Tabular: its settings and the number of its trees are chosen for each fold by an inner cross-validation on the training rows.
using System.Diagnostics;
using System.Globalization;
using GraphCompiler.Learning;
using Tabular;
using Tabular.Peer;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int InnerFolds = 5;
const int Step = 50;
const int MostTrees = 2000;

int[] leafCounts = [6, 10, 16, 31];
int[] leafSizes = [3, 10];
double[] featureFractions = [0.5, 1];
Settings[] candidates =
[
    .. from leaves in leafCounts
       from least in leafSizes
       from features in featureFractions
       select new Settings("regression", leaves, least, features, RowFraction: 0.8, Rate: 0.05),
];

long start = Stopwatch.GetTimestamp();
double squares = 0;
int count = 0;
double[,] everywhere = new double[candidates.Length, (MostTrees / Step) + 1];
foreach ((int fold, (Rows train, Rows test)) in Tables.ConcreteFolds().Index())
{
    (float[] x, float[] y) = Columns(train);
    (float[] testX, float[] testY) = Columns(test);
    double[,] inner = new double[candidates.Length, (MostTrees / Step) + 1];
    foreach ((Rows innerTrain, Rows innerTest) in train.KFold(InnerFolds, seed: 2))
    {
        (float[] a, float[] b) = Columns(innerTrain);
        (float[] c, float[] d) = Columns(innerTest);
        for (int i = 0; i < candidates.Length; i++)
        {
            AddErrors(inner, i, a, b, c, d);
        }
    }

    (int best, int trees) = Smallest(inner);
    using var booster = new Booster(x, y, candidates[best]);
    booster.Grow(trees);
    double sum = SquaredError(booster.Predict(testX), testY);
    (squares, count) = (squares + sum, count + testY.Length);
    Console.WriteLine($"fold {fold}: RMSE {Math.Sqrt(sum / testY.Length):0.000} by {trees} trees of {candidates[best]}");
    for (int i = 0; i < candidates.Length; i++)
    {
        AddErrors(everywhere, i, x, y, testX, testY);
    }
}

(int luckiest, int luckiestTrees) = Smallest(everywhere);
Console.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0} s in all");
Console.WriteLine($"the least that any one setting reaches on the test rows themselves: {Math.Sqrt(everywhere[luckiest, luckiestTrees / Step] / count):0.000}, {luckiestTrees} trees of {candidates[luckiest]}");
Console.WriteLine($"concrete RMSE of LightGBM over {Tables.Folds} folds: {Math.Sqrt(squares / count):0.000}");
return 0;

// The sums of squared errors after 50, 100, … trees.
void AddErrors(double[,] sums, int candidate, float[] x, float[] y, float[] testX, float[] testY)
{
    using var booster = new Booster(x, y, candidates[candidate]);
    for (int i = 1; i <= MostTrees / Step; i++)
    {
        booster.Grow(Step);
        sums[candidate, i] += SquaredError(booster.Predict(testX), testY);
    }
}

static (int Candidate, int Trees) Smallest(double[,] sums) => (
    from candidate in Enumerable.Range(0, sums.GetLength(0))
    from step in Enumerable.Range(1, sums.GetLength(1) - 1)
    orderby sums[candidate, step]
    select (candidate, step * Step)).First();

static double SquaredError(double[] predicted, float[] measured) => predicted.Zip(measured, (p, m) => (p - m) * (p - m)).Sum();

static (float[] X, float[] Y) Columns(Rows rows) => (Tables.Column<float>(rows, "x"), Tables.Column<float>(rows, "y"));

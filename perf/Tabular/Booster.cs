using System.Globalization;
using System.Runtime.InteropServices;

namespace Tabular.Peer;

/// <summary>What a booster is trained with.</summary>
/// <param name="Objective">The name of the loss.</param>
/// <param name="Leaves">The most leaves of a tree.</param>
/// <param name="LeastInLeaf">The fewest rows of a leaf.</param>
/// <param name="FeatureFraction">The part of the features that a tree sees.</param>
/// <param name="RowFraction">The part of the rows that a tree sees.</param>
/// <param name="Rate">What a tree's values are multiplied by.</param>
internal sealed record Settings(string Objective, int Leaves, int LeastInLeaf, double FeatureFraction, double RowFraction, double Rate)
{
    public string Parameters() => string.Create(
        CultureInfo.InvariantCulture,
        $"objective={Objective} num_leaves={Leaves} min_data_in_leaf={LeastInLeaf} feature_fraction={FeatureFraction} bagging_fraction={RowFraction} bagging_freq=1 learning_rate={Rate} min_data_in_bin=1 seed=1 deterministic=true force_row_wise=true num_threads=1 verbosity=-1");
}

/// <summary>LightGBM's boosted trees, by its own C interface.</summary>
internal sealed unsafe partial class Booster : IDisposable
{
    private const string Library = "lib_lightgbm";
    private const int Float32 = 0;
    private readonly int width;
    private nint data;
    private nint booster;

    /// <summary>A booster of no trees yet.</summary>
    /// <param name="rows">Features, row after row.</param>
    /// <param name="targets">A target for each row.</param>
    /// <param name="settings">How it is trained.</param>
    public Booster(float[] rows, float[] targets, Settings settings)
    {
        width = rows.Length / targets.Length;
        fixed (float* x = rows, y = targets)
        {
            Check(CreateDataset(x, Float32, targets.Length, width, 1, settings.Parameters(), 0, out data));
            Check(SetField(data, "label", y, targets.Length, Float32));
        }

        Check(CreateBooster(data, settings.Parameters(), out booster));
    }

    /// <summary>Adds trees.</summary>
    public void Grow(int times)
    {
        for (int i = 0; i < times; i++)
        {
            Check(Update(booster, out _));
        }
    }

    /// <summary>What it predicts, a number a row.</summary>
    public double[] Predict(float[] rows)
    {
        double[] results = new double[rows.Length / width];
        fixed (float* x = rows)
        fixed (double* y = results)
        {
            Check(PredictRows(booster, x, Float32, results.Length, width, 1, 0, 0, -1, "num_threads=1", out long length, y));
            return length == results.Length ? results : throw new InvalidOperationException($"{length} predictions, not {results.Length}.");
        }
    }

    public void Dispose()
    {
        _ = FreeBooster(booster);
        _ = FreeDataset(data);
        (booster, data) = (0, 0);
    }

    private static void Check(int code)
    {
        if (code != 0)
        {
            throw new InvalidOperationException(Marshal.PtrToStringUTF8(LastError()));
        }
    }

    [LibraryImport(Library, EntryPoint = "LGBM_GetLastError")]
    private static partial nint LastError();

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetCreateFromMat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateDataset(float* data, int type, int rows, int columns, int isRowMajor, string parameters, nint reference, out nint dataset);

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetSetField", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetField(nint dataset, string name, float* values, int count, int type);

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetFree")]
    private static partial int FreeDataset(nint dataset);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterCreate", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateBooster(nint dataset, string parameters, out nint booster);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterUpdateOneIter")]
    private static partial int Update(nint booster, out int isFinished);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterPredictForMat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PredictRows(nint booster, float* data, int type, int rows, int columns, int isRowMajor, int kind, int first, int count, string parameters, out long length, double* results);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterFree")]
    private static partial int FreeBooster(nint booster);
}

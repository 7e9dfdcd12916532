using System.Runtime.CompilerServices;

namespace GraphCompiler.Learning.Layers;

/// <summary>What layers ask of what they are applied to, and of what they are made of. Errors get the layer's name where it is defined.</summary>
internal static class Require
{
    private static readonly string[] Axes = ["L", "H, W", "D, H, W"];

    /// <summary>Last axes of given sizes.</summary>
    public static void LastAxes(Node x, params ReadOnlySpan<int> sizes)
    {
        Float(x);
        bool fits = x.Rank >= sizes.Length;
        for (int i = 0; fits && i < sizes.Length; i++)
        {
            fits = x.Shape[^(sizes.Length - i)] == sizes[i];
        }

        if (!fits)
        {
            string wanted = sizes.Length == 1 ? $"last axis has size {sizes[0]}" : $"last axes have sizes [{string.Join(", ", sizes.ToArray())}]";
            throw new ShapeException($"takes a tensor whose {wanted}, and was given {x.Shape}.");
        }
    }

    /// <summary>Channels, and so many axes of places behind them, with or without a batch.</summary>
    public static void Places(Node x, int channels, int spatial)
    {
        Float(x);
        if ((x.Rank != spatial + 1 && x.Rank != spatial + 2) || x.Shape[^(spatial + 1)] != channels)
        {
            string last = x.Rank == spatial + 2 && x.Shape[^1] == channels ? " Channels come before places here; Permute puts them there." : string.Empty;
            throw new ShapeException($"takes [N, {channels}, {PlacesOf(spatial)}] or [{channels}, {PlacesOf(spatial)}], and was given {x.Shape}.{last}");
        }
    }

    /// <summary>Channels along axis 1, behind a batch.</summary>
    public static void Channels(Node x, int channels, int leastRank = 2)
    {
        Float(x);
        if (x.Rank < leastRank || x.Shape[1] != channels)
        {
            throw new ShapeException($"takes [N, {channels}, {(leastRank > 2 ? "L, …" : "…")}], and was given {x.Shape}.");
        }
    }

    /// <summary>So many axes of places behind channels of any number, with or without a batch.</summary>
    public static void Places(Node x, int spatial)
    {
        if (x.Rank != spatial + 1 && x.Rank != spatial + 2)
        {
            throw new ShapeException($"takes [N, C, {PlacesOf(spatial)}] or [C, {PlacesOf(spatial)}], and was given {x.Shape}.");
        }
    }

    /// <summary>The element type of parameters.</summary>
    public static void Float(Node x)
    {
        if (x.DType != DType.Float32)
        {
            throw new DTypeException($"takes Float32, and was given {x.DType.Display()}; Cast converts.");
        }
    }

    /// <summary>Any floats.</summary>
    public static void AnyFloat(Node x)
    {
        if (!x.DType.IsFloat())
        {
            throw new DTypeException($"takes floats, and was given {x.DType.Display()}; Cast converts.");
        }
    }

    /// <summary>Whole numbers.</summary>
    public static void Indices(Node x)
    {
        if (!x.DType.IsInteger())
        {
            throw new DTypeException($"takes indices, Int32 or Int64, and was given {x.DType.Display()}; Cast converts.");
        }
    }

    /// <summary>A parameter that takes the place of a layer's own.</summary>
    public static Parameter<float> Replaces(Layer layer, Parameter<float> own, Parameter<float> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Shape == own.Shape ? value : throw new ShapeException($"The weight of {layer} is {own.Shape} and cannot be Parameter '{value.Path}' {value.Shape}.");
    }

    /// <summary>A size that a layer is made for.</summary>
    public static int Positive(int size, [CallerArgumentExpression(nameof(size))] string name = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size, name);
        return size;
    }

    /// <summary>A part of a whole.</summary>
    public static double Share(double share, [CallerArgumentExpression(nameof(share))] string name = "") =>
        share is >= 0 and <= 1 ? share : throw new ArgumentOutOfRangeException(name, share, "It is to lie between 0 and 1.");

    /// <summary>Sizes above 0 for so many axes, of one for all or one each.</summary>
    public static int[] Sizes(PerAxis sizes, int axes, [CallerArgumentExpression(nameof(sizes))] string name = "")
    {
        int[] given = [.. sizes];
        if (given.Length != axes && given.Length != 1)
        {
            throw new ArgumentException($"There are {given.Length} sizes, {sizes}, for {axes} axes of places; one is wanted, or one each.", name);
        }

        return [.. Enumerable.Range(0, axes).Select(i => Positive(given[given.Length == 1 ? 0 : i], name))];
    }

    /// <summary>Sizes above 0 of at least one axis.</summary>
    public static int[] Shape(ReadOnlySpan<int> shape, [CallerArgumentExpression(nameof(shape))] string name = "")
    {
        int[] sizes = shape.ToArray();
        return sizes.Length > 0 ? Array.ConvertAll(sizes, size => Positive(size, name)) : throw new ArgumentException("At least one axis is wanted.", name);
    }

    private static string PlacesOf(int spatial) => Axes[spatial - 1];
}

using System.Numerics.Tensors;
using System.Runtime.ExceptionServices;
using GraphCompiler.Learning.Data.Images;

namespace GraphCompiler.Learning.Data;

/// <summary>
/// Images in folders, one for each class: PNG, JPEG and BMP files, known by the ends of their names, in the order of their names' code units. <c>Rows.Of(("x", images.Pixels), ("y",
/// images.Labels))</c> decodes them when a batch is made, so that a folder need not fit into memory; <see cref="ToTensor"/> holds them all.
/// </summary>
/// <remarks>Images are as they lie in the file: a camera's note of how it was held is passed over.</remarks>
public sealed class ImageFolder
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp"];

    private readonly ImageOptions options;

    private ImageFolder(ImageOptions options, long[] labels, string[] classes, string[] files)
    {
        (this.options, Labels, Classes, Files) = (options, labels, classes, files);
        Pixels = Column.Of<float>(files.Length, [options.Channels, options.Height, options.Width], (row, pixels) => ImageFile.Read(files[row], options, pixels));
    }

    /// <summary>The images [images, channels, height, width], from 0 to 1 unless means and deviations were said. They are decoded when they are asked for, each time anew.</summary>
    public Column Pixels { get; }

    /// <summary>The class of each image, by its number in <see cref="Classes"/>.</summary>
    public long[] Labels { get; }

    /// <summary>The names of the folders, ordered by code units.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The path of each image.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Finds all images in the folders of a folder. Other files are passed over, and so are folders within those.</summary>
    /// <param name="path">The folder, with a folder for each class.</param>
    /// <param name="options">What images become.</param>
    /// <exception cref="ArgumentException">Options are out of range.</exception>
    /// <exception cref="InvalidDataException">There are no folders, or one has no images. Where images are read: a file is no image, damaged, too large, or of another size.</exception>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public static ImageFolder Open(string path, ImageOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        string[] folders = [.. Directory.GetDirectories(path).Order(StringComparer.Ordinal)];
        if (folders.Length == 0)
        {
            throw new InvalidDataException($"'{path}' has no folders: there is one for each class, with its images.");
        }

        List<string> files = [];
        List<long> labels = [];
        foreach ((int label, string folder) in folders.Index())
        {
            string[] found = [.. Directory.GetFiles(folder).Where(f => Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];
            if (found.Length == 0)
            {
                throw new InvalidDataException($"'{folder}' has no images, whose names end with {string.Join(", ", Extensions)}.");
            }

            files.AddRange(found);
            labels.AddRange(Enumerable.Repeat((long)label, found.Length));
        }

        return new ImageFolder(options, [.. labels], [.. folders.Select(f => Path.GetFileName(f))], [.. files]);
    }

    /// <summary>All images at once [images, channels, height, width], for folders that fit into memory and are read more than once.</summary>
    /// <exception cref="InvalidDataException">A file is no image, damaged, too large, or of another size: which.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public Tensor<float> ToTensor()
    {
        int size = checked(options.Channels * options.Height * options.Width);
        float[] pixels = new float[checked(Files.Count * size)];
        (int File, Exception? Exception) failure = (Files.Count, null);
        Parallel.For(0, Files.Count, (i, loop) =>
        {
            try
            {
                ImageFile.Read(Files[i], options, pixels.AsSpan(i * size, size));
            }
            catch (Exception e)
            {
                // Those before it are read yet, so that of several the first is named.
                loop.Break();
                lock (pixels)
                {
                    failure = i < failure.File ? (i, e) : failure;
                }
            }
        });
        if (failure.Exception is { } exception)
        {
            ExceptionDispatchInfo.Throw(exception);
        }

        return Tensor.Create(pixels, [Files.Count, options.Channels, options.Height, options.Width]);
    }
}

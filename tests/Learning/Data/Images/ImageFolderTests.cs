using GraphCompiler.Learning.Data;
using GraphCompiler.Learning.Tests.Files;

namespace GraphCompiler.Learning.Tests.Data.Images;

/// <summary>Images in folders.</summary>
internal sealed class ImageFolderTests
{
    private static readonly byte[] Shades = [0, 51, 102, 153, 204, 255];

    [Test]
    public void Classes_are_folders_and_images_are_in_the_order_of_their_names()
    {
        using var folder = new Scratch();
        ImageFiles.Write(folder, "b", "1.png", ImageFiles.Png(2, 1, 2, 8, (x, _, c) => c == x ? 255 : 0));
        ImageFiles.Write(folder, "B", "2.BMP", ImageFiles.Bmp(2, 1, 24, [0, 0, 255, 255, 255, 255, 0, 0]));
        ImageFiles.Write(folder, "b", "0.png", ImageFiles.Png(2, 1, 0, 8, (x, _, _) => 51 + (51 * x)));
        ImageFiles.Write(folder, "b", "notes.txt", [1]);
        var images = ImageFolder.Open(folder.Folder, new ImageOptions(2, 1));
        float[] expected = [1, 1, 0, 1, 0, 1, 0.2f, 0.4f, 0.2f, 0.4f, 0.2f, 0.4f, 1, 0, 0, 1, 0, 0];
        Assert.That(images.Classes, Is.EqualTo((string[])["B", "b"]));
        Assert.That(images.Labels, Is.EqualTo((long[])[0, 1, 1]));
        Assert.That(images.Files.Select(f => Path.GetFileName(f)), Is.EqualTo((string[])["2.BMP", "0.png", "1.png"]));
        Assert.That(images.ToTensor().Lengths.ToArray(), Is.EqualTo((nint[])[3, 3, 1, 2]));
        Assert.That(images.ToTensor().ToArray(), Is.EqualTo(expected).Within(1e-6f));
        Rows rows = Rows.Of(("x", images.Pixels), ("y", images.Labels)).Shuffle(1).Batch(2);
        foreach (Batch batch in rows.Prefetch(1).Batches(0))
        {
            Assert.That(batch.Get<float>("x").ToArray(), Is.EqualTo(batch.Indices.ToArray().SelectMany(i => expected[(6 * i)..(6 * (i + 1))])).Within(1e-6f));
        }
    }

    [Test]
    public void Images_are_resized_where_that_is_said()
    {
        using var folder = new Scratch();
        ImageFiles.Write(folder, "a", "1.jpg", ImageFiles.Jpeg(0, 192));
        ImageFiles.Write(folder, "a", "2.png", ImageFiles.Png(6, 1, 0, 8, (x, _, _) => Shades[x]));
        var options = new ImageOptions(2, 2) { Channels = 1, Fit = ImageFit.Stretch, MostPixels = 64 };
        Assert.That((options.Width, options.Height, options.Channels, options.Fit, options.MostPixels), Is.EqualTo((2, 2, 1, ImageFit.Stretch, 64)));

        // Two pixels of three each, and what lies around them: of 0 to 5 fifths, by a triangle that reaches three to both sides of its centre, 1.
        float shade = 192 / 255f;
        double[] weights = [.. Enumerable.Range(0, 6).Select(p => Math.Max(0, 1 - (Math.Abs(p - 1.0) / 3)))];
        float dark = (float)(weights.Select((w, p) => w * p / 5).Sum() / weights.Sum());
        Assert.That(Read(options), Is.EqualTo((float[])[shade, shade, shade, shade, dark, 1 - dark, dark, 1 - dark]).Within(1e-4f));
        Assert.That(Read(options with { Width = 6, Height = 1 })[6..], Is.EqualTo(Shades.Select(s => s / 255f)).Within(1e-6f));

        // In the middle of a row of six lies one pixel between the two that are there.
        Assert.That(Read(options with { Width = 1, Height = 1, Fit = ImageFit.Crop }), Is.EqualTo((float[])[shade, 0.5f]).Within(1e-4f));
        Assert.That(Read(options with { Width = 2, Height = 1, Fit = ImageFit.Crop }), Is.EqualTo((float[])[shade, shade, 0.4f, 0.6f]).Within(1e-4f));
        Assert.That(Read(options with { Width = 12, Height = 1 })[12..], Is.EqualTo((float[])[0, 0.05f, 0.15f, 0.25f, 0.35f, 0.45f, 0.55f, 0.65f, 0.75f, 0.85f, 0.95f, 1]).Within(1e-4f));
        Assert.That(Read(options with { Width = 6, Height = 1, Means = [0.5f], Deviations = [0.25f] })[6..], Is.EqualTo(Shades.Select(s => 4 * ((s / 255f) - 0.5f))).Within(1e-5f));
        Assert.That(() => Read(options with { MostPixels = 63 }), Throws.TypeOf<InvalidDataException>().With.Message.Contains("1.jpg' cannot be read: it says that it has 8 × 8 pixels, more than the 63 that may be"));

        float[] Read(ImageOptions o) => ImageFolder.Open(folder.Folder, o).ToTensor().ToArray();
    }

    [Test]
    public void Channels_are_converted_and_have_means_of_their_own()
    {
        using var folder = new Scratch();
        ImageFiles.Write(folder, "a", "1.png", ImageFiles.Png(1, 1, 2, 8, (_, _, c) => 100 * c));
        float[] grey = ImageFolder.Open(folder.Folder, new ImageOptions(1, 1) { Channels = 1 }).ToTensor().ToArray();
        Assert.That(grey, Is.EqualTo((float[])[82 / 255f]).Within(1e-5f), "0.587 · 100 + 0.114 · 200");
        float[] own = ImageFolder.Open(folder.Folder, new ImageOptions(1, 1) { Means = [0, 0, 100 / 255f], Deviations = [1, 0.5f, 1] }).ToTensor().ToArray();
        Assert.That(own, Is.EqualTo((float[])[0, 200 / 255f, 100 / 255f]).Within(1e-5f));
    }

    [Test]
    public void What_is_wrong_is_said()
    {
        using var folder = new Scratch();
        var options = new ImageOptions(2, 1);
        Assert.That(() => ImageFolder.Open(folder.Folder, options), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith("has no folders: there is one for each class, with its images."));
        Assert.That(() => ImageFolder.Open(folder["none"], options), Throws.InstanceOf<IOException>());
        Directory.CreateDirectory(folder["a"]);
        Assert.That(() => ImageFolder.Open(folder.Folder, options), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith("a' has no images, whose names end with .png, .jpg, .jpeg, .bmp."));
        Assert.That(() => ImageFolder.Open(folder.Folder, options with { Channels = 2 }), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => ImageFolder.Open(folder.Folder, options with { Width = 0 }), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => ImageFolder.Open(folder.Folder, options with { Means = [0, 0] }), Throws.ArgumentException.With.Message.Contains("and not 2"));
        Assert.That(() => ImageFolder.Open(folder.Folder, options with { Deviations = [0] }), Throws.ArgumentException.With.Message.Contains("above 0"));

        // Of several that are spoilt the first is named, and by rows where its batch would have come.
        ImageFiles.Write(folder, "a", "0.png", ImageFiles.Png(2, 1, 0, 8, (_, _, _) => 1));
        string[] spoilt = [.. Enumerable.Range(1, 9).Select(i => ImageFiles.Write(folder, "a", $"{i}.png", [1, 2, 3]))];
        var images = ImageFolder.Open(folder.Folder, options);
        Assert.That(() => images.ToTensor(), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"Image '{spoilt[0]}' cannot be read"));
        using IEnumerator<Batch> batches = Rows.Of(("x", images.Pixels)).Batch(1).Prefetch(2).Batches(0).GetEnumerator();
        Assert.That(batches.MoveNext());
        Assert.That(() => batches.MoveNext(), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"Image '{spoilt[0]}' cannot be read"));
    }
}

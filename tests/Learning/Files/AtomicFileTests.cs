using System.Buffers;
using System.Runtime.Versioning;

namespace GraphCompiler.Learning.Tests.Files;

/// <summary>A file that is saved is there as a whole, or the old one is.</summary>
internal sealed class AtomicFileTests
{
    private static readonly string[] Formats = ["x.safetensors", "x.npz", "x.npy"];

    [TestCaseSource(nameof(Formats))]
    public void What_throws_midway_leaves_the_old_file_and_nothing_else(string name)
    {
        using var folder = new Scratch();
        Save(folder[name], ParameterValues.Of(1f));
        byte[] old = File.ReadAllBytes(folder[name]);

        // As a disk that is full does, in the midst of a tensor.
        Assert.That(() => Save(folder[name], Failing(() => throw new IOException("No space left on device"))), Throws.TypeOf<IOException>().With.Message.Contains(folder[name]).And.Message.Contains("No space left on device"));
        Assert.That(() => Save(folder[name], Failing(() => throw new NotSupportedException())), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => Save(folder[$"new-{name}"], Failing(() => throw new IOException())), Throws.TypeOf<IOException>());
        Assert.That(folder.Names, Is.EqualTo(new[] { name }));
        Assert.That(File.ReadAllBytes(folder[name]), Is.EqualTo(old));
    }

    /// <summary>What a process leaves that is killed at that moment.</summary>
    [TestCaseSource(nameof(Formats))]
    public void Until_all_is_written_the_old_file_is_there(string name)
    {
        using var folder = new Scratch();
        Save(folder[name], ParameterValues.Of(1f));
        byte[] old = File.ReadAllBytes(folder[name]);
        byte[]? midway = null;
        Save(folder[name], Failing(() => midway = File.ReadAllBytes(folder[name])));
        Assert.That(midway, Is.EqualTo(old));
        Assert.That(File.ReadAllBytes(folder[name]), Is.Not.EqualTo(old));
        Assert.That(folder.Names, Is.EqualTo(new[] { name }));
    }

    [Test]
    public void A_folder_that_is_not_there_is_named()
    {
        using var folder = new Scratch();
        string path = Path.Combine(folder["none"], "x.npy");
        Assert.That(() => Save(path, ParameterValues.Of(1f)), Throws.TypeOf<IOException>().With.Message.Contains(path));
        Directory.CreateDirectory(folder["x.npy"]);
        Assert.That(() => Save(folder["x.npy"], ParameterValues.Of(1f)), Throws.TypeOf<IOException>().With.Message.Contains(folder["x.npy"]));
        Assert.That(folder.Names, Is.EqualTo(new[] { "x.npy" }));
    }

    [Test]
    [Platform(Include = "Linux", Reason = "Elsewhere there is no folder that nobody may write, root neither")]
    public void A_folder_that_may_not_be_written_is_an_error()
    {
        const string Path = "/proc/x.npy";
        Assert.That(() => Save(Path, ParameterValues.Of(2f)), Throws.TypeOf<IOException>().With.Message.Contains(Path));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Modes of files are Unix's, and links need rights there")]
    [UnsupportedOSPlatform("windows")]
    public void Links_are_followed_and_modes_stay()
    {
        using var folder = new Scratch();
        Save(folder["x.npy"], ParameterValues.Of(1f));
        File.SetUnixFileMode(folder["x.npy"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(folder["link.npy"], folder["x.npy"]);
        Save(folder["link.npy"], ParameterValues.Of(2f));
        Assert.That(Npy.Read<float>(folder["x.npy"])[0], Is.EqualTo(2));
        Assert.That(new FileInfo(folder["link.npy"]).LinkTarget, Is.EqualTo(folder["x.npy"]));
        Assert.That(File.GetUnixFileMode(folder["x.npy"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));

        const UnixFileMode All = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        File.SetUnixFileMode(folder["x.npy"], All);
        Save(folder["x.npy"], ParameterValues.Of(3f));
        Assert.That(File.GetUnixFileMode(folder["x.npy"]), Is.EqualTo(All), "the mask of the process is for new files");

        File.SetUnixFileMode(folder["x.npy"], UnixFileMode.UserRead);
        Assert.That(() => Save(folder["x.npy"], ParameterValues.Of(4f)), Throws.TypeOf<IOException>().With.Message.EqualTo($"'{folder["x.npy"]}' cannot be saved: it is there already, and nobody may write it."));
        Assert.That(Npy.Read<float>(folder["x.npy"])[0], Is.EqualTo(3));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "Links need rights there")]
    public void A_link_says_where_a_new_file_is_to_be()
    {
        using var folder = new Scratch();
        File.CreateSymbolicLink(folder["link.npy"], folder["new.npy"]);
        File.CreateSymbolicLink(folder["second.npy"], "link.npy");
        Save(folder["second.npy"], ParameterValues.Of(3f));
        Assert.That(Npy.Read<float>(folder["new.npy"])[0], Is.EqualTo(3));
        Assert.That(folder.Names, Is.EqualTo(new[] { "link.npy", "new.npy", "second.npy" }));

        string lost = folder["lost.npy"], round = folder["round.npy"];
        File.CreateSymbolicLink(lost, Path.Combine(folder["none"], "x.npy"));
        File.CreateSymbolicLink(round, round);
        foreach (string path in (string[])[lost, round])
        {
            Assert.That(() => Save(path, ParameterValues.Of(1f)), Throws.TypeOf<IOException>().With.Message.StartsWith($"'{path}' cannot be saved"));
        }
    }

    [Test]
    public void A_file_that_is_open_is_saved_to()
    {
        using var folder = new Scratch();
        Save(folder["x.safetensors"], ParameterValues.Of(1f));
        using (var file = TensorFile.Open(folder["x.safetensors"]))
        {
            Save(folder["x.safetensors"], ParameterValues.Of(2f));
            Assert.That(file["x"].ToTensor<float>()[0], Is.EqualTo(1), "what was opened is read");
        }

        using var saved = TensorFile.Open(folder["x.safetensors"]);
        Assert.That(saved["x"].ToTensor<float>()[0], Is.EqualTo(2));
    }

    private static void Save(string path, ParameterValues values)
    {
        if (path.EndsWith(".npy", StringComparison.Ordinal))
        {
            Npy.Save(path, values);
        }
        else
        {
            TensorFile.Save(path, [new KeyValuePair<string, ParameterValues>("x", values)]);
        }
    }

    /// <summary>Values that do something when they are written.</summary>
    private static ParameterValues Failing(Action action)
    {
        var bytes = new Bytes(action);
        return new(DType.Float32, [100_000], bytes.Memory);
    }

    private sealed class Bytes(Action action) : MemoryManager<byte>
    {
        private readonly byte[] bytes = new byte[400_000];

        public override Memory<byte> Memory => CreateMemory(bytes.Length);

        public override Span<byte> GetSpan()
        {
            action();
            return bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}

using System.Diagnostics;
using System.Text;
using System.Globalization;

namespace GraphCompiler.Learning.Tests.Training;

/// <summary>A process that is killed at any moment, while it saves among others, leaves what the next one goes on from: to the files of a training that nothing disturbed.</summary>
internal sealed class KillTests
{
    [TestCase(3, 7)]
    [TestCase(20, 36, Category = "Slow")]
    public void A_training_that_is_killed_again_and_again_ends_in_the_same_files(int kills, int epochs)
    {
        string killed = Directory.CreateTempSubdirectory("killed").FullName;
        string undisturbed = Directory.CreateTempSubdirectory("undisturbed").FullName;
        try
        {
            KilledRun.Train(undisturbed, epochs, shardsAtOnce: 2, prefetch: 1, _ => { });
            var moments = new Random(kills);
            int left = 0;
            for (int kill = 0; kill < kills; kill++)
            {
                long before = LastStep(killed);
                Kill(killed, epochs, moments.Next(1, 8), moments.Next(0, 40));
                Assert.That(LastStep(killed), Is.InRange(before, (epochs * KilledRun.StepsOfEpoch) - 1L), "it was killed on the way, and nothing was lost");
                left += Directory.GetFiles(killed, ".*.saving").Length;
            }

            TestContext.Out.WriteLine($"{left} files were left by saves that did not end");
            using (Process last = Start(killed, epochs))
            {
                last.StandardOutput.ReadToEnd();
                last.WaitForExit();
                Assert.That(last.ExitCode, Is.Zero);
            }

            string[] names = [.. Directory.GetFiles(undisturbed).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
            Assert.That(Directory.GetFiles(killed).Select(Path.GetFileName).Order(StringComparer.Ordinal), Is.EqualTo(names));
            foreach (string name in names)
            {
                Assert.That(Read(killed, name), Is.EqualTo(Read(undisturbed, name)), name);
            }
        }
        finally
        {
            Directory.Delete(killed, recursive: true);
            Directory.Delete(undisturbed, recursive: true);
        }
    }

    /// <summary>A file's bytes; of the log all but how long epochs took.</summary>
    private static byte[] Read(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return name == "epochs.csv" ? [.. File.ReadAllLines(path).SelectMany(line => Encoding.UTF8.GetBytes(string.Join(',', line.Split(',').SkipLast(2))))] : File.ReadAllBytes(path);
    }

    /// <summary>Lets it make some steps, and kills it after a part of the time of another, tenths of a millisecond.</summary>
    private static void Kill(string folder, int epochs, int steps, int tenths)
    {
        using Process process = Start(folder, epochs);
        for (int step = 0; step < steps; step++)
        {
            Assert.That(process.StandardOutput.ReadLine(), Is.Not.Null, "it is not done");
        }

        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun).TotalMilliseconds < tenths / 10.0)
        {
            Thread.SpinWait(10);
        }

        process.Kill();
        process.WaitForExit();
    }

    private static long LastStep(string folder) =>
        Directory.GetFiles(folder, "step-*.safetensors").Select(f => long.Parse(Path.GetFileNameWithoutExtension(f)["step-".Length..], CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max();

    private static Process Start(string folder, int epochs)
    {
        string dotnet = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        return Process.Start(new ProcessStartInfo(dotnet, [typeof(KillTests).Assembly.Location, "train", folder, epochs.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true })!;
    }
}

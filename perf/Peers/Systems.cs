using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;

namespace GraphCompiler.Peers;

/// <summary>The systems that we are measured against: which of them load here, and their number of threads.</summary>
internal sealed class Systems
{
    public const string TorchName = "TorchSharp";
    public const string OnnxName = "ONNX Runtime";

    /// <summary>Loads what can be loaded; what cannot is reported, and its rows are left out.</summary>
    public Systems(int threads, TextWriter messages)
    {
        Threads = threads;
        HasTorch = Loads(TorchName, messages, () =>
        {
            // TorchSharp answers a library that does not load with a copy of all 480 MB, and hides the cause: ask the loader first.
            string bridge = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
            if (File.Exists(bridge))
            {
                NativeLibrary.Load(bridge);
            }

            torch.set_num_threads(threads);
            using torch.Tensor probe = torch.ones(1);
            return $"{typeof(torch).Assembly.GetName().Version?.ToString(3)}, {torch.get_num_threads()} thread(s)";
        });
        HasOnnx = Loads(OnnxName, messages, () => $"{OrtEnv.Instance().GetVersionString()}, {threads} thread(s)");
    }

    public int Threads { get; }

    public bool HasTorch { get; }

    public bool HasOnnx { get; }

    private static bool Loads(string name, TextWriter messages, Func<string> load)
    {
        try
        {
            messages.WriteLine($"{name} {load()}");
            return true;
        }
        catch (Exception e)
        {
            Exception cause = e;
            while (cause is TypeInitializationException or System.Reflection.TargetInvocationException && cause.InnerException is { } inner)
            {
                cause = inner;
            }

            string message = cause.Message.ReplaceLineEndings(" ");
            messages.WriteLine($"{name} CANNOT BE LOADED HERE, so its rows are left out; README.md says what to do on Debian 12.");
            messages.WriteLine($"    {cause.GetType().Name}: {message[..Math.Min(message.Length, 400)]}");
            return false;
        }
    }
}

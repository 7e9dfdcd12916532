using System.Diagnostics;
using System.Numerics.Tensors;
using System.Reflection;
using System.Runtime.CompilerServices;
using static GraphCompiler.Ops;

namespace GraphCompiler.Tests.Nodes;

/// <summary>What debuggers show of leaves, which changes nothing.</summary>
internal sealed class LeafViewTests
{
    [TestCase(false)]
    [TestCase(true, Description = "who reads the gradient has it for good")]
    public void ADebuggerThatShowsAGradientDoesNotTakeIt(bool reads)
    {
        Parameter<float> w = Parameter("w", new float[] { 1, 2, 3 });
        using CompiledGraph model = GraphCompiler.Compiler.Compile([], w.Square().Sum());
        model.Forward();
        model.Backward();
        ref byte before = ref w.Gradient!.Memory([3], [0]);
        Dictionary<string, object?> shown = ShownOf(w);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(((Tensor<float>)shown["Grad"]!).ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
            Assert.That(shown["Values"], Is.EqualTo(new float[] { 1, 2, 3 }));
            Assert.That(shown["Version"], Is.EqualTo(w.Version));
            Assert.That(shown["Node"], Is.EqualTo(w.ToString()));
        }

        _ = reads ? w.Grad : null;
        w.ZeroGrad();
        Assert.That(ShownOf(w)["Grad"], Is.Null);
        model.Forward();
        model.Backward();
        Assert.That(Unsafe.AreSame(ref before, ref w.Gradient.Memory([3], [0])), Is.EqualTo(!reads), "its memory is used again");
        Assert.That(w.Grad!.ToArray(), Is.EqualTo(new float[] { 2, 4, 6 }));
    }

    [Test]
    public void AnInputIsShownToo()
    {
        Dictionary<string, object?> shown = ShownOf(Input("x", ["N"], requiresGrad: true));
        Assert.That(shown["RequiresGrad"], Is.True);
        Assert.That(shown["Values"], Is.Null);
        Assert.That(shown["Grad"], Is.Null);
        Assert.That(ShownOf(Input<long>("i", ["N"]))["Grad"], Is.Null);
    }

    [Test]
    public void NoDebuggerShowsTheGradientItself() => Assert.That(
        new[] { typeof(Leaf), typeof(Input<float>), typeof(Parameter<float>) }.Select(t => t.GetProperty("Grad", BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)!.GetCustomAttribute<DebuggerBrowsableAttribute>()?.State),
        Is.All.EqualTo(DebuggerBrowsableState.Never));

    private static Dictionary<string, object?> ShownOf(Leaf leaf)
    {
        string proxy = leaf.GetType().GetCustomAttribute<DebuggerTypeProxyAttribute>(inherit: true)!.ProxyTypeName;
        object view = Activator.CreateInstance(Type.GetType(proxy)!, leaf)!;
        return view.GetType().GetProperties().ToDictionary(p => p.Name, p => p.GetValue(view));
    }
}

using System.Globalization;
using System.Numerics.Tensors;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>Forward and backward, with gradients that add up over graphs that are retained, and a backward beside the disposal of its graph.</summary>
internal sealed partial class GraphCheck
{
    private string? Training(Way way)
    {
        using CompiledGraph model = GraphCompiler.Compiler.Compile(inputs, [trial.Loss!, .. trial.Outputs], null, way.Options);
        foreach ((SymbolValues sizes, (Dictionary<Node, TensorValue> given, TensorValue[]? want)) in ThereAndBack)
        {
            if (want is null)
            {
                continue;
            }

            ZeroGrad();
            WithoutMemory(() => model.Forward(Arguments(given)));
            model.Forward(Arguments(given));
            if (WithoutMemory(() => model.Backward(retainGraph: true)))
            {
                model.Backward(retainGraph: true);
            }

            TensorValue[] firsts = Gradients(want);
            if (Wrong(sizes, want, firsts) is { } fault)
            {
                return fault;
            }

            // What was saved is still there, and saved again it is the same. To the bit: a gradient that is added to itself doubles, and one alone is as before.
            model.Backward(retainGraph: true);
            if (Differing(2, "added to itself") is { } twice)
            {
                return twice;
            }

            ZeroGrad();
            model.Backward();
            if (Differing(1, "of the third backward") is { } third)
            {
                return third;
            }

            model.Forward(Arguments(given));
            model.Backward();
            if (Differing(2, "added to itself after another forward") is { } again)
            {
                return again;
            }

            string? Differing(int times, string how)
            {
                for (int i = 0; i < targets.Length; i++)
                {
                    TensorValue got = GradientOf(i, firsts[i].Shape);
                    for (long e = 0; e < got.Count; e++)
                    {
                        if (!got[e].Equals(firsts[i].DType == DType.Float32 ? (float)(times * firsts[i][e]) : times * firsts[i][e]))
                        {
                            return string.Create(CultureInfo.InvariantCulture, $"{sizes}, gradient of {targets[i].Name}, {how}: {firsts[i][e]:R} has become {got[e]:R}");
                        }
                    }
                }

                return null;
            }
        }

        return BesideDispose(model, (sizes, given, want) =>
        {
            ZeroGrad();
            model.Forward(Arguments(given));
            return () =>
            {
                model.Backward();
                return Wrong(sizes, want, Gradients(want));
            };
        });

        void ZeroGrad()
        {
            model.ZeroGrad();
            foreach (Leaf leaf in inputs.Concat(targets).OfType<Leaf>())
            {
                leaf.ZeroGrad(setToNull: true);
            }
        }
    }

    private TensorValue[] Gradients(TensorValue[] want) => [.. targets.Select((_, i) => GradientOf(i, want[trial.Outputs.Length + i].Shape))];

    private string? Wrong(SymbolValues sizes, TensorValue[] want, TensorValue[] gradients) =>
        gradients.Select((g, i) => Compare(trial.Outputs.Length + i, sizes, want[trial.Outputs.Length + i], g)).FirstOrDefault(f => f is not null);

    private TensorValue GradientOf(int target, long[] shape) => ((Leaf)targets[target]).Grad is Tensor<float> single
        ? Values.Of<float>(single.ToArray(), DType.Float32, shape)
        : Values.Of<double>(((Tensor<double>)((Leaf)targets[target]).Grad!).ToArray(), DType.Float64, shape);
}

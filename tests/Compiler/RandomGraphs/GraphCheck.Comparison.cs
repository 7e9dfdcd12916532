using System.Globalization;
using GraphCompiler.Rewriting;

namespace GraphCompiler.Tests.Compiler.RandomGraphs;

/// <summary>What of a difference from the interpreter rounding can explain.</summary>
internal sealed partial class GraphCheck
{
    // Of the largest element, where numbers are ordinary.
    private const double Ulps = 4096;

    private string? Compare(int root, SymbolValues sizes, TensorValue want, TensorValue got)
    {
        bool isOrdinary = trial.Palette is Palette.Ordinary or Palette.Ties;
        double most = !want.DType.IsFloat() || !isOrdinary ? 0 : want.Reals.Select(Math.Abs).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        bool isGradient = root >= trial.Outputs.Length;
        if (Values.Difference(want, got, isOrdinary ? Ulps : 16, isOrdinary ? Math.Max(1, most) : 0, signsOfZeros: !isGradient) is not { } difference
            || (want.DType.IsFloat() && (isOrdinary ? IsUnstable(root, sizes, want, got, most) : IsRounding(root, sizes, got))))
        {
            return null;
        }

        int target = root - trial.Outputs.Length;
        string name = target < 0 ? $"output {root}"
            : target < targets.Length ? $"gradient of {targets[target].Name}"
            : root < roots.Length ? $"derivative {target - targets.Length} with respect to a node in the midst"
            : $"update of {trial.Updates[root - roots.Length].Parameter.Name}";
        return string.Create(CultureInfo.InvariantCulture, $"{sizes}, {name}: {difference}");
    }

    private Node RootOf(int root) => root < roots.Length ? roots[root] : trial.Updates[root - roots.Length].Value;

    /// <summary>
    /// Whether each element is as near as rounding allows, in the graph as it is or in its stable form: what overflows in the one may be finite in the other.
    /// </summary>
    private bool IsRounding(int root, SymbolValues sizes, TensorValue got)
    {
        Node plain = RootOf(root);
        if (Within(plain))
        {
            return true;
        }

        Node[] inlined = InlineCalls.Run(Stabilize.Run([plain]).Of([plain]));
        return Within(Stabilize.Run(inlined).Of(inlined[0]));

        bool Within(Node node)
        {
            (TensorValue want, double[]? bounds) = RoundingErrors.Evaluate(node, expected[sizes].Given, sizes.Of);
            double[] errors = bounds!;
            double least = RoundingErrors.Least(want.DType);
            for (long i = 0; i < want.Count; i++)
            {
                // An error without bound says nothing; an exact zero has a sign.
                double bound = (8 * errors[i]) + (64 * least);
                bool differs = Values.DifferInSign(want[i], got[i])
                    ? errors[i] == 0 && root < trial.Outputs.Length
                    : !want[i].Equals(got[i]) && double.IsFinite(bound) && !(Math.Abs(want[i] - got[i]) <= bound);
                if (differs)
                {
                    return false;
                }
            }

            return true;
        }
    }

    // A result that a last place of the inputs changes as much says nothing about the compiler.
    private bool IsUnstable(int root, SymbolValues sizes, TensorValue want, TensorValue got, double most)
    {
        // Several ways to nudge: at a kink, only some lead to its other side.
        double unit = want.DType == DType.Float32 ? 1e-7 : 1e-15;
        TensorValue[] others = [.. Enumerable.Range(0, 6).Select(seed => Interpreter.Evaluate([RootOf(root)], Nudged(seed), sizes.Of)[0])];
        for (long i = 0; i < want.Count; i++)
        {
            // A zero is a chance one, and its sign with it, where others are not zero or have the other sign.
            if (Values.DifferInSign(want[i], got[i]))
            {
                if (others.All(o => o[i] == 0 && !Values.DifferInSign(o[i], want[i])))
                {
                    return false;
                }
            }
            else if (!(Math.Abs(want[i] - got[i]) <= (Ulps * 2 * unit * Math.Max(1, most)) + (1000 * others.Max(o => Math.Abs(want[i] - o[i])))) && !want[i].Equals(got[i]))
            {
                return false;
            }
        }

        return true;

        Dictionary<Node, TensorValue> Nudged(int seed)
        {
            var random = new Random(seed);
            return expected[sizes].Given.ToDictionary(g => g.Key, g => !g.Value.DType.IsFloat() ? g.Value
                : TensorValue.OfReals(g.Value.DType, g.Value.Shape, [.. g.Value.Reals.Select(v => v * (1 + (unit * random.Next(-3, 4))))]));
        }
    }
}

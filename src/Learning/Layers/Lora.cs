using System.Numerics.Tensors;

namespace GraphCompiler.Learning;

/// <summary>
/// A linear layer that stays as it is, and beside it a product of two narrow matrices that is trained: base(x) + α/r·B·(A·x) (Hu et al., 2021). The parameters of the layer
/// keep their names; <c>lora_A</c> [r, inputs] and <c>lora_B</c> [outputs, r] are beside them, as in loralib: a file of the model without them loads with
/// <c>missing: "*lora_*"</c>.
/// </summary>
public sealed class Lora : Layer
{
    /// <summary>A layer that begins as the one that it is put around: B is zeros.</summary>
    /// <param name="layer">The layer, which is frozen, and stays so where a model that this is in is thawed.</param>
    /// <param name="rank">r, the width of the product.</param>
    /// <param name="random">Where A comes from.</param>
    /// <param name="alpha">α; the product is scaled by α/r. By default r.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rank is not above 0.</exception>
    public Lora(Linear layer, int rank, Generator random, double? alpha = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        (Base, Rank, Alpha) = (layer, Require.Positive(rank), alpha ?? rank);
        layer.KeepFrozen();
        A = Initializer.PyTorch(layer.Inputs).Make(random, rank, layer.Inputs);
        B = Initializer.Zeros.Make(layer.Outputs, rank);
    }

    /// <summary>The layer.</summary>
    [Named("")]
    public Linear Base { get; }

    /// <summary>A [r, inputs], which begins as the weight of a linear layer.</summary>
    [Named("lora_A")]
    public Parameter<float> A { get; }

    /// <summary>B [outputs, r], which begins with zeros.</summary>
    [Named("lora_B")]
    public Parameter<float> B { get; }

    /// <summary>r, the width of the product.</summary>
    public int Rank { get; }

    /// <summary>α; the product is scaled by α/r.</summary>
    public double Alpha { get; }

    /// <summary>The probability that training drops an element of x on its way to A.</summary>
    public double Dropout { get; init => field = Chance.Checked(value); }

    /// <summary>Adds the product to the weight of the layer, for use without this, and sets B to zeros: what this computes stays the same but for rounding.</summary>
    /// <returns>The layer.</returns>
    public Linear Merge()
    {
        using (ParameterEdit<float> edit = Base.Weight.Edit())
        {
            for (int i = 0; i < Base.Outputs; i++)
            {
                Span<float> row = edit.Values.Slice(i * Base.Inputs, Base.Inputs);
                for (int j = 0; j < Rank; j++)
                {
                    TensorPrimitives.MultiplyAdd(A.Values.Slice(j * Base.Inputs, Base.Inputs), (float)(Alpha / Rank * B.Values[(i * Rank) + j]), row, row);
                }
            }
        }

        B.Fill(0);
        return Base;
    }

    /// <inheritdoc/>
    public override string ToString() => $"Lora({Base}, {Rank})";

    /// <inheritdoc/>
    protected override Node Define(Node x)
    {
        Node y = Base.Forward(x);
        return y + ((Alpha / Rank) * Ops.Linear(Ops.Linear(Chance.Drop(this, x, Dropout), A), B));
    }
}

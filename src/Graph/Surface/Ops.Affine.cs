using GraphCompiler.Operations;

namespace GraphCompiler;

/// <summary>Products of matrices with something added.</summary>
public static partial class Ops
{
    /// <summary>x·Wᵀ + b over the last axis: a fully connected layer.</summary>
    /// <param name="x">Numbers, […, I].</param>
    /// <param name="weight">W of the same dtype, [O, I], or [I] for one output without an axis.</param>
    /// <param name="bias">b of the same dtype, [O], or [] beside a W of one axis; null for none.</param>
    /// <returns>[…, O], or […].</returns>
    public static Node Linear(Node x, Node weight, Node? bias = null)
    {
        const string Name = "Linear";
        RequireOneNumberType(Name, NotNull(x), NotNull(weight));
        if (x.Rank == 0 || weight.Rank is not (1 or 2) || x.Shape[^1] != weight.Shape[^1])
        {
            throw new ShapeException($"{Name}: an input […, I] and a weight [O, I] are needed, with the same I, not {x.Shape} and {weight.Shape}.{Why()} Inputs: {x.Describe()}, {weight.Describe()}.");
        }

        string Why() => x.Rank == 0 || weight.Rank is not (1 or 2) ? string.Empty
            : weight.Rank == 2 && x.Shape[^1] == weight.Shape[0] ? " The weight seems to be [I, O], which Transpose(weight) makes [O, I]."
            : Broadcasting.Declare([x.Shape[^1]], [weight.Shape[^1]]);

        if (bias is not null)
        {
            RequireSameType(Name, x, bias);
            Shape outputs = Shape.Of(weight.Shape.SkipLast(1));
            if (bias.Shape != outputs)
            {
                throw new ShapeException($"{Name}: the bias must have the shape {outputs}, a number for each output, not {bias.Shape}.{Broadcasting.Declare(outputs, bias.Shape)} Inputs: {x.Describe()}, {weight.Describe()}, {bias.Describe()}.");
            }
        }

        return Composite.Of(Name, x, weight, bias, (x, weight, bias) =>
        {
            Node product = MatMul(x, weight.Rank == 1 ? weight : Transpose(weight));
            return bias is null ? product : product + bias;
        });
    }

    /// <summary>beta·x + alpha·a·b of matrices.</summary>
    /// <param name="x">Numbers that broadcast to the product's shape [M, N].</param>
    /// <param name="a">Numbers of the same dtype, [M, K].</param>
    /// <param name="b">Numbers of the same dtype, [K, N].</param>
    /// <param name="beta">The factor of x; 0 means that x is not read, whatever it holds.</param>
    /// <param name="alpha">The factor of the product.</param>
    public static Node Addmm(Node x, Node a, Node b, double beta = 1, double alpha = 1) =>
        Added("Addmm", x, Ranked("Addmm", a, 2, b, 2) ?? MatMul(a, b), beta, alpha);

    /// <summary>beta·x + alpha·a·b of a matrix and a vector.</summary>
    /// <param name="x">Numbers that broadcast to the product's shape [M].</param>
    /// <param name="a">Numbers of the same dtype, [M, K].</param>
    /// <param name="b">Numbers of the same dtype, [K].</param>
    /// <param name="beta">The factor of x; 0 means that x is not read, whatever it holds.</param>
    /// <param name="alpha">The factor of the product.</param>
    public static Node Addmv(Node x, Node a, Node b, double beta = 1, double alpha = 1) =>
        Added("Addmv", x, Ranked("Addmv", a, 2, b, 1) ?? MatMul(a, b), beta, alpha);

    /// <summary>beta·x + alpha·a·bᵀ of vectors: an outer product added.</summary>
    /// <param name="x">Numbers that broadcast to the product's shape [M, N].</param>
    /// <param name="a">Numbers of the same dtype, [M].</param>
    /// <param name="b">Numbers of the same dtype, [N].</param>
    /// <param name="beta">The factor of x; 0 means that x is not read, whatever it holds.</param>
    /// <param name="alpha">The factor of the product.</param>
    public static Node Addr(Node x, Node a, Node b, double beta = 1, double alpha = 1) =>
        Added("Addr", x, Ranked("Addr", a, 1, b, 1) ?? Outer(a, b), beta, alpha);

    /// <summary>beta·x + alpha·Σ aᵢ·bᵢ of matrices, summed over the batch.</summary>
    /// <param name="x">Numbers that broadcast to the product's shape [M, N].</param>
    /// <param name="a">Numbers of the same dtype, [B, M, K].</param>
    /// <param name="b">Numbers of the same dtype, [B, K, N].</param>
    /// <param name="beta">The factor of x; 0 means that x is not read, whatever it holds.</param>
    /// <param name="alpha">The factor of the product.</param>
    public static Node Addbmm(Node x, Node a, Node b, double beta = 1, double alpha = 1) =>
        Added("Addbmm", x, OverBatch("Addbmm", a, b) ?? TensorDot(a, b, [0, 2], [0, 1]), beta, alpha);

    /// <summary>beta·x + alpha·a·b of matrices, for each of a batch.</summary>
    /// <param name="x">Numbers that broadcast to the product's shape [B, M, N].</param>
    /// <param name="a">Numbers of the same dtype, [B, M, K].</param>
    /// <param name="b">Numbers of the same dtype, [B, K, N].</param>
    /// <param name="beta">The factor of x; 0 means that x is not read, whatever it holds.</param>
    /// <param name="alpha">The factor of the product.</param>
    public static Node Baddbmm(Node x, Node a, Node b, double beta = 1, double alpha = 1) =>
        Added("Baddbmm", x, OverBatch("Baddbmm", a, b) ?? MatMul(a, b), beta, alpha);

    private static Node? OverBatch(string op, Node a, Node b) => Ranked(op, a, 3, b, 3, a?.Rank == 3 && b?.Rank == 3 && a.Shape[0] == b.Shape[0]);

    private static Node Added(string op, Node x, Node product, double beta, double alpha)
    {
        RequireSameType(op, product, NotNull(x));
        if (Broadcasting.Join(op, product.Shape, x.Shape, product, x) != product.Shape)
        {
            throw new ShapeException($"{op}: what is added, of the shape {x.Shape}, does not broadcast to the product's shape {product.Shape}. Input: {x.Describe()}.");
        }

        Node scaled = alpha == 1 ? product : alpha * product;
        return beta == 0 ? scaled : (beta == 1 ? x : beta * x) + scaled;
    }
}

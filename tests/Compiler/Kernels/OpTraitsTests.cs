using GraphCompiler.Kernels;
using GraphCompiler.Loops;
using GraphCompiler.Lowering;
using GraphCompiler.Operations;

namespace GraphCompiler.Tests.Compiler.Kernels;

/// <summary>The tables of what the compiler must know of operations are complete.</summary>
internal sealed class OpTraitsTests
{
    /// <summary>All but what is written as other operations before the compiler asks.</summary>
    private static readonly Type[] Primitives =
        [.. typeof(Op).Assembly.GetTypes().Where(t => t.IsSealed && t.IsSubclassOf(typeof(Op)) && !t.IsSubclassOf(typeof(CompositeOp)))];

    /// <summary>Composites that are computed whole where that pays.</summary>
    private static readonly Type[] Wholes = [typeof(ConvolutionOp)];

    /// <summary>A node of each primitive operation and dtype.</summary>
    private static IEnumerable<Node> Nodes() =>
        from row in OperationTable.Rows
        from dtype in row.DTypes
        from node in GraphWalk.TopologicalOrder([row.Build(new InputMaker(dtype, "N", Layout.Dense, requiresGrad: false))])
        where Primitives.Contains(node.Op.GetType())
        select node;

    [Test]
    public void Each_operation_has_a_row_and_each_row_an_operation()
    {
        Assert.That(() => Primitives.Concat(Wholes).Select(OpTraits.Of).ToArray(), Throws.Nothing);
        Assert.That(OpTraits.Families.Except(Primitives.Concat(Wholes).Select(p => FamilyOf(p, OpTraits.Families))).Select(t => t.Name), Is.Empty);
    }

    /// <summary>Reductions are always fused, products have a room of their own, and loops and branches are made of kernels.</summary>
    [Test]
    public void Each_operation_with_a_kernel_of_its_own_has_a_lowering()
    {
        IEnumerable<Type> own = Primitives.Where(p => OpTraits.Of(p) is { Origin: Origin.Kernel, Form: var form } && form != FusedForm.Reduction && p != typeof(MatMulOp) && p != typeof(LoopOp) && p != typeof(BranchOp));
        Assert.That(LowerOperation.Families, Is.EquivalentTo(own.Select(p => FamilyOf(p, LowerOperation.Families)).Distinct()));
    }

    [Test]
    public void A_missing_row_says_what_to_add()
    {
        var table = new FamilyTable<string>("a table", ("elementwise", [typeof(ElementwiseOp)]), ("comparison", [typeof(ComparisonOp)]));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(table.Of(typeof(AddOp)), Is.EqualTo("elementwise"));
            Assert.That(table.Of(typeof(LessOp)), Is.EqualTo("comparison"));
            Assert.That(() => table.Of(typeof(SumOp)), Throws.InvalidOperationException.With.Message.EqualTo("SumOp has no row in a table: add one for it or its family."));
        }
    }

    /// <summary>What is computed, moved or known where it is read has a value there, of its dtype.</summary>
    [Test]
    public void Each_operation_without_a_kernel_has_a_value_where_it_is_read()
    {
        HashSet<Type> met = [];
        foreach (Node node in Nodes())
        {
            met.Add(node.Op.GetType());
            switch (OpTraits.Of(node.Op).Origin)
            {
                case Origin.Pointwise when node.Op is ElementwiseOp:
                    Assert.That(Scalars.Apply(node, [.. node.Inputs.Select(i => new Local("x", i.DType))]).Type, Is.EqualTo(node.DType), node.Describe());
                    break;
                case Origin.Movement:
                    Assert.That(() => View.Dense(node.Inputs[0]).Move(node), Is.Not.Null, node.Describe());
                    break;
                case Origin.OnTheSpot or Origin.Pointwise or Origin.Written when node.Shape.ElementCount.Constant == 1 || node.Op is not ConstantOp:
                    Assert.That(new Read(null, View.Dense(node)).Load(() => Literal.Of(0L), new KernelBuilder(node)).Type, Is.EqualTo(node.DType), node.Describe());
                    break;
                default:
                    break;
            }
        }

        Assert.That(Primitives.Except(met).Select(t => t.Name), Is.Empty);
    }

    private static Type FamilyOf(Type op, IEnumerable<Type> families) => families.Contains(op) || op.BaseType is not { } family ? op : FamilyOf(family, families);
}

using GraphCompiler.Operations;

namespace GraphCompiler.Kernels;

/// <summary>What the compiler must know of an operation: a row a family.</summary>
/// <param name="Origin">How its values come to be.</param>
internal sealed record OpTraits(Origin Origin)
{
    /// <summary>How it reads its inputs.</summary>
    public InputAccess Inputs { get; init; } = InputAccess.InMemory;

    /// <summary>What it is in a fused kernel; null if it is in none.</summary>
    public FusedForm? Form { get; init; }

    /// <summary>About how many vector instructions an element takes.</summary>
    public int Instructions { get; init; }

    /// <summary>Whether it is an instruction or two, for single elements too.</summary>
    public bool IsShort { get; init; }

    /// <summary>Whether it has a form for vectors.</summary>
    public Func<Node, bool> HasVectors { get; init; } = _ => false;

    /// <summary>As how many operations it counts where the backward part computes it again.</summary>
    public int WorkAgain { get; init; } = 8;

    /// <summary>Whether its values are there before anything runs, if they lie in memory.</summary>
    public bool IsFromOutside => Origin is Origin.Given or Origin.Written;

    private static readonly OpTraits OnTheSpot = new(Origin.OnTheSpot) { Form = FusedForm.Copy };
    private static readonly OpTraits Own = new(Origin.Kernel);
    private static readonly OpTraits Elementwise = new(Origin.Pointwise)
    {
        Inputs = InputAccess.Inlined,
        Form = FusedForm.Elements,
        Instructions = 1,
        IsShort = true,
        HasVectors = _ => true,
        WorkAgain = 1,
    };

    private static readonly OpTraits Quotient = Elementwise with { Instructions = 4, WorkAgain = 8 };
    private static readonly OpTraits Transcendental = Elementwise with { Instructions = 16, IsShort = false, WorkAgain = 8 };

    private static readonly FamilyTable<OpTraits> Table = new(
        "Kernels/OpTraits",
        (new(Origin.Given), [typeof(InputOp), typeof(ParameterOp), typeof(RandomStreamOp)]),
        (OnTheSpot, [typeof(IotaOp), typeof(DimValueOp)]),
        (OnTheSpot with { Origin = Origin.Written }, [typeof(ConstantOp)]),
        (new(Origin.Movement) { Form = FusedForm.Copy, WorkAgain = 0 }, [typeof(MovementOp)]),
        (new(Origin.Result), [typeof(OutputOp)]),

        // It takes longer, but the loop in it makes it little code.
        (new(Origin.Pointwise) { Form = FusedForm.Copy, Instructions = 24 }, [typeof(RandomBitsOp)]),
        (Elementwise, [typeof(ElementwiseOp)]),
        (Elementwise with { WorkAgain = 8 }, [typeof(FloorOp), typeof(RoundOp)]),
        (Elementwise with { IsShort = false, WorkAgain = 8 }, [typeof(SignOp)]),
        (Elementwise with { IsShort = false, WorkAgain = 8, HasVectors = _ => false }, [typeof(ShiftOp)]),

        // Most conversions change the size of lanes.
        (Elementwise with { IsShort = false, HasVectors = n => n.DType.IsFloat() && n.Inputs[0].DType.IsInteger() && n.DType.Row().LaneSize == n.Inputs[0].DType.Row().LaneSize }, [typeof(CastOp)]),
        (Quotient, [typeof(SqrtOp), typeof(ReciprocalOp)]),
        (Quotient with { HasVectors = n => !n.DType.IsInteger() }, [typeof(DivOp)]),
        (Transcendental, [typeof(TranscendentalOp), typeof(Atan2Op)]),
        (Transcendental with { HasVectors = _ => false }, [typeof(PowOp)]),
        (Transcendental with { HasVectors = _ => false, Instructions = 64 }, [typeof(FModOp), typeof(LogGammaOp), typeof(PolygammaOp), typeof(GammaSlopeOp), typeof(IncompleteGammaOp)]),
        (Own with { Inputs = InputAccess.Inlined, Form = FusedForm.Reduction }, [typeof(SumOp), typeof(ProdOp), typeof(ExtremumOp)]),
        (Own with { Form = FusedForm.Pick }, [typeof(TakeOp)]),
        (Own with { Form = FusedForm.RowGather }, [typeof(GatherOp)]),
        (Own with { Inputs = InputAccess.Inlined }, [typeof(ConcatOp), typeof(PadOp), typeof(OverlapAddOp)]),
        (Own, [typeof(MatMulOp), typeof(ConvolutionOp), typeof(ArgExtremumOp), typeof(ArgSortOp), typeof(SearchSortedOp), typeof(WithinOp), typeof(NonZeroOp), typeof(CtcAlphaOp), typeof(CtcPullbackOp)]),
        (Own, [typeof(CumulativeSumOp), typeof(LinearRecurrenceOp), typeof(RecurrenceOp), typeof(CumulativeArgExtremumOp)]),
        (Own, [typeof(IndexAddOp), typeof(ScatterAddOp), typeof(ScatterOp)]),

        // What runs again and again, or not at all, reads what lies in memory.
        (Own with { Inputs = InputAccess.Dense }, [typeof(LoopOp), typeof(BranchOp)]),

        // Routines know one layout.
        (Own with { Inputs = InputAccess.Dense }, [typeof(CholeskyOp), typeof(TriangularSolveOp), typeof(LuOp), typeof(QrOp), typeof(EighOp), typeof(SvdOp), typeof(MatrixExpOp), typeof(RandomGammaOp), typeof(HostFunctionOp)]));

    /// <summary>The operations that have a row, by their types or by an abstract base.</summary>
    public static IEnumerable<Type> Families => Table.Families;

    public static OpTraits Of(Op op) => Table.Of(op.GetType());

    public static OpTraits Of(Type op) => Table.Of(op);
}

/// <summary>How the values of an operation come to be.</summary>
internal enum Origin
{
    /// <summary>They come from outside.</summary>
    Given,

    /// <summary>They are written into the graph: one number is known where it is read, several lie in memory.</summary>
    Written,

    /// <summary>They are known where they are read.</summary>
    OnTheSpot,

    /// <summary>They are the input's, read with other strides where that can be.</summary>
    Movement,

    /// <summary>They are computed one by one, where they are read or by a kernel.</summary>
    Pointwise,

    /// <summary>They are one result of a kernel with several.</summary>
    Result,

    /// <summary>A kernel computes them all.</summary>
    Kernel,
}

/// <summary>How a kernel reads the inputs of an operation.</summary>
internal enum InputAccess
{
    /// <summary>From memory, with any strides.</summary>
    InMemory,

    /// <summary>So, or computed where they are read.</summary>
    Inlined,

    /// <summary>From memory, dense and row-major.</summary>
    Dense,
}

using GraphCompiler.Kernels;
using GraphCompiler.Kernels.Products;
using GraphCompiler.Loops;

namespace GraphCompiler.Lowering.Contraction;

/// <summary>
/// Copies the weights of a convolution into the order in which its tiles read them: for each group and each tile's output channels, by blocks of input
/// channels, [rows of a window, channels of the block, columns of a window, output channels]. Output channels that the last tile lacks are zeros.
/// </summary>
internal sealed class PackFilters
{
    private readonly WholeConvolution windows;
    private readonly ConvolutionTiling tiling;
    private readonly Dim outputs;

    public PackFilters(MatMulProblem problem, WholeConvolution windows, ConvolutionTiling tiling)
    {
        (this.windows, this.tiling, outputs) = (windows, tiling, problem.M);
        var kernel = new KernelBuilder(problem.Roots);
        var sizes = Shape.Of([problem.Batch[1]]);
        Dim group = Tiles * windows.Channels * Channel;
        Packed = kernel.Scratch(problem.Type, sizes[0] * group);
        Groups = [0, group];
        LoopBuffer to = kernel.Output(Packed);
        LoopBuffer from = kernel.Input(problem.A.Source);
        EquatableArray<Dim> target = [group];
        EquatableArray<Dim> source = [problem.A.Batch[1]];
        var groups = new LoopNest(sizes, [source, target]);
        var tile = new BlockAxis(Tiles, LoopMath.Index("tile"));
        var channel = new BlockAxis(windows.Channels, LoopMath.Index("channel"));
        Kernel = kernel.Build(BlockLoops.Range(groups, tile, channel), BlockLoops.Run(kernel, groups, [tile, channel], Copy()));

        Block Copy()
        {
            Local row = LoopMath.Index("row");
            Local column = LoopMath.Index("column");
            Local first = LoopMath.Index("first");
            Local block = LoopMath.Index("block");
            Local width = LoopMath.Index("width");
            LoopValue start = LoopMath.Times(block, LoopMath.Int(tiling.BlockChannels));
            LoopValue count = LoopMath.Least(LoopMath.Int(tiling.Outputs), LoopMath.Minus(kernel.Size(outputs), first));
            LoopValue Place(Local lane) => LoopMath.Sum(
                groups.Position(kernel, 0, target),
                Position(tile.Variable, block, width, row, LoopMath.Minus(channel.Variable, start)),
                LoopMath.Times(column, LoopMath.Int(tiling.Outputs)),
                lane);
            LoopValue Element(Local lane) => new Load(from, LoopMath.Sum(
                groups.Position(kernel, problem.A.Offset, source),
                LoopMath.Times(LoopMath.Plus(first, lane), kernel.Size(windows.Filter[0])),
                LoopMath.Times(channel.Variable, kernel.Size(windows.Filter[1])),
                LoopMath.Times(row, kernel.Size(windows.Filter[2])),
                LoopMath.Times(column, kernel.Size(windows.Filter[3]))));
            For Lanes(LoopValue begin, LoopValue end, Func<Local, LoopValue> value)
            {
                Local lane = LoopMath.Index("lane");
                return new For(lane, begin, end, LoopKind.Serial, new Store(to, Place(lane), value(lane)));
            }

            bool isWhole = outputs.Constant % tiling.Outputs == 0;
            Block each = new(
            [
                Lanes(LoopMath.Int(0), isWhole ? LoopMath.Int(tiling.Outputs) : count, Element),
                .. isWhole ? Array.Empty<LoopStatement>() : [Lanes(count, LoopMath.Int(tiling.Outputs), _ => Literal.Of(problem.Type, 0))],
            ]);
            return new Block(
            [
                new Let(first, LoopMath.Times(tile.Variable, LoopMath.Int(tiling.Outputs))),
                new Let(block, LoopMath.Quotient(channel.Variable, tiling.BlockChannels)),
                new Let(width, ChannelsOf(block)),
                new For(row, LoopMath.Int(0), LoopMath.Int(windows.Rows.Taps), LoopKind.Serial, new For(column, LoopMath.Int(0), LoopMath.Int(windows.Columns.Taps), LoopKind.Serial, each)),
            ]);
        }
    }

    public LoweredKernel Kernel { get; }

    /// <summary>The memory that it fills.</summary>
    public KernelBuffer Packed { get; }

    /// <summary>The distances in it along the batch axes.</summary>
    public EquatableArray<Dim> Groups { get; }

    /// <summary>Tiles of the output channels of a group.</summary>
    public Dim Tiles => (outputs + (tiling.Outputs - 1)) / tiling.Outputs;

    /// <summary>Elements of an input channel in a tile.</summary>
    private long Channel => windows.Rows.Taps * windows.Columns.Taps * tiling.Outputs;

    /// <summary>How many input channels a block has.</summary>
    public LoopValue ChannelsOf(LoopValue block) => windows.Channels % tiling.BlockChannels == 0
        ? LoopMath.Int(tiling.BlockChannels)
        : LoopMath.Least(LoopMath.Int(tiling.BlockChannels), LoopMath.Minus(LoopMath.Int(windows.Channels), LoopMath.Times(block, LoopMath.Int(tiling.BlockChannels))));

    /// <summary>Where the weights lie for the first column of a window, within a group.</summary>
    /// <param name="tile">The tile of output channels.</param>
    /// <param name="block">The block of input channels.</param>
    /// <param name="width">How many channels it has.</param>
    /// <param name="row">The row of the window.</param>
    /// <param name="channel">The channel, in the block.</param>
    public LoopValue Position(LoopValue tile, LoopValue block, LoopValue width, LoopValue row, LoopValue channel) => LoopMath.Sum(
        LoopMath.Times(tile, LoopMath.Int(windows.Channels * Channel)),
        LoopMath.Times(block, LoopMath.Int(tiling.BlockChannels * Channel)),
        LoopMath.Times(LoopMath.Plus(LoopMath.Times(row, width), channel), LoopMath.Int(windows.Columns.Taps * tiling.Outputs)));
}

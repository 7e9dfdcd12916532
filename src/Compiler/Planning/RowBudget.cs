using GraphCompiler.Kernels;
using GraphCompiler.Operations;

namespace GraphCompiler.Planning;

/// <summary>
/// How much a loop may keep in memory for what is done outside of it: of a step fewer bytes than the matrix that it then need not read, and in all a few times
/// what the loop reads of its sequences and leaves.
/// </summary>
internal sealed class RowBudget(Node loop)
{
    private const int MostTimes = 4;

    private long left = MostTimes * RowBytes(loop);

    /// <summary>Takes so many bytes a step, if they are there and fewer than those of the matrix.</summary>
    public bool Take(long bytes, long matrix)
    {
        if (bytes > matrix || bytes > left)
        {
            return false;
        }

        left -= bytes;
        return true;
    }

    private static long RowBytes(Node loop)
    {
        var op = (LoopOp)loop.Op;
        return op.Body.Parameters.Skip(op.Carried).Take(op.Sequences).Concat(op.Body.Results.Skip(op.Carried)).Distinct().Sum(Costs.Bytes);
    }
}

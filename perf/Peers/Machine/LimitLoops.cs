using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace GraphCompiler.Peers.Machine;

/// <summary>The loops whose speed is the machine's limit, at the widest vectors that it has.</summary>
internal static unsafe class LimitLoops
{
    /// <summary>Floating-point operations of a step of <see cref="Fma"/>.</summary>
    public static double OperationsPerStep => 2.0 * 12 * (Vector512.IsHardwareAccelerated ? Lanes512.Count : Lanes256.Count);

    /// <summary>Independent multiply-adds in registers.</summary>
    public static float Fma(long steps) => Vector512.IsHardwareAccelerated ? Fma<Lanes512, Vector512<float>>(steps) : Fma<Lanes256, Vector256<float>>(steps);

    /// <summary>Sums an array; the count is a multiple of 128, the address of 64.</summary>
    public static float Read(float* from, long count) =>
        Vector512.IsHardwareAccelerated ? Read<Lanes512, Vector512<float>>(from, count) : Read<Lanes256, Vector256<float>>(from, count);

    /// <summary>Copies an array, through the caches or past them.</summary>
    public static void Copy(float* from, float* to, long count, bool nonTemporal)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Copy<Lanes512, Vector512<float>>(from, to, count, nonTemporal);
        }
        else
        {
            Copy<Lanes256, Vector256<float>>(from, to, count, nonTemporal);
        }
    }

    /// <summary>Fills an array, through the caches or past them.</summary>
    public static void Fill(float* to, long count, bool nonTemporal)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Fill<Lanes512, Vector512<float>>(to, count, nonTemporal);
        }
        else
        {
            Fill<Lanes256, Vector256<float>>(to, count, nonTemporal);
        }
    }

    // Twelve chains cover the latency (4 or 5 cycles) of two units, and fit sixteen registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Fma<TLanes, TVector>(long steps)
        where TLanes : struct, ILanes<TVector>
    {
        TVector x = TLanes.Create(0.999999f);
        TVector y = TLanes.Create(1e-6f);
        TVector a0 = x, a1 = y, a2 = x, a3 = y, a4 = x, a5 = y, a6 = x, a7 = y, a8 = x, a9 = y, a10 = x, a11 = y;
        for (long i = 0; i < steps; i++)
        {
            a0 = TLanes.Fma(a0, x, y);
            a1 = TLanes.Fma(a1, x, y);
            a2 = TLanes.Fma(a2, x, y);
            a3 = TLanes.Fma(a3, x, y);
            a4 = TLanes.Fma(a4, x, y);
            a5 = TLanes.Fma(a5, x, y);
            a6 = TLanes.Fma(a6, x, y);
            a7 = TLanes.Fma(a7, x, y);
            a8 = TLanes.Fma(a8, x, y);
            a9 = TLanes.Fma(a9, x, y);
            a10 = TLanes.Fma(a10, x, y);
            a11 = TLanes.Fma(a11, x, y);
        }

        a0 = TLanes.Add(TLanes.Add(TLanes.Add(a0, a1), TLanes.Add(a2, a3)), TLanes.Add(TLanes.Add(a4, a5), TLanes.Add(a6, a7)));
        return TLanes.Sum(TLanes.Add(a0, TLanes.Add(TLanes.Add(a8, a9), TLanes.Add(a10, a11))));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Read<TLanes, TVector>(float* from, long count)
        where TLanes : struct, ILanes<TVector>
    {
        TVector a0 = TLanes.Create(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        int lanes = TLanes.Count;
        float* end = from + count;
        for (; from < end; from += 8 * lanes)
        {
            a0 = TLanes.Add(a0, TLanes.Load(from));
            a1 = TLanes.Add(a1, TLanes.Load(from + lanes));
            a2 = TLanes.Add(a2, TLanes.Load(from + (2 * lanes)));
            a3 = TLanes.Add(a3, TLanes.Load(from + (3 * lanes)));
            a4 = TLanes.Add(a4, TLanes.Load(from + (4 * lanes)));
            a5 = TLanes.Add(a5, TLanes.Load(from + (5 * lanes)));
            a6 = TLanes.Add(a6, TLanes.Load(from + (6 * lanes)));
            a7 = TLanes.Add(a7, TLanes.Load(from + (7 * lanes)));
        }

        return TLanes.Sum(TLanes.Add(TLanes.Add(TLanes.Add(a0, a1), TLanes.Add(a2, a3)), TLanes.Add(TLanes.Add(a4, a5), TLanes.Add(a6, a7))));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<TLanes, TVector>(float* from, float* to, long count, bool nonTemporal)
        where TLanes : struct, ILanes<TVector>
    {
        int lanes = TLanes.Count;
        float* end = from + count;
        if (nonTemporal)
        {
            for (; from < end; from += 4 * lanes, to += 4 * lanes)
            {
                TLanes.StoreNonTemporal(to, TLanes.Load(from));
                TLanes.StoreNonTemporal(to + lanes, TLanes.Load(from + lanes));
                TLanes.StoreNonTemporal(to + (2 * lanes), TLanes.Load(from + (2 * lanes)));
                TLanes.StoreNonTemporal(to + (3 * lanes), TLanes.Load(from + (3 * lanes)));
            }

            return;
        }

        for (; from < end; from += 4 * lanes, to += 4 * lanes)
        {
            TLanes.Store(to, TLanes.Load(from));
            TLanes.Store(to + lanes, TLanes.Load(from + lanes));
            TLanes.Store(to + (2 * lanes), TLanes.Load(from + (2 * lanes)));
            TLanes.Store(to + (3 * lanes), TLanes.Load(from + (3 * lanes)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fill<TLanes, TVector>(float* to, long count, bool nonTemporal)
        where TLanes : struct, ILanes<TVector>
    {
        int lanes = TLanes.Count;
        TVector value = TLanes.Create(1);
        float* end = to + count;
        if (nonTemporal)
        {
            for (; to < end; to += 2 * lanes)
            {
                TLanes.StoreNonTemporal(to, value);
                TLanes.StoreNonTemporal(to + lanes, value);
            }

            return;
        }

        for (; to < end; to += 2 * lanes)
        {
            TLanes.Store(to, value);
            TLanes.Store(to + lanes, value);
        }
    }
}

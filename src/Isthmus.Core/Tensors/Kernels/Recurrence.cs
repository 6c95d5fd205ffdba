using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// A walk through time for some sequences of a batch: sequences do not meet, so each part takes its own through all steps and no thread waits for
/// another within the walk. T is the machine's widest lane.
/// </summary>
internal interface IRecurrence
{
    /// <summary>Walks sequences [first, first + count) through all steps.</summary>
    void Walk<T>(int first, int count) where T : struct, ILane<T>;
}

/// <summary>What recurrent kernels share.</summary>
internal static unsafe class Recurrence
{
    /// <summary>Walks a whole batch; work counts its multiply-adds.</summary>
    public static void Run<TWalk>(in TWalk walk, int batch, long work) where TWalk : unmanaged, IRecurrence
    {
        var job = new Job<TWalk> { Walk = walk, Batch = batch, PerPart = (batch + Workers.Threads - 1) / Workers.Threads };
        if (batch > 0) Workers.Run(ref job, (batch + job.PerPart - 1) / job.PerPart, work < Gemm.WorthSharing);
    }

    /// <summary>to[i] = op(a[i] + b[i]): a gate from what the input and the state give to it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Gate<TOp, T>(int n, float* a, float* b, float* to) where TOp : struct, IMap where T : struct, ILane<T>
    {
        for (var i = 0; i < n; i += T.Width)
            T.StorePart(default(TOp).Apply(T.LoadPart(a + i, n - i, 0f) + T.LoadPart(b + i, n - i, 0f)), to + i, n - i);
    }

    /// <summary>Copies n floats.</summary>
    public static void Copy(float* from, float* to, int n) => new ReadOnlySpan<float>(from, n).CopyTo(new Span<float>(to, n));

    private struct Job<TWalk> : IJob where TWalk : unmanaged, IRecurrence
    {
        public TWalk Walk;
        public int Batch, PerPart;

        public readonly void Execute(int part)
        {
            int first = part * PerPart, count = Math.Min(PerPart, Batch - first);
            if (Lane16.IsAccelerated) Walk.Walk<Lane16>(first, count);
            else if (Lane8.IsAccelerated) Walk.Walk<Lane8>(first, count);
            else if (Lane4.IsAccelerated) Walk.Walk<Lane4>(first, count);
            else Walk.Walk<Lane1>(first, count);
        }
    }
}

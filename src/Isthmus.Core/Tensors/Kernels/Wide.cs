namespace Isthmus.Tensors.Kernels;

/// <summary>A job written over lanes of exactly 16 floats.</summary>
internal interface IWideJob
{
    /// <summary>Runs one part; T has the width 16.</summary>
    void Execute<T>(int part) where T : struct, ILane<T>;
}

/// <summary>
/// Runs jobs over 16 floats at a time on whatever registers there are: one of 512 bits, pairs of 256, pairs of pairs of 128, or
/// floats. All give the same bits, since all keep the same 16 partial results.
/// </summary>
internal static class Wide
{
    /// <summary>How many floats a part should hold: enough to pay for the hand-over to another thread.</summary>
    public const long Part = 16384;

    /// <summary>Runs all parts on the workers.</summary>
    public static void Run<TJob>(in TJob job, long parts) where TJob : unmanaged, IWideJob
    {
        var narrow = new Dispatch<TJob> { Job = job };
        Workers.Run(ref narrow, checked((int)parts));
    }

    /// <summary>How many units of so many floats make a part, at least one; a function of the shape alone.</summary>
    public static long UnitsPerPart(long floatsPerUnit) => Math.Max(1, Part / Math.Max(1, floatsPerUnit));

    private struct Dispatch<TJob> : IJob where TJob : unmanaged, IWideJob
    {
        public TJob Job;

        public readonly void Execute(int part)
        {
            if (Lane16.IsAccelerated) Job.Execute<Lane16>(part);
            else if (Lane8.IsAccelerated) Job.Execute<Pair<Lane8>>(part);
            else if (Lane4.IsAccelerated) Job.Execute<Pair<Pair<Lane4>>>(part);
            else Job.Execute<Pair<Pair<Pair<Pair<Lane1>>>>>(part);
        }
    }
}

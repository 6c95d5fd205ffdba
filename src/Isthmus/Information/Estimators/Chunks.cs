namespace Isthmus.Information;

/// <summary>
/// Parallel loops whose results never depend on the number of threads: the work is cut into chunks of a fixed size, each chunk
/// writes only its own outputs, and whoever needs a sum adds those outputs up in order afterwards.
/// </summary>
internal static class Chunks
{
    /// <summary>Calls the body with [from, to) for every chunk of 0..count-1.</summary>
    /// <param name="count">The number of items.</param>
    /// <param name="size">Items a chunk; a constant of the caller, never derived from the machine.</param>
    /// <param name="threads">At most so many threads; 0 means all cores.</param>
    /// <param name="body">The work on one chunk.</param>
    public static void For(int count, int size, int threads, Action<int, int> body) =>
        For(count, size, threads, () => 0, (from, to, _) => body(from, to));

    /// <summary>As the other overload, with scratch memory that a worker makes once and hands to each of its chunks.</summary>
    public static void For<TScratch>(int count, int size, int threads, Func<TScratch> make, Action<int, int, TScratch> body)
    {
        var chunks = (count + size - 1) / size;
        var workers = Math.Min(Threads(threads), chunks);
        if (workers <= 1)
        {
            var scratch = make();
            for (var c = 0; c < chunks; c++) body(c * size, Math.Min(count, (c + 1) * size), scratch);
            return;
        }
        Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = workers }, make, (c, _, scratch) =>
        {
            body(c * size, Math.Min(count, (c + 1) * size), scratch);
            return scratch;
        }, _ => { });
    }

    /// <summary>The number of threads that an option means: itself, or all cores where it is 0.</summary>
    public static int Threads(int option)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(option, "threads");
        return option == 0 ? Environment.ProcessorCount : option;
    }
}

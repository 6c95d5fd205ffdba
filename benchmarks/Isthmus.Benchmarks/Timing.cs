using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Isthmus.Benchmarks;

/// <summary>
/// The minimum over many short runs: what the code takes when nothing else wants the machine. One thread is timed by its own
/// processor time where the system tells it (Linux), so that a busy machine counts less.
/// </summary>
internal static partial class Timing
{
    public static double Seconds(int threads, Action run, double budget = 0.1)
    {
        Func<double> now = threads == 1 && OperatingSystem.IsLinux() ? ProcessorSeconds : () => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
        run();
        run();
        var start = now();
        run();
        var repeats = (int)Math.Clamp(50e-6 / Math.Max(1e-9, now() - start), 1, 10000);
        var best = double.MaxValue;
        var end = now() + budget;
        for (var round = 0; round < 5 || now() < end; round++)
        {
            start = now();
            for (var i = 0; i < repeats; i++) run();
            best = Math.Min(best, (now() - start) / repeats);
        }
        return best;
    }

    private static double ProcessorSeconds()
    {
        const int ThreadProcessorTime = 3;
        _ = ClockGetTime(ThreadProcessorTime, out var time);
        return time.Seconds + time.Nanoseconds * 1e-9;
    }

    private struct TimeSpec
    {
        public nint Seconds, Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);
}

using System.Diagnostics;

namespace Isthmus.Benchmarks;

/// <summary>The minimum over many short runs: what the code takes when nothing else wants the machine.</summary>
internal static class Timing
{
    public static double Seconds(Action run, double budget = 0.4)
    {
        var end = Stopwatch.GetTimestamp() + (long)(budget * Stopwatch.Frequency);
        run();
        run();
        var start = Stopwatch.GetTimestamp();
        run();
        var repeats = (int)Math.Clamp(50e-6 / Stopwatch.GetElapsedTime(start).TotalSeconds, 1, 10000);
        var best = double.MaxValue;
        for (var round = 0; round < 5 || Stopwatch.GetTimestamp() < end; round++)
        {
            start = Stopwatch.GetTimestamp();
            for (var i = 0; i < repeats; i++) run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / repeats);
        }
        return best;
    }
}

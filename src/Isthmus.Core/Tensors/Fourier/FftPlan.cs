using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Isthmus.Tensors;

/// <summary>The tables of one kind of transform; those of the lengths in use are kept.</summary>
internal sealed unsafe class FftPlan
{
    private const int Kept = 32, LongestKept = 16384; // some 25 MB at the worst

    private static readonly ConcurrentDictionary<(int N, bool Real), FftPlan> s_plans = new();

    private FftPlan(int n, bool real)
    {
        Tables = new FftTables(real && n % 2 == 0 ? n / 2 : n);
        if (!real) return;
        Roots = (double*)NativeMemory.Alloc((nuint)((n / 2) + 1) * 2, sizeof(double));
        for (var k = 0; k <= n / 2; k++) FftTables.Root(k, n, Roots + (2 * k));
    }

    ~FftPlan()
    {
        Tables.Dispose();
        NativeMemory.Free(Roots);
    }

    /// <summary>Of n complex numbers, or of half as many where n real ones are even.</summary>
    public FftTables Tables { get; }

    /// <summary>e^(-2πik/n), k &lt;= n/2, of a real transform. Like the tables', valid while the plan is alive.</summary>
    public double* Roots { get; }

    public static FftPlan Of(int n, bool real)
    {
        if (s_plans.TryGetValue((n, real), out var plan)) return plan;
        plan = new FftPlan(n, real);
        if (n > LongestKept) return plan;
        if (s_plans.Count >= Kept) s_plans.Clear();
        return s_plans.GetOrAdd((n, real), plan);
    }
}

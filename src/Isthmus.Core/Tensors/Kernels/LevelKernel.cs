using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>The grid of one column: level = floor(half tanh(z + shift) + middle), value = (level - zero) / span.</summary>
/// <param name="Shift">Added before the squashing.</param>
/// <param name="Half">Half the range of the squashed number, in levels.</param>
/// <param name="Middle">What is added before rounding down: half of the highest level, and 1/2.</param>
/// <param name="Zero">The level, whole or not, whose value is 0.</param>
/// <param name="Span">Levels from the value 0 to the value 1.</param>
/// <param name="Top">The highest level.</param>
internal readonly record struct LevelColumn(float Shift, float Half, float Middle, float Zero, float Span, float Top);

/// <summary>
/// Squashing and rounding to a few levels a column in one pass over the numbers, with the derivative of the squashed number beside
/// it: finite scalar quantisation. An element's bits depend on its own number and column alone.
/// </summary>
internal static unsafe class LevelKernel
{
    /// <summary>Rows of a part: a multiple of 16, so that each part begins with the first column and whole lanes.</summary>
    private static long RowsPerPart(long cols) => Math.Max(1, 8192 / (16 * cols)) * 16;

    /// <summary>
    /// value, level (as a float), and where they are wanted slope = d(squashed value)/dz and soft = the squashed value before
    /// rounding, each [rows, columns]. NaN stays NaN.
    /// </summary>
    public static void Forward(float* z, long rows, ReadOnlySpan<LevelColumn> columns, float* value, float* level, float* slope, float* soft)
    {
        var cols = columns.Length;
        // 16 rows of each parameter, so that lanes may run over the ends of rows.
        var tiled = (float*)NativeMemory.AlignedAlloc((nuint)(6 * 16 * cols * sizeof(float)), 64);
        try
        {
            for (var i = 0; i < 16 * cols; i++)
            {
                var c = columns[i % cols];
                (tiled[i], tiled[(16 * cols) + i], tiled[(32 * cols) + i]) = (c.Shift, c.Half, c.Middle);
                (tiled[(48 * cols) + i], tiled[(64 * cols) + i], tiled[(80 * cols) + i]) = (c.Zero, c.Span, c.Top);
            }
            var perPart = RowsPerPart(cols);
            var job = new Job { Z = z, Value = value, Level = level, Slope = slope, Soft = soft, Tiled = tiled, N = rows * cols, PerPart = perPart * cols, Period = 16 * cols };
            Wide.Run(job, (rows + perPart - 1) / perPart);
        }
        finally
        {
            NativeMemory.AlignedFree(tiled);
        }
    }

    private struct Job : IWideJob
    {
        public float* Z, Value, Level, Slope, Soft, Tiled;
        public long N, PerPart;
        public int Period;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            long from = part * PerPart, until = Math.Min(N, from + PerPart);
            var column = 0;
            for (var i = from; i < until; i += 16)
            {
                var count = (int)Math.Min(16, until - i);
                T half = T.Load(Tiled + Period + column), zero = T.Load(Tiled + (3 * Period) + column), span = T.Load(Tiled + (4 * Period) + column);
                var t = VectorMath.Tanh(T.LoadPart(Z + i, count, 0f) + T.Load(Tiled + column));
                var u = T.Fma(half, t, T.Load(Tiled + (2 * Period) + column));
                var level = T.Min(T.Floor(u), T.Load(Tiled + (5 * Period) + column));
                T.StorePart(level, Level + i, count);
                T.StorePart((level - zero) / span, Value + i, count);
                if (Slope != null) T.StorePart(T.Fma(-t, t, T.Of(1f)) * half / span, Slope + i, count);
                if (Soft != null) T.StorePart((u - T.Of(0.5f) - zero) / span, Soft + i, count);
                column += 16;
                if (column == Period) column = 0;
            }
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Information;

/// <summary>
/// Brute force by columns: distances from four rows at a time to all rows, one buffer for each block of
/// variables (x, y, given), so that a joint space and its marginals share the work. O(n) memory.
/// </summary>
internal sealed class BlockDistances
{
    /// <summary>Rows that share each load of a column.</summary>
    public const int RowsAtOnce = 4;

    private const int Stride = 2 * Wide.Width;

    private readonly double[][] _columns; // a block's columns one after another, each padded with NaN, which is nobody's neighbour
    private readonly double[][] _rows;
    private readonly int[] _widths;

    /// <summary>Blocks of row-major values with n rows each.</summary>
    public BlockDistances(double[][] blocks, int[] widths, int n)
    {
        (Padded, _rows, _widths) = ((n + Stride - 1) / Stride * Stride, blocks, widths);
        _columns = new double[blocks.Length][];
        for (var b = 0; b < blocks.Length; b++)
        {
            _columns[b] = new double[(long)widths[b] * Padded];
            Array.Fill(_columns[b], double.NaN);
            for (var i = 0; i < n; i++)
                for (var k = 0; k < widths[b]; k++) _columns[b][k * Padded + i] = blocks[b][i * widths[b] + k];
        }
    }

    /// <summary>n rounded up to pairs of vectors: the length of one row of a buffer.</summary>
    public int Padded { get; }

    /// <summary>Scratch memory for the distances of one block.</summary>
    public double[] Buffer() => new double[RowsAtOnce * Padded];

    /// <summary>Scratch memory for several blocks.</summary>
    public double[][] Buffers(int count) => [.. Enumerable.Range(0, count).Select(_ => Buffer())];

    /// <summary>
    /// Distances in one block from rows row..row+3 of the queries, or of the block itself (the last row repeats past the end),
    /// to all rows of the block, into 4 × padded numbers.
    /// </summary>
    public void Fill<TNorm>(int block, int row, double[] into, double[]? queries = null) where TNorm : INorm
    {
        var (d, rows) = (_widths[block], queries ?? _rows[block]);
        ref var q0 = ref rows[Math.Min(row * d, rows.Length - d)];
        ref var q1 = ref rows[Math.Min((row + 1) * d, rows.Length - d)];
        ref var q2 = ref rows[Math.Min((row + 2) * d, rows.Length - d)];
        ref var q3 = ref rows[Math.Min((row + 3) * d, rows.Length - d)];
        ref var columns = ref MemoryMarshal.GetArrayDataReference(_columns[block]);
        // Two vectors of columns by four rows: eight sums at once, as many as the latency of an addition wants.
        for (var j = 0; j < Padded; j += Stride)
        {
            Vector512<double> s0 = default, s1 = default, s2 = default, s3 = default, u0 = default, u1 = default, u2 = default, u3 = default;
            for (var k = 0; k < d; k++)
            {
                ref var column = ref Unsafe.Add(ref columns, (nint)k * Padded + j);
                var v = Vector512.LoadUnsafe(ref column);
                var w = Vector512.LoadUnsafe(ref column, Wide.Width);
                var (b0, b1) = (Vector512.Create(Unsafe.Add(ref q0, k)), Vector512.Create(Unsafe.Add(ref q1, k)));
                var (b2, b3) = (Vector512.Create(Unsafe.Add(ref q2, k)), Vector512.Create(Unsafe.Add(ref q3, k)));
                s0 = TNorm.Accumulate(s0, v - b0);
                u0 = TNorm.Accumulate(u0, w - b0);
                s1 = TNorm.Accumulate(s1, v - b1);
                u1 = TNorm.Accumulate(u1, w - b1);
                s2 = TNorm.Accumulate(s2, v - b2);
                u2 = TNorm.Accumulate(u2, w - b2);
                s3 = TNorm.Accumulate(s3, v - b3);
                u3 = TNorm.Accumulate(u3, w - b3);
            }
            Store(s0, u0, into, j);
            Store(s1, u1, into, Padded + j);
            Store(s2, u2, into, 2 * Padded + j);
            Store(s3, u3, into, 3 * Padded + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<double> low, Vector512<double> high, double[] into, int at)
    {
        low.CopyTo(into, at);
        high.CopyTo(into, at + Wide.Width);
    }

    /// <summary>Takes the larger of two buffers, element by element, into the first: the joint distance of two blocks.</summary>
    public static void Join(Span<double> into, ReadOnlySpan<double> other)
    {
        ref var a = ref MemoryMarshal.GetReference(into);
        ref var b = ref MemoryMarshal.GetReference(other);
        for (nuint j = 0; j < (nuint)into.Length; j += Wide.Width)
            Vector512.Max(Vector512.LoadUnsafe(ref a, j), Vector512.LoadUnsafe(ref b, j)).StoreUnsafe(ref a, j);
    }

    /// <summary>How many distances of a padded buffer are under the radius.</summary>
    public static int CountNearer(ReadOnlySpan<double> distances, double radius)
    {
        ref var from = ref MemoryMarshal.GetReference(distances);
        var bound = Vector512.Create(radius);
        var count = Vector512<long>.Zero;
        for (nuint j = 0; j < (nuint)distances.Length; j += Wide.Width)
            count -= Vector512.LessThan(Vector512.LoadUnsafe(ref from, j), bound).AsInt64();
        return (int)Vector512.Sum(count);
    }

    /// <summary>The smallest distances of a padded buffer, ascending, one element left out; positions too where wanted.</summary>
    public static void Nearest(ReadOnlySpan<double> distances, int except, Span<double> best, Span<int> who)
    {
        best.Fill(double.PositiveInfinity);
        ref var from = ref MemoryMarshal.GetReference(distances);
        var bound = Vector512.Create(double.PositiveInfinity);
        for (nuint j = 0; j < (nuint)distances.Length; j += Wide.Width)
        {
            var nearer = Vector512.LessThan(Vector512.LoadUnsafe(ref from, j), bound).ExtractMostSignificantBits();
            if (nearer == 0) continue;
            for (; nearer != 0; nearer &= nearer - 1)
            {
                var position = (int)j + BitOperations.TrailingZeroCount(nearer);
                if (position != except) KdTree.Insert(best, who, Unsafe.Add(ref from, position), position);
            }
            bound = Vector512.Create(best[^1]);
        }
    }
}

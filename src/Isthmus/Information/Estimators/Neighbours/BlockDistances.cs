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

    private readonly double[][] _columns; // a block's columns one after another, each padded with NaN, which is nobody's neighbour
    private readonly double[][] _rows;
    private readonly int[] _widths;

    /// <summary>Blocks of row-major values with n rows each.</summary>
    public BlockDistances(double[][] blocks, int[] widths, int n)
    {
        (Padded, _rows, _widths) = (Wide.Padded(n), blocks, widths);
        _columns = new double[blocks.Length][];
        for (var b = 0; b < blocks.Length; b++)
        {
            _columns[b] = new double[(long)widths[b] * Padded];
            Array.Fill(_columns[b], double.NaN);
            for (var i = 0; i < n; i++)
                for (var k = 0; k < widths[b]; k++) _columns[b][k * Padded + i] = blocks[b][i * widths[b] + k];
        }
    }

    /// <summary>n rounded up to whole vectors: the length of one row of a buffer.</summary>
    public int Padded { get; }

    /// <summary>
    /// Distances in one block from rows row..row+3 of the queries, or of the block itself (the last row repeats past the end),
    /// to all rows of the block, into 4 × padded numbers.
    /// </summary>
    public void Fill<TNorm>(int block, int row, double[] into, double[]? queries = null) where TNorm : INorm
    {
        var (d, rows) = (_widths[block], queries ?? _rows[block]);
        Span<int> at = stackalloc int[RowsAtOnce];
        for (var r = 0; r < RowsAtOnce; r++) at[r] = Math.Min((row + r) * d, rows.Length - d);
        ref var columns = ref MemoryMarshal.GetArrayDataReference(_columns[block]);
        for (var j = 0; j < Padded; j += Wide.Width)
        {
            Vector512<double> s0 = default, s1 = default, s2 = default, s3 = default;
            for (var k = 0; k < d; k++)
            {
                var v = Vector512.LoadUnsafe(ref columns, (nuint)k * (nuint)Padded + (nuint)j);
                s0 = TNorm.Accumulate(s0, v - Vector512.Create(rows[at[0] + k]));
                s1 = TNorm.Accumulate(s1, v - Vector512.Create(rows[at[1] + k]));
                s2 = TNorm.Accumulate(s2, v - Vector512.Create(rows[at[2] + k]));
                s3 = TNorm.Accumulate(s3, v - Vector512.Create(rows[at[3] + k]));
            }
            s0.CopyTo(into, j);
            s1.CopyTo(into, Padded + j);
            s2.CopyTo(into, 2 * Padded + j);
            s3.CopyTo(into, 3 * Padded + j);
        }
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

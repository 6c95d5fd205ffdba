using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// The largest positive outputs of a linear layer for each row, without the matrix of outputs: of the tiles of a <see cref="TableScan"/> only
/// outputs above a row's running threshold, its k-th largest so far, are kept.
/// </summary>
/// <remarks>
/// An output is x·w + b, with the bits of the scan: they, and so the choice (of equals the lowest place), depend neither
/// on the number of threads nor on the registers. NaN is never chosen.
/// </remarks>
internal static unsafe class LinearTopK
{
    /// <summary>For each row the places of its at most <c>keep</c> largest positive outputs, in rising order, and the outputs.</summary>
    /// <param name="x">n rows of k floats.</param>
    /// <param name="n">Rows of x.</param>
    /// <param name="k">Floats a row, at least 1.</param>
    /// <param name="weight">Entries, k floats each.</param>
    /// <param name="bias">One for each entry.</param>
    /// <param name="entries">How many, at least 1.</param>
    /// <param name="keep">At least 1.</param>
    /// <param name="places">[n, keep], the first <c>counts</c> of each row are set.</param>
    /// <param name="values">[n, keep].</param>
    /// <param name="counts">[n].</param>
    public static void Find(float* x, int n, int k, float* weight, float* bias, int entries, int keep, int* places, float* values, int* counts)
    {
        var scan = new TableScan { X = x, Ldx = k, N = n, K = k, Table = weight, Terms = bias, Entries = entries, Padding = float.NegativeInfinity };
        scan.Run(new Reader { Keep = Math.Min(keep, entries), Ld = keep, Places = places, Values = values, Counts = counts });
    }

    /// <summary>Keeps for each row a threshold, a count and the keys of the outputs above the threshold.</summary>
    private struct Reader : ITableReader
    {
        public int Keep, Ld;
        public float* Values;
        public int* Places, Counts;
        private ulong* _keys;
        private float* _thresholds;
        private int* _kept;

        private readonly int Room => (2 * Keep) + 64;

        public readonly long FloatsPerRow<T>() where T : struct, ILane<T> => 2 + (2L * Room); // a key has the size of two floats

        public void Start<T>(float* memory, int rows) where T : struct, ILane<T>
        {
            _keys = (ulong*)memory;
            _thresholds = (float*)(_keys + ((long)TableScan.RowsPerPart * Room));
            _kept = (int*)(_thresholds + TableScan.RowsPerPart);
            for (var i = 0; i < rows; i++) (_thresholds[i], _kept[i]) = (0f, 0);
        }

        public readonly void Read<T>(int row, int rows, int entry, int columns, float* products, float* terms) where T : struct, ILane<T>
        {
            for (var i = row; i < row + rows; i++, products += columns) Scan<T>(products, terms, columns, entry, _keys + ((long)i * Room), _thresholds + i, _kept + i);
        }

        public readonly void Finish<T>(int first, int rows) where T : struct, ILane<T>
        {
            for (var i = 0; i < rows; i++) Finish(first + i, new Span<ulong>(_keys + ((long)i * Room), Room), _kept[i]);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Scan<T>(float* scores, float* biases, int columns, int at, ulong* keys, float* threshold, int* count) where T : struct, ILane<T>
        {
            var limit = *threshold;
            var largest = T.Of(float.NegativeInfinity);
            for (var j = 0; j < columns; j += T.Width)
            {
                var score = T.Load(scores + j) + T.Load(biases + j);
                T.Store(score, scores + j);
                largest = T.Larger(largest, score);
            }
            // A NaN may hide the largest: it is looked for one by one too.
            if (T.Largest(largest) <= limit) return;
            var n = *count;
            for (var j = 0; j < columns; j++)
            {
                if (!(scores[j] > limit)) continue;
                keys[n++] = ((ulong)BitConverter.SingleToUInt32Bits(scores[j]) << 32) | (uint.MaxValue - (uint)(at + j));
                if (n < Room) continue;
                Selection.LargestFirst(new Span<ulong>(keys, n), Keep);
                n = Keep;
                limit = BitConverter.UInt32BitsToSingle((uint)(keys[n - 1] >> 32));
            }
            *threshold = limit;
            *count = n;
        }

        private readonly void Finish(int row, Span<ulong> keys, int count)
        {
            if (count > Keep)
            {
                Selection.LargestFirst(keys[..count], Keep);
                count = Keep;
            }
            keys = keys[..count];
            foreach (ref var key in keys) key = ((ulong)(uint.MaxValue - (uint)key) << 32) | (key >> 32);
            keys.Sort();
            for (var i = 0; i < count; i++)
            {
                Places[((nint)row * Ld) + i] = (int)(keys[i] >> 32);
                Values[((nint)row * Ld) + i] = BitConverter.UInt32BitsToSingle((uint)keys[i]);
            }
            Counts[row] = count;
        }
    }
}

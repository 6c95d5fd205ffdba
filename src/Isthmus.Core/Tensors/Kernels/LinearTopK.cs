using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// The largest positive outputs of a linear layer for each row, without the matrix of outputs: tiles of products stay in the
/// first-level cache, and only outputs above a row's running threshold, its k-th largest so far, are kept.
/// </summary>
/// <remarks>
/// An output is x·w + b, summed by fma as in <see cref="Gemm"/>: its bits, and so the choice (of equals the lowest place), depend neither
/// on the number of threads nor on the registers. NaN is never chosen.
/// </remarks>
internal static unsafe class LinearTopK
{
    private const int RowsPerPart = 96;

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
        var task = new Task { X = x, N = n, K = k, Weight = weight, Bias = bias, Entries = entries, Keep = Math.Min(keep, entries), Ld = keep, Places = places, Values = values, Counts = counts };
        if (Lane16.IsAccelerated) Find<Lane16>(task);
        else if (Lane8.IsAccelerated) Find<Lane8>(task);
        else if (Lane4.IsAccelerated) Find<Lane4>(task);
        else Find<Lane1>(task);
    }

    private static void Find<T>(in Task task) where T : struct, ILane<T>
    {
        if (task.N == 0) return;
        var alone = (long)task.N * task.Entries * task.K < Gemm.WorthSharing;
        var columns = Tile.Columns<T>();
        var block = Gemm.BlockLength(task.K);
        var packing = new PackJob { X = task.Weight, Ld = task.K, AlongK = true, Count = task.Entries, Width = columns, From = 0, Until = task.K, Block = block };
        var padded = Strips.PaddedCount(task.Entries, columns);
        packing.To = Scratch.Get(Scratch.Use.Shared, packing.Size + padded);
        Workers.Run(ref packing, packing.Parts, alone);
        var biases = packing.To + packing.Size;
        for (var j = 0; j < padded; j++) biases[j] = j < task.Entries ? task.Bias[j] : float.NegativeInfinity;
        var job = new FindJob<T> { T0 = task, Packed = packing.To, Biases = biases, Padded = padded, Block = block };
        Workers.Run(ref job, (task.N + RowsPerPart - 1) / RowsPerPart, alone);
    }

    private struct Task
    {
        public float* X, Weight, Bias, Values;
        public int N, K, Entries, Keep, Ld;
        public int* Places, Counts;
    }

    private struct FindJob<T> : IJob where T : struct, ILane<T>
    {
        public Task T0;
        public float* Packed, Biases;
        public int Padded, Block;

        private readonly int Room => (2 * T0.Keep) + 64;

        public readonly void Execute(int part)
        {
            int columns = Tile.Columns<T>(), high = Tile.Rows<T>();
            int from = part * RowsPerPart, rows = Math.Min(RowsPerPart, T0.N - from);
            // A tile, then for each row a threshold, a count and keys of two floats' size.
            var tile = Scratch.Get(Scratch.Use.Private, (high * columns) + (RowsPerPart * (2 + (2L * Room))));
            var keys = (ulong*)(tile + (high * columns));
            var thresholds = (float*)(keys + ((long)RowsPerPart * Room));
            var counts = (int*)(thresholds + RowsPerPart);
            for (var i = 0; i < rows; i++) (thresholds[i], counts[i]) = (0f, 0);
            for (var j = 0; j < Padded; j += columns)
                for (var i = 0; i < rows; i += high)
                {
                    var have = Math.Min(high, rows - i);
                    for (var p = 0; p < T0.K; p += Block)
                    {
                        var k = Math.Min(Block, T0.K - p);
                        var strip = Packed + ((nint)Padded * p) + ((nint)j * k);
                        Tile.Run<T>(have, columns, k, T0.X + ((nint)(from + i) * T0.K) + p, T0.K, 1, strip, columns, tile, columns, p > 0);
                    }
                    for (var r = 0; r < have; r++) Scan(tile + (r * columns), columns, j, keys + ((long)(i + r) * Room), thresholds + i + r, counts + i + r);
                }
            for (var i = 0; i < rows; i++) Finish(from + i, new Span<ulong>(keys + ((long)i * Room), Room), counts[i]);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Scan(float* scores, int columns, int at, ulong* keys, float* threshold, int* count)
        {
            var limit = *threshold;
            var largest = T.Of(float.NegativeInfinity);
            for (var j = 0; j < columns; j += T.Width)
            {
                var score = T.Load(scores + j) + T.Load(Biases + at + j);
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
                LargestFirst(new Span<ulong>(keys, n), T0.Keep);
                n = T0.Keep;
                limit = BitConverter.UInt32BitsToSingle((uint)(keys[n - 1] >> 32));
            }
            *threshold = limit;
            *count = n;
        }

        private readonly void Finish(int row, Span<ulong> keys, int count)
        {
            if (count > T0.Keep)
            {
                LargestFirst(keys[..count], T0.Keep);
                count = T0.Keep;
            }
            keys = keys[..count];
            foreach (ref var key in keys) key = ((ulong)(uint.MaxValue - (uint)key) << 32) | (key >> 32);
            keys.Sort();
            for (var i = 0; i < count; i++)
            {
                T0.Places[((nint)row * T0.Ld) + i] = (int)(keys[i] >> 32);
                T0.Values[((nint)row * T0.Ld) + i] = BitConverter.UInt32BitsToSingle((uint)keys[i]);
            }
            T0.Counts[row] = count;
        }
    }

    /// <summary>Orders distinct keys so that the first k are the largest, the k-th at place k - 1 (Hoare 1961, algorithm 65).</summary>
    public static void LargestFirst(Span<ulong> keys, int k)
    {
        int low = 0, high = keys.Length - 1, target = k - 1;
        while (low < high)
        {
            var (a, b, c) = (keys[low], keys[(low + high) / 2], keys[high]);
            var pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            int i = low, j = high;
            while (i <= j)
            {
                while (keys[i] > pivot) i++;
                while (keys[j] < pivot) j--;
                if (i > j) break;
                (keys[i], keys[j]) = (keys[j], keys[i]);
                i++;
                j--;
            }
            if (target <= j) high = j;
            else if (target >= i) low = i;
            else return;
        }
    }
}

using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// The row of a table that is nearest to each row of a matrix, without the matrix of distances: tiles of products are kept in the
/// first-level cache and only the best score and place of every row go on. Memory is the table packed once, and per thread
/// <see cref="RowsPerPart"/> rows of running minima.
/// </summary>
/// <remarks>
/// The score of row x and entry e is |e|²/2 - x·e, where x·e is summed by fma in ascending k within the blocks of
/// <see cref="Gemm"/>: its bits do not depend on the tile, the number of threads or the registers, nor does the choice, the
/// lowest place among equal scores. An entry with a NaN score is never chosen; where all are NaN the place is 0.
/// </remarks>
internal static unsafe class NearestRows
{
    /// <summary>Rows of one part: whole tiles, whose x stays in the second-level cache.</summary>
    private const int RowsPerPart = 96;

    /// <summary>places[i * step] = the entry of the table nearest to row i.</summary>
    /// <param name="x">n rows of k floats, each <paramref name="ldx"/> after the one before.</param>
    /// <param name="ldx">From row to row of x.</param>
    /// <param name="n">Rows of x.</param>
    /// <param name="k">Floats a row, at least 1.</param>
    /// <param name="table">Entries, k floats each, one after the other.</param>
    /// <param name="halfNorms">|e|²/2 of each entry.</param>
    /// <param name="entries">How many entries, at least 1.</param>
    /// <param name="places">The result.</param>
    /// <param name="step">From one result to the next.</param>
    public static void Find(float* x, nint ldx, int n, int k, float* table, float* halfNorms, int entries, long* places, nint step)
    {
        var task = new Task { X = x, Ldx = ldx, N = n, K = k, Table = table, HalfNorms = halfNorms, Entries = entries, Places = places, Step = step };
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
        var packing = new PackJob { X = task.Table, Ld = task.K, AlongK = true, Count = task.Entries, Width = columns, From = 0, Until = task.K, Block = block };
        var padded = Strips.PaddedCount(task.Entries, columns);
        packing.To = Scratch.Get(Scratch.Use.Shared, packing.Size + padded);
        Workers.Run(ref packing, packing.Parts, alone);
        var norms = packing.To + packing.Size;
        for (var j = 0; j < padded; j++) norms[j] = j < task.Entries ? task.HalfNorms[j] : float.PositiveInfinity;
        var job = new FindJob<T> { T0 = task, Packed = packing.To, Norms = norms, Padded = padded, Block = block };
        Workers.Run(ref job, (task.N + RowsPerPart - 1) / RowsPerPart, alone);
    }

    private struct Task
    {
        public float* X, Table, HalfNorms;
        public nint Ldx, Step;
        public int N, K, Entries;
        public long* Places;
    }

    private struct FindJob<T> : IJob where T : struct, ILane<T>
    {
        public Task T0;
        public float* Packed, Norms;
        public int Padded, Block;

        public readonly void Execute(int part)
        {
            int columns = Tile.Columns<T>(), high = Tile.Rows<T>();
            int from = part * RowsPerPart, rows = Math.Min(RowsPerPart, T0.N - from);
            var tile = Scratch.Get(Scratch.Use.Private, high * columns + 2 * RowsPerPart * T.Width);
            var bests = tile + high * columns;
            var places = bests + RowsPerPart * T.Width;
            for (var i = 0; i < rows; i++)
            {
                T.Store(T.Of(float.PositiveInfinity), bests + i * T.Width);
                T.Store(T.Bits(0), places + i * T.Width);
            }
            for (var j = 0; j < Padded; j += columns)
                for (var i = 0; i < rows; i += high)
                {
                    var have = Math.Min(high, rows - i);
                    for (var p = 0; p < T0.K; p += Block)
                    {
                        var k = Math.Min(Block, T0.K - p);
                        var strip = Packed + (nint)Padded * p + (nint)j * k;
                        Tile.Run<T>(have, columns, k, T0.X + (from + i) * T0.Ldx + p, T0.Ldx, 1, strip, columns, tile, columns, p > 0);
                    }
                    Keep(have, columns, j, tile, bests + i * T.Width, places + i * T.Width);
                }
            for (var i = 0; i < rows; i++) T0.Places[(from + i) * T0.Step] = Best(bests + i * T.Width, (int*)places + i * T.Width);
        }

        /// <summary>Each lane keeps the best of the places that are its own; a later one has to be better.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Keep(int rows, int columns, int at, float* tile, float* bests, float* places)
        {
            var ramp = stackalloc float[T.Width];
            for (var i = 0; i < T.Width; i++) ramp[i] = i;
            var first = T.AddBits(T.ToIntBits(T.Load(ramp)), T.Bits(at));
            for (var i = 0; i < rows; i++, tile += columns, bests += T.Width, places += T.Width)
            {
                var best = T.Load(bests);
                var place = T.Load(places);
                var here = first;
                for (var j = 0; j < columns; j += T.Width)
                {
                    var score = T.Load(Norms + at + j) - T.Load(tile + j);
                    var wins = T.LessThan(score, best);
                    best = T.Select(wins, score, best);
                    place = T.Select(wins, here, place);
                    here = T.AddBits(here, T.Bits(T.Width));
                }
                T.Store(best, bests);
                T.Store(place, places);
            }
        }

        private static int Best(float* bests, int* places)
        {
            var k = 0;
            for (var j = 1; j < T.Width; j++)
                if (bests[j] < bests[k] || (bests[j] == bests[k] && places[j] < places[k])) k = j;
            return places[k];
        }
    }
}

using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// The row of a table that is nearest to each row of a matrix, without the matrix of distances: of the tiles of a <see cref="TableScan"/> only
/// the best scores and places of every row go on.
/// </summary>
/// <remarks>
/// The score of row x and entry e is |e|²/2 - x·e, with the bits of the scan, and the choice is the lowest place among equal scores: neither
/// depends on the tile, the number of threads or the registers. An entry with a NaN score is never chosen; where all are NaN the place is 0.
/// </remarks>
internal static unsafe class NearestRows
{
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
        var scan = new TableScan { X = x, Ldx = ldx, N = n, K = k, Table = table, Terms = halfNorms, Entries = entries, Padding = float.PositiveInfinity };
        scan.Run(new Reader { Places = places, Step = step });
    }

    /// <summary>Keeps for each row a lane of best scores and a lane of their places.</summary>
    private struct Reader : ITableReader
    {
        public long* Places;
        public nint Step;
        private float* _bests, _places;

        public readonly long FloatsPerRow<T>() where T : struct, ILane<T> => 2 * T.Width;

        public void Start<T>(float* memory, int rows) where T : struct, ILane<T>
        {
            _bests = memory;
            _places = memory + TableScan.RowsPerPart * T.Width;
            for (var i = 0; i < rows; i++)
            {
                T.Store(T.Of(float.PositiveInfinity), _bests + i * T.Width);
                T.Store(T.Bits(0), _places + i * T.Width);
            }
        }

        public readonly void Read<T>(int row, int rows, int entry, int columns, float* products, float* terms) where T : struct, ILane<T> =>
            Keep<T>(rows, columns, entry, products, terms, _bests + row * T.Width, _places + row * T.Width);

        public readonly void Finish<T>(int first, int rows) where T : struct, ILane<T>
        {
            for (var i = 0; i < rows; i++) Places[(first + i) * Step] = Best<T>(_bests + i * T.Width, (int*)_places + i * T.Width);
        }

        /// <summary>Each lane keeps the best of the places that are its own; a later one has to be better.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Keep<T>(int rows, int columns, int at, float* tile, float* norms, float* bests, float* places) where T : struct, ILane<T>
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
                    var score = T.Load(norms + j) - T.Load(tile + j);
                    var wins = T.LessThan(score, best);
                    best = T.Select(wins, score, best);
                    place = T.Select(wins, here, place);
                    here = T.AddBits(here, T.Bits(T.Width));
                }
                T.Store(best, bests);
                T.Store(place, places);
            }
        }

        private static int Best<T>(float* bests, int* places) where T : struct, ILane<T>
        {
            var k = 0;
            for (var j = 1; j < T.Width; j++)
                if (bests[j] < bests[k] || (bests[j] == bests[k] && places[j] < places[k])) k = j;
            return places[k];
        }
    }
}

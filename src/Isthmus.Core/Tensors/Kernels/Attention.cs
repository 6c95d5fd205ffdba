using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// The sizes of an attention: Count independent ones (batch times heads) of Queries rows with Keys rows, Width features of queries and keys, Values
/// of values; PerMask of them in turn share a row of the mask.
/// </summary>
internal readonly record struct AttentionShape(int Count, int Queries, int Keys, int Width, int Values, int PerMask, bool Causal, float Scale);

/// <summary>
/// o = softmax(scale q k^T) v in tiles, whose scores are never all there: the softmax is carried from tile to tile as a maximum and a sum
/// (Milakov, Gimelshein 2018, algorithm 3; Rabe, Staats 2021), and the backward pass computes the scores again from the logarithm of that
/// sum (Dao, Fu, Ermon, Rudra, Ré 2022, algorithm 4; here once for the queries' gradient and once for the others', so that no two parts add to one
/// place). A query that sees no key gives zeros. Tiles are cut by the shape alone, so that no result depends on the number of threads.
/// </summary>
internal static unsafe partial class Attention
{
    private const int QueryTile = 128, KeyTile = 256;

    /// <summary>Writes o [count, queries, values] and, for each query, the logarithm of its sum of exponentials, -inf where it sees no key.</summary>
    public static void Forward(in AttentionShape s, float* q, float* k, float* v, float* mask, float* o, float* log)
    {
        if (s.Count == 0 || s.Queries == 0) return;
        Wide.Run(new ForwardJob { S = s, Q = q, K = k, V = v, Mask = mask, O = o, Log = log }, (long)s.Count * QueryTiles(s));
    }

    private static int QueryTiles(in AttentionShape s) => (s.Queries + QueryTile - 1) / QueryTile;

    private static int KeyTiles(in AttentionShape s) => (s.Keys + KeyTile - 1) / KeyTile;

    private static int Whole(int n) => (n + 15) & ~15;

    /// <summary>Whether no query of the tile comes as late as the tile's first key.</summary>
    private static bool Beyond(in AttentionShape s, int query, int queries, int key) => s.Causal && key > query + queries - 1;

    /// <summary>-1 for the tile's keys that are masked or beyond the last one, in whole lanes, 0 for the others.</summary>
    private static void Hidden(in AttentionShape s, float* mask, int item, int key, int keys, float* hidden)
    {
        var row = mask == null ? null : mask + ((long)(item / s.PerMask) * s.Keys) + key;
        for (var j = 0; j < Whole(keys); j++) hidden[j] = j >= keys || (row != null && row[j] == 0) ? -1f : 0f;
    }

    /// <summary>Scores of a tile: scale q k^T, -inf where the query does not see the key; rows are <see cref="KeyTile"/> apart.</summary>
    private static void Scores<T>(in AttentionShape s, float* q, float* k, int query, int queries, int key, int keys, float* hidden, float* scores) where T : struct, ILane<T>
    {
        Gemm.Multiply(false, true, queries, keys, s.Width, q, s.Width, k, s.Width, scores, KeyTile);
        T scale = T.Of(s.Scale), zero = T.Of(0f), none = T.Of(float.NegativeInfinity);
        for (var i = 0; i < queries; i++)
        {
            var row = scores + ((long)i * KeyTile);
            for (var j = 0; j < keys; j += 16) T.Store(T.Select(T.LessThan(T.Load(hidden + j), zero), none, T.Load(row + j) * scale), row + j);
            if (!s.Causal) continue;
            var seen = Math.Clamp(query + i + 1 - key, 0, keys);
            new Span<float>(row + seen, keys - seen).Fill(float.NegativeInfinity);
        }
    }

    private struct ForwardJob : IWideJob
    {
        public AttentionShape S;
        public float* Q, K, V, Mask, O, Log;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var (item, query) = (part / QueryTiles(S), part % QueryTiles(S) * QueryTile);
            var queries = Math.Min(QueryTile, S.Queries - query);
            var wide = Whole(S.Values);
            var scores = Scratch.Get(Scratch.Use.Tiles, ((long)QueryTile * (KeyTile + wide + 2)) + KeyTile);
            var sums = scores + (QueryTile * KeyTile);
            float* most = sums + ((long)QueryTile * wide), total = most + QueryTile, hidden = total + QueryTile;
            new Span<float>(sums, queries * wide).Clear();
            new Span<float>(most, queries).Fill(float.NegativeInfinity);
            new Span<float>(total, queries).Clear();
            var first = ((long)item * S.Queries) + query;
            for (var key = 0; key < S.Keys && !Beyond(S, query, queries, key); key += KeyTile)
            {
                var keys = Math.Min(KeyTile, S.Keys - key);
                var row = ((long)item * S.Keys) + key;
                Hidden(S, Mask, item, key, keys, hidden);
                Scores<T>(S, Q + (first * S.Width), K + (row * S.Width), query, queries, key, keys, hidden, scores);
                for (var i = 0; i < queries; i++) Exponentials<T>(scores + ((long)i * KeyTile), keys, sums + ((long)i * wide), wide, ref most[i], ref total[i]);
                Gemm.Multiply(false, false, queries, S.Values, keys, scores, KeyTile, V + (row * S.Values), S.Values, sums, wide, accumulate: true);
            }
            for (var i = 0; i < queries; i++)
            {
                var to = O + ((first + i) * S.Values);
                var scale = T.Of(total[i] == 0 ? 0f : 1f / total[i]);
                for (var j = 0; j < S.Values; j += 16) T.StorePart(T.Load(sums + ((long)i * wide) + j) * scale, to + j, Math.Min(16, S.Values - j));
                Log[first + i] = total[i] == 0 ? float.NegativeInfinity : most[i] + LogSumExp.Log<T>(total[i]);
            }
        }

        /// <summary>A row's scores made exponentials under the maximum up to here, to which what was summed before is brought down.</summary>
        private static void Exponentials<T>(float* scores, int keys, float* sums, int wide, ref float most, ref float total) where T : struct, ILane<T>
        {
            var max = T.Of(most);
            for (var j = 0; j < keys; j += 16) max = T.Larger(max, T.Load(scores + j));
            var larger = T.Largest(max);
            if (float.IsNegativeInfinity(larger))
            {
                // Nothing is seen yet; or NaN alone, which is passed on.
                for (var j = 0; j < keys; j++) scores[j] = float.IsNaN(scores[j]) ? float.NaN : 0f;
                return;
            }
            if (larger > most)
            {
                var down = VectorMath.Exp(T.Of(most) - T.Of(larger));
                for (var j = 0; j < wide; j += 16) T.Store(T.Load(sums + j) * down, sums + j);
                total *= T.Largest(down);
                most = larger;
            }
            var (sum, by) = (T.Of(0f), T.Of(most));
            for (var j = 0; j < keys; j += 16)
            {
                var e = VectorMath.Exp(T.Load(scores + j) - by);
                T.Store(e, scores + j);
                sum += e;
            }
            total += T.Sum(sum);
        }
    }
}

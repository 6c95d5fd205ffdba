using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

// With p = e^(score - log) and r = the sum of do o over a row: dscore = p (do v^T - r), dq = scale dscore k, dk = scale dscore^T q, dv = p^T do.
internal static unsafe partial class Attention
{
    /// <summary>What a backward pass reads: the inputs, the logarithms of the forward pass, the gradient of its result, and r.</summary>
    public readonly struct Saved(float* q, float* k, float* v, float* mask, float* log, float* go, float* r)
    {
        public readonly float* Q = q, K = k, V = v, Mask = mask, Log = log, Do = go, R = r;
    }

    /// <summary>Writes dq, in tiles of queries.</summary>
    public static void BackwardQueries(in AttentionShape s, in Saved a, float* dq)
    {
        if (s.Count == 0 || s.Queries == 0) return;
        Wide.Run(new QueryJob { S = s, A = a, Dq = dq }, (long)s.Count * QueryTiles(s));
    }

    /// <summary>Writes dk and dv, in tiles of keys.</summary>
    public static void BackwardKeys(in AttentionShape s, in Saved a, float* dk, float* dv)
    {
        if (s.Count == 0 || s.Keys == 0) return;
        Wide.Run(new KeyJob { S = s, A = a, Dk = dk, Dv = dv }, (long)s.Count * KeyTiles(s));
    }

    /// <summary>A tile's p and dscore, from its first query's row in everything.</summary>
    private static void Tile<T>(in AttentionShape s, in Saved a, int item, int query, int queries, int key, int keys, float* hidden, float* p, float* d) where T : struct, ILane<T>
    {
        var (first, row) = (((long)item * s.Queries) + query, ((long)item * s.Keys) + key);
        Scores<T>(s, a.Q + (first * s.Width), a.K + (row * s.Width), query, queries, key, keys, hidden, p);
        Gemm.Multiply(false, true, queries, keys, s.Values, a.Do + (first * s.Values), s.Values, a.V + (row * s.Values), s.Values, d, KeyTile);
        for (var i = 0; i < queries; i++)
        {
            float* x = p + ((long)i * KeyTile), y = d + ((long)i * KeyTile);
            var log = a.Log[first + i];
            if (float.IsNegativeInfinity(log)) // sees no key
            {
                new Span<float>(x, keys).Clear();
                new Span<float>(y, keys).Clear();
                continue;
            }
            var (by, r) = (T.Of(log), T.Of(a.R[first + i]));
            for (var j = 0; j < keys; j += 16)
            {
                var e = VectorMath.Exp(T.Load(x + j) - by);
                T.Store(e, x + j);
                T.Store(e * (T.Load(y + j) - r), y + j);
            }
        }
    }

    private static void Scaled<T>(float* from, int rows, int cols, float scale) where T : struct, ILane<T>
    {
        var n = (long)rows * cols;
        for (long i = 0; i < n; i += 16)
        {
            var count = (int)Math.Min(16, n - i);
            T.StorePart(T.LoadPart(from + i, count, 0f) * T.Of(scale), from + i, count);
        }
    }

    private struct QueryJob : IWideJob
    {
        public AttentionShape S;
        public Saved A;
        public float* Dq;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var (item, query) = (part / QueryTiles(S), part % QueryTiles(S) * QueryTile);
            var queries = Math.Min(QueryTile, S.Queries - query);
            var p = Scratch.Get(Scratch.Use.Tiles, (2L * QueryTile * KeyTile) + KeyTile);
            float* d = p + (QueryTile * KeyTile), hidden = d + (QueryTile * KeyTile);
            var to = Dq + ((((long)item * S.Queries) + query) * S.Width);
            new Span<float>(to, queries * S.Width).Clear();
            for (var key = 0; key < S.Keys && !Beyond(S, query, queries, key); key += KeyTile)
            {
                var keys = Math.Min(KeyTile, S.Keys - key);
                Hidden(S, A.Mask, item, key, keys, hidden);
                Tile<T>(S, A, item, query, queries, key, keys, hidden, p, d);
                Gemm.Multiply(false, false, queries, S.Width, keys, d, KeyTile, A.K + ((((long)item * S.Keys) + key) * S.Width), S.Width, to, S.Width, accumulate: true);
            }
            Scaled<T>(to, queries, S.Width, S.Scale);
        }
    }

    private struct KeyJob : IWideJob
    {
        public AttentionShape S;
        public Saved A;
        public float* Dk, Dv;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Execute<T>(int part) where T : struct, ILane<T>
        {
            var (item, key) = (part / KeyTiles(S), part % KeyTiles(S) * KeyTile);
            var keys = Math.Min(KeyTile, S.Keys - key);
            var p = Scratch.Get(Scratch.Use.Tiles, (2L * QueryTile * KeyTile) + KeyTile);
            float* d = p + (QueryTile * KeyTile), hidden = d + (QueryTile * KeyTile);
            var row = ((long)item * S.Keys) + key;
            float* dk = Dk + (row * S.Width), dv = Dv + (row * S.Values);
            new Span<float>(dk, keys * S.Width).Clear();
            new Span<float>(dv, keys * S.Values).Clear();
            Hidden(S, A.Mask, item, key, keys, hidden);
            for (var query = 0; query < S.Queries; query += QueryTile)
            {
                var queries = Math.Min(QueryTile, S.Queries - query);
                if (Beyond(S, query, queries, key)) continue;
                var first = ((long)item * S.Queries) + query;
                Tile<T>(S, A, item, query, queries, key, keys, hidden, p, d);
                Gemm.Multiply(true, false, keys, S.Values, queries, p, KeyTile, A.Do + (first * S.Values), S.Values, dv, S.Values, accumulate: true);
                Gemm.Multiply(true, false, keys, S.Width, queries, d, KeyTile, A.Q + (first * S.Width), S.Width, dk, S.Width, accumulate: true);
            }
            Scaled<T>(dk, keys, S.Width, S.Scale);
        }
    }
}

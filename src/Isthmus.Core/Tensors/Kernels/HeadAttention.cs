using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>
/// softmax(scale q k^T) v in each head of each sequence, for lengths whose scores fit a cache: they are kept, not computed again. Queries, keys and values are
/// read where a projection has put them, rows of all heads side by side, and gradients are written there, so that nothing is brought into another order.
/// </summary>
internal unsafe struct HeadAttention
{
    /// <summary>Sequences, queries and keys of each, heads, and features of a head.</summary>
    public int Batch, Queries, Keys, Heads, Width;
    /// <summary>Query i sees keys 0..i only.</summary>
    public bool Causal;
    /// <summary>What a product of a query with a key is multiplied by.</summary>
    public float Scale;
    /// <summary>The first head of the first query, key and value, and from row to row: keys and values have one distance.</summary>
    public float* Q, K, V;
    public int QueryRow, KeyRow;
    /// <summary>[batch, keys], 0 for keys that none sees; or null.</summary>
    public float* Mask;
    /// <summary>The softmax, [batch, heads, queries, keys]; null if no gradient is wanted.</summary>
    public float* Weights;

    private readonly long Units => (long)Batch * Heads;

    /// <summary>Writes o [batch, queries, heads width].</summary>
    public readonly void Forward(float* o) => Run(new ForwardJob { Of = this, O = o });

    /// <summary>Writes the gradients by queries, keys and values, in rows like theirs, from that by o.</summary>
    public readonly void Backward(float* go, float* dq, float* dk, float* dv) => Run(new BackwardJob { Of = this, Do = go, Dq = dq, Dk = dk, Dv = dv });

    private readonly void Run<TBody>(in TBody body) where TBody : unmanaged, IRowBody
    {
        if (Queries > 0 && Keys > 0) Rows.EachRow(body, Units, (long)Queries * (Keys + 2 * Width));
    }

    private readonly nint Query(long unit) => (nint)(unit / Heads * Queries * QueryRow + unit % Heads * Width);
    private readonly nint Key(long unit) => (nint)(unit / Heads * Keys * KeyRow + unit % Heads * Width);
    private readonly nint Out(long unit) => (nint)((unit / Heads * Queries * Heads + unit % Heads) * Width);

    /// <summary>The softmax of a row of scores in place, over the keys that it sees; the others get 0, and all where it sees none.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Softmax<T>(float* x, int n, float scale, float* mask) where T : struct, ILane<T>
    {
        T by = T.Of(scale), none = T.Of(float.NegativeInfinity), max = none, zero = T.Of(0f);
        for (var i = 0; i < n; i += 16)
        {
            var v = T.LoadPart(x + i, n - i, float.NegativeInfinity) * by;
            if (mask != null) v = T.Select(T.Equal(T.LoadPart(mask + i, n - i, 0f), zero), none, v);
            T.StorePart(v, x + i, n - i);
            max = T.Larger(max, v);
        }
        max = T.Of(Math.Max(T.Largest(max), float.MinValue)); // finite where nothing is seen, so that -inf gives 0 and not NaN
        var sum = zero;
        for (var i = 0; i < n; i += 16)
        {
            var e = VectorMath.Exp(T.LoadPart(x + i, n - i, float.NegativeInfinity) - max);
            T.StorePart(e, x + i, n - i);
            sum += e;
        }
        var total = T.Sum(sum);
        var share = T.Of(total == 0 ? 0f : 1f / total);
        for (var i = 0; i < n; i += 16) T.StorePart(T.LoadPart(x + i, n - i, 0f) * share, x + i, n - i);
    }

    /// <summary>d = scale p (d - sum of p d), the gradient by a row of products, in place of that by the softmax p.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void SoftmaxBackward<T>(float* p, float* d, int n, float scale) where T : struct, ILane<T>
    {
        var sum = T.Of(0f);
        for (var i = 0; i < n; i += 16) sum = T.Fma(T.LoadPart(p + i, n - i, 0f), T.LoadPart(d + i, n - i, 0f), sum);
        T dot = T.Of(T.Sum(sum)), by = T.Of(scale);
        for (var i = 0; i < n; i += 16) T.StorePart(T.LoadPart(p + i, n - i, 0f) * by * (T.LoadPart(d + i, n - i, 0f) - dot), d + i, n - i);
    }

    private readonly int Seen(int query) => Causal ? Math.Min(Keys, query + 1) : Keys;

    private struct ForwardJob : IRowBody
    {
        public HeadAttention Of;
        public float* O;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public readonly void Row<T>(long unit) where T : struct, ILane<T>
        {
            int queries = Of.Queries, keys = Of.Keys;
            var size = (nint)queries * keys;
            var p = Of.Weights == null ? Scratch.Get(Scratch.Use.Result, size) : Of.Weights + (nint)unit * size;
            Gemm.Multiply(false, true, queries, keys, Of.Width, Of.Q + Of.Query(unit), Of.QueryRow, Of.K + Of.Key(unit), Of.KeyRow, p, keys);
            var mask = Of.Mask == null ? null : Of.Mask + unit / Of.Heads * keys;
            for (var i = 0; i < queries; i++)
            {
                var seen = Of.Seen(i);
                Softmax<T>(p + (nint)i * keys, seen, Of.Scale, mask);
                new Span<float>(p + (nint)i * keys + seen, keys - seen).Clear();
            }
            Gemm.Multiply(false, false, queries, Of.Width, keys, p, keys, Of.V + Of.Key(unit), Of.KeyRow, O + Of.Out(unit), Of.Heads * Of.Width);
        }
    }

    private struct BackwardJob : IRowBody
    {
        public HeadAttention Of;
        public float* Do, Dq, Dk, Dv;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public readonly void Row<T>(long unit) where T : struct, ILane<T>
        {
            int queries = Of.Queries, keys = Of.Keys, width = Of.Width, outRow = Of.Heads * width;
            var size = (nint)queries * keys;
            float* p = Of.Weights + (nint)unit * size, d = Scratch.Get(Scratch.Use.Result, size), go = Do + Of.Out(unit);
            Gemm.Multiply(true, false, keys, width, queries, p, keys, go, outRow, Dv + Of.Key(unit), Of.KeyRow);
            Gemm.Multiply(false, true, queries, keys, width, go, outRow, Of.V + Of.Key(unit), Of.KeyRow, d, keys);
            for (var i = 0; i < queries; i++) SoftmaxBackward<T>(p + (nint)i * keys, d + (nint)i * keys, keys, Of.Scale);
            Gemm.Multiply(false, false, queries, width, keys, d, keys, Of.K + Of.Key(unit), Of.KeyRow, Dq + Of.Query(unit), Of.QueryRow);
            Gemm.Multiply(true, false, keys, width, queries, d, keys, Of.Q + Of.Query(unit), Of.QueryRow, Dk + Of.Key(unit), Of.KeyRow);
        }
    }
}

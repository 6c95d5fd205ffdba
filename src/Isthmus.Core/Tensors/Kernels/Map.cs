using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>y = f(x), element by element; the struct may carry parameters.</summary>
internal interface IMap
{
    /// <summary>The formula, once for all widths.</summary>
    T Apply<T>(T x) where T : struct, ILane<T>;
}

/// <summary>y = f(a, b), element by element.</summary>
internal interface IZip
{
    /// <summary>The formula, once for all widths.</summary>
    T Apply<T>(T a, T b) where T : struct, ILane<T>;
}

/// <summary>y = f(a, b, c), element by element.</summary>
internal interface IZip3
{
    /// <summary>The formula, once for all widths.</summary>
    T Apply<T>(T a, T b, T c) where T : struct, ILane<T>;
}

/// <summary>
/// The drivers of element-wise kernels: the widest lanes the machine has, tails through a padded copy, long arrays in parts on
/// the workers. An element's bits depend on its inputs alone. Output may be the same array as an input, not a shifted one.
/// </summary>
internal static unsafe class Map
{
    /// <summary>Elements per part: long enough to pay for the hand-over, short enough to share.</summary>
    private const int Part = 16384;

    /// <summary>y[i] = op(x[i]).</summary>
    public static void Run<TOp>(in TOp op, float* x, float* y, long n) where TOp : unmanaged, IMap
    {
        if (n <= 2 * Part) Serial(op, x, y, n);
        else
        {
            var job = new MapJob<TOp> { Op = op, X = x, Y = y, N = n };
            Workers.Run(ref job, Parts(n));
        }
    }

    /// <summary>y[i] = op(a[i], b[i]); a step of 0 repeats the first element.</summary>
    public static void Run<TOp>(in TOp op, float* a, bool aRepeats, float* b, bool bRepeats, float* y, long n) where TOp : unmanaged, IZip
    {
        if (n <= 2 * Part) Serial(op, a, aRepeats, b, bRepeats, y, n);
        else
        {
            var job = new ZipJob<TOp> { Op = op, A = a, B = b, Y = y, N = n, ARepeats = aRepeats, BRepeats = bRepeats };
            Workers.Run(ref job, Parts(n));
        }
    }

    /// <summary>y[i] = op(a[i], b[i], c[i]).</summary>
    public static void Run<TOp>(in TOp op, float* a, float* b, float* c, float* y, long n) where TOp : unmanaged, IZip3
    {
        if (n <= 2 * Part) Serial(op, a, b, c, y, n);
        else
        {
            var job = new Zip3Job<TOp> { Op = op, A = a, B = b, C = c, Y = y, N = n };
            Workers.Run(ref job, Parts(n));
        }
    }

    /// <summary>The map on the calling thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Serial<TOp>(in TOp op, float* x, float* y, long n) where TOp : unmanaged, IMap
    {
        if (Lane16.IsAccelerated) Loop<TOp, Lane16>(op, x, y, n);
        else if (Lane8.IsAccelerated) Loop<TOp, Lane8>(op, x, y, n);
        else if (Lane4.IsAccelerated) Loop<TOp, Lane4>(op, x, y, n);
        else Loop<TOp, Lane1>(op, x, y, n);
    }

    /// <summary>The zip on the calling thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Serial<TOp>(in TOp op, float* a, bool aRepeats, float* b, bool bRepeats, float* y, long n) where TOp : unmanaged, IZip
    {
        if (Lane16.IsAccelerated) Loop<TOp, Lane16>(op, a, aRepeats, b, bRepeats, y, n);
        else if (Lane8.IsAccelerated) Loop<TOp, Lane8>(op, a, aRepeats, b, bRepeats, y, n);
        else if (Lane4.IsAccelerated) Loop<TOp, Lane4>(op, a, aRepeats, b, bRepeats, y, n);
        else Loop<TOp, Lane1>(op, a, aRepeats, b, bRepeats, y, n);
    }

    /// <summary>The three-way zip on the calling thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Serial<TOp>(in TOp op, float* a, float* b, float* c, float* y, long n) where TOp : unmanaged, IZip3
    {
        if (Lane16.IsAccelerated) Loop<TOp, Lane16>(op, a, b, c, y, n);
        else if (Lane8.IsAccelerated) Loop<TOp, Lane8>(op, a, b, c, y, n);
        else if (Lane4.IsAccelerated) Loop<TOp, Lane4>(op, a, b, c, y, n);
        else Loop<TOp, Lane1>(op, a, b, c, y, n);
    }

    private static int Parts(long n) => (int)((n + Part - 1) / Part);

    private static void Loop<TOp, T>(TOp op, float* x, float* y, long n) where TOp : unmanaged, IMap where T : struct, ILane<T>
    {
        long i = 0;
        for (; i + T.Width <= n; i += T.Width) T.Store(op.Apply(T.Load(x + i)), y + i);
        if (i == n) return;
        var rest = (int)(n - i);
        var pad = stackalloc float[16];
        for (var j = 0; j < T.Width; j++) pad[j] = j < rest ? x[i + j] : 1f;
        T.Store(op.Apply(T.Load(pad)), pad);
        for (var j = 0; j < rest; j++) y[i + j] = pad[j];
    }

    private static void Loop<TOp, T>(TOp op, float* a, bool aRepeats, float* b, bool bRepeats, float* y, long n)
        where TOp : unmanaged, IZip where T : struct, ILane<T>
    {
        if (n == 0) return;
        var a0 = T.Of(*a);
        var b0 = T.Of(*b);
        long i = 0;
        if (!aRepeats && !bRepeats)
            for (; i + T.Width <= n; i += T.Width) T.Store(op.Apply(T.Load(a + i), T.Load(b + i)), y + i);
        else if (!aRepeats)
            for (; i + T.Width <= n; i += T.Width) T.Store(op.Apply(T.Load(a + i), b0), y + i);
        else if (!bRepeats)
            for (; i + T.Width <= n; i += T.Width) T.Store(op.Apply(a0, T.Load(b + i)), y + i);
        else
            for (; i + T.Width <= n; i += T.Width) T.Store(op.Apply(a0, b0), y + i);
        if (i == n) return;
        var rest = (int)(n - i);
        var pad = stackalloc float[32];
        for (var j = 0; j < T.Width; j++)
        {
            pad[j] = aRepeats ? *a : j < rest ? a[i + j] : 1f;
            pad[16 + j] = bRepeats ? *b : j < rest ? b[i + j] : 1f;
        }
        T.Store(op.Apply(T.Load(pad), T.Load(pad + 16)), pad);
        for (var j = 0; j < rest; j++) y[i + j] = pad[j];
    }

    private static void Loop<TOp, T>(TOp op, float* a, float* b, float* c, float* y, long n) where TOp : unmanaged, IZip3 where T : struct, ILane<T>
    {
        long i = 0;
        for (; i + T.Width <= n; i += T.Width) T.Store(op.Apply(T.Load(a + i), T.Load(b + i), T.Load(c + i)), y + i);
        if (i == n) return;
        var rest = (int)(n - i);
        var pad = stackalloc float[48];
        for (var j = 0; j < T.Width; j++)
        {
            pad[j] = j < rest ? a[i + j] : 1f;
            pad[16 + j] = j < rest ? b[i + j] : 1f;
            pad[32 + j] = j < rest ? c[i + j] : 1f;
        }
        T.Store(op.Apply(T.Load(pad), T.Load(pad + 16), T.Load(pad + 32)), pad);
        for (var j = 0; j < rest; j++) y[i + j] = pad[j];
    }

    private struct MapJob<TOp> : IJob where TOp : unmanaged, IMap
    {
        public TOp Op;
        public float* X, Y;
        public long N;
        public readonly void Execute(int part)
        {
            var at = (long)part * Part;
            Serial(Op, X + at, Y + at, Math.Min(Part, N - at));
        }
    }

    private struct ZipJob<TOp> : IJob where TOp : unmanaged, IZip
    {
        public TOp Op;
        public float* A, B, Y;
        public long N;
        public bool ARepeats, BRepeats;
        public readonly void Execute(int part)
        {
            var at = (long)part * Part;
            Serial(Op, ARepeats ? A : A + at, ARepeats, BRepeats ? B : B + at, BRepeats, Y + at, Math.Min(Part, N - at));
        }
    }

    private struct Zip3Job<TOp> : IJob where TOp : unmanaged, IZip3
    {
        public TOp Op;
        public float* A, B, C, Y;
        public long N;
        public readonly void Execute(int part)
        {
            var at = (long)part * Part;
            Serial(Op, A + at, B + at, C + at, Y + at, Math.Min(Part, N - at));
        }
    }
}

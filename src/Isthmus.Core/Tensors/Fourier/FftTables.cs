using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Isthmus.Tensors;

/// <summary>
/// What the Fourier transform of one length needs: roots of unity and, where the length is no power of two, the chirp that turns
/// it into a convolution of one (Bluestein 1970). Roots are computed here, from integers, so that their bits are the same everywhere.
/// </summary>
internal unsafe struct FftTables : IDisposable
{
    private double* _roots;  // e^(-2πik/m), k < m
    private double* _chirp;  // e^(-πik²/n), k < n
    private double* _filter; // the transform of the chirp's conjugate, over m

    public FftTables(int n)
    {
        N = n;
        var direct = (n & (n - 1)) == 0;
        M = direct ? n : checked((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)checked((2 * n) - 1)));
        _roots = Allocate(M);
        for (var k = 0; k < M; k++) Root(k, M, _roots + (2 * k));
        if (direct) return;
        _chirp = Allocate(n);
        _filter = Allocate(M);
        new Span<double>(_filter, 2 * M).Clear();
        for (var k = 0; k < n; k++)
        {
            Root((long)k * k % (2L * n), 2L * n, _chirp + (2 * k));
            (_filter[2 * k], _filter[(2 * k) + 1]) = (_chirp[2 * k], -_chirp[(2 * k) + 1]);
            if (k > 0) (_filter[2 * (M - k)], _filter[(2 * (M - k)) + 1]) = (_filter[2 * k], _filter[(2 * k) + 1]);
        }
        var other = Allocate(M);
        var result = Power2(_filter, other);
        if (result != _filter) new Span<double>(result, 2 * M).CopyTo(new Span<double>(_filter, 2 * M));
        NativeMemory.Free(other);
    }

    /// <summary>The length.</summary>
    public int N { get; }

    /// <summary>The power of two that is worked with.</summary>
    public int M { get; }

    /// <summary>How many doubles a caller's buffer for <see cref="Run"/> holds.</summary>
    public readonly int Room => 4 * M;

    public void Dispose()
    {
        NativeMemory.Free(_roots);
        NativeMemory.Free(_chirp);
        NativeMemory.Free(_filter);
        _roots = null;
        _chirp = null;
        _filter = null;
    }

    /// <summary>The transform y_k = Σ x_j e^(-2πijk/n) of n complex numbers that lie at the buffer's start; says where the result lies in it.</summary>
    /// <remarks>The inverse is the same with real and imaginary parts exchanged before and after.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly double* Run(double* buffer)
    {
        var second = buffer + (2 * M);
        if (_chirp == null) return Power2(buffer, second);
        Multiply(buffer, _chirp, N);
        new Span<double>(buffer + (2 * N), 2 * (M - N)).Clear();
        var x = Power2(buffer, second);
        Multiply(x, _filter, M, exchange: true); // for the way back
        var y = Power2(x, x == buffer ? second : buffer);
        Exchange(y, N, 1.0 / M);
        Multiply(y, _chirp, N);
        return y;
    }

    /// <summary>e^(-2πik/n) for 0 &lt;= k &lt;= n, by eighths of the circle.</summary>
    public static void Root(long k, long n, double* to)
    {
        var eighth = 8 * k / n;
        var odd = (eighth & 1) == 1;
        var rest = odd ? ((eighth + 1) * n) - (8 * k) : (8 * k) - (eighth * n); // 0..n: the distance to a multiple of a quarter, in 1/(8n) turns
        var angle = Math.PI / 4 * ((double)rest / n);
        var square = angle * angle;
        double sin = 0, cos = 0;
        for (var i = 18; i >= 0; i -= 2)
        {
            cos = 1 - (square * cos / ((i + 1) * (i + 2)));
            sin = 1 - (square * sin / ((i + 2) * (i + 3)));
        }
        sin *= angle;
        if (odd) sin = -sin;
        var (c, s) = ((eighth + 1) >> 1 & 3) switch { 0 => (cos, sin), 1 => (-sin, cos), 2 => (-cos, -sin), _ => (sin, -cos) };
        (to[0], to[1]) = (c, -s);
    }

    private static double* Allocate(int complex) => (double*)NativeMemory.Alloc((nuint)complex * 2, sizeof(double));

    // M is at least 4 where this is used, so that whole pairs reach at most one number too far.
    private static void Exchange(double* x, int complex, double scale)
    {
        for (var k = 0; k < complex; k += 2) (Swap(Vector256.Load(x + (2L * k))) * Vector256.Create(scale)).Store(x + (2L * k));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(double* x, double* by, int complex, bool exchange = false)
    {
        var k = 0;
        for (; k + 2 <= complex; k += 2)
        {
            var product = Times(Vector256.Load(x + (2L * k)), Vector256.Load(by + (2L * k)));
            (exchange ? Swap(product) : product).Store(x + (2L * k));
        }
        if (k == complex) return;
        double a = x[2L * k], b = x[(2L * k) + 1], c = by[2L * k], d = by[(2L * k) + 1];
        var (re, im) = ((a * c) - (b * d), (b * c) + (a * d));
        (x[2L * k], x[(2L * k) + 1]) = exchange ? (im, re) : (re, im);
    }

    // Stockham's transform, which sorts itself: by fours while it can, then once by two. Reads x, writes y and changes roles.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly double* Power2(double* x, double* y)
    {
        var stride = 1;
        var n = M;
        for (; n >= 4; n /= 4, stride *= 4)
        {
            if (stride == 1) First(x, y);
            else Later(x, y, n / 4, stride);
            var read = x;
            x = y;
            y = read;
        }
        if (n != 2) return x;
        var both = 2L * stride;
        var at = 0L;
        for (; at + 4 <= both; at += 4)
        {
            var (a, b) = (Vector256.Load(x + at), Vector256.Load(x + at + both));
            (a + b).Store(y + at);
            (a - b).Store(y + at + both);
        }
        for (; at < both; at++) (y[at], y[at + both]) = (x[at] + x[at + both], x[at] - x[at + both]);
        return y;
    }

    // The step of stride one, two numbers at a time while there are two.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void First(double* x, double* y)
    {
        var quarter = M / 4;
        var step = 2L * quarter;
        var minus = Vector256.Create(1.0, -1.0, 1.0, -1.0);
        var p = 0;
        for (; p + 2 <= quarter; p += 2, x += 4, y += 16)
        {
            var (a, b) = (Vector256.Load(x), Vector256.Load(x + step));
            var (c, d) = (Vector256.Load(x + (2 * step)), Vector256.Load(x + (3 * step)));
            var (s, t, u) = (a + c, a - c, b + d);
            var v = Swap(b - d) * minus; // -i (b - d)
            var y0 = s + u;
            var y1 = Times(t + v, Vector256.Load(_roots + (2L * p)));
            var y2 = Times(s - u, Vector256.Create(Vector128.Load(_roots + (4L * p)), Vector128.Load(_roots + (4L * p) + 4)));
            var y3 = Times(t - v, Vector256.Create(Vector128.Load(_roots + (6L * p)), Vector128.Load(_roots + (6L * p) + 6)));
            Vector256.Create(y0.GetLower(), y1.GetLower()).Store(y);
            Vector256.Create(y2.GetLower(), y3.GetLower()).Store(y + 4);
            Vector256.Create(y0.GetUpper(), y1.GetUpper()).Store(y + 8);
            Vector256.Create(y2.GetUpper(), y3.GetUpper()).Store(y + 12);
        }
        for (; p < quarter; p++, x += 2, y += 8)
        {
            double ar = x[0], ai = x[1], br = x[step], bi = x[step + 1];
            double cr = x[2 * step], ci = x[(2 * step) + 1], dr = x[3 * step], di = x[(3 * step) + 1];
            double sr = ar + cr, si = ai + ci, tr = ar - cr, ti = ai - ci;
            double ur = br + dr, ui = bi + di, vr = br - dr, vi = bi - di;
            (y[0], y[1]) = (sr + ur, si + ui);
            Put(y + 2, _roots + (2L * p), tr + vi, ti - vr);
            Put(y + 4, _roots + (4L * p), sr - ur, si - ui);
            Put(y + 6, _roots + (6L * p), tr - vi, ti + vr);
        }
    }

    // The steps of greater strides, two numbers at a time: neighbours share their roots.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Later(double* x, double* y, int quarter, int stride)
    {
        var step = 2L * stride * quarter;
        var next = 2L * stride;
        var minus = Vector256.Create(1.0, -1.0, 1.0, -1.0);
        for (var p = 0; p < quarter; p++)
        {
            var (w1, w2, w3) = (new Pair(_roots + (2L * p * stride)), new Pair(_roots + (4L * p * stride)), new Pair(_roots + (6L * p * stride)));
            var from = x + (next * p);
            var to = y + (4 * next * p);
            for (var q = 0; q < stride; q += 2, from += 4, to += 4)
            {
                var (a, b) = (Vector256.Load(from), Vector256.Load(from + step));
                var (c, d) = (Vector256.Load(from + (2 * step)), Vector256.Load(from + (3 * step)));
                var (s, t, u) = (a + c, a - c, b + d);
                var v = Swap(b - d) * minus; // -i (b - d)
                (s + u).Store(to);
                w1.Times(t + v).Store(to + next);
                w2.Times(s - u).Store(to + (2 * next));
                w3.Times(t - v).Store(to + (3 * next));
            }
        }
    }

    /// <summary>Real and imaginary parts exchanged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Swap(Vector256<double> x) => Vector256.Shuffle(x, Vector256.Create(1L, 0, 3, 2));

    /// <summary>The products of two complex numbers with two others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Times(Vector256<double> x, Vector256<double> by)
    {
        var re = Vector256.Shuffle(by, Vector256.Create(0L, 0, 2, 2));
        var im = Vector256.Shuffle(by, Vector256.Create(1L, 1, 3, 3)) * Vector256.Create(-1.0, 1, -1, 1);
        return (re * x) + (im * Swap(x));
    }

    // One root beside two complex numbers.
    private readonly struct Pair(double* root)
    {
        private readonly Vector256<double> _re = Vector256.Create(root[0]);
        private readonly Vector256<double> _im = Vector256.Create(-root[1], root[1], -root[1], root[1]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<double> Times(Vector256<double> x) => (_re * x) + (_im * Swap(x));
    }

    private static void Put(double* to, double* w, double re, double im) => (to[0], to[1]) = ((w[0] * re) - (w[1] * im), (w[0] * im) + (w[1] * re));
}

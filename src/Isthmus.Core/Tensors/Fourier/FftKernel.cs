using System.Runtime.InteropServices;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

/// <summary>Transforms of many lines, each in double on one thread. An even real line is transformed as half as many complex numbers.</summary>
internal static unsafe class FftKernel
{
    /// <summary>Complex lines along the middle of [outer, n, inner, 2]: y = scale Σ x e^(∓2πijk/n), with + for the inverse.</summary>
    public static void Complex(float* x, float* y, long outer, int n, long inner, bool inverse, double scale)
    {
        using var tables = new FftTables(n);
        Rows.EachRow(new ComplexBody { X = x, Y = y, Inner = inner, Inverse = inverse, Scale = scale, Tables = tables }, outer * inner, 16L * n);
    }

    /// <summary>Real lines [lines, n] to [lines, n/2 + 1, 2]; bins other than 0 and n/2 are multiplied by interior too.</summary>
    public static void FromReal(float* x, float* y, long lines, int n, double scale, double interior)
    {
        using var tables = new FftTables(n % 2 == 0 ? n / 2 : n);
        using var roots = new FftRoots(n);
        Rows.EachRow(new RealBody { Real = x, Bins = y, N = n, Scale = scale, Interior = interior, Tables = tables, Roots = roots.First }, lines, 8L * n);
    }

    /// <summary>Bins [lines, n/2 + 1, 2] to the real lines [lines, n] whose other bins are their conjugates, unnormalised but for scale;
    /// bins other than 0 and n/2 are multiplied by interior too. Imaginary parts at 0 and n/2 are ignored.</summary>
    public static void ToReal(float* x, float* y, long lines, int n, double scale, double interior)
    {
        using var tables = new FftTables(n % 2 == 0 ? n / 2 : n);
        using var roots = new FftRoots(n);
        Rows.EachRow(new RealBody { Real = y, Bins = x, N = n, Scale = scale, Interior = interior, Tables = tables, Roots = roots.First, ToReal = true }, lines, 8L * n);
    }

    /// <summary>e^(-2πik/n), k &lt;= n/2.</summary>
    private readonly struct FftRoots : IDisposable
    {
        public readonly double* First;

        public FftRoots(int n)
        {
            First = (double*)NativeMemory.Alloc((nuint)(n / 2 + 1) * 2, sizeof(double));
            for (var k = 0; k <= n / 2; k++) FftTables.Root(k, n, First + (2 * k));
        }

        public void Dispose() => NativeMemory.Free(First);
    }

    private struct ComplexBody : IRowBody
    {
        public float* X, Y;
        public long Inner;
        public bool Inverse;
        public double Scale;
        public FftTables Tables;

        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var buffer = (double*)NativeMemory.Alloc((nuint)Tables.Room, sizeof(double));
            var (o, i) = Math.DivRem(row, Inner);
            var start = 2 * ((o * Tables.N * Inner) + i);
            var (re, im) = Inverse ? (1, 0) : (0, 1);
            for (var k = 0; k < Tables.N; k++)
            {
                var from = X + start + (2 * k * Inner);
                (buffer[(2 * k) + re], buffer[(2 * k) + im]) = (from[0], from[1]);
            }
            var result = Tables.Run(buffer);
            for (var k = 0; k < Tables.N; k++)
            {
                var to = Y + start + (2 * k * Inner);
                (to[0], to[1]) = ((float)(result[(2 * k) + re] * Scale), (float)(result[(2 * k) + im] * Scale));
            }
            NativeMemory.Free(buffer);
        }
    }

    private struct RealBody : IRowBody
    {
        public float* Real, Bins;
        public int N;
        public bool ToReal;
        public double Scale, Interior;
        public double* Roots;
        public FftTables Tables;

        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var buffer = (double*)NativeMemory.Alloc((nuint)Tables.Room, sizeof(double));
            var real = Real + (row * N);
            var bins = Bins + (row * ((N / 2) + 1) * 2);
            if (ToReal) Synthesise(bins, real, buffer);
            else Analyse(real, bins, buffer);
            NativeMemory.Free(buffer);
        }

        private readonly double Weight(int k) => k == 0 || 2 * k == N ? Scale : Scale * Interior;

        private readonly void Analyse(float* real, float* bins, double* buffer)
        {
            var even = N % 2 == 0;
            for (var j = 0; j < Tables.N; j++) (buffer[2 * j], buffer[(2 * j) + 1]) = even ? (real[2 * j], real[(2 * j) + 1]) : (real[j], 0);
            var z = Tables.Run(buffer);
            for (var k = 0; k <= N / 2; k++)
            {
                double re = z[2 * (k % Tables.N)], im = z[(2 * (k % Tables.N)) + 1];
                if (even)
                {
                    // z is the transform of the even places plus i times that of the odd ones; each alone is conjugate to its mirror.
                    var mirror = z + (2 * ((Tables.N - k) % Tables.N));
                    double er = re + mirror[0], ei = im - mirror[1], or = im + mirror[1], oi = mirror[0] - re;
                    double c = Roots[2 * k], s = Roots[(2 * k) + 1];
                    re = (er + (c * or) - (s * oi)) / 2;
                    im = (ei + (c * oi) + (s * or)) / 2;
                }
                var end = k == 0 || 2 * k == N;
                bins[2 * k] = (float)(re * Weight(k));
                bins[(2 * k) + 1] = end ? 0f : (float)(im * Weight(k));
            }
        }

        private readonly void Synthesise(float* bins, float* real, double* buffer)
        {
            var even = N % 2 == 0;
            // Real and imaginary parts are exchanged on the way in and out, which makes the transform the inverse one.
            for (var k = 0; k < Tables.N; k++)
            {
                var (re, im) = Bin(bins, k);
                if (even)
                {
                    var (mirrorRe, mirrorIm) = Bin(bins, (N / 2) - k);
                    double er = re + mirrorRe, ei = im - mirrorIm, dr = re - mirrorRe, di = im + mirrorIm;
                    double c = Roots[2 * k], s = -Roots[(2 * k) + 1];
                    double or = (dr * c) - (di * s), oi = (dr * s) + (di * c);
                    (re, im) = (er - oi, ei + or);
                }
                (buffer[2 * k], buffer[(2 * k) + 1]) = (im, re);
            }
            var z = Tables.Run(buffer);
            for (var j = 0; j < Tables.N; j++)
                if (even) (real[2 * j], real[(2 * j) + 1]) = ((float)z[(2 * j) + 1], (float)z[2 * j]);
                else real[j] = (float)z[(2 * j) + 1];
        }

        private readonly (double Re, double Im) Bin(float* bins, int k)
        {
            if (k > N / 2) return Bin(bins, N - k) is var (re, im) ? (re, -im) : default;
            var weight = Weight(k);
            return (bins[2 * k] * weight, k == 0 || 2 * k == N ? 0 : bins[(2 * k) + 1] * weight);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

/// <summary>Transforms of many lines, each in double on one thread. An even real line is transformed as half as many complex numbers.</summary>
/// <remarks>Hot methods are compiled with all optimisations at once: a few transforms are over before the tiers notice them.</remarks>
internal static unsafe class FftKernel
{
    /// <summary>Complex lines along the middle of [outer, n, inner, 2]: y = scale Σ x e^(∓2πijk/n), with + for the inverse.</summary>
    public static void Complex(float* x, float* y, long outer, int n, long inner, bool inverse, double scale)
    {
        var plan = FftPlan.Of(n, real: false);
        Rows.EachRow(new ComplexBody { X = x, Y = y, Inner = inner, Inverse = inverse, Scale = scale, Tables = plan.Tables }, outer * inner, 16L * n);
        GC.KeepAlive(plan);
    }

    /// <summary>Real lines [lines, n] to [lines, n/2 + 1, 2]; bins other than 0 and n/2 are multiplied by interior too.</summary>
    public static void FromReal(float* x, float* y, long lines, int n, double scale, double interior)
    {
        var plan = FftPlan.Of(n, real: true);
        Rows.EachRow(new RealBody { Real = x, Bins = y, N = n, Scale = scale, Interior = interior, Tables = plan.Tables, Roots = plan.Roots }, lines, 8L * n);
        GC.KeepAlive(plan);
    }

    /// <summary>Bins [lines, n/2 + 1, 2] to the real lines [lines, n] whose other bins are their conjugates, unnormalised but for scale;
    /// bins other than 0 and n/2 are multiplied by interior too. Imaginary parts at 0 and n/2 are ignored.</summary>
    public static void ToReal(float* x, float* y, long lines, int n, double scale, double interior)
    {
        var plan = FftPlan.Of(n, real: true);
        Rows.EachRow(new RealBody { Real = y, Bins = x, N = n, Scale = scale, Interior = interior, Tables = plan.Tables, Roots = plan.Roots, ToReal = true }, lines, 8L * n);
        GC.KeepAlive(plan);
    }

    // Working memory of a line on this thread.
    private static double* Room(in FftTables tables) => (double*)Scratch.Get(Scratch.Use.Transform, 2L * tables.Room);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Load(float* from) => Vector256.WidenLower(Vector128.Load(from).ToVector256Unsafe());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<double> x, float* to) => Vector128.Narrow(x.GetLower(), x.GetUpper()).Store(to);

    // Complex numbers that lie together, from float to double; exchanged: with real and imaginary parts in each other's place.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(float* from, double* to, int complex, bool exchanged)
    {
        var k = 0;
        for (; k + 2 <= complex; k += 2)
        {
            var x = Load(from + (2L * k));
            (exchanged ? FftTables.Swap(x) : x).Store(to + (2L * k));
        }
        if (k == complex) return;
        (to[2L * k], to[(2L * k) + 1]) = exchanged ? (from[(2L * k) + 1], from[2L * k]) : (from[2L * k], from[(2L * k) + 1]);
    }

    // The way back, times scale.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Narrow(double* from, float* to, int complex, bool exchanged, double scale)
    {
        var k = 0;
        for (; k + 2 <= complex; k += 2)
        {
            var x = Vector256.Load(from + (2L * k)) * Vector256.Create(scale);
            Store(exchanged ? FftTables.Swap(x) : x, to + (2L * k));
        }
        if (k == complex) return;
        var (re, im) = ((float)(from[2L * k] * scale), (float)(from[(2L * k) + 1] * scale));
        (to[2L * k], to[(2L * k) + 1]) = exchanged ? (im, re) : (re, im);
    }

    private struct ComplexBody : IRowBody
    {
        public float* X, Y;
        public long Inner;
        public bool Inverse;
        public double Scale;
        public FftTables Tables;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var buffer = Room(Tables);
            var (o, i) = Math.DivRem(row, Inner);
            var start = 2 * ((o * Tables.N * Inner) + i);
            if (Inner == 1)
            {
                Widen(X + start, buffer, Tables.N, Inverse);
                Narrow(Tables.Run(buffer), Y + start, Tables.N, Inverse, Scale);
                return;
            }
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
            var buffer = Room(Tables);
            var real = Real + (row * N);
            var bins = Bins + (row * ((N / 2) + 1) * 2);
            if (ToReal) Synthesise(bins, real, buffer);
            else Analyse(real, bins, buffer);
        }

        private readonly double Weight(int k) => k == 0 || 2 * k == N ? Scale : Scale * Interior;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Analyse(float* real, float* bins, double* buffer)
        {
            if (N % 2 == 0)
            {
                Widen(real, buffer, N / 2, exchanged: false);
                Separate(Tables.Run(buffer), bins);
                return;
            }
            for (var j = 0; j < N; j++) (buffer[2 * j], buffer[(2 * j) + 1]) = (real[j], 0);
            var z = Tables.Run(buffer);
            for (var k = 0; k <= N / 2; k++) (bins[2 * k], bins[(2 * k) + 1]) = ((float)(z[2 * k] * Weight(k)), k == 0 ? 0f : (float)(z[(2 * k) + 1] * Weight(k)));
        }

        // z is the transform of the even places plus i times that of the odd ones; each alone is conjugate to its mirror.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Separate(double* z, float* bins)
        {
            var half = N / 2;
            (bins[0], bins[1]) = ((float)((z[0] + z[1]) * Scale), 0f);
            (bins[2 * half], bins[(2 * half) + 1]) = ((float)((z[0] - z[1]) * Scale), 0f);
            var weight = Scale * Interior / 2;
            var k = 1;
            var (conjugate, weights) = (Vector256.Create(1.0, -1, 1, -1), Vector256.Create(weight));
            for (; k + 2 <= half; k += 2)
            {
                var (own, mirror) = (Vector256.Load(z + (2 * k)), Vector256.Load(z + (2 * (half - k - 1))));
                mirror = Vector256.Create(mirror.GetUpper(), mirror.GetLower()) * conjugate;
                var (even, odd) = (own + mirror, FftTables.Swap(own - mirror) * conjugate); // -i (own - mirror)
                var bin = (even + FftTables.Times(odd, Vector256.Load(Roots + (2 * k)))) * weights;
                Store(bin, bins + (2 * k));
            }
            for (; k < half; k++)
            {
                double* own = z + (2 * k), mirror = z + (2 * (half - k));
                double er = own[0] + mirror[0], ei = own[1] - mirror[1], or = own[1] + mirror[1], oi = mirror[0] - own[0];
                double c = Roots[2 * k], s = Roots[(2 * k) + 1];
                (bins[2 * k], bins[(2 * k) + 1]) = ((float)((er + ((c * or) - (s * oi))) * weight), (float)((ei + ((c * oi) + (s * or))) * weight));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Synthesise(float* bins, float* real, double* buffer)
        {
            // Real and imaginary parts are exchanged on the way in and out, which makes the transform the inverse one.
            if (N % 2 == 0)
            {
                Join(bins, buffer);
                Narrow(Tables.Run(buffer), real, N / 2, exchanged: true, 1);
                return;
            }
            for (var k = 0; k < N; k++) (buffer[(2 * k) + 1], buffer[2 * k]) = Bin(bins, k);
            var z = Tables.Run(buffer);
            for (var j = 0; j < N; j++) real[j] = (float)z[(2 * j) + 1];
        }

        // What Separate took apart, exchanged.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Join(float* bins, double* buffer)
        {
            var half = N / 2;
            double first = bins[0] * Scale, last = bins[2 * half] * Scale;
            (buffer[0], buffer[1]) = (first - last, first + last);
            var weight = Scale * Interior;
            var (conjugate, weights) = (Vector256.Create(1.0, -1, 1, -1), Vector256.Create(weight));
            var k = 1;
            for (; k + 2 <= half; k += 2)
            {
                var (own, mirror) = (Load(bins + (2 * k)) * weights, Load(bins + (2 * (half - k - 1))) * weights);
                mirror = Vector256.Create(mirror.GetUpper(), mirror.GetLower()) * conjugate;
                var odd = FftTables.Times(own - mirror, Vector256.Load(Roots + (2 * k)) * conjugate);
                (FftTables.Swap(own + mirror) + (odd * conjugate)).Store(buffer + (2 * k));
            }
            for (; k < half; k++)
            {
                var ((re, im), (mirrorRe, mirrorIm)) = (Bin(bins, k), Bin(bins, half - k));
                double er = re + mirrorRe, ei = im - mirrorIm, dr = re - mirrorRe, di = im + mirrorIm;
                double c = Roots[2 * k], s = -Roots[(2 * k) + 1];
                double or = (dr * c) - (di * s), oi = (dr * s) + (di * c);
                (buffer[2 * k], buffer[(2 * k) + 1]) = (ei + or, er - oi);
            }
        }

        private readonly (double Re, double Im) Bin(float* bins, int k)
        {
            if (k > N / 2) return Bin(bins, N - k) is var (re, im) ? (re, -im) : default;
            var weight = Weight(k);
            return (bins[2 * k] * weight, k == 0 || 2 * k == N ? 0 : bins[(2 * k) + 1] * weight);
        }
    }
}

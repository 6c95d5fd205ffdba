using System.Runtime.CompilerServices;

namespace Isthmus.Tensors.Kernels;

/// <summary>Distances between rows, and their gradients, each row of a result on one thread.</summary>
internal static unsafe class DistanceKernel
{
    /// <summary>a […, n, d] and b […, m, d] to […, n, m]; absolute differences are summed, or squared ones and the root taken.</summary>
    public static Tensor Forward(bool absolute, Tensor a, Tensor b)
    {
        int n = a.Sizes[^2], m = b.Sizes[^2], d = a.Sizes[^1];
        var y = Tensor.Uninitialized([.. a.Sizes[..^1], m]);
        Rows.EachRow(new ForwardBody { A = a.Pointer, B = b.Pointer, Y = y.Pointer, N = n, M = m, D = d, Absolute = absolute }, y.Numel / Math.Max(1, m), (long)m * Math.Max(1, d));
        return y;
    }

    /// <summary>The gradient with respect to a, of its shape; g and y are […, n, m], or […, m, n] if they are read by columns.</summary>
    public static Tensor Backward(bool absolute, Tensor a, Tensor b, Tensor g, Tensor y, bool byColumns)
    {
        int n = a.Sizes[^2], m = b.Sizes[^2], d = a.Sizes[^1];
        var da = Tensor.Zeros(a.Sizes);
        Rows.EachRow(new BackwardBody
        {
            A = a.Pointer,
            B = b.Pointer,
            G = g.Pointer,
            Y = y.Pointer,
            Da = da.Pointer,
            N = n,
            M = m,
            D = d,
            Absolute = absolute,
            RowStep = byColumns ? 1 : m,
            ColumnStep = byColumns ? n : 1,
        }, a.Numel / Math.Max(1, d), (long)m * Math.Max(1, d));
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        return da;
    }

    private readonly struct SquaredDifference : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Add<T>(T sum, T a, T b) where T : struct, ILane<T>
        {
            var difference = a - b;
            return T.Fma(difference, difference, sum);
        }
    }

    private readonly struct AbsoluteDifference : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Add<T>(T sum, T a, T b) where T : struct, ILane<T> => sum + T.Abs(a - b);
    }

    private struct ForwardBody : IRowBody
    {
        public float* A, B, Y;
        public int N, M, D;
        public bool Absolute;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            float* a = A + (row * D), b = B + (row / N * M * D), y = Y + (row * M);
            for (var j = 0; j < M; j++)
                y[j] = Absolute
                    ? Rows.Reduce<AbsoluteDifference, T>(default, a, b + ((long)j * D), D)
                    : MathF.Sqrt(Rows.Reduce<SquaredDifference, T>(default, a, b + ((long)j * D), D));
        }
    }

    private struct BackwardBody : IRowBody
    {
        public float* A, B, G, Y, Da;
        public int N, M, D;
        public long RowStep, ColumnStep;
        public bool Absolute;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            var (batch, i) = Math.DivRem(row, N);
            float* a = A + (row * D), b = B + (batch * M * D), da = Da + (row * D);
            for (var j = 0; j < M; j++, b += D)
            {
                var at = (batch * N * M) + (i * RowStep) + (j * ColumnStep);
                if (Y[at] == 0) continue;
                var share = T.Of(Absolute ? G[at] : G[at] / Y[at]);
                for (var k = 0; k < D; k += 16)
                {
                    var count = Math.Min(16, D - k);
                    var difference = T.LoadPart(a + k, count, 0f) - T.LoadPart(b + k, count, 0f);
                    if (Absolute)
                    {
                        var zero = T.Of(0f);
                        difference = T.Select(T.LessThan(zero, difference), T.Of(1f), T.Select(T.LessThan(difference, zero), T.Of(-1f), zero));
                    }
                    T.StorePart(T.Fma(share, difference, T.LoadPart(da + k, count, 0f)), da + k, count);
                }
            }
        }
    }
}

namespace Isthmus.Tensors.Kernels;

/// <summary>Linear interpolation along one dimension, and its transpose.</summary>
internal static unsafe class LinearKernel
{
    /// <summary>x with one dimension resampled to a size.</summary>
    public static Tensor Forward(Tensor x, int dim, int size, bool alignCorners)
    {
        var shape = (int[])x.Sizes.Clone();
        shape[dim] = size;
        var y = Tensor.Uninitialized(shape);
        Run(x, y, dim, x.Sizes[dim], size, alignCorners, backward: false);
        return y;
    }

    /// <summary>The gradient with respect to the input of a shape, from that of the output.</summary>
    public static Tensor Backward(Tensor dy, int dim, int[] shape, bool alignCorners)
    {
        var dx = Tensor.Zeros(shape);
        Run(dx, dy, dim, shape[dim], dy.Sizes[dim], alignCorners, backward: true);
        return dx;
    }

    private static void Run(Tensor x, Tensor y, int dim, int from, int to, bool alignCorners, bool backward)
    {
        // Place j of the result lies between low[j] and the next, at the share[j] of the way.
        var low = new int[to];
        var share = new float[to];
        for (var j = 0; j < to; j++)
        {
            var at = alignCorners ? (to > 1 ? (double)j * (from - 1) / (to - 1) : 0) : Math.Max(0, ((j + 0.5) * from / to) - 0.5);
            low[j] = Math.Min((int)at, from - 1);
            share[j] = low[j] == from - 1 ? 0f : (float)(at - low[j]);
        }
        var (outer, _, inner) = Shapes.Around(x.Sizes, dim);
        fixed (int* l = low)
        fixed (float* s = share)
            Rows.EachRow(new Body { X = x.Pointer, Y = y.Pointer, Low = l, Share = s, From = from, To = to, Inner = inner, IsBackward = backward }, outer, Math.Max(from, to) * inner);
        GC.KeepAlive(x);
        GC.KeepAlive(y);
    }

    private struct Body : IRowBody
    {
        public float* X, Y, Share;
        public int* Low;
        public int From, To;
        public long Inner;
        public bool IsBackward;

        public readonly void Row<T>(long row) where T : struct, ILane<T>
        {
            for (var j = 0; j < To; j++)
            {
                var (w1, w0) = (Share[j], 1f - Share[j]);
                var a = X + (((row * From) + Low[j]) * Inner);
                var b = w1 == 0 ? a : a + Inner;
                var y = Y + (((row * To) + j) * Inner);
                for (long i = 0; i < Inner; i++)
                    if (!IsBackward) y[i] = w1 == 0 ? a[i] : (w0 * a[i]) + (w1 * b[i]);
                    else
                    {
                        a[i] += w0 * y[i];
                        if (w1 != 0) b[i] += w1 * y[i];
                    }
            }
        }
    }
}

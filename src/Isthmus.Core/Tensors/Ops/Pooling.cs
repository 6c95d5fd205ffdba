using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_maxPool2d = Rule.Add("max_pool2d", static (n, g) =>
    {
        var dx = Uninitialized(n[0]._shape);
        Pooling.MaxBackward((PoolShape)n.Saved!, n[0].Pointer, g.Pointer, dx.Pointer);
        n.Give(0, dx);
    });
    private static readonly Rule s_avgPool2d = Rule.Add("avg_pool2d", static (n, g) =>
    {
        var dx = Uninitialized(n[0]._shape);
        Pooling.SumBackward((PoolShape)n.Saved!, true, g.Pointer, dx.Pointer);
        n.Give(0, dx);
    });
    private static readonly Rule s_upsampleNearest2d = Rule.Add("upsample_nearest2d", static (n, g) =>
    {
        var dx = Uninitialized(n[0]._shape);
        Pooling.Sum((PoolShape)n.Saved!, false, g.Pointer, dx.Pointer);
        n.Give(0, dx);
    });

    /// <summary>The largest element of each window of images [N, C, H, W]; the gradient goes to the first of equals.</summary>
    /// <param name="kernel">Side of the square window, at least 1.</param>
    /// <param name="stride">Step; the kernel where null.</param>
    /// <param name="padding">Places added on each side that never win; at most half the kernel.</param>
    /// <returns>[N, C, H', W'] with H' = (H + 2 padding - kernel) / stride + 1, rounded down.</returns>
    public Tensor MaxPool2d(int kernel, int? stride = null, int padding = 0)
    {
        var (shape, result) = Pool("max_pool2d", kernel, stride ?? kernel, padding);
        Pooling.Max(shape, Pointer, result.Pointer);
        return Record(s_maxPool2d, result, this, saved: shape);
    }

    /// <summary>The mean of each window of images [N, C, H, W]; padding counts as zeros, as PyTorch has it.</summary>
    /// <param name="kernel">Side of the square window, at least 1.</param>
    /// <param name="stride">Step; the kernel where null.</param>
    /// <param name="padding">Zeros on each side; at most half the kernel.</param>
    /// <returns>[N, C, H', W'] with H' = (H + 2 padding - kernel) / stride + 1, rounded down.</returns>
    public Tensor AvgPool2d(int kernel, int? stride = null, int padding = 0)
    {
        var (shape, result) = Pool("avg_pool2d", kernel, stride ?? kernel, padding);
        Pooling.Sum(shape, true, Pointer, result.Pointer);
        return Record(s_avgPool2d, result, this, saved: shape);
    }

    /// <summary>The means of as many equal shares of the images [N, C, H, W] as asked for.</summary>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <returns>[N, C, height, width].</returns>
    public Tensor AdaptiveAvgPool2d(int height, int width)
    {
        var (shape, result) = PoolShares("adaptive_avg_pool2d", height, width);
        Pooling.Sum(shape, true, Pointer, result.Pointer);
        return Record(s_avgPool2d, result, this, saved: shape);
    }

    /// <summary>The largest elements of as many equal shares of the images [N, C, H, W] as asked for.</summary>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="width">Columns of the result, at least 1.</param>
    /// <returns>[N, C, height, width].</returns>
    public Tensor AdaptiveMaxPool2d(int height, int width)
    {
        var (shape, result) = PoolShares("adaptive_max_pool2d", height, width);
        Pooling.Max(shape, Pointer, result.Pointer);
        return Record(s_maxPool2d, result, this, saved: shape);
    }

    /// <summary>Every element of images [N, C, H, W] repeated in a square of a whole side.</summary>
    /// <param name="scale">The side, at least 1.</param>
    /// <returns>[N, C, scale H, scale W].</returns>
    public Tensor UpsampleNearest2d(int scale)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        CheckImages("upsample_nearest2d");
        // The transpose of summing windows that do not overlap.
        var result = Uninitialized([_shape[0], _shape[1], checked(_shape[2] * scale), checked(_shape[3] * scale)]);
        var shape = new PoolShape((long)_shape[0] * _shape[1], result._shape[2], result._shape[3], _shape[2], _shape[3], scale, scale, 0);
        Pooling.SumBackward(shape, false, Pointer, result.Pointer);
        return Record(s_upsampleNearest2d, result, this, saved: shape);
    }

    private (PoolShape Shape, Tensor Result) Pool(string op, int kernel, int stride, int padding)
    {
        CheckImages(op);
        CheckWindow(op, kernel, stride, padding);
        var (h, w) = (_shape[2] + (2L * padding) - kernel, _shape[3] + (2L * padding) - kernel);
        if (h < 0 || w < 0) throw new ArgumentException($"{op}: a window of {kernel} does not fit into {Shapes.Text(_shape)} with a padding of {padding}");
        var result = Uninitialized([_shape[0], _shape[1], (int)(h / stride) + 1, (int)(w / stride) + 1]);
        return (new PoolShape((long)_shape[0] * _shape[1], _shape[2], _shape[3], result._shape[2], result._shape[3], kernel, stride, padding), result);
    }

    private (PoolShape Shape, Tensor Result) PoolShares(string op, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        CheckImages(op);
        return (new PoolShape((long)_shape[0] * _shape[1], _shape[2], _shape[3], height, width, 0, 0, 0), Uninitialized([_shape[0], _shape[1], height, width]));
    }

    private static void CheckWindow(string op, int kernel, int stride, int padding)
    {
        if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2)
            throw new ArgumentException($"{op}: kernel {kernel}, stride {stride} and padding {padding} need a kernel and a stride from 1 and a padding of at most half the kernel");
    }

    private void CheckImages(string op)
    {
        if (Dim != 4 || _shape[2] == 0 || _shape[3] == 0) throw new ArgumentException($"{op}: images [N, C, H, W] are needed, not {Shapes.Text(_shape)}");
    }
}

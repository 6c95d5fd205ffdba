using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

// Signals [N, C, L] are images of one row.
public sealed unsafe partial class Tensor
{
    /// <summary>The largest element of each window of signals [N, C, L]; the gradient goes to the first of equals.</summary>
    /// <param name="kernel">Length of the window, at least 1.</param>
    /// <param name="stride">Step; the kernel where null.</param>
    /// <param name="padding">Places added on each side that never win; at most half the kernel.</param>
    /// <returns>[N, C, L'] with L' = (L + 2 padding - kernel) / stride + 1, rounded down.</returns>
    public Tensor MaxPool1d(int kernel, int? stride = null, int padding = 0)
    {
        var (shape, result) = PoolLine("max_pool1d", kernel, stride ?? kernel, padding);
        Pooling.Max(shape, Pointer, result.Pointer);
        return Record(s_maxPool2d, result, this, saved: shape);
    }

    /// <summary>The mean of each window of signals [N, C, L]; padding counts as zeros, as PyTorch has it.</summary>
    /// <param name="kernel">Length of the window, at least 1.</param>
    /// <param name="stride">Step; the kernel where null.</param>
    /// <param name="padding">Zeros on each side; at most half the kernel.</param>
    /// <returns>[N, C, L'] with L' = (L + 2 padding - kernel) / stride + 1, rounded down.</returns>
    public Tensor AvgPool1d(int kernel, int? stride = null, int padding = 0)
    {
        var (shape, result) = PoolLine("avg_pool1d", kernel, stride ?? kernel, padding);
        Pooling.Sum(shape, true, Pointer, result.Pointer);
        return Record(s_avgPool2d, result, this, saved: shape);
    }

    /// <summary>The means of as many equal shares of the signals [N, C, L] as asked for.</summary>
    /// <param name="length">Length of the result, at least 1.</param>
    /// <returns>[N, C, length].</returns>
    public Tensor AdaptiveAvgPool1d(int length)
    {
        CheckSignals("adaptive_avg_pool1d");
        return Unsqueeze(2).AdaptiveAvgPool2d(1, length).Squeeze(2);
    }

    /// <summary>The largest elements of as many equal shares of the signals [N, C, L] as asked for.</summary>
    /// <param name="length">Length of the result, at least 1.</param>
    /// <returns>[N, C, length].</returns>
    public Tensor AdaptiveMaxPool1d(int length)
    {
        CheckSignals("adaptive_max_pool1d");
        return Unsqueeze(2).AdaptiveMaxPool2d(1, length).Squeeze(2);
    }

    private (PoolShape Shape, Tensor Result) PoolLine(string op, int kernel, int stride, int padding)
    {
        CheckSignals(op);
        CheckWindow(op, kernel, stride, padding);
        var room = _shape[2] + (2L * padding) - kernel;
        if (room < 0) throw new ArgumentException($"{op}: a window of {kernel} does not fit into {Shapes.Text(_shape)} with a padding of {padding}");
        var result = Uninitialized([_shape[0], _shape[1], (int)(room / stride) + 1]);
        return (new PoolShape((long)_shape[0] * _shape[1], 1, _shape[2], 1, result._shape[2], kernel, stride, padding, Line: true), result);
    }

    private void CheckSignals(string op)
    {
        if (Dim != 3 || _shape[2] == 0) throw new ArgumentException($"{op}: signals [N, C, L] are needed, not {Shapes.Text(_shape)}");
    }
}

using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>The largest element of each window (<c>torch.nn.MaxPool1d</c>).</summary>
/// <param name="kernel">Length of the window.</param>
/// <param name="stride">Step; the kernel where null.</param>
/// <param name="padding">At most half the kernel.</param>
public sealed class MaxPool1d(int kernel, int? stride = null, int padding = 0) : Module
{
    /// <summary>[N, C, L] to [N, C, L'].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.MaxPool1d(kernel, stride, padding);
    }
}

/// <summary>The mean of each window (<c>torch.nn.AvgPool1d</c>); padding counts as zeros.</summary>
/// <param name="kernel">Length of the window.</param>
/// <param name="stride">Step; the kernel where null.</param>
/// <param name="padding">At most half the kernel.</param>
public sealed class AvgPool1d(int kernel, int? stride = null, int padding = 0) : Module
{
    /// <summary>[N, C, L] to [N, C, L'].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.AvgPool1d(kernel, stride, padding);
    }
}

/// <summary>Means of equal shares of the signal (<c>torch.nn.AdaptiveAvgPool1d</c>).</summary>
/// <param name="length">Length of the result.</param>
public sealed class AdaptiveAvgPool1d(int length) : Module
{
    /// <summary>[N, C, L] to [N, C, length].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.AdaptiveAvgPool1d(length);
    }
}

/// <summary>The largest elements of equal shares of the signal (<c>torch.nn.AdaptiveMaxPool1d</c>).</summary>
/// <param name="length">Length of the result.</param>
public sealed class AdaptiveMaxPool1d(int length) : Module
{
    /// <summary>[N, C, L] to [N, C, length].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.AdaptiveMaxPool1d(length);
    }
}

using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>The largest element of each window (<c>torch.nn.MaxPool2d</c>).</summary>
/// <param name="kernel">Side of the window.</param>
/// <param name="stride">Step; the kernel where null.</param>
/// <param name="padding">At most half the kernel.</param>
public sealed class MaxPool2d(int kernel, int? stride = null, int padding = 0) : Module
{
    /// <summary>[N, C, H, W] to [N, C, H', W'].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.MaxPool2d(kernel, stride, padding);
    }
}

/// <summary>The mean of each window (<c>torch.nn.AvgPool2d</c>); padding counts as zeros.</summary>
/// <param name="kernel">Side of the window.</param>
/// <param name="stride">Step; the kernel where null.</param>
/// <param name="padding">At most half the kernel.</param>
public sealed class AvgPool2d(int kernel, int? stride = null, int padding = 0) : Module
{
    /// <summary>[N, C, H, W] to [N, C, H', W'].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.AvgPool2d(kernel, stride, padding);
    }
}

/// <summary>Means of equal shares of the image (<c>torch.nn.AdaptiveAvgPool2d</c>).</summary>
/// <param name="height">Rows of the result.</param>
/// <param name="width">Columns of the result.</param>
public sealed class AdaptiveAvgPool2d(int height, int width) : Module
{
    /// <summary>[N, C, H, W] to [N, C, height, width].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.AdaptiveAvgPool2d(height, width);
    }
}

/// <summary>Every element repeated in a square (<c>torch.nn.Upsample</c>, nearest).</summary>
/// <param name="scale">Side of the square.</param>
public sealed class Upsample(int scale) : Module
{
    /// <summary>[N, C, H, W] to [N, C, scale H, scale W].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.UpsampleNearest2d(scale);
    }
}

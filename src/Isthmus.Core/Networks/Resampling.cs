using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>Images made larger by linear interpolation (<c>torch.nn.Upsample</c>, mode bilinear; <see cref="Upsample"/> is the nearest).</summary>
/// <param name="scale">How many times as high and wide, at least 1.</param>
/// <param name="alignCorners">The corners' pixels keep their values exactly.</param>
public sealed class UpsampleBilinear(int scale, bool alignCorners = false) : Module
{
    /// <summary>[N, C, H, W] to [N, C, scale H, scale W].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.UpsampleBilinear2d(checked(x.Size(-2) * scale), checked(x.Size(-1) * scale), alignCorners);
    }
}

/// <summary>Channels made pixels (Shi et al. 2016, equation 4; <c>torch.nn.PixelShuffle</c>).</summary>
/// <param name="factor">r, at least 1.</param>
public sealed class PixelShuffle(int factor) : Module
{
    /// <summary>[N, C r r, H, W] to [N, C, r H, r W].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.PixelShuffle(factor);
    }
}

/// <summary>Pixels made channels, the inverse of <see cref="PixelShuffle"/> (<c>torch.nn.PixelUnshuffle</c>).</summary>
/// <param name="factor">r, at least 1; divides height and width.</param>
public sealed class PixelUnshuffle(int factor) : Module
{
    /// <summary>[N, C, r H, r W] to [N, C r r, H, W].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.PixelUnshuffle(factor);
    }
}

/// <summary>The largest elements of equal shares of the image (<c>torch.nn.AdaptiveMaxPool2d</c>).</summary>
/// <param name="height">Rows of the result.</param>
/// <param name="width">Columns of the result.</param>
public sealed class AdaptiveMaxPool2d(int height, int width) : Module
{
    /// <summary>[N, C, H, W] to [N, C, height, width].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.AdaptiveMaxPool2d(height, width);
    }
}

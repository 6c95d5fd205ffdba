using Isthmus.Tensors.Kernels;

namespace Isthmus.Tensors;

public sealed unsafe partial class Tensor
{
    private static readonly Rule s_upsampleLinear = Rule.Add("upsample_linear", static (n, g) =>
    {
        var (dim, align) = ((int, bool))n.Saved!;
        n.Give(0, LinearKernel.Backward(g, dim, n[0]._shape, align));
    });

    /// <summary>Signals [N, C, L] at another length, straight lines between neighbours, as <c>torch.nn.functional.interpolate</c>.</summary>
    /// <param name="length">The new length, at least 1.</param>
    /// <param name="alignCorners">Whether the first and last elements stay in place; else elements are spans whose ends stay.</param>
    /// <returns>[N, C, length].</returns>
    public Tensor UpsampleLinear1d(int length, bool alignCorners = false)
    {
        if (Dim != 3 || _shape[2] == 0 || length < 1) throw new ArgumentException($"upsample_linear1d: signals [N, C, L] and a length of at least 1 are needed, not {Shapes.Text(_shape)} and {length}");
        return ResampleDim(2, length, alignCorners);
    }

    /// <summary>Images [N, C, H, W] at another size, bilinear between neighbours, as <c>torch.nn.functional.interpolate</c> (without
    /// antialiasing).</summary>
    /// <param name="height">The new height, at least 1.</param>
    /// <param name="width">The new width, at least 1.</param>
    /// <param name="alignCorners">Whether the corner elements stay in place; else elements are squares whose outer edges stay.</param>
    /// <returns>[N, C, height, width].</returns>
    public Tensor UpsampleBilinear2d(int height, int width, bool alignCorners = false)
    {
        CheckImages("upsample_bilinear2d");
        if (height < 1 || width < 1) throw new ArgumentException($"upsample_bilinear2d: a size of at least 1 is needed, not {height} x {width}");
        return ResampleDim(3, width, alignCorners).ResampleDim(2, height, alignCorners);
    }

    /// <summary>Channels spread into squares: [N, C r², H, W] to [N, C, H r, W r] (Shi and others 2016).</summary>
    /// <param name="factor">r, at least 1.</param>
    /// <exception cref="ArgumentException">The channels are no multiple of r².</exception>
    public Tensor PixelShuffle(int factor)
    {
        if (Dim != 4 || factor < 1 || _shape[1] % ((long)factor * factor) != 0)
            throw new ArgumentException($"pixel_shuffle: images [N, C r^2, H, W] are needed for r = {factor}, not {Shapes.Text(_shape)}");
        var (n, c, h, w) = (_shape[0], _shape[1] / (factor * factor), _shape[2], _shape[3]);
        return Reshape(n, c, factor, factor, h, w).Permute(0, 1, 4, 2, 5, 3).Reshape(n, c, h * factor, w * factor);
    }

    /// <summary>Squares gathered into channels: [N, C, H r, W r] to [N, C r², H, W]; undoes <see cref="PixelShuffle"/>.</summary>
    /// <param name="factor">r, at least 1.</param>
    /// <exception cref="ArgumentException">Height or width is no multiple of r.</exception>
    public Tensor PixelUnshuffle(int factor)
    {
        if (Dim != 4 || factor < 1 || _shape[2] % factor != 0 || _shape[3] % factor != 0)
            throw new ArgumentException($"pixel_unshuffle: images [N, C, H r, W r] are needed for r = {factor}, not {Shapes.Text(_shape)}");
        var (n, c, h, w) = (_shape[0], _shape[1], _shape[2] / factor, _shape[3] / factor);
        return Reshape(n, c, h, factor, w, factor).Permute(0, 1, 3, 5, 2, 4).Reshape(n, checked(c * factor * factor), h, w);
    }

    private Tensor ResampleDim(int dim, int size, bool alignCorners) =>
        Record(s_upsampleLinear, LinearKernel.Forward(this, dim, size, alignCorners), this, (dim, alignCorners));
}

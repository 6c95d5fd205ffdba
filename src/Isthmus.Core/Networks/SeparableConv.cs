using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// A convolution of each channel by itself and then a pointwise one that mixes them (Chollet 2017, section 1.2; Howard et al. 2017, section 3.1):
/// images [N, C, H, W]. Parts are named depthwise and pointwise.
/// </summary>
public sealed class SeparableConv2d : Module
{
    private readonly Conv2d _depthwise, _pointwise;

    /// <summary>A layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">C of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Side of the depthwise kernel.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="stride">Step of the depthwise convolution, at least 1.</param>
    /// <param name="padding">Zeros on each side.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="bias">Whether both add a bias.</param>
    public SeparableConv2d(int inChannels, int outChannels, int kernel, RandomStream random, int stride = 1, int padding = 0, int dilation = 1, bool bias = true)
    {
        _depthwise = AddModule("depthwise", new Conv2d(inChannels, inChannels, kernel, random, stride, padding, dilation, inChannels, bias));
        _pointwise = AddModule("pointwise", new Conv2d(inChannels, outChannels, 1, random, bias: bias));
    }

    /// <summary>[N, C, H, W] to [N, out, H', W'].</summary>
    protected override Tensor Compute(Tensor x) => _pointwise.Forward(_depthwise.Forward(x));
}

/// <summary>As <see cref="SeparableConv2d"/>, of signals [N, C, L].</summary>
public sealed class SeparableConv1d : Module
{
    private readonly Conv1d _depthwise, _pointwise;

    /// <summary>A layer with PyTorch's initial weights; parameters as for <see cref="SeparableConv2d"/>.</summary>
    public SeparableConv1d(int inChannels, int outChannels, int kernel, RandomStream random, int stride = 1, int padding = 0, int dilation = 1, bool bias = true)
    {
        _depthwise = AddModule("depthwise", new Conv1d(inChannels, inChannels, kernel, random, stride, padding, dilation, inChannels, bias));
        _pointwise = AddModule("pointwise", new Conv1d(inChannels, outChannels, 1, random, bias: bias));
    }

    /// <summary>[N, C, L] to [N, out, L'].</summary>
    protected override Tensor Compute(Tensor x) => _pointwise.Forward(_depthwise.Forward(x));
}

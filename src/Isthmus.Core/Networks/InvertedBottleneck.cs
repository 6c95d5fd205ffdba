using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>
/// Channel weights from the image's means: x times sigmoid(W2 relu(W1 mean(x))) (Hu, Shen, Sun 2018, equations 2 to 4), with the names fc1 and
/// fc2 of torchvision's SqueezeExcitation.
/// </summary>
public sealed class SqueezeExcitation : Module
{
    private readonly Conv2d _fc1, _fc2;

    /// <summary>A layer with PyTorch's initial weights.</summary>
    /// <param name="channels">C of [N, C, H, W].</param>
    /// <param name="squeezed">Channels inside, at least 1.</param>
    /// <param name="random">Where the initial weights come from.</param>
    public SqueezeExcitation(int channels, int squeezed, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(squeezed, 1);
        _fc1 = AddModule("fc1", new Conv2d(channels, squeezed, 1, random));
        _fc2 = AddModule("fc2", new Conv2d(squeezed, channels, 1, random));
    }

    /// <summary>[N, C, H, W] to the same.</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x * _fc2.Forward(_fc1.Forward(x.AdaptiveAvgPool2d(1, 1)).Relu()).Sigmoid();
    }

    /// <inheritdoc/>
    protected internal override string? Bypass(string part) => "the input, which the channel weights multiply";
}

/// <summary>
/// The inverted bottleneck (Sandler, Howard, Zhu, Zhmoginov, Chen 2018, table 1, with SiLU in place of ReLU6 and squeeze and excitation
/// as in Tan, Le 2019): a pointwise convolution to more channels, a depthwise one, and a linear pointwise one back, each with a batch norm; the input is
/// added where the shape stays. Parts are named expand, expand_norm, depthwise, depthwise_norm, se, project and project_norm.
/// </summary>
public sealed class InvertedBottleneck : Module
{
    private readonly Conv2d? _expand;
    private readonly BatchNorm2d? _expandNorm;
    private readonly Conv2d _depthwise, _project;
    private readonly BatchNorm2d _depthwiseNorm, _projectNorm;
    private readonly SqueezeExcitation? _excite;
    private readonly bool _residual;

    /// <summary>A block with PyTorch's initial weights.</summary>
    /// <param name="inChannels">C of [N, C, H, W].</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="expansion">How many times C the inside has, at least 1; 1 leaves the first convolution out.</param>
    /// <param name="kernel">Side of the depthwise kernel, odd.</param>
    /// <param name="stride">Step of the depthwise convolution, at least 1.</param>
    /// <param name="squeeze">Channels inside squeeze and excitation; 0 for none.</param>
    public InvertedBottleneck(int inChannels, int outChannels, RandomStream random, int expansion = 6, int kernel = 3, int stride = 1, int squeeze = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(expansion, 1);
        if (kernel < 1 || kernel % 2 == 0) throw new ArgumentException($"inverted bottleneck: the kernel {kernel} is not odd");
        var inner = checked(inChannels * expansion);
        if (expansion > 1)
        {
            _expand = AddModule("expand", new Conv2d(inChannels, inner, 1, random, bias: false));
            _expandNorm = AddModule("expand_norm", new BatchNorm2d(inner));
        }
        _depthwise = AddModule("depthwise", new Conv2d(inner, inner, kernel, random, stride, kernel / 2, groups: inner, bias: false));
        _depthwiseNorm = AddModule("depthwise_norm", new BatchNorm2d(inner));
        if (squeeze > 0) _excite = AddModule("se", new SqueezeExcitation(inner, squeeze, random));
        _project = AddModule("project", new Conv2d(inner, outChannels, 1, random, bias: false));
        _projectNorm = AddModule("project_norm", new BatchNorm2d(outChannels));
        _residual = stride == 1 && inChannels == outChannels;
    }

    /// <summary>[N, C, H, W] to [N, out, H', W'], H' being H over the stride, rounded up.</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var y = _expand is null ? x : _expandNorm!.Forward(_expand.Forward(x)).Silu();
        y = _depthwiseNorm.Forward(_depthwise.Forward(y)).Silu();
        if (_excite is not null) y = _excite.Forward(y);
        y = _projectNorm.Forward(_project.Forward(y));
        return _residual ? x + y : y;
    }

    /// <inheritdoc/>
    protected internal override string? Bypass(string part) => _residual ? "the input, which is added to the output of project_norm" : null;
}

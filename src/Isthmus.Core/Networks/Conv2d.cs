using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>The two-dimensional convolution (<c>torch.nn.Conv2d</c>).</summary>
public sealed class Conv2d : Module
{
    private readonly (int, int) _stride, _padding, _dilation;
    private readonly int _groups;

    /// <summary>A layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">C of the input [N, C, H, W].</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Side of the square kernel.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="stride">Step, at least 1.</param>
    /// <param name="padding">Zeros on each side.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="groups">Divides both numbers of channels; as many as channels is a depthwise convolution.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public Conv2d(int inChannels, int outChannels, int kernel, RandomStream random, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = true)
    {
        if (groups < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ArgumentException($"conv2d: {groups} groups do not divide {inChannels} and {outChannels} channels");
        (_stride, _padding, _dilation, _groups) = ((stride, stride), (padding, padding), (dilation, dilation), groups);
        var fanIn = inChannels / groups * kernel * kernel;
        Weight = AddParameter("weight", Initializers.FanIn(random, fanIn, outChannels, inChannels / groups, kernel, kernel));
        if (bias) Bias = AddParameter("bias", Initializers.FanIn(random, fanIn, outChannels));
    }

    /// <summary>[out, in / groups, kernel, kernel].</summary>
    public Tensor Weight { get; }

    /// <summary>[out], or null.</summary>
    public Tensor? Bias { get; }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Conv2d(Weight, Bias, _stride, _padding, _dilation, _groups);
    }
}

/// <summary>The transposed two-dimensional convolution (<c>torch.nn.ConvTranspose2d</c>).</summary>
public sealed class ConvTranspose2d : Module
{
    private readonly (int, int) _stride, _padding, _outputPadding, _dilation;
    private readonly int _groups;

    /// <summary>A layer with PyTorch's initial weights; parameters as for <see cref="Conv2d"/>.</summary>
    public ConvTranspose2d(int inChannels, int outChannels, int kernel, RandomStream random, int stride = 1, int padding = 0, int outputPadding = 0, int dilation = 1, int groups = 1, bool bias = true)
    {
        if (groups < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ArgumentException($"conv_transpose2d: {groups} groups do not divide {inChannels} and {outChannels} channels");
        (_stride, _padding, _outputPadding, _dilation, _groups) = ((stride, stride), (padding, padding), (outputPadding, outputPadding), (dilation, dilation), groups);
        var fanIn = outChannels / groups * kernel * kernel; // of the weight's own second dimension, as PyTorch counts it
        Weight = AddParameter("weight", Initializers.FanIn(random, fanIn, inChannels, outChannels / groups, kernel, kernel));
        if (bias) Bias = AddParameter("bias", Initializers.FanIn(random, fanIn, outChannels));
    }

    /// <summary>[in, out / groups, kernel, kernel].</summary>
    public Tensor Weight { get; }

    /// <summary>[out], or null.</summary>
    public Tensor? Bias { get; }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.ConvTranspose2d(Weight, Bias, _stride, _padding, _outputPadding, _dilation, _groups);
    }
}

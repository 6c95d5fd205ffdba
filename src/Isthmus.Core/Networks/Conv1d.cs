using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>The one-dimensional convolution (<c>torch.nn.Conv1d</c>).</summary>
public sealed class Conv1d : Module
{
    private readonly int _stride, _padding, _dilation, _groups;

    /// <summary>A layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">C of the input [N, C, L].</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Length of the kernel.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <param name="stride">Step, at least 1.</param>
    /// <param name="padding">Zeros on each side.</param>
    /// <param name="dilation">Distance between taps.</param>
    /// <param name="groups">Divides both numbers of channels; as many as channels is a depthwise convolution.</param>
    /// <param name="bias">Whether a bias is added.</param>
    public Conv1d(int inChannels, int outChannels, int kernel, RandomStream random, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = true)
    {
        if (groups < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ArgumentException($"conv1d: {groups} groups do not divide {inChannels} and {outChannels} channels");
        (_stride, _padding, _dilation, _groups) = (stride, padding, dilation, groups);
        var fanIn = inChannels / groups * kernel;
        Weight = AddParameter("weight", Initializers.FanIn(random, fanIn, outChannels, inChannels / groups, kernel));
        if (bias) Bias = AddParameter("bias", Initializers.FanIn(random, fanIn, outChannels));
    }

    /// <summary>[out, in / groups, kernel].</summary>
    public Tensor Weight { get; }

    /// <summary>[out], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>[N, C, L] to [N, out, L'].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Conv1d(Weight, Bias, _stride, _padding, _dilation, _groups);
    }
}

/// <summary>The transposed one-dimensional convolution (<c>torch.nn.ConvTranspose1d</c>).</summary>
public sealed class ConvTranspose1d : Module
{
    private readonly int _stride, _padding, _outputPadding, _dilation, _groups;

    /// <summary>A layer with PyTorch's initial weights; parameters as for <see cref="Conv1d"/>.</summary>
    public ConvTranspose1d(int inChannels, int outChannels, int kernel, RandomStream random, int stride = 1, int padding = 0, int outputPadding = 0, int dilation = 1, int groups = 1, bool bias = true)
    {
        if (groups < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ArgumentException($"conv_transpose1d: {groups} groups do not divide {inChannels} and {outChannels} channels");
        (_stride, _padding, _outputPadding, _dilation, _groups) = (stride, padding, outputPadding, dilation, groups);
        var fanIn = outChannels / groups * kernel; // of the weight's own second dimension, as PyTorch counts it
        Weight = AddParameter("weight", Initializers.FanIn(random, fanIn, inChannels, outChannels / groups, kernel));
        if (bias) Bias = AddParameter("bias", Initializers.FanIn(random, fanIn, outChannels));
    }

    /// <summary>[in, out / groups, kernel].</summary>
    public Tensor Weight { get; }

    /// <summary>[out], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>[N, C, L] to [N, out, L'].</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.ConvTranspose1d(Weight, Bias, _stride, _padding, _outputPadding, _dilation, _groups);
    }
}

using Isthmus.Tensors;

namespace Isthmus.Networks;

/// <summary>Batch normalisation (Ioffe, Szegedy 2015): what its forms for vectors and images have in common.</summary>
public abstract class BatchNorm : Module
{
    private readonly int _dims;
    private readonly float _eps, _momentum;
    private readonly Tensor _runningMean, _runningVar, _batches;

    private protected BatchNorm(int dims, int channels, float eps, float momentum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        (_dims, _eps, _momentum) = (dims, eps, momentum);
        Weight = AddParameter("weight", Tensor.Ones(channels));
        Bias = AddParameter("bias", Tensor.Zeros(channels));
        _runningMean = AddBuffer("running_mean", Tensor.Zeros(channels));
        _runningVar = AddBuffer("running_var", Tensor.Ones(channels));
        _batches = AddBuffer("num_batches_tracked", Tensor.Zeros());
    }

    /// <summary>The scale, [channels].</summary>
    public Tensor Weight { get; }

    /// <summary>The shift, [channels].</summary>
    public Tensor Bias { get; }

    /// <summary>Normalised by the batch in training, which also moves the running statistics; by these in evaluation. The shape stays.</summary>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dim != _dims && !(_dims == 3 && x.Dim == 2)) throw new ArgumentException($"{GetType().Name}: an input of {x.Dim} dimensions was given, {(_dims == 3 ? "2 or 3" : "4")} are needed");
        if (Training) _batches.Data[0]++;
        return x.BatchNorm(_runningMean, _runningVar, Weight, Bias, Training, _momentum, _eps);
    }
}

/// <summary>Batch normalisation of [N, C] or [N, C, L] (<c>torch.nn.BatchNorm1d</c>).</summary>
/// <param name="channels">C.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="momentum">How far the running statistics move, in [0, 1].</param>
public sealed class BatchNorm1d(int channels, float eps = 1e-5f, float momentum = 0.1f) : BatchNorm(3, channels, eps, momentum);

/// <summary>Batch normalisation of [N, C, H, W] (<c>torch.nn.BatchNorm2d</c>).</summary>
/// <param name="channels">C.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="momentum">How far the running statistics move, in [0, 1].</param>
public sealed class BatchNorm2d(int channels, float eps = 1e-5f, float momentum = 0.1f) : BatchNorm(4, channels, eps, momentum);

/// <summary>Group normalisation of [N, C, …] (Wu, He 2018; <c>torch.nn.GroupNorm</c>).</summary>
public sealed class GroupNorm : Module
{
    private readonly int _groups;
    private readonly float _eps;

    /// <summary>Scale 1 and shift 0 at first.</summary>
    /// <param name="groups">Divides the channels.</param>
    /// <param name="channels">C.</param>
    /// <param name="eps">Added to the variance.</param>
    public GroupNorm(int groups, int channels, float eps = 1e-5f)
    {
        if (groups < 1 || channels % groups != 0) throw new ArgumentException($"group_norm: {groups} groups do not divide {channels} channels");
        (_groups, _eps) = (groups, eps);
        Weight = AddParameter("weight", Tensor.Ones(channels));
        Bias = AddParameter("bias", Tensor.Zeros(channels));
    }

    /// <summary>The scale, [channels].</summary>
    public Tensor Weight { get; }

    /// <summary>The shift, [channels].</summary>
    public Tensor Bias { get; }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.GroupNorm(_groups, Weight, Bias, _eps);
    }
}

/// <summary>Layer normalisation over the last dimension (Ba, Kiros, Hinton 2016; <c>torch.nn.LayerNorm</c>).</summary>
public sealed class LayerNorm : Module
{
    private readonly float _eps;

    /// <summary>Scale 1 and shift 0 at first.</summary>
    /// <param name="features">Size of the last dimension.</param>
    /// <param name="eps">Added to the variance.</param>
    public LayerNorm(int features, float eps = 1e-5f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        _eps = eps;
        Weight = AddParameter("weight", Tensor.Ones(features));
        Bias = AddParameter("bias", Tensor.Zeros(features));
    }

    /// <summary>The scale, [features].</summary>
    public Tensor Weight { get; }

    /// <summary>The shift, [features].</summary>
    public Tensor Bias { get; }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.LayerNorm(Weight, Bias, _eps);
    }
}

/// <summary>Root mean square normalisation over the last dimension (Zhang, Sennrich 2019; <c>torch.nn.RMSNorm</c>).</summary>
public sealed class RMSNorm : Module
{
    private readonly float _eps;

    /// <summary>Scale 1 at first.</summary>
    /// <param name="features">Size of the last dimension.</param>
    /// <param name="eps">Added to the mean square; PyTorch's default is the machine's epsilon.</param>
    public RMSNorm(int features, float eps = 1.1920929e-7f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        _eps = eps;
        Weight = AddParameter("weight", Tensor.Ones(features));
    }

    /// <summary>The scale, [features].</summary>
    public Tensor Weight { get; }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.RmsNorm(Weight, _eps);
    }
}

using Isthmus.Tensors;
using Isthmus.Tensors.Kernels;

namespace Isthmus.Bottlenecks;

/// <summary>What autoencoders that choose over a whole batch have in common.</summary>
public abstract record BatchChoiceOptions : SparseOptions
{
    /// <summary>k: features that are active in a row of a training batch, on average.</summary>
    [Option("features that are active at a time, on average", Min = 0, AboveMin = true, Max = 1 << 20)]
    public float Active { get; init; } = 32f;

    /// <summary>Share by which the threshold for inference moves to the least output chosen in a training batch.</summary>
    [Option("share by which the threshold for inference moves in a step", Min = 0, AboveMin = true, Max = 1)]
    public float ThresholdRate { get; init; } = 0.1f;
}

/// <summary>What a <see cref="BatchTopKAutoencoder"/> is made of.</summary>
public sealed record BatchTopKOptions : BatchChoiceOptions;

/// <summary>
/// In training the k B largest positive outputs of a batch of B rows; afterwards those above a threshold, the running average of the least
/// output chosen: Bussmann, Leask, Nanda, "BatchTopK sparse autoencoders", 2024, equations 4 and 5. So a row's features do not depend on the
/// other rows.
/// </summary>
public class BatchTopKAutoencoder : SparseAutoencoder
{
    private readonly BatchChoiceOptions _options;
    private readonly Tensor _threshold, _started;

    /// <summary>An autoencoder of a number of inputs.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public BatchTopKAutoencoder(int inputs, BatchTopKOptions options, RandomStream random) : this(inputs, (BatchChoiceOptions)options, random)
    {
    }

    private protected BatchTopKAutoencoder(int inputs, BatchChoiceOptions options, RandomStream random) : base(inputs, inputs, tied: true, unitRows: true, options, random)
    {
        Setting.Require(options.Active > 0 && options.Active <= options.Features, "active", FormattableString.Invariant($"above 0 and at most the {options.Features} features"), options.Active);
        Setting.Require(options.ThresholdRate is > 0 and <= 1, "threshold_rate", "above 0 and at most 1", options.ThresholdRate);
        _options = options;
        _threshold = AddBuffer("threshold", Tensor.Zeros(1));
        _started = AddBuffer("started", Tensor.Zeros(1));
    }

    /// <summary>θ of inference, in units of the scaled inputs; 0 before training.</summary>
    public float Threshold => _threshold.Data[0];

    /// <summary>The same features as a JumpReLU autoencoder of equal thresholds.</summary>
    /// <exception cref="InvalidOperationException">No training step has found a threshold.</exception>
    public JumpReluAutoencoder ToJumpRelu()
    {
        if (!(Threshold > 0)) throw new InvalidOperationException("BatchTopK: there is no threshold before a training step has found one");
        var export = new JumpReluAutoencoder(Encoder.Size(1), new JumpReluOptions { Features = Features, Threshold = Threshold, Aux = 0 }, new RandomStream(0));
        var state = StateDict();
        foreach (var (name, tensor) in export.StateDict())
            if (state.TryGetValue(name, out var own)) own.Data.CopyTo(tensor.Data);
        return export;
    }

    private protected override Activations Activate(Tensor x, Tensor? target, PassContext c)
    {
        if (target is null)
        {
            var chosen = Above(x, Threshold);
            return new Activations(chosen, chosen.Linear(x, Encoder, EncoderBias), []);
        }
        var pattern = Largest(x, out var least);
        if (least > 0)
        {
            _threshold.Data[0] = _started.Data[0] == 0 ? least : Threshold + (_options.ThresholdRate * (least - Threshold));
            _started.Data[0] = 1;
        }
        return new Activations(pattern, pattern.Linear(x, Encoder, EncoderBias), []);
    }

    private protected override void FoldScale(float scale) => _threshold.Data[0] /= scale;

    // Keys are an output's bits and its place, so that of equals the first is taken; what is below the running threshold is passed over.
    private SparsePattern Largest(Tensor x, out float least)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("outputs");
        var outputs = x.Linear(Encoder, EncoderBias).Data;
        var rows = x.Size(0);
        var keep = Math.Max(1, (int)Math.Min(outputs.Length, Math.Floor((double)_options.Active * rows)));
        var keys = new ulong[Math.Min(outputs.Length, (2L * keep) + 64)];
        var (count, limit) = (0, 0f);
        for (var i = 0; i < outputs.Length; i++)
        {
            if (!(outputs[i] > limit)) continue;
            keys[count++] = ((ulong)BitConverter.SingleToUInt32Bits(outputs[i]) << 32) | (uint.MaxValue - (uint)i);
            if (count < keys.Length || count <= keep) continue;
            Selection.LargestFirst(keys, keep);
            count = keep;
            limit = BitConverter.UInt32BitsToSingle((uint)(keys[keep - 1] >> 32));
        }
        if (count > keep) Selection.LargestFirst(keys.AsSpan(0, count), keep);
        count = Math.Min(count, keep);
        least = count == 0 ? 0 : float.PositiveInfinity;
        var found = new int[count];
        for (var i = 0; i < count; i++)
        {
            found[i] = (int)(uint.MaxValue - (uint)keys[i]);
            least = Math.Min(least, outputs[found[i]]);
        }
        Array.Sort(found);
        var starts = new int[rows + 1];
        foreach (var place in found) starts[(place / Features) + 1]++;
        for (var i = 0; i < rows; i++) starts[i + 1] += starts[i];
        return new SparsePattern(Features, starts, [.. found.Select(place => place % Features)]);
    }
}

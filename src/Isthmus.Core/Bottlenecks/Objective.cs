using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>A batch as the loss sees it.</summary>
/// <param name="Inputs">[batch, …].</param>
public sealed record Batch(Tensor Inputs)
{
    /// <summary>The class of each sample, [batch]; null where there are none.</summary>
    public LongTensor? Labels { get; init; }

    /// <summary>Continuous targets, [batch, outputs]; null where there are none.</summary>
    public Tensor? Targets { get; init; }

    /// <summary>Survival: the time of each sample, [batch]; null where there are none.</summary>
    public Tensor? Times { get; init; }

    /// <summary>Survival: 1 where the event happened at that time, 0 where the sample was last seen then, [batch]; null where there are none.</summary>
    public Tensor? Events { get; init; }

    /// <summary>Annotated concepts, [batch, concepts], NaN where unknown; null where there are none.</summary>
    public Tensor? Concepts { get; init; }
}

/// <summary>
/// What a network is trained for, beside what the bottleneck itself adds. A module, because some objectives learn something
/// (a variance, a critic).
/// </summary>
public abstract class Objective : Networks.Module
{
    /// <summary>The parts of the loss, each a mean over samples in nats where it is information.</summary>
    /// <param name="b">The batch.</param>
    /// <param name="p">What passed.</param>
    /// <param name="prediction">The decoder's output.</param>
    public abstract IReadOnlyList<Term> Terms(Batch b, Passage p, Tensor prediction);

    /// <summary>The task's loss of each sample, [batch], in nats: what <c>nll_bits</c> reports.</summary>
    public abstract Tensor NegativeLogLikelihood(Batch b, Tensor prediction);
}

/// <summary>Classification: the cross-entropy of softmax(prediction) to the labels.</summary>
/// <param name="classWeights">What a row of each class counts, [classes]; the loss is the weighted mean, as in
/// <c>torch.nn.CrossEntropyLoss(weight)</c>. Null where all count the same.</param>
public sealed class CrossEntropyObjective(Tensor? classWeights = null) : Objective
{
    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms(Batch b, Passage p, Tensor prediction)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        if (classWeights is null) return [new Term("task", prediction.CrossEntropy(Labels(b)), 1f)];
        var weights = classWeights.IndexSelect(0, Labels(b));
        return [new Term("task", (NegativeLogLikelihood(b, prediction) * weights).Sum() / weights.Sum(), 1f)];
    }

    /// <inheritdoc/>
    public override Tensor NegativeLogLikelihood(Batch b, Tensor prediction)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return -prediction.LogSoftmax(-1).Gather(1, Labels(b).Reshape(-1, 1)).Reshape(-1);
    }

    private static LongTensor Labels(Batch b) => b?.Labels ?? throw new ArgumentException("cross-entropy: the batch has no labels");
}

/// <summary>
/// Regression with a Gaussian likelihood whose variance is learned, one for each output, so that the loss is in nats and beta
/// is nats per nat: (y - f)^2 / 2 s^2 + ln s + ln(2 pi) / 2.
/// </summary>
public sealed class GaussianObjective : Objective
{
    // Keeps a perfect fit from driving the variance to zero and the loss to minus infinity.
    private const float SmallestLogVariance = -14f;

    /// <summary>An objective for a number of outputs, with unit variances at first.</summary>
    public GaussianObjective(int outputs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        LogVariance = AddParameter("log_variance", Tensor.Zeros(outputs));
    }

    /// <summary>ln s², [outputs].</summary>
    public Tensor LogVariance { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms(Batch b, Passage p, Tensor prediction) =>
        [new Term("task", NegativeLogLikelihood(b, prediction).Mean(), 1f)];

    /// <inheritdoc/>
    public override Tensor NegativeLogLikelihood(Batch b, Tensor prediction)
    {
        var target = b?.Targets ?? throw new ArgumentException("gaussian: the batch has no continuous targets");
        var logVariance = LogVariance.Clamp(SmallestLogVariance);
        var scaled = (prediction - target).Square() * (-logVariance).Exp();
        return (scaled + logVariance + 1.8378770664f).Sum(1) * 0.5f; // ln 2 pi
    }
}

/// <summary>
/// Reconstruction of real-valued inputs: a Gaussian likelihood with one learned variance over all numbers of the input; the
/// mean squared error is its shape, the learned scale makes the loss nats.
/// </summary>
public sealed class ReconstructionObjective : Objective
{
    private const float SmallestLogVariance = -14f;

    /// <summary>An objective; with a fixed variance of 1/2 the loss is the plain sum of squared errors over the inputs.</summary>
    /// <param name="learnVariance">Whether the variance is learned.</param>
    public ReconstructionObjective(bool learnVariance = true)
    {
        if (learnVariance) LogVariance = AddParameter("log_variance", Tensor.Zeros(1));
    }

    /// <summary>ln s², [1]; null where it is fixed.</summary>
    public Tensor? LogVariance { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms(Batch b, Passage p, Tensor prediction) =>
        [new Term("task", NegativeLogLikelihood(b, prediction).Mean(), 1f)];

    /// <inheritdoc/>
    public override Tensor NegativeLogLikelihood(Batch b, Tensor prediction)
    {
        ArgumentNullException.ThrowIfNull(b);
        ArgumentNullException.ThrowIfNull(prediction);
        var inputs = b.Targets ?? b.Inputs;
        var errors = (prediction.Reshape(inputs.Size(0), -1) - inputs.Reshape(inputs.Size(0), -1)).Square();
        if (LogVariance is null) return errors.Sum(1);
        var logVariance = LogVariance.Clamp(SmallestLogVariance);
        return (errors.Sum(1) * (-logVariance).Exp() + (logVariance + 1.8378770664f) * errors.Size(1)) * 0.5f;
    }
}

/// <summary>Reconstruction of inputs in [0, 1] with a Bernoulli likelihood; the prediction holds logits.</summary>
public sealed class BernoulliObjective : Objective
{
    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms(Batch b, Passage p, Tensor prediction) =>
        [new Term("task", NegativeLogLikelihood(b, prediction).Mean(), 1f)];

    /// <inheritdoc/>
    public override Tensor NegativeLogLikelihood(Batch b, Tensor prediction)
    {
        ArgumentNullException.ThrowIfNull(b);
        ArgumentNullException.ThrowIfNull(prediction);
        var inputs = (b.Targets ?? b.Inputs).Reshape(b.Inputs.Size(0), -1);
        var logits = prediction.Reshape(inputs.Size(0), -1);
        return (logits.Softplus() - (logits * inputs)).Sum(1);
    }
}

using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a rate stands for.</summary>
public enum RateKind
{
    /// <summary>An upper bound on I(X; Z), as the KL divergence of a variational bottleneck to its prior.</summary>
    UpperBound,

    /// <summary>The code length under an entropy model or a frozen prior.</summary>
    CodeLength,

    /// <summary>An estimate that bounds nothing (kernel densities, soft entropies).</summary>
    Surrogate,

    /// <summary>The logarithm of the number of possible messages.</summary>
    Capacity,
}

/// <summary>What one number of a rate belongs to.</summary>
public enum RateScope
{
    /// <summary>One number a sample.</summary>
    Sample,

    /// <summary>One number for the whole batch, per sample.</summary>
    Batch,
}

/// <summary>What a pass costs, in nats: differentiable where the bottleneck trains it.</summary>
/// <param name="Nats">[batch] for <see cref="RateScope.Sample"/>, a scalar (nats per sample) for <see cref="RateScope.Batch"/>.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Scope">Per sample or per batch.</param>
public sealed record Rate(Tensor Nats, RateKind Kind, RateScope Scope)
{
    /// <summary>[batch, latents]: the share of each dimension in nats, where the rate adds up over dimensions; else null.</summary>
    public Tensor? PerDimension { get; init; }
}

/// <summary>A part of a loss.</summary>
/// <param name="Name">As it stands in metrics: task, rate, commitment …</param>
/// <param name="Value">A scalar, averaged over samples, in nats where it is information.</param>
/// <param name="Weight">What it is multiplied by in the loss.</param>
public readonly record struct Term(string Name, Tensor Value, float Weight);

/// <summary>The result of a pass.</summary>
/// <param name="Output">What goes on to the decoder.</param>
/// <param name="Rate">What the pass costs; null where there is no finite rate, with the reason in <see cref="NoRate"/>.</param>
/// <param name="Terms">What the bottleneck adds to the loss.</param>
/// <param name="Message">Makes the message on demand; callable while the pass's tensors live.</param>
public sealed record Passage(Tensor Output, Rate? Rate, IReadOnlyList<Term> Terms, Func<Message> Message)
{
    /// <summary>Why there is no rate.</summary>
    public string? NoRate { get; init; }

    /// <summary>The Gaussian density of the code where it has one, for the sandwich estimate.</summary>
    public GaussianCode? Code { get; init; }
}

/// <summary>A code with the density N(Mean, diag(Std²)) given the input, and the sample that went on.</summary>
/// <param name="Mean">[batch, latents].</param>
/// <param name="Std">[batch, latents], above 0.</param>
/// <param name="Sample">[batch, latents].</param>
public sealed record GaussianCode(Tensor Mean, Tensor Std, Tensor Sample);

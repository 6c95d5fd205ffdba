using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="SimVq"/> is made of.</summary>
public sealed record SimVqOptions : SingleCodebookOptions;

/// <summary>
/// A frozen random table C, N(0, 1/width), times one learned matrix W: the codebook is C W^T, and a step that moves W moves unused codes
/// too. Zhu, Li, Xin, Xu: "Addressing representation collapse in vector quantized models with one linear layer", ICCV 2025
/// (arXiv 2411.02038), section 4.
/// </summary>
public sealed class SimVq : ProjectedCodebook
{
    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public SimVq(int features, SimVqOptions options, RandomStream random)
        : base(features, options ?? throw new ArgumentNullException(nameof(options)), options.Width, bias: false, random)
    {
    }
}

using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="SimVq"/> is made of.</summary>
public sealed record SimVqOptions
{
    /// <summary>Codes, at least 1.</summary>
    [Option("codes of the codebook", Min = 1, Max = 1 << 20)]
    public int Codes { get; init; } = 256;

    /// <summary>Width of one code, at least 1.</summary>
    [Option("width of one code", Min = 1, Max = 65536)]
    public int Width { get; init; } = 8;

    /// <summary>Indices a sample, all of one codebook.</summary>
    [Option("indices a sample, all of one codebook", Min = 1, Max = 65536)]
    public int Heads { get; init; } = 1;

    /// <summary>Weight of the commitment loss; at least 0.</summary>
    [Option("weight of the commitment loss", Min = 0)]
    public float Commitment { get; init; } = 0.25f;
}

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
        : base(features, (options ?? throw new ArgumentNullException(nameof(options))).Codes, Math.Max(1, options.Width), options.Width, options.Heads, options.Commitment, bias: false, random)
    {
    }
}

using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="LookupFreeQuantizer"/> is made of.</summary>
public sealed record LfqOptions
{
    /// <summary>Bits of a group, each the sign of a number.</summary>
    [Option("bits of a group, each the sign of a number", Min = 1, Max = 62)]
    public int Bits { get; init; } = 10;

    /// <summary>Groups of bits, each an index with an entropy of its own.</summary>
    [Option("groups of bits, each an index with an entropy of its own", Min = 1, Max = 65536)]
    public int Groups { get; init; } = 1;

    /// <summary>Whether the numbers are brought to mean 0 and variance 1 before their signs are taken.</summary>
    [Option("whether numbers are normalised before their signs are taken")]
    public bool Normalize { get; init; } = true;

    /// <summary>Weight of the entropy loss; at least 0.</summary>
    [Option("weight of the entropy loss", Min = 0)]
    public float Entropy { get; init; } = 0.1f;

    /// <summary>Weight of the batch's entropy within the entropy loss; at least 0.</summary>
    [Option("weight of the batch's entropy within the entropy loss", Min = 0)]
    public float Diversity { get; init; } = 1f;

    /// <summary>τ of the soft assignment p(c|x) ∝ exp(2τ x·c), above 0.</summary>
    [Option("inverse temperature of the soft assignment in the entropy loss", Min = 0, AboveMin = true)]
    public float InverseTemperature { get; init; } = 1f;

    /// <summary>Whether the batch's entropy takes the bits as independent: an upper bound, for any number of bits.</summary>
    [Option("whether the batch's entropy takes the bits as independent")]
    public bool Factorized { get; init; }

    /// <summary>Weight of the squared distance of a number to its sign; at least 0.</summary>
    [Option("weight of the commitment loss", Min = 0)]
    public float Commitment { get; init; } = 0.25f;
}

/// <summary>
/// Lookup-free quantisation: the code is the sign of each number (0 counts as -1), its index Σ 2^i [x_i > 0], the first
/// number least significant. The loss E[H(p(c|x))] - γ H(E[p(c|x)]) with p(c|x) ∝ exp(2τ x·c) makes single rows sure of their code and
/// the batch use many; it may be negative, down to -γ d ln 2. Yu, Lezama, Gundavarapu et al.: "Language model beats diffusion: tokenizer
/// is key to visual generation" (MAGVIT-2), ICLR 2024, section 3.1. Several groups, each with an entropy of its own: Zhuang et al.,
/// "WeTok", 2025.
/// </summary>
/// <remarks>
/// The first term is a sum over bits, exactly. The second is computed over all 2^d codes from two tables of 2^(d/2) columns, without
/// a matrix of rows by codes; or, for more bits than 20, as the bits' own entropies, which bound it from above. Losses are means over
/// rows (those that a mask keeps) of sums over numbers, so that a batch repeated has the same loss. The gradient of the code is straight through.
/// </remarks>
public sealed class LookupFreeQuantizer : SignQuantizer
{
    private readonly BatchStandardizer? _standardizer;

    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range, or the entropy is asked for over too many codes.</exception>
    public LookupFreeQuantizer(int features, LfqOptions options, RandomStream random)
        : base(features, (options ?? throw new ArgumentNullException(nameof(options))).Bits, options.Groups, 1f, options.Factorized, options.InverseTemperature, options.Entropy, options.Diversity, options.Commitment, random)
    {
        if (options.Normalize) _standardizer = AddModule("standardizer", new BatchStandardizer(Width));
    }

    private protected override Tensor Numbers(Features h, bool training)
    {
        var x = Projection.Forward(h.Single);
        return _standardizer is null ? x : _standardizer.Apply(x, training);
    }
}

using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="GroupedQuantizer"/> is made of.</summary>
public sealed record GvqOptions : CodebookOptions
{
    /// <summary>Groups of features, each with codebooks of its own.</summary>
    [Option("groups of numbers, each with codebooks of its own", Min = 1, Max = 65536)]
    public int Groups { get; init; } = 2;

    /// <summary>Stages of each group.</summary>
    [Option("stages of each group", Min = 1, Max = 256)]
    public int Stages { get; init; } = 2;

    /// <summary>Codes of each codebook.</summary>
    [Option("codes of each codebook", Min = 1, Max = 65536)]
    public int Codes { get; init; } = 256;

    /// <summary>Width of one code: numbers of a group.</summary>
    [Option("width of one code", Min = 1, Max = 65536)]
    public int Width { get; init; } = 8;

    /// <summary>Partial sums that are kept from stage to stage; 1 is greedy.</summary>
    [Option("partial choices kept from stage to stage; 1 takes the nearest code of each", Min = 1, Max = 1024)]
    public int Beam { get; init; } = 1;
}

/// <summary>
/// Features are split into groups, and each is quantised by residual stages of its own; bits add up. Yang et al., "HiFi-Codec:
/// group-residual vector quantization for high fidelity audio codec", 2023, section 2.2. With one stage it is product quantisation.
/// </summary>
public sealed class GroupedQuantizer : CodebookBottleneck
{
    /// <summary>A quantiser of vectors, series or maps.</summary>
    /// <param name="shape">Of a sample: [features], [length, channels], [channels, height, width] or [channels, depth, height, width].</param>
    /// <param name="options">See there.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public GroupedQuantizer(IReadOnlyList<int> shape, GvqOptions options, RandomStream random)
        : base(shape, options ?? throw new ArgumentNullException(nameof(options)),
            new CodebookDesign([.. Enumerable.Repeat(options.Codes, options.Stages)], options.Width) { Heads = options.Groups, Beam = options.Beam }, random)
    {
    }
}

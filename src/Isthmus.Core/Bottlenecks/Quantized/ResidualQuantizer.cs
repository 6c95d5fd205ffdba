using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="ResidualQuantizer"/> is made of.</summary>
public sealed record RvqOptions : CodebookOptions
{
    /// <summary>Codes of each stage; one number for all.</summary>
    [Option("codes of each stage; one number for all", Min = 1, Max = 65536)]
    public IReadOnlyList<int> Codes { get; init; } = [256];

    /// <summary>Stages, at least 1; where codes has several numbers, as many.</summary>
    [Option("stages; where codes has several numbers, as many", Min = 1, Max = 256)]
    public int Stages { get; init; } = 4;

    /// <summary>Width of one code, at least 1.</summary>
    [Option("width of one code", Min = 1, Max = 65536)]
    public int Width { get; init; } = 8;

    /// <summary>Whether stages share a codebook (Lee et al. 2022, "Autoregressive image generation using residual quantization").</summary>
    [Option("whether stages share a codebook")]
    public bool Shared { get; init; }

    /// <summary>For what the number of stages that stay in training is drawn.</summary>
    [Option("in training the last stages are left out, as many as are drawn: never, for each batch or for each vector")]
    public StageDropout Dropout { get; init; }

    /// <summary>Stages that always stay, at least 1.</summary>
    [Option("dropout: stages that always stay", Min = 1, Max = 256)]
    public int LeastStages { get; init; } = 1;

    /// <summary>What the number of stages that stay is rounded up to a multiple of.</summary>
    [Option("dropout: the stages that stay are a multiple of this", Min = 1, Max = 256)]
    public int StagesMultiple { get; init; } = 1;

    /// <summary>Partial sums that are kept from stage to stage; 1 is greedy.</summary>
    [Option("partial choices kept from stage to stage; 1 takes the nearest code of each", Min = 1, Max = 1024)]
    public int Beam { get; init; } = 1;

    internal IReadOnlyList<int> CodesOfStages => Codes.Count == 1 ? [.. Enumerable.Repeat(Codes[0], Stages)] : Codes;
}

/// <summary>
/// Codes on what codes left: r_0 = x, q_k = Q_k(r_(k-1)), r_k = r_(k-1) - sg[q_k]; the output is the sum. Zeghidour, Luebs,
/// Omran, Skoglund, Tagliasacchi, "SoundStream: an end-to-end neural audio codec", IEEE TASLP 2021, algorithm 1. The first stages
/// of a message alone decode to a coarser vector (<see cref="CodebookBottleneck.Restore(Message, int)"/>); training with dropout makes it a good one.
/// </summary>
public sealed class ResidualQuantizer : CodebookBottleneck
{
    /// <summary>A quantiser of vectors, series or maps.</summary>
    /// <param name="shape">Of a sample: [features], [length, channels], [channels, height, width] or [channels, depth, height, width].</param>
    /// <param name="options">See there.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public ResidualQuantizer(IReadOnlyList<int> shape, RvqOptions options, RandomStream random)
        : base(shape, options ?? throw new ArgumentNullException(nameof(options)), new CodebookDesign(options.CodesOfStages, options.Width)
        {
            SharedStages = options.Shared,
            Dropout = options.Dropout,
            LeastStages = options.LeastStages,
            StagesMultiple = options.StagesMultiple,
            Beam = options.Beam,
        }, random)
    {
    }
}

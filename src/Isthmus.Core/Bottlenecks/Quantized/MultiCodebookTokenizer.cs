using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="MultiCodebookTokenizer"/> is made of.</summary>
public sealed record UniTokOptions : CodebookOptions
{
    /// <summary>With unit vectors and a projection back, as the system has them.</summary>
    public UniTokOptions() => (Cosine, Project) = (true, CodeProjection.Both);

    /// <summary>Chunks of a vector, each with a codebook of its own.</summary>
    [Option("chunks of a vector, each with a codebook of its own", Min = 1, Max = 65536)]
    public int Chunks { get; init; } = 8;

    /// <summary>Codes of each codebook.</summary>
    [Option("codes of each codebook", Min = 1, Max = 65536)]
    public int Codes { get; init; } = 64;

    /// <summary>Width of one chunk.</summary>
    [Option("width of one chunk", Min = 1, Max = 65536)]
    public int Width { get; init; } = 8;
}

/// <summary>
/// A vector is cut into chunks that are quantised independently, each by a small codebook of its own: the vocabulary is the product
/// of theirs while every code stays in use. Ma et al., "UniTok: a unified tokenizer for visual generation and understanding", 2025,
/// section 3.2 (multi-codebook quantisation). Where the paper factorises by attention, linear layers stand here.
/// </summary>
public sealed class MultiCodebookTokenizer : CodebookBottleneck
{
    /// <summary>A tokeniser of vectors, series or maps.</summary>
    /// <param name="shape">Of a sample: [features], [length, channels], [channels, height, width] or [channels, depth, height, width].</param>
    /// <param name="options">See there.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public MultiCodebookTokenizer(IReadOnlyList<int> shape, UniTokOptions options, RandomStream random)
        : base(shape, options ?? throw new ArgumentNullException(nameof(options)), new CodebookDesign([options.Codes], options.Width) { Heads = options.Chunks }, random)
    {
    }
}

using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="VectorQuantizer"/> is made of.</summary>
public sealed record VqOptions : CodebookOptions
{
    /// <summary>Codes in a codebook, at least 1.</summary>
    [Option("codes in a codebook", Min = 1, Max = 65536)]
    public int Codes { get; init; } = 256;

    /// <summary>Width of one code, at least 1.</summary>
    [Option("width of one code", Min = 1, Max = 65536)]
    public int Width { get; init; } = 8;

    /// <summary>Indices a vector; at least 1.</summary>
    [Option("indices a vector", Min = 1, Max = 65536)]
    public int Heads { get; init; } = 1;

    /// <summary>Whether heads share a codebook.</summary>
    [Option("whether heads share a codebook")]
    public bool Shared { get; init; }
}

/// <summary>
/// Nearest codes of learned codebooks: van den Oord, Vinyals, Kavukcuoglu, "Neural discrete representation learning", NeurIPS
/// 2017, equations 1 to 3, with codebooks by exponential moving averages (appendix A.1) or by the codebook loss. Several heads
/// with codebooks of their own are product quantisation (Jégou, Douze, Schmid 2011).
/// </summary>
public sealed class VectorQuantizer : CodebookBottleneck
{
    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public VectorQuantizer(int features, VqOptions options, RandomStream random) : this([features], options, random)
    {
    }

    /// <summary>A quantiser of vectors, series or maps.</summary>
    /// <param name="shape">Of a sample: [features], [length, channels], [channels, height, width] or [channels, depth, height, width].</param>
    /// <param name="options">See there.</param>
    /// <param name="random">Where the initial weights come from.</param>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public VectorQuantizer(IReadOnlyList<int> shape, VqOptions options, RandomStream random)
        : base(shape, options ?? throw new ArgumentNullException(nameof(options)), new CodebookDesign([options.Codes], options.Width) { Heads = options.Heads, SharedHeads = options.Shared }, random)
    {
    }

    /// <summary>[heads or 1, codes, width].</summary>
    public Tensor Codebook => Stages[0].Table;
}

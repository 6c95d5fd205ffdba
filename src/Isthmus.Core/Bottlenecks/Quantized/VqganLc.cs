using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="VqganLc"/> is made of.</summary>
public sealed record VqganLcOptions : SingleCodebookOptions
{
    /// <summary>Most rounds of k-means on the features.</summary>
    [Option("most rounds of k-means on the features", Min = 0, Max = 10000)]
    public int Iterations { get; init; } = 10;
}

/// <summary>
/// A frozen table of features with a trained projector: the table is the k-means centres of what the encoder makes of training data before
/// it is trained (a pretrained encoder in the paper), and one linear layer takes all of them into the latent space. Zhu, Wei, Lu,
/// Chen: "Scaling the codebook size of VQGAN to 100,000 with a utilization rate of 99%", NeurIPS 2024, section 3.2.
/// </summary>
public sealed class VqganLc : ProjectedCodebook
{
    private readonly int _iterations;
    private readonly RandomStream _random;
    private readonly Tensor _ready;

    /// <summary>A quantiser of a number of features; <see cref="Prepare"/> makes its table.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public VqganLc(int features, VqganLcOptions options, RandomStream random)
        : base(features, options ?? throw new ArgumentNullException(nameof(options)), features, bias: true, random)
    {
        Setting.Require(options.Iterations >= 0, "iterations", "at least 0", options.Iterations);
        _iterations = options.Iterations;
        _random = random.Fork("k-means");
        _ready = AddBuffer("ready", Tensor.Zeros(1));
    }

    /// <summary>Makes the table: the k-means centres of the features.</summary>
    public override void Prepare(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("k-means");
        var rows = Collected.Rows(training, static h => h.Single);
        KMeans.Fit(rows, (int)Alphabet, _iterations, new RandomStream(_random.Seed, _random.Stream)).Centres.Data.CopyTo(Table.Data);
        _ready.Data[0] = 1;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">In training: there is no table yet.</exception>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(c);
        if (c.Training && _ready.Data[0] == 0) throw new InvalidOperationException("VqganLc: the table is made of training features by Prepare, which has not been called");
        return base.Pass(h, c);
    }
}

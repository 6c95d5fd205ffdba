using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What an <see cref="IndexBackpropagation"/> is made of.</summary>
public sealed record IbqOptions : SingleCodebookOptions
{
    /// <summary>Weight of the entropy loss; at least 0.</summary>
    [Option("weight of the entropy loss", Min = 0)]
    public float Entropy { get; init; } = 0.05f;
}

/// <summary>
/// Index backpropagation: the code with the largest product x·e is sent, and the gradient takes the one-hot choice for
/// softmax(x·e), so that every code and the vector itself learn from every row. Shi, Luo, Ge, Zhang, Zhao, Shan: "Scalable image
/// tokenization with index backpropagation quantization", ICCV 2025 (arXiv 2412.02692), section 3.2.
/// </summary>
/// <remarks>
/// With p = softmax(x E^T) and I = one_hot(argmax p) + p - sg[p] the output is q = I E. Losses, means over rows of sums over
/// numbers: |sg[x] - q|² + commitment |x - sg[q]|², and E[H(p)] - H(E[p]) over rows and heads in nats, negative where it should be.
/// Biased as every straight-through gradient is. The matrix of rows by codes is made: memory grows with both.
/// </remarks>
public sealed class IndexBackpropagation : IndexBottleneck
{
    private readonly IbqOptions _options;

    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public IndexBackpropagation(int features, IbqOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        Setting.Require(options.Entropy >= 0, "entropy", "at least 0", options.Entropy);
        _options = options;
        Projection = AddModule("projection", new Linear(features, options.Heads * options.Width, random));
        Codebook = AddParameter("codebook", Initializers.Normal(random, 1f / MathF.Sqrt(options.Width), options.Codes, options.Width));
    }

    /// <summary>Features to the vectors that are quantised.</summary>
    public Linear Projection { get; }

    /// <summary>E, [codes, width].</summary>
    public Tensor Codebook { get; }

    /// <inheritdoc/>
    public override int Positions => _options.Heads;

    /// <inheritdoc/>
    public override long Alphabet => _options.Codes;

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return Evaluate(Quantize(h), c);
        var x = Vectors(h);
        var logits = x.MatMul(Codebook, transposeOther: true);
        var p = logits.Softmax();
        var chosen = logits.ArgMax(1);
        var choice = GradientEstimators.StraightThrough(p, Tensor.OneHot(chosen, _options.Codes));
        var code = choice.MatMul(Codebook);
        var indices = chosen.Reshape(-1, _options.Heads);
        var output = code.Reshape(-1, _options.Heads * _options.Width);
        var perSample = (float)_options.Heads; // means over vectors become means over samples
        var terms = new List<Term>
        {
            new("codebook", (code - x.Detach()).Square().Sum(1).Mean() * perSample, 1f),
            new("commitment", (x - code.Detach()).Square().Sum(1).Mean() * perSample, _options.Commitment),
        };
        if (_options.Entropy > 0) terms.Add(new Term("entropy", Entropy(logits, p), _options.Entropy));
        return new Passage(output, RateOf(indices), terms, () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("ibq");
        return Vectors(h).MatMul(Codebook, transposeOther: true).ArgMax(1).Reshape(-1, _options.Heads);
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return Codebook.IndexSelect(0, indices.Reshape(-1)).Reshape(-1, _options.Heads * _options.Width);
    }

    private Tensor Vectors(Features h) => Projection.Forward(h.Single).Reshape(-1, _options.Width);

    private static Tensor Entropy(Tensor logits, Tensor p)
    {
        const float Least = 1e-30f;
        var mean = p.Mean(0).Clamp(Least);
        return (mean * mean.Log()).Sum() - (p * logits.LogSoftmax()).Sum(1).Mean();
    }
}

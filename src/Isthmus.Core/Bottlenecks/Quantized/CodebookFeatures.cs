using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="CodebookFeatures"/> is made of.</summary>
public sealed record CodebookFeaturesOptions
{
    /// <summary>Codes of the codebook, at least 1.</summary>
    [Option("codes of the codebook", Min = 1, Max = 1 << 20)]
    public int Codes { get; init; } = 512;

    /// <summary>Codes that are active at a time, 1 to the number of codes.</summary>
    [Option("codes that are active at a time", Min = 1, Max = 4096)]
    public int Active { get; init; } = 8;

    /// <summary>Weight of the loss that moves the sum of codes to the activation; above 0.</summary>
    [Option("weight of the reconstruction loss", Min = 0, AboveMin = true)]
    public float Reconstruction { get; init; } = 1f;

    /// <summary>Weight β of the loss that moves the activation to the sum of its codes; at least 0. It moves nothing in a network that is frozen.</summary>
    [Option("weight of the loss that moves the activation to its codes", Min = 0)]
    public float Commitment { get; init; } = 0.05f;

    /// <summary>Codes that fewer rows a batch choose than this, a running mean, become rows of the batch; 0 for never, negative for 2 or, where that
    /// is less, a hundredth of the even share.</summary>
    [Option("codes chosen by fewer rows a batch become rows of the batch; 0 for never, -1 to choose")]
    public float DeadThreshold { get; init; } = -1f;
}

/// <summary>
/// Codebook features: an activation is replaced by the sum of the codes that are most cosine-similar to it, so that a network computes with a
/// small set of codes that can be read, searched and forced. Tamkin, Taufeeque, Goodman: "Codebook features: sparse and discrete
/// interpretability for neural networks", ICML 2024 (arXiv 2310.17230), section 2.
/// </summary>
/// <remarks>
/// The activation is layer-normalised before it is compared, because of which its size and mean choose no code. The codes' sum has the size of the
/// activation, so that the bottleneck fits on any layer (<see cref="Insertions.Insert"/>), a position at a time. The message is the
/// set of codes: its indices rise, and position j is written under the table of the j-th smallest. The gradient passes straight
/// through to the activation; the codes learn from the reconstruction loss |sg[x] - Σ codes|² alone, the activation also from the
/// commitment β |x - sg[Σ codes]|²: means over rows of sums over features. The first training batch starts the codes: its rows over the
/// number of active codes. Before a training pass chooses, codes that too few rows have chosen (N ← 0.99 N + 0.01 n) become such
/// rows again, with N at the even share: they are there for the pass itself and have time to be found.
/// Starts and counts are in buffers: a run resumes bit by bit.
/// </remarks>
public sealed class CodebookFeatures : IndexBottleneck
{
    private const float Decay = 0.99f; // of the running counts

    private readonly CodebookFeaturesOptions _options;
    private readonly Tensor _started; // 1 once a training batch has been seen
    private readonly Tensor _counts;

    /// <summary>A bottleneck from a number of features to as many.</summary>
    /// <exception cref="InputException">A setting is out of its range, or features are fewer than 2, whose cosine says nothing.</exception>
    public CodebookFeatures(int features, CodebookFeaturesOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (features < 2) throw new InputException($"bottleneck.type codebook: at least 2 features are needed to compare directions, not {features}");
        Setting.Require(options.Codes >= 1, "codes", "at least 1", options.Codes);
        if (options.Active < 1 || options.Active > options.Codes) throw new InputException($"bottleneck.active: 1 to the {options.Codes} codes are expected, not {options.Active}");
        Setting.Require(options.Reconstruction > 0, "reconstruction", "a number above 0", options.Reconstruction);
        Setting.Require(options.Commitment >= 0, "commitment", "a number of at least 0", options.Commitment);
        Setting.Require(!float.IsNaN(options.DeadThreshold), "dead_threshold", "a number", options.DeadThreshold);
        _options = options;
        Codebook = AddParameter("codebook", Initializers.Normal(random, 1f / MathF.Sqrt(features), options.Codes, features));
        _started = AddBuffer("started", Tensor.Zeros(1));
        _counts = AddBuffer("counts", Tensor.Zeros(options.Codes));
    }

    /// <summary>The codes, [codes, features].</summary>
    public Tensor Codebook { get; }

    /// <summary>N: running counts of the rows a batch that choose each code, [codes].</summary>
    public Tensor Counts => _counts;

    /// <inheritdoc/>
    public override bool Unordered => true;

    /// <inheritdoc/>
    public override int Positions => _options.Active;

    /// <inheritdoc/>
    public override long Alphabet => _options.Codes;

    /// <summary>log2 of the number of sets: codes over active ones.</summary>
    public override Bits? Capacity
    {
        get
        {
            double bits = 0;
            for (var i = 0; i < _options.Active; i++) bits += Math.Log2((_options.Codes - i) / (i + 1.0));
            return Bits.FromBits(Math.Max(0, bits));
        }
    }

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training) return Evaluate(Quantize(h), c);
        var x = h.Single;
        if (_started.Data[0] == 0) Start(x, c.Random);
        else Revive(x, c.Random);
        var indices = Quantize(h);
        Count(indices);
        var sum = Decode(indices);
        var terms = new List<Term> { new("reconstruction", (sum - x.Detach()).Square().Sum(1).Mean(), _options.Reconstruction) };
        if (_options.Commitment > 0) terms.Add(new Term("commitment", (x - sum.Detach()).Square().Sum(1).Mean(), _options.Commitment));
        return new Passage(GradientEstimators.StraightThrough(x, sum), RateOf(indices), terms, () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("codebook");
        var x = h.Single;
        if (x.Dim != 2 || x.Size(1) != Codebook.Size(1)) throw new ArgumentException($"codebook: [rows, {Codebook.Size(1)}] is needed, not [{string.Join(", ", x.Shape.ToArray())}]");
        var directions = Codebook * (Codebook.Square().Sum(1, keepdim: true) + 1e-12f).Rsqrt();
        // The row's own norm changes no order.
        var indices = x.LayerNorm().MatMul(directions, transposeOther: true).TopK(_options.Active).Indices;
        for (var i = 0; i < indices.Shape[0]; i++) indices.Data.Slice(i * _options.Active, _options.Active).Sort();
        return indices;
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return Codebook.IndexSelect(0, indices.Reshape(-1)).Reshape(-1, _options.Active, Codebook.Size(1)).Sum(1);
    }

    // Rows of the batch, moved apart where there are more codes than rows; their sum has the size of a row.
    private void Start(Tensor x, RandomStream random)
    {
        var (rows, width) = (x.Size(0), x.Size(1));
        var order = random.Permutation(rows);
        for (var k = 0; k < _options.Codes; k++)
        {
            var row = x.Data.Slice(order[k % rows] * width, width);
            var code = Codebook.Data.Slice(k * width, width);
            for (var d = 0; d < width; d++) code[d] = (row[d] / _options.Active) + (k < rows ? 0 : 0.1f / _options.Active * (float)random.NextGaussian());
        }
        _counts.Data.Fill(EvenShare(rows));
        _started.Data[0] = 1;
    }

    private void Revive(Tensor x, RandomStream random)
    {
        var (rows, width) = (x.Size(0), x.Size(1));
        var least = _options.DeadThreshold >= 0 ? _options.DeadThreshold : Math.Min(2f, 0.01f * EvenShare(rows));
        for (var k = 0; k < _options.Codes; k++)
        {
            if (_counts.Data[k] >= least) continue;
            _counts.Data[k] = Math.Max(least, EvenShare(rows)); // time to be found
            var row = x.Data.Slice(random.NextInt(rows) * width, width);
            var code = Codebook.Data.Slice(k * width, width);
            for (var d = 0; d < width; d++) code[d] = row[d] / _options.Active;
        }
    }

    private float EvenShare(int rows) => (float)rows * _options.Active / _options.Codes;

    private void Count(LongTensor indices)
    {
        foreach (ref var count in _counts.Data) count *= Decay;
        foreach (var k in indices.Data) _counts.Data[(int)k] += 1 - Decay;
    }
}

using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="DiscreteKeyValue"/> is made of.</summary>
public sealed record DkvbOptions
{
    /// <summary>Heads, each a random projection with keys and values of its own.</summary>
    [Option("heads, each a random projection with keys and values of its own", Min = 1, Max = 65536)]
    public int Heads { get; init; } = 8;

    /// <summary>Keys of a head, at least 1.</summary>
    [Option("keys of a head", Min = 1, Max = 1 << 20)]
    public int Keys { get; init; } = 64;

    /// <summary>Numbers of a key.</summary>
    [Option("numbers of a key", Min = 1, Max = 65536)]
    public int KeyWidth { get; init; } = 8;

    /// <summary>Numbers of a value: the size of the output.</summary>
    [Option("numbers of a value, the size of the output", Min = 1, Max = 65536)]
    public int Latent { get; init; } = 16;

    /// <summary>Decay of the keys' running averages in the key phase, in [0, 1).</summary>
    [Option("decay of the keys' running averages in the key phase", Min = 0, Max = 0.999999)]
    public float Decay { get; init; } = 0.95f;

    /// <summary>Passes of the key phase over the data.</summary>
    [Option("passes of the key phase over the data", Min = 0, Max = 10000)]
    public int KeyEpochs { get; init; } = 5;
}

/// <summary>
/// The discrete key-value bottleneck: fixed random projections of the features, the nearest key in each head, and the mean of the values that
/// belong to those keys. Keys are fitted without labels before training and then frozen; only values that were fetched get a gradient, so
/// that what is learned about some inputs changes nothing for inputs that fetch other values. Träuble, Goyal, Rahaman, Mozer, Kawaguchi,
/// Bengio, Schölkopf: "Discrete key-value bottleneck", ICML 2023 (arXiv 2207.11240), sections 2 and 3.
/// </summary>
/// <remarks>
/// The key phase is <see cref="Prepare"/>: k-means++ seeds, then running averages N ← γN + (1-γ)n, m ← γm + (1-γ)Σx, key = m/N over
/// batches of 256 rows. No gradient reaches the encoder: it is frozen in effect. Locality holds for optimisers that
/// leave parameters without a gradient alone (no weight decay, no momentum left over).
/// </remarks>
public sealed class DiscreteKeyValue : IndexBottleneck
{
    private const int BatchRows = 256;
    private readonly DkvbOptions _options;
    private readonly RandomStream _random;
    private readonly Tensor _projection, _keys, _ready;

    /// <summary>A bottleneck of a number of features; <see cref="Prepare"/> fits its keys.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public DiscreteKeyValue(int features, DkvbOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        Setting.Require(options.Heads >= 1, "heads", "at least 1", options.Heads);
        Setting.Require(options.Keys >= 1, "keys", "at least 1", options.Keys);
        Setting.Require(options.KeyWidth >= 1, "key_width", "at least 1", options.KeyWidth);
        Setting.Require(options.Latent >= 1, "latent", "at least 1", options.Latent);
        Setting.Require(options.Decay is >= 0 and < 1, "decay", "a number in [0, 1)", options.Decay);
        Setting.Require(options.KeyEpochs >= 0, "key_epochs", "at least 0", options.KeyEpochs);
        _options = options;
        var width = options.Heads * options.KeyWidth;
        // Glorot and Bengio 2010 for each head by itself.
        _projection = AddBuffer("projection", Initializers.Normal(random, MathF.Sqrt(2f / (features + options.KeyWidth)), features, width));
        _keys = AddBuffer("keys", Tensor.Zeros(options.Heads, options.Keys, options.KeyWidth));
        _ready = AddBuffer("ready", Tensor.Zeros(1));
        Values = AddParameter("values", Initializers.Normal(random, 1f, options.Heads * options.Keys, options.Latent));
        _random = random.Fork("keys");
    }

    /// <summary>The values, [heads keys, latent]: that of key k of head h in row h keys + k.</summary>
    public Tensor Values { get; }

    /// <summary>The keys, [heads, keys, key width]; frozen after <see cref="Prepare"/>.</summary>
    public Tensor Keys => _keys;

    /// <inheritdoc/>
    public override int Positions => _options.Heads;

    /// <inheritdoc/>
    public override long Alphabet => _options.Keys;

    /// <summary>The key phase: fits the keys to unlabelled features.</summary>
    public override void Prepare(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("keys");
        var rows = Collected.Rows(training, h => h.Single.MatMul(_projection));
        var random = new RandomStream(_random.Seed, _random.Stream);
        var (heads, width) = (_options.Heads, _options.KeyWidth);
        for (var head = 0; head < heads; head++)
            KMeans.Fit(rows.Narrow(1, head * width, width).Clone(), _options.Keys, 0, random).Centres.Data.CopyTo(_keys.Data.Slice(head * _options.Keys * width, _options.Keys * width));
        var counts = new float[heads * _options.Keys];
        Array.Fill(counts, 1f);
        var sums = _keys.ToArray();
        for (var epoch = 0; epoch < _options.KeyEpochs; epoch++)
            for (var from = 0; from < rows.Size(0); from += BatchRows) Average(rows.Narrow(0, from, Math.Min(BatchRows, rows.Size(0) - from)).Clone(), counts, sums);
        _ready.Data[0] = 1;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">In training: the keys have not been fitted.</exception>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (c.Training && _ready.Data[0] == 0) throw new InvalidOperationException("DiscreteKeyValue: the keys are fitted to training features by Prepare, which has not been called");
        var indices = Quantize(h);
        return c.Training ? new Passage(Decode(indices), RateOf(indices), [], () => AsMessage(indices)) : Evaluate(indices, c);
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("keys");
        return h.Single.Detach().MatMul(_projection).NearestRows(_keys, _options.Heads).Reshape(-1, _options.Heads);
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return Values.IndexSelect(0, Flat(indices)).Reshape(-1, _options.Heads, _options.Latent).Mean(1);
    }

    private void Average(Tensor rows, float[] counts, float[] sums)
    {
        using var scope = new TensorScope("batch");
        var (heads, keys, width, decay) = (_options.Heads, _options.Keys, _options.KeyWidth, _options.Decay);
        var nearest = rows.NearestRows(_keys, heads);
        for (var k = 0; k < counts.Length; k++) counts[k] *= decay;
        for (var k = 0; k < sums.Length; k++) sums[k] *= decay;
        for (var i = 0; i < nearest.Numel; i++)
        {
            var key = (i % heads * keys) + (int)nearest.Data[i];
            counts[key] += 1 - decay;
            var row = rows.Data.Slice(i * width, width);
            for (var d = 0; d < width; d++) sums[(key * width) + d] += (1 - decay) * row[d];
        }
        for (var k = 0; k < sums.Length; k++)
            if (counts[k / width] > 1e-20f) _keys.Data[k] = sums[k] / counts[k / width];
    }
}

using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How a codebook follows the vectors.</summary>
public enum CodebookLearning
{
    /// <summary>By exponential moving averages of counts and sums (van den Oord et al. 2017, appendix A.1).</summary>
    Ema,

    /// <summary>By the gradient of the codebook loss; the table is a parameter.</summary>
    Gradient,
}

/// <summary>What a <see cref="Codebook"/> is made of.</summary>
/// <param name="Codes">Codes of a table, at least 1.</param>
/// <param name="Width">Numbers of a code, at least 1.</param>
public sealed record CodebookSettings(int Codes, int Width)
{
    /// <summary>Vectors a row, each with a table of its own or all with one.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>Whether all heads share a table.</summary>
    public bool Shared { get; init; }

    /// <summary>How the tables learn.</summary>
    public CodebookLearning Learning { get; init; }

    /// <summary>γ of the running averages, in [0, 1).</summary>
    public float Decay { get; init; } = 0.99f;

    /// <summary>Whether codes lie on the unit sphere; the vectors given have norm 1 too.</summary>
    public bool Cosine { get; init; }

    /// <summary>Rounds of k-means on the first batch after k-means++ has drawn the seeds.</summary>
    public int KMeansIterations { get; init; } = 10;

    /// <summary>Codes whose running count of rows a batch falls below this become rows of the batch; 0 for never, negative for 2 or,
    /// where that is more, a tenth of the even share.</summary>
    public float DeadThreshold { get; init; } = -1;
}

/// <summary>
/// Tables of codes with their running state: it starts by k-means on the first batch, replaces dead codes, and moves between
/// training passes only, so that the indices of a pass decode to the vectors that it returned.
/// </summary>
/// <remarks>
/// A training pass calls <see cref="Begin"/>, then <see cref="Nearest"/> and <see cref="Lookup"/>, then <see cref="Collect"/>. With
/// N ← γN + (1-γ)n and m ← γm + (1-γ)Σx the code is m/Ñ, Ñ = (N + ε)/(ΣN + Kε) ΣN: the Laplace smoothing is for the division
/// only and never stored. k-means leaves m = N x centre, so that a step on the same batch moves no converged code. A replaced code
/// has N = threshold and m = N x row. All state is in buffers: a run resumes bit by bit.
/// </remarks>
public sealed class Codebook : Module
{
    private const float Smoothing = 1e-5f;
    private const int NotStarted = 0, Current = 1, Waiting = 2; // waiting: averages that the table does not show yet
    private readonly CodebookSettings _settings;
    private readonly int _books;
    private readonly Tensor _table, _counts, _state;
    private readonly Tensor? _sums; // of averages only

    /// <summary>Random tables, N(0, 1/width), until the first batch is seen.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public Codebook(CodebookSettings settings, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Setting.Require(settings.Codes >= 1, "codes", "at least 1", settings.Codes);
        Setting.Require(settings.Width >= 1, "width", "at least 1", settings.Width);
        Setting.Require(settings.Heads >= 1, "heads", "at least 1", settings.Heads);
        Setting.Require(settings.Decay is >= 0 and < 1, "decay", "a number in [0, 1)", settings.Decay);
        Setting.Require(settings.KMeansIterations >= 0, "kmeans", "at least 0", settings.KMeansIterations);
        Setting.Require(!float.IsNaN(settings.DeadThreshold), "dead_threshold", "a number", settings.DeadThreshold);
        _settings = settings;
        _books = settings.Shared ? 1 : settings.Heads;
        int[] shape = [_books, settings.Codes, settings.Width];
        var start = Initializers.Normal(random, 1f / MathF.Sqrt(settings.Width), shape);
        if (settings.Cosine) start = GradientEstimators.UnitRows(start);
        _table = settings.Learning == CodebookLearning.Gradient ? AddParameter("table", start) : AddBuffer("table", start);
        _counts = AddBuffer("counts", Tensor.Zeros(_books, settings.Codes));
        if (settings.Learning == CodebookLearning.Ema) _sums = AddBuffer("sums", Tensor.Zeros(shape));
        _state = AddBuffer("state", Tensor.Zeros(1));
    }

    /// <summary>What it is made of.</summary>
    public CodebookSettings Settings => _settings;

    /// <summary>[heads or 1, codes, width]: the codes as they are looked up; differentiable where they learn by gradients.</summary>
    public Tensor Table => _settings is { Cosine: true, Learning: CodebookLearning.Gradient } ? GradientEstimators.UnitRows(_table) : _table;

    /// <summary>N: running counts of rows a batch, [heads or 1, codes].</summary>
    public Tensor Counts => _counts;

    /// <summary>The tensor that state is loaded into: equal to <see cref="Table"/> but for codes on a sphere that learn by gradients.</summary>
    internal Tensor Raw => _table;

    /// <summary>Starts a training pass: the averages of the last one take effect, or the first batch starts the table; then dead codes
    /// become rows of the batch.</summary>
    /// <param name="x">[n, heads width], n at least 1.</param>
    /// <param name="random">Where rows are drawn from.</param>
    /// <exception cref="InputException">The threshold is so large for this batch that codes would always be dead.</exception>
    public void Begin(Tensor x, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("codebook");
        var rows = x.Detach().Reshape(-1, _settings.Width);
        if (_state.Data[0] == NotStarted) Start(rows, random);
        else Refresh();
        Revive(rows, random);
    }

    /// <summary>For each vector the index of its nearest code, [n, heads].</summary>
    public LongTensor Nearest(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var noGrad = new NoGrad();
        return x.NearestRows(Table, _settings.Heads).Reshape(-1, _settings.Heads);
    }

    /// <summary>The codes of indices [n, heads], [n, heads width]; zeros where an index is -1. Differentiable in the table.</summary>
    /// <exception cref="ArgumentException">An index is not in the table.</exception>
    public Tensor Lookup(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var (codes, heads, width) = (_settings.Codes, _settings.Heads, _settings.Width);
        if (indices.Dim != 2 || indices.Shape[1] != heads) throw new ArgumentException($"codebook: indices [{string.Join(", ", indices.Shape.ToArray())}], expected [n, {heads}]");
        var flat = Flat(indices);
        if (_settings.Learning == CodebookLearning.Gradient)
        {
            // Absent indices look up a row of zeros behind the table.
            var table = Tensor.Cat([Table.Reshape(_books * codes, width), Tensor.Zeros(1, width)]);
            foreach (ref var i in flat.Data) if (i < 0) i = _books * codes;
            return table.IndexSelect(0, flat).Reshape(-1, heads * width);
        }
        var output = Tensor.Zeros(indices.Shape[0], heads * width);
        for (var i = 0; i < flat.Numel; i++)
            if (flat.Data[i] >= 0) _table.Data.Slice((int)flat.Data[i] * width, width).CopyTo(output.Data[(i * width)..]);
        return output;
    }

    /// <summary>Ends a training pass: counts and sums move by what the vectors chose; the table shows it at the next <see cref="Begin"/>.</summary>
    /// <param name="passes">Vectors [n, heads width] and their indices [n, heads], -1 where one chose nothing: several where stages
    /// share the table.</param>
    public void Collect(params ReadOnlySpan<(Tensor X, LongTensor Indices)> passes)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("codebook");
        var decay = _settings.Decay;
        var entries = _books * _settings.Codes;
        var (counts, sums) = (_counts * decay, _sums is null ? null : _sums * decay);
        foreach (var (x, indices) in passes)
        {
            var flat = Flat(indices);
            counts += KMeans.Counts(flat, entries).Reshape(_counts.Shape) * (1 - decay);
            if (sums is not null) sums += x.Detach().Reshape(-1, _settings.Width).SegmentSum(flat, entries).Reshape(sums.Shape) * (1 - decay);
        }
        counts.Data.CopyTo(_counts.Data);
        sums?.Data.CopyTo(_sums!.Data);
        _state.Data[0] = Waiting;
    }

    /// <summary>Lets averages that wait take effect; the start of a training pass does so by itself.</summary>
    public void Refresh()
    {
        if (_state.Data[0] != Waiting) return;
        _state.Data[0] = Current;
        if (_sums is null) return;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("codebook");
        var codes = _settings.Codes;
        var smoothed = Tensor.Zeros(_books, codes, 1);
        for (var b = 0; b < _books; b++)
        {
            var counts = _counts.Data.Slice(b * codes, codes);
            double total = 0;
            foreach (var n in counts) total += n;
            for (var k = 0; k < codes; k++) smoothed.Data[(b * codes) + k] = (float)((counts[k] + Smoothing) / (total + (codes * Smoothing)) * total);
        }
        var table = _sums / smoothed;
        (_settings.Cosine ? GradientEstimators.UnitRows(table) : table).Data.CopyTo(_table.Data);
    }

    /// <summary>The threshold in use for a batch of vectors a table.</summary>
    private float Threshold(long vectors) => _settings.DeadThreshold >= 0 ? _settings.DeadThreshold : Math.Min(2f, 0.1f * vectors / _settings.Codes);

    private void Start(Tensor rows, RandomStream random)
    {
        var (codes, width) = (_settings.Codes, _settings.Width);
        var perTable = rows.Size(0) / _books;
        if (_settings.DeadThreshold > 0 && _settings.DeadThreshold * codes > perTable)
            throw new InputException(FormattableString.Invariant($"bottleneck.dead_threshold: with {perTable} vectors a batch and {codes} codes a count of {_settings.DeadThreshold} is out of reach for most codes: they would be replaced in every step"),
                FormattableString.Invariant($"at most {(double)perTable / codes:G3} is possible here, and -1 chooses by itself"));
        var pieces = rows.Reshape(-1, _books, width);
        for (var b = 0; b < _books; b++)
        {
            var (centres, counts) = KMeans.Fit(pieces.Select(1, b), codes, _settings.KMeansIterations, random, _settings.Cosine);
            for (var k = 0; k < codes; k++)
            {
                // A centre that no row chose starts with one count, so that it stays where it is.
                var n = Math.Max(1f, counts.Data[k]);
                _counts.Data[(b * codes) + k] = n;
                Put((b * codes) + k, centres.Data.Slice(k * width, width), n);
            }
        }
        _state.Data[0] = Current;
    }

    private void Revive(Tensor rows, RandomStream random)
    {
        var (codes, width) = (_settings.Codes, _settings.Width);
        var n = rows.Size(0) / _books;
        var least = Threshold(n);
        if (least <= 0) return;
        for (var k = 0; k < _counts.Numel; k++)
        {
            if (_counts.Data[k] >= least) continue;
            _counts.Data[k] = least;
            var row = (random.NextInt(n) * _books) + (k / codes); // heads with tables of their own take turns in the rows
            Put(k, rows.Data.Slice(row * width, width), least);
        }
    }

    private void Put(int entry, ReadOnlySpan<float> code, float count)
    {
        code.CopyTo(_table.Data.Slice(entry * code.Length, code.Length));
        if (_sums is null) return;
        var sums = _sums.Data.Slice(entry * code.Length, code.Length);
        for (var d = 0; d < code.Length; d++) sums[d] = count * code[d];
    }

    // Indices into all tables, one after the other.
    private LongTensor Flat(LongTensor indices)
    {
        var (codes, heads) = (_settings.Codes, _settings.Heads);
        var flat = LongTensor.Zeros(indices.Numel);
        for (var i = 0; i < flat.Numel; i++)
        {
            var index = indices.Data[i];
            if (index >= codes || index < -1) throw new ArgumentException($"codebook: index {index} is not in 0..{codes - 1}");
            flat.Data[i] = index < 0 || _settings.Shared ? index : (i % heads * codes) + index;
        }
        return flat;
    }
}

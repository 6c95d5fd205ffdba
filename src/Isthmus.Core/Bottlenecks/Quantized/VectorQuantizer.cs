using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="VectorQuantizer"/> is made of.</summary>
public sealed record VqOptions
{
    /// <summary>Codes in a codebook, at least 1.</summary>
    [Option("codes in a codebook", Min = 1, Max = 65536)]
    public int Codes { get; init; } = 256;

    /// <summary>Width of one code, at least 1.</summary>
    [Option("width of one code", Min = 1, Max = 65536)]
    public int Width { get; init; } = 8;

    /// <summary>Indices a sample, each with a codebook of its own; at least 1.</summary>
    [Option("indices a sample, each with a codebook of its own", Min = 1, Max = 65536)]
    public int Heads { get; init; } = 1;

    /// <summary>Weight of the commitment loss; at least 0.</summary>
    [Option("weight of the commitment loss", Min = 0)]
    public float Commitment { get; init; } = 0.25f;

    /// <summary>Decay of the codebook's running averages, in [0, 1).</summary>
    [Option("decay of the codebook's running averages", Min = 0, Max = 0.999999)]
    public float Decay { get; init; } = 0.99f;

    /// <summary>Codes whose running count of rows in a batch falls below this become random rows of the batch; 0 for never.</summary>
    [Option("codes with a smaller running count become rows of the batch; 0 for never", Unit = "rows of a batch", Min = 0)]
    public float DeadThreshold { get; init; } = 0.05f;
}

/// <summary>
/// Nearest codes of learned codebooks: van den Oord, Vinyals, Kavukcuoglu, "Neural discrete representation learning", NeurIPS
/// 2017, with codebooks by exponential moving averages (appendix A.1), k-means++ on the first batch, and replacement of
/// dead codes. The gradient is straight through.
/// </summary>
/// <remarks>
/// The averages of a training pass take effect at the start of the next one, so that the indices of a pass decode to the
/// vectors it returned. A dead code that is replaced has its averages set with it. Losses are means over samples of sums
/// over dimensions: a batch repeated has the same loss.
/// </remarks>
public sealed class VectorQuantizer : IndexBottleneck
{
    private const float Smoothing = 1e-5f;
    private readonly VqOptions _options;
    private readonly Tensor _codebook, _counts, _sums, _state; // state: 0 before the first training batch, then 1, then 2 with statistics waiting
    private readonly Tensor _newCounts, _newSums;

    /// <summary>A quantiser of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public VectorQuantizer(int features, VqOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        Require(options.Codes >= 1, "codes", "at least 1", options.Codes);
        Require(options.Width >= 1, "width", "at least 1", options.Width);
        Require(options.Heads >= 1, "heads", "at least 1", options.Heads);
        Require(options.Commitment >= 0, "commitment", "at least 0", options.Commitment);
        Require(options.Decay is >= 0 and < 1, "decay", "a number in [0, 1)", options.Decay);
        Require(options.DeadThreshold >= 0, "dead_threshold", "at least 0", options.DeadThreshold);
        _options = options;
        Projection = AddModule("projection", new Linear(features, options.Heads * options.Width, random));
        int[] shape = [options.Heads, options.Codes, options.Width];
        _codebook = AddBuffer("codebook", Initializers.Normal(random, 1f / MathF.Sqrt(options.Width), shape));
        _counts = AddBuffer("counts", Tensor.Zeros(options.Heads, options.Codes));
        _sums = AddBuffer("sums", Tensor.Zeros(shape));
        _newCounts = AddBuffer("new_counts", Tensor.Zeros(options.Heads, options.Codes));
        _newSums = AddBuffer("new_sums", Tensor.Zeros(shape));
        _state = AddBuffer("state", Tensor.Zeros(1));
    }

    /// <summary>Features to the vectors that are quantised.</summary>
    public Linear Projection { get; }

    /// <summary>[heads, codes, width].</summary>
    public Tensor Codebook => _codebook;

    /// <inheritdoc/>
    public override int Positions => _options.Heads;

    /// <inheritdoc/>
    public override long Alphabet => _options.Codes;

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        var x = Projection.Forward(h.Single);
        if (!c.Training) return Evaluate(Nearest(x), c);
        if (_state.Data[0] == 0) Initialize(x, c.Random);
        else if (_state.Data[0] == 2) ApplyWaiting();
        var indices = Nearest(x);
        Collect(x, indices, c.Random);
        var code = Decode(indices);
        var commitment = (code - x).Square().Sum(1).Mean();
        return new Passage(x + (code - x).Detach(), RateOf(indices), [new Term("commitment", commitment, _options.Commitment)], () => AsMessage(indices));
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        return Nearest(Projection.Forward(h.Single));
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var (heads, width) = (_options.Heads, _options.Width);
        var output = Tensor.Zeros(indices.Shape[0], heads * width);
        for (var i = 0; i < indices.Numel; i++) Code(i % heads, (int)indices.Data[i]).CopyTo(output.Data[(i * width)..]);
        return output;
    }

    private LongTensor Nearest(Tensor x)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("vq");
        var (heads, width) = (_options.Heads, _options.Width);
        var indices = LongTensor.Zeros(x.Size(0), heads);
        for (var head = 0; head < heads; head++)
        {
            // |x - e|² without |x|², which no choice changes.
            var book = _codebook.Select(0, head);
            var distances = book.Square().Sum(1) - (2f * x.Detach().Narrow(1, head * width, width).MatMul(book, transposeOther: true));
            var nearest = distances.ArgMin(1);
            for (var i = 0; i < nearest.Numel; i++) indices.Data[(i * heads) + head] = nearest.Data[i];
        }
        return indices;
    }

    // k-means++ (Arthur and Vassilvitskii 2007): each next centre is a row drawn with probability proportional to its squared
    // distance to the nearest centre so far. Sums are count times centre, so that one step on the same batch moves nothing.
    private void Initialize(Tensor x, RandomStream random)
    {
        var (heads, codes) = (_options.Heads, _options.Codes);
        var rows = x.Size(0);
        var distances = new double[rows];
        for (var head = 0; head < heads; head++)
        {
            Array.Fill(distances, double.PositiveInfinity);
            for (var k = 0; k < codes; k++)
            {
                var row = k == 0 ? random.NextInt(rows) : Draw(distances, random);
                var centre = Row(x, row, head);
                centre.CopyTo(Code(head, k));
                // More codes than rows: copies are moved apart a little, so that they can part.
                if (k >= rows) foreach (ref var v in Code(head, k)) v += 1e-3f * (float)random.NextGaussian();
                for (var i = 0; i < rows; i++) distances[i] = Math.Min(distances[i], Distance(Row(x, i, head), Code(head, k)));
            }
        }
        _counts.Data.Fill(1f);
        _codebook.Data.CopyTo(_sums.Data);
        _state.Data[0] = 1;
    }

    private void Collect(Tensor x, LongTensor indices, RandomStream random)
    {
        var (heads, codes, width) = (_options.Heads, _options.Codes, _options.Width);
        var decay = _options.Decay;
        for (var i = 0; i < _counts.Numel; i++) _newCounts.Data[i] = decay * _counts.Data[i];
        for (var i = 0; i < _sums.Numel; i++) _newSums.Data[i] = decay * _sums.Data[i];
        for (var i = 0; i < indices.Numel; i++)
        {
            var (head, code) = (i % heads, (int)indices.Data[i]);
            _newCounts.Data[(head * codes) + code] += 1 - decay;
            var sum = _newSums.Data.Slice(((head * codes) + code) * width, width);
            var row = Row(x, i / heads, head);
            for (var d = 0; d < width; d++) sum[d] += (1 - decay) * row[d];
        }
        // Running counts are of rows in a batch: replaced codes start at the threshold, with sums to match.
        var least = _options.DeadThreshold;
        for (var k = 0; k < _newCounts.Numel; k++)
        {
            if (_newCounts.Data[k] >= least) continue;
            var row = Row(x, random.NextInt(x.Size(0)), k / codes);
            _newCounts.Data[k] = least;
            for (var d = 0; d < width; d++) _newSums.Data[(k * width) + d] = least * row[d];
        }
        _state.Data[0] = 2;
    }

    private void ApplyWaiting()
    {
        var (heads, codes, width) = (_options.Heads, _options.Codes, _options.Width);
        _newCounts.Data.CopyTo(_counts.Data);
        _newSums.Data.CopyTo(_sums.Data);
        for (var head = 0; head < heads; head++)
        {
            var counts = _counts.Data.Slice(head * codes, codes);
            double total = 0;
            foreach (var n in counts) total += n;
            for (var k = 0; k < codes; k++)
            {
                // Laplace smoothing is for the division only; it is not written back into the counts.
                var smoothed = (float)((counts[k] + Smoothing) / (total + (codes * Smoothing)) * total);
                var code = Code(head, k);
                for (var d = 0; d < width; d++) code[d] = _sums.Data[(((head * codes) + k) * width) + d] / smoothed;
            }
        }
        _state.Data[0] = 1;
    }

    private Span<float> Code(int head, int code) => _codebook.Data.Slice(((head * _options.Codes) + code) * _options.Width, _options.Width);

    private ReadOnlySpan<float> Row(Tensor x, int row, int head) => x.Data.Slice(((row * _options.Heads) + head) * _options.Width, _options.Width);

    private static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (var i = 0; i < a.Length; i++) sum += (a[i] - b[i]) * (double)(a[i] - b[i]);
        return sum;
    }

    private static int Draw(double[] weights, RandomStream random)
    {
        var at = random.NextDouble() * weights.Sum();
        for (var i = 0; i < weights.Length; i++)
        {
            at -= weights[i];
            if (at < 0) return i;
        }
        return random.NextInt(weights.Length); // all rows coincide with centres
    }

    private static void Require(bool holds, string field, string expected, double given)
    {
        if (!holds) throw new InputException(FormattableString.Invariant($"bottleneck.{field}: {expected} is expected, not {given}"));
    }
}

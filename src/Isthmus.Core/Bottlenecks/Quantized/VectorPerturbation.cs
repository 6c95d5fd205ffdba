using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>What a <see cref="VectorPerturbation"/> is made of.</summary>
public sealed record VpVaeOptions
{
    /// <summary>Codes of the codebook that is fitted after training, at least 1.</summary>
    [Option("codes of the codebook that is fitted after training", Min = 1, Max = 65536)]
    public int Codes { get; init; } = 256;

    /// <summary>Numbers of a vector, at least 1.</summary>
    [Option("numbers of a vector", Min = 1, Max = 4096)]
    public int Width { get; init; } = 8;

    /// <summary>Recent vectors that stand for their distribution.</summary>
    [Option("recent vectors that stand for their distribution", Min = 2, Max = 1 << 20)]
    public int Queue { get; init; } = 2048;

    /// <summary>k of the density, the inverse volume of the ball to the k-th neighbour.</summary>
    [Option("neighbours that the density is estimated from", Min = 1, Max = 256)]
    public int Neighbours { get; init; } = 5;

    /// <summary>η: the perturbation's radius over the distance to the M-th neighbour; at least 0.</summary>
    [Option("radius of the perturbation over the distance to the neighbour that bounds a cell", Min = 0)]
    public float Radius { get; init; } = 1f;

    /// <summary>Weight of the loss that keeps mean 0 and variance 1; at least 0.</summary>
    [Option("weight of the loss that keeps mean 0 and variance 1", Min = 0)]
    public float Normalization { get; init; } = 1f;

    /// <summary>Most rounds of k-means after training.</summary>
    [Option("most rounds of k-means after training", Min = 0, Max = 10000)]
    public int Iterations { get; init; } = 50;
}

/// <summary>
/// Training without a codebook: vectors are moved as far as quantisation would move them, and only where other vectors are, by one Metropolis-Hastings
/// step within a ball; after training k-means makes the codebook, and the nearest centre is sent. Zhai, Ding, Lin, Zhao, Wang, Wang,
/// Wang, Xi: "VP-VAE: rethinking vector quantization via adaptive vector perturbation", 2026 (arXiv 2602.17133), section 3.2.
/// </summary>
/// <remarks>
/// With D_m(z) the distance from z to its m-th neighbour among the queue's vectors S and M = ⌈|S|/K⌉, the proposal z' is uniform in the
/// ball of radius R(z) = η D_M(z) (equations 3 and 5) and is accepted with probability min(1, (D_k(z) D_M(z)/(D_k(z') D_M(z')))^d)
/// if |z - z'| ≤ R(z') (equations 7 and 8); else z passes as it is. The batch joins the queue afterwards. The gradient is that of the identity.
/// The loss is |mean|² + |variance - 1|² (equation 11). Before <see cref="Freeze"/> there are no codes: evaluation passes the vector
/// itself, which has no finite rate.
/// </remarks>
public sealed class VectorPerturbation : IndexBottleneck
{
    private const string NoCodes = "the codebook is fitted after training";
    private readonly VpVaeOptions _options;
    private readonly RandomStream _random;
    private readonly Tensor _queue, _filled; // filled: vectors in the queue, and where the next one goes
    private Tensor? _codebook;

    /// <summary>A bottleneck of a number of features.</summary>
    /// <exception cref="InputException">A setting is out of its range.</exception>
    public VectorPerturbation(int features, VpVaeOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        Setting.Require(options.Codes >= 1, "codes", "at least 1", options.Codes);
        Setting.Require(options.Width >= 1, "width", "at least 1", options.Width);
        Setting.Require(options.Neighbours >= 1, "neighbours", "at least 1", options.Neighbours);
        Setting.Require(options.Queue > options.Neighbours && options.Queue >= options.Codes, "queue", FormattableString.Invariant($"more than the {options.Neighbours} neighbours, and the {options.Codes} codes or more,"), options.Queue);
        Setting.Require(options.Radius >= 0 && float.IsFinite(options.Radius), "radius", "at least 0", options.Radius);
        Setting.Require(options.Normalization >= 0, "normalization", "at least 0", options.Normalization);
        Setting.Require(options.Iterations >= 0, "iterations", "at least 0", options.Iterations);
        _options = options;
        Projection = AddModule("projection", new Linear(features, options.Width, random));
        _queue = AddBuffer("queue", Tensor.Zeros(options.Queue, options.Width));
        _filled = AddBuffer("filled", Tensor.Zeros(2));
        _random = random.Fork("k-means");
    }

    /// <summary>Features to the vectors.</summary>
    public Linear Projection { get; }

    /// <summary>The codes, [codes, width]; null before <see cref="Freeze"/>.</summary>
    public Tensor? Codebook => _codebook;

    /// <inheritdoc/>
    public override int Positions => 1;

    /// <inheritdoc/>
    public override long Alphabet => _options.Codes;

    /// <inheritdoc/>
    public override Passage Pass(Features h, PassContext c)
    {
        ArgumentNullException.ThrowIfNull(h);
        ArgumentNullException.ThrowIfNull(c);
        if (!c.Training && _codebook is not null) return Evaluate(Quantize(h), c);
        if (c.Mode == PassMode.Ship) throw new InvalidOperationException("VectorPerturbation: nothing can be shipped before Freeze has fitted the codebook on training data");
        var z = Projection.Forward(h.Single);
        var message = new Message([new Floats("vector", z)]);
        if (!c.Training) return new Passage(z, null, [], () => message) { NoRate = NoCodes };
        Term[] terms = _options.Normalization > 0 ? [new Term("normalization", Normalization(z, 1f), _options.Normalization)] : [];
        var moved = Perturbed(z, c.Random);
        Remember(z);
        return new Passage(GradientEstimators.StraightThrough(z, moved), null, terms, () => message) { NoRate = NoCodes };
    }

    /// <inheritdoc/>
    public override string MessageName(PassMode mode) => _codebook is null ? "floats" : "index";

    /// <inheritdoc/>
    public override Tensor Restore(Message m)
    {
        ArgumentNullException.ThrowIfNull(m);
        return m.Parts is [Floats floats] ? floats.Values : base.Restore(m);
    }

    /// <summary>Fits the codebook by k-means, and the tables of its indices.</summary>
    public override void Freeze(IEnumerable<Features> training)
    {
        ArgumentNullException.ThrowIfNull(training);
        using (new NoGrad())
        {
            var book = Tensor.Zeros(_options.Codes, _options.Width);
            using (new TensorScope("k-means"))
            {
                var rows = Collected.Rows(training, h => Projection.Forward(h.Single));
                KMeans.Fit(rows, _options.Codes, _options.Iterations, new RandomStream(_random.Seed, _random.Stream)).Centres.Data.CopyTo(book.Data);
            }
            _codebook = book;
        }
        base.Freeze(training);
    }

    /// <inheritdoc/>
    /// <remarks>int32 length of the codebook in bytes, the codebook row by row in little-endian floats, then the tables.</remarks>
    public override byte[]? FrozenTables
    {
        get
        {
            if (_codebook is null || base.FrozenTables is not { } tables) return null;
            var book = MemoryMarshal.AsBytes(_codebook.Data);
            var bytes = new byte[4 + book.Length + tables.Length];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, book.Length);
            book.CopyTo(bytes.AsSpan(4));
            tables.CopyTo(bytes, 4 + book.Length);
            return bytes;
        }
    }

    /// <inheritdoc/>
    public override void LoadTables(ReadOnlySpan<byte> tables)
    {
        var length = (long)_options.Codes * _options.Width * sizeof(float);
        if (tables.Length < 4 + length || BinaryPrimitives.ReadInt32LittleEndian(tables) != length)
            throw new InputException($"tables: {tables.Length} bytes hold no codebook of {_options.Codes} codes of {_options.Width} numbers");
        base.LoadTables(tables[(4 + (int)length)..]);
        _codebook = Tensor.From(MemoryMarshal.Cast<byte, float>(tables.Slice(4, (int)length)), _options.Codes, _options.Width);
    }

    /// <inheritdoc/>
    protected override LongTensor Quantize(Features h)
    {
        ArgumentNullException.ThrowIfNull(h);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("vp-vae");
        return Projection.Forward(h.Single).NearestRows(_codebook!).Reshape(-1, 1);
    }

    /// <inheritdoc/>
    protected override Tensor Decode(LongTensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return (_codebook ?? throw new InvalidOperationException("VectorPerturbation: " + NoCodes)).IndexSelect(0, indices.Reshape(-1));
    }

    private Tensor Perturbed(Tensor z, RandomStream random)
    {
        var moved = z.Detach().Clone();
        var (width, count) = (_options.Width, (int)_filled.Data[0]);
        var cell = (count + _options.Codes - 1) / _options.Codes; // M
        var needed = Math.Max(cell, _options.Neighbours);
        if (count < needed || _options.Radius == 0) return moved;
        var step = new float[width];
        var nearest = new float[needed];
        for (var i = 0; i < z.Size(0); i++)
        {
            var row = moved.Data.Slice(i * width, width);
            var (dk, dm) = Distances(row, count, cell, nearest);
            var radius = _options.Radius * dm;
            // Uniform in the ball: a normal direction, and a radius whose d-th power is uniform.
            double norm = 0;
            foreach (ref var s in step.AsSpan()) norm += (s = (float)random.NextGaussian()) * (double)s;
            var length = radius * Math.Pow(random.NextDouble(), 1.0 / width);
            var accept = random.NextDouble();
            if (norm == 0 || length == 0) continue;
            for (var d = 0; d < width; d++) step[d] = row[d] + (float)(step[d] * length / Math.Sqrt(norm));
            var (dk2, dm2) = Distances(step, count, cell, nearest);
            if (length > _options.Radius * dm2) continue; // z could not be proposed from there
            if (Math.Log(accept) <= width * (Math.Log(dk * dm) - Math.Log(dk2 * dm2))) step.CopyTo(row);
        }
        return moved;
    }

    // D_k and D_M of a point.
    private (double Density, double Cell) Distances(ReadOnlySpan<float> point, int count, int cell, float[] nearest)
    {
        Array.Fill(nearest, float.PositiveInfinity);
        var width = point.Length;
        ReadOnlySpan<float> queue = _queue.Data;
        for (var j = 0; j < count; j++)
        {
            var other = queue.Slice(j * width, width);
            float square = 0;
            for (var d = 0; d < width; d++) square += (point[d] - other[d]) * (point[d] - other[d]);
            if (square >= nearest[^1]) continue;
            var at = nearest.Length - 1;
            for (; at > 0 && nearest[at - 1] > square; at--) nearest[at] = nearest[at - 1];
            nearest[at] = square;
        }
        return (Math.Sqrt(nearest[_options.Neighbours - 1]), Math.Sqrt(nearest[cell - 1]));
    }

    private void Remember(Tensor z)
    {
        var width = _options.Width;
        var (count, next) = ((int)_filled.Data[0], (int)_filled.Data[1]);
        for (var i = 0; i < z.Size(0); i++)
        {
            z.Data.Slice(i * width, width).CopyTo(_queue.Data.Slice(next * width, width));
            next = (next + 1) % _options.Queue;
            count = Math.Min(count + 1, _options.Queue);
        }
        (_filled.Data[0], _filled.Data[1]) = (count, next);
    }

    // |mean|² + |variance - wanted|² of the columns: equations 11 and 18.
    internal static Tensor Normalization(Tensor z, float variance)
    {
        var mean = z.Mean(0);
        return mean.Square().Sum() + ((z - mean).Square().Mean(0) - variance).Square().Sum();
    }
}

using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How well and how sparsely rows are rebuilt.</summary>
public sealed record SparseReading
{
    /// <summary>Rows read.</summary>
    public required long Rows { get; init; }

    /// <summary>Features active in a row, on average.</summary>
    public required double L0 { get; init; }

    /// <summary>The share of features that were active in no row.</summary>
    public required double DeadShare { get; init; }

    /// <summary>The fraction of variance unexplained, Σ|x - x'|² / Σ|x - mean x|²: 1 for the mean of the rows, 0 for the rows.</summary>
    public required double Fvu { get; init; }

    /// <summary>The cosine between a row and what it was rebuilt as, on average over rows where both have a length.</summary>
    public required double Cosine { get; init; }

    /// <summary>The length of what was rebuilt over that of the row, on average: below 1 where features have shrunk.</summary>
    public required double Shrinkage { get; init; }

    /// <summary>The share of rows in which each feature is active.</summary>
    public required IReadOnlyList<double> Density { get; init; }
}

/// <summary>The loss of a network whose layer is replaced.</summary>
/// <param name="Clean">Of the network as it is.</param>
/// <param name="Spliced">With the layer's outputs rebuilt.</param>
/// <param name="Ablated">With the layer's outputs replaced by their mean over the rows of a batch.</param>
public sealed record DownstreamLoss(double Clean, double Spliced, double Ablated)
{
    /// <summary>The share of what the layer is worth that is kept: 1 where nothing is lost, 0 where it is no better than the mean; not a
    /// number where the layer is worth nothing.</summary>
    public double Recovered => (Ablated - Spliced) / (Ablated - Clean);
}

/// <summary>Reads autoencoders on rows, batch by batch.</summary>
public sealed class SparseMetrics
{
    private readonly long[] _active;
    private double[] _first = [], _sums = [], _squares = [];
    private double _error, _cosine, _shrinkage;
    private long _rows, _directions, _entries, _lengths;

    /// <summary>Of a number of features.</summary>
    public SparseMetrics(int features)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        _active = new long[features];
    }

    /// <summary>What an autoencoder makes of rows, in evaluation.</summary>
    /// <param name="autoencoder">Any kind.</param>
    /// <param name="batches">Rows, batch by batch; a transcoder's with its targets.</param>
    public static SparseReading Read(SparseAutoencoder autoencoder, IEnumerable<Features> batches)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        ArgumentNullException.ThrowIfNull(batches);
        var metrics = new SparseMetrics(autoencoder.Features);
        using var noGrad = new NoGrad();
        foreach (var h in batches)
        {
            using var scope = new TensorScope("metrics");
            var (pattern, values) = autoencoder.Encode(h);
            metrics.Add(h.Parts[^1].Value, autoencoder.Decode(pattern, values), pattern, values);
        }
        return metrics.Finish();
    }

    /// <summary>The loss of a network without a bottleneck, with it on a layer, and with that layer's mean.</summary>
    /// <param name="network">In evaluation mode.</param>
    /// <param name="layer">A name out of <see cref="Module.NamedModules"/>; a skip past it is allowed.</param>
    /// <param name="bottleneck">What rebuilds the layer's outputs.</param>
    /// <param name="loss">The network's loss on data of one's own; called three times.</param>
    public static DownstreamLoss Downstream(Module network, string layer, Bottleneck bottleneck, Func<double> loss)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(loss);
        using var noGrad = new NoGrad();
        var clean = loss();
        double spliced, ablated;
        using (var insertion = network.Insert(layer, bottleneck, allowBypass: true))
        {
            insertion.Training = false;
            spliced = loss();
        }
        using (network.GetSubmodule(layer).ReplaceOutput(y => (y * 0f) + y.Mean(0, keepdim: true))) ablated = loss();
        return new DownstreamLoss(clean, spliced, ablated);
    }

    /// <summary>Adds rows.</summary>
    /// <param name="x">[rows, width]: what was to be rebuilt.</param>
    /// <param name="rebuilt">[rows, width].</param>
    /// <param name="pattern">The active features of the rows.</param>
    /// <param name="values">[entries]; those of 0 are not active.</param>
    public void Add(Tensor x, Tensor rebuilt, SparsePattern pattern, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(rebuilt);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(values);
        if (x.Dim != 2 || !x.Shape.SequenceEqual(rebuilt.Shape) || pattern.Rows != x.Size(0) || pattern.Columns != _active.Length || values.Numel != pattern.Count)
            throw new ArgumentException($"sparse metrics: rows [{string.Join(", ", x.Shape.ToArray())}], rebuilt [{string.Join(", ", rebuilt.Shape.ToArray())}] and {pattern.Rows} rows of {pattern.Columns} features do not fit {_active.Length} features");
        var width = x.Size(1);
        if (_rows == 0) (_first, _sums, _squares) = ([.. x.Data[..width].ToArray().Select(v => (double)v)], new double[width], new double[width]);
        for (var i = 0; i < x.Size(0); i++) AddRow(x.Data.Slice(i * width, width), rebuilt.Data.Slice(i * width, width));
        for (var p = 0; p < pattern.Count; p++)
        {
            if (!(values.Data[p] > 0)) continue;
            _active[pattern.Places[p]]++;
            _entries++;
        }
    }

    /// <summary>The reading of all rows added.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public SparseReading Finish()
    {
        if (_rows == 0) throw new InvalidOperationException("sparse metrics: no rows were added");
        double variance = 0;
        for (var d = 0; d < _sums.Length; d++) variance += _squares[d] - (_sums[d] * _sums[d] / _rows);
        return new SparseReading
        {
            Rows = _rows,
            L0 = (double)_entries / _rows,
            DeadShare = (double)_active.Count(n => n == 0) / _active.Length,
            Fvu = _error / variance,
            Cosine = _cosine / _directions,
            Shrinkage = _shrinkage / _lengths,
            Density = [.. _active.Select(n => (double)n / _rows)],
        };
    }

    // Squares are about the first row, so that rows far from the origin lose no digits.
    private void AddRow(ReadOnlySpan<float> x, ReadOnlySpan<float> rebuilt)
    {
        double product = 0, own = 0, other = 0;
        for (var d = 0; d < x.Length; d++)
        {
            double a = x[d], b = rebuilt[d], c = a - _first[d];
            _sums[d] += c;
            _squares[d] += c * c;
            _error += (a - b) * (a - b);
            product += a * b;
            own += a * a;
            other += b * b;
        }
        _rows++;
        if (!(own > 0)) return;
        _lengths++;
        _shrinkage += Math.Sqrt(other / own);
        if (!(other > 0)) return;
        _directions++;
        _cosine += product / Math.Sqrt(own * other);
    }
}

using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Sliced mutual information (Goldfeld and Greenewald, NeurIPS 2021, definition 1): the mean over random directions of the
/// mutual information between a projection of x and one of y, each read with <see cref="Ksg1"/>. Zero only when independent,
/// and readable in any dimension, but a quantity of its own: at most I(X;Y), often far less, and never its estimate.
/// </summary>
public sealed class SlicedInformation : SampleEstimator
{
    /// <inheritdoc/>
    public override string Name => "sliced";

    /// <inheritdoc/>
    public override string MeasureUnit => "nats, sliced";

    /// <inheritdoc/>
    public override bool NearestNeighbour => true;

    /// <summary>Number of pairs of directions.</summary>
    public int Slices { get; init; } = 50;

    /// <summary>Number of neighbours.</summary>
    public int K { get; init; } = 3;

    /// <inheritdoc/>
    public override Reading Read(Rows rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Slices, 1);
        var random = new RandomStream(rows.Seed).Fork("slices");
        var ksg = new Ksg1 { K = K, Scaling = Standardise.Always };
        var values = new double[Slices];
        for (var s = 0; s < Slices; s++)
            values[s] = ksg.Read(rows with { X = Project(rows.X, random), Y = Project(rows.Y, random), Given = null }).Nats;
        var (mean, error) = Statistics.MeanAndError(values);
        return new Reading(mean) { StandardError = error };
    }

    // A direction uniform on the sphere, on columns of unit deviation.
    private static Samples Project(Samples samples, RandomStream random)
    {
        var d = samples.Dimensions;
        var direction = new double[d];
        var norm = 0.0;
        for (var c = 0; c < d; c++)
        {
            direction[c] = random.NextGaussian();
            norm += direction[c] * direction[c];
        }
        var deviations = Conditioning.Deviations(samples);
        for (var c = 0; c < d; c++) direction[c] = deviations[c] > 0 ? direction[c] / (Math.Sqrt(norm) * deviations[c]) : 0;
        var projected = new double[samples.Count];
        for (var i = 0; i < projected.Length; i++)
            for (var c = 0; c < d; c++) projected[i] += (samples[i, c] - samples[0, c]) * direction[c];
        return new Samples(projected, projected.Length, 1, null, samples.Name);
    }
}

using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Information;

/// <summary>Projection onto the directions of largest variance, on centred columns.</summary>
internal static class PrincipalComponents
{
    /// <summary>The first components, and the share of the variance that they keep.</summary>
    public static (Samples Scores, double Kept) Project(Samples samples, int components, int threads)
    {
        var (n, d) = (samples.Count, samples.Dimensions);
        var centred = new double[(long)n * d];
        var mean = new double[d];
        for (var i = 0; i < n; i++)
            for (var c = 0; c < d; c++) mean[c] += (samples[i, c] - samples[0, c]) / n;
        for (var i = 0; i < n; i++)
            for (var c = 0; c < d; c++) centred[i * d + c] = samples[i, c] - samples[0, c] - mean[c];
        var products = Moments.Products(centred, n, d, threads);
        var evd = Matrix<double>.Build.Dense(d, d, (r, c) => products[r * d + c]).Evd(Symmetricity.Symmetric);
        var values = evd.EigenValues.Select(v => v.Real).ToArray();
        var scores = new double[(long)n * components];
        for (var k = 0; k < components; k++)
        {
            var direction = evd.EigenVectors.Column(d - 1 - k).ToArray();
            for (var i = 0; i < n; i++)
            {
                var sum = 0.0;
                for (var c = 0; c < d; c++) sum += centred[i * d + c] * direction[c];
                scores[i * components + k] = sum;
            }
        }
        var total = values.Sum();
        return (new Samples(scores, n, components, null, samples.Name), total > 0 ? values[^components..].Sum() / total : 1);
    }
}

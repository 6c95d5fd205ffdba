using Isthmus.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Information;

/// <summary>What a family of predictors can use of X about Y.</summary>
/// <param name="Value">I_V(X→Y), bits that this family can use.</param>
/// <param name="Shuffled">The same after y was shuffled: what the family seems to find in noise.</param>
/// <param name="Growth">Value minus shuffled: the reading without that bias.</param>
/// <param name="Pointwise">Of each row: −log2 f[∅](y) + log2 f[x](y), what x tells about this y; its mean is the value.</param>
public sealed record UsableInformation(Bits Value, Bits Shuffled, Bits Growth, IReadOnlyList<double> Pointwise);

/// <summary>
/// V-information (Xu, Zhao, Song, Stewart, Ermon: "A Theory of Usable Information under Computational Constraints", ICLR 2020,
/// definition 2): I_V(X→Y) = H_V(Y) − H_V(Y|X), the fall of the best expected log loss in a family of predictors; pointwise by
/// Ethayarajh, Choi, Swayamdipta (ICML 2022).
/// </summary>
/// <remarks>
/// Not symmetric, and it may grow under processing, on purpose. On its own training rows it is biased up by about parameters/2n
/// nats, which the growth over shuffled rows removes.
/// </remarks>
public static class PredictiveInformation
{
    private const double Ridge = 1e-12; // of the largest product: only against exact collinearity

    /// <summary>Linear predictors of a Gaussian with fixed variance: (variance explained)/(2 · variance) nats, summed over y's columns.</summary>
    /// <param name="x">n inputs.</param>
    /// <param name="y">n continuous targets.</param>
    /// <param name="variance">The fixed variance of the prediction; null for y's own variance, a column at a time.</param>
    /// <param name="seed">The seed of the shuffle.</param>
    /// <exception cref="InputException">Different numbers of rows.</exception>
    public static UsableInformation LinearGaussian(Samples x, Samples y, double? variance = null, ulong seed = 0)
    {
        CheckRows(x, y);
        if (variance is { } v && !(v > 0)) throw new InputException(FormattableString.Invariant($"V-information: the variance {v} must be above 0"));
        var deviations = Conditioning.Deviations(y);
        double[] Of(Samples target)
        {
            var (residuals, centred) = LeastSquares(x, target);
            var nats = new double[x.Count];
            for (var i = 0; i < nats.Length; i++)
            {
                for (var c = 0; c < target.Dimensions; c++)
                {
                    var s2 = variance ?? deviations[c] * deviations[c];
                    if (s2 > 0) nats[i] += (centred[i, c] * centred[i, c] - residuals[i, c] * residuals[i, c]) / (2 * s2);
                }
            }
            return nats;
        }
        return Assemble(Of(y), Of(Shuffled(y, seed)));
    }

    /// <summary>Softmax of a linear function of x, for classes: maximum likelihood by Newton's method.</summary>
    /// <param name="x">n inputs.</param>
    /// <param name="classes">The class of each row.</param>
    /// <param name="seed">The seed of the shuffle.</param>
    /// <param name="ridge">A penalty on the squared weights a row (of columns at unit deviation), which keeps separable classes finite.</param>
    /// <exception cref="InputException">Different numbers of rows, or a single class.</exception>
    public static UsableInformation Logistic(Samples x, ReadOnlySpan<int> classes, ulong seed = 0, double ridge = 1e-6)
    {
        ArgumentNullException.ThrowIfNull(x);
        var y = Samples.OfLabels(classes);
        CheckRows(x, y);
        var symbols = y.RowSymbols(out var count);
        if (count < 2) throw new InputException("V-information: y has a single class: there is nothing to predict");
        var shares = new double[count];
        foreach (var s in symbols) shares[s] += 1.0 / symbols.Length;
        double[] Of(int[] labels)
        {
            var logs = new LogisticFit(x, labels, count, ridge).LogProbabilities();
            for (var i = 0; i < logs.Length; i++) logs[i] -= Math.Log(shares[labels[i]]);
            return logs;
        }
        var order = new RandomStream(seed).Fork("shuffle").Permutation(symbols.Length);
        return Assemble(Of(symbols), Of(Array.ConvertAll(order, i => symbols[i])));
    }

    private static UsableInformation Assemble(double[] nats, double[] shuffled)
    {
        var (value, noise) = (Bits.FromNats(Statistics.Mean(nats)), Bits.FromNats(Statistics.Mean(shuffled)));
        return new UsableInformation(value, noise, value - noise, Array.ConvertAll(nats, v => v / Math.Log(2)));
    }

    private static void CheckRows(Samples x, Samples y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Count != y.Count) throw new InputException(FormattableString.Invariant($"{x.Name} has {x.Count} rows and {y.Name} has {y.Count}; both need the same"));
    }

    private static Samples Shuffled(Samples y, ulong seed) => y.Take(new RandomStream(seed).Fork("shuffle").Permutation(y.Count));

    // Residuals of the regression of y on x and 1, and y less its mean.
    private static (Matrix<double> Residuals, Matrix<double> Centred) LeastSquares(Samples x, Samples y)
    {
        var (a, b) = (Centred(x), Centred(y));
        var products = a.TransposeThisAndMultiply(a);
        var scale = Math.Max(products.Diagonal().Maximum(), 1e-300);
        var weights = (products + Matrix<double>.Build.DenseIdentity(x.Dimensions) * (Ridge * scale)).Solve(a.TransposeThisAndMultiply(b));
        return (b - a * weights, b);
    }

    private static Matrix<double> Centred(Samples samples)
    {
        var matrix = Matrix<double>.Build.Dense(samples.Count, samples.Dimensions, (i, c) => samples[i, c] - samples[0, c]);
        var means = matrix.ColumnSums() / samples.Count;
        return matrix.MapIndexed((_, c, v) => v - means[c]);
    }
}

using System.Globalization;
using MathNet.Numerics.LinearAlgebra;

namespace Isthmus.Information;

/// <summary>What a code T of one view X tells, exactly.</summary>
/// <param name="Shared">I(T;Y): what it tells about the other view.</param>
/// <param name="Private">I(T;X|Y) = I(T;X) − I(T;Y): what it tells about X beyond that.</param>
/// <param name="AddedNoise">The variance of the white noise that was added to reach a given shared information; 0 where none was asked for.</param>
public sealed record ViewCode(Bits Shared, Bits Private, double AddedNoise);

/// <summary>
/// Two jointly Gaussian views X and Y and linear codes T = A X + noise of the first: the split of I(T;X) into what Y shares and what is private
/// (Federici, Dutta, Forré, Kushman, Akata, "Learning Robust Representations via Multi-View Information Bottleneck", ICLR 2020, equation 2;
/// Shwartz-Ziv, LeCun, "To Compress or Not to Compress — Self-Supervised Learning and Information Theory: A Review", 2024), and
/// the least private information there can be, from the canonical correlations (Chechik, Globerson, Tishby, Weiss 2005).
/// </summary>
public sealed class GaussianViews
{
    private const double LargestBeta = 1e12;
    private readonly double[,] _x, _y, _cross;
    private readonly Matrix<double> _ofX, _ofXGivenY;

    /// <summary>Views of given covariances.</summary>
    /// <param name="covarianceX">dx by dx, positive definite.</param>
    /// <param name="covarianceY">dy by dy, positive definite.</param>
    /// <param name="cross">dx by dy.</param>
    /// <exception cref="InputException">Shapes do not fit, or a matrix is not symmetric and positive definite, or X determines part of Y.</exception>
    public GaussianViews(double[,] covarianceX, double[,] covarianceY, double[,] cross)
    {
        Shared = Bits.FromBits(GaussianBottleneck.Solve(covarianceX, covarianceY, cross, [0]).IxyBits);
        (_x, _y, _cross) = (covarianceX, covarianceY, cross);
        _ofX = Matrix<double>.Build.DenseOfArray(covarianceX);
        var between = Matrix<double>.Build.DenseOfArray(cross);
        _ofXGivenY = _ofX - (between * Matrix<double>.Build.DenseOfArray(covarianceY).Cholesky().Solve(between.Transpose()));
    }

    /// <summary>I(X;Y).</summary>
    public Bits Shared { get; }

    /// <summary>What a code tells.</summary>
    /// <param name="encoder">A, one row for each dimension of T.</param>
    /// <param name="noise">The variance of the independent noise in each dimension, above 0.</param>
    /// <exception cref="InputException">Shapes do not fit, or a variance is not above 0.</exception>
    public ViewCode Code(double[,] encoder, IReadOnlyList<double> noise)
    {
        var (ofT, givenY, variances) = Covariances(encoder, noise);
        foreach (var v in noise)
            if (!(v > 0)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"a noise variance of {v}, expected above 0"));
        return Code(ofT, givenY, variances, 0);
    }

    /// <summary>What a code tells after as much white noise is added to all of its dimensions as leaves a given I(T;Y): codes are compared at equal shared information so.</summary>
    /// <param name="encoder">A, one row for each dimension of T.</param>
    /// <param name="noise">The variance of the independent noise that is there already, at least 0.</param>
    /// <param name="shared">The wanted I(T;Y), above 0.</param>
    /// <returns>Null where the code has less than that without more noise.</returns>
    /// <exception cref="InputException">Shapes do not fit, or a number is out of its range.</exception>
    public ViewCode? AtShared(double[,] encoder, IReadOnlyList<double> noise, Bits shared)
    {
        var (ofT, givenY, variances) = Covariances(encoder, noise);
        foreach (var v in noise)
            if (!(v >= 0)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"a noise variance of {v}, expected at least 0"));
        if (!(shared.Value > 0)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"shared information of {shared.Value} bits, expected above 0"));
        var scale = ofT.Diagonal().Maximum();
        if (!(scale > 0)) return null; // a code of zeros
        var (low, high) = (Math.Log(1e-9 * scale), Math.Log(1e9 * scale)); // I(T;Y) falls in between
        if (Code(ofT, givenY, variances, Math.Exp(low)).Shared.Value < shared.Value) return null;
        for (var i = 0; i < 200 && high - low > 1e-13 * Math.Abs(high); i++)
        {
            var middle = (low + high) / 2;
            if (Code(ofT, givenY, variances, Math.Exp(middle)).Shared.Value >= shared.Value) low = middle;
            else high = middle;
        }
        return Code(ofT, givenY, variances, Math.Exp(low));
    }

    /// <summary>The least I(T;X|Y) of all codes with a given I(T;Y): the Gaussian information bottleneck's curve.</summary>
    /// <param name="shared">At least 0 and below I(X;Y).</param>
    /// <exception cref="InputException">The information is out of its range.</exception>
    public Bits LeastPrivate(Bits shared)
    {
        if (!(shared.Value >= 0) || shared.Value >= Shared.Value) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"shared information of {shared.Value} bits, expected at least 0 and below {Shared.Value}"));
        GaussianBottleneckPoint At(double logBeta) => GaussianBottleneck.Solve(_x, _y, _cross, [Math.Exp(logBeta)]).Points[0];
        var (low, high) = (0.0, Math.Log(LargestBeta));
        if (At(high).ItyBits < shared.Value) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"shared information of {shared.Value} bits is too near to all there is, {Shared.Value}"));
        for (var i = 0; i < 100; i++)
        {
            var middle = (low + high) / 2;
            if (At(middle).ItyBits >= shared.Value) high = middle;
            else low = middle;
        }
        var point = At(high);
        return Bits.FromBits(Math.Max(0, point.IxtBits - point.ItyBits));
    }

    private (Matrix<double> OfT, Matrix<double> GivenY, Matrix<double> Noise) Covariances(double[,] encoder, IReadOnlyList<double> noise)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(noise);
        if (encoder.GetLength(1) != _ofX.RowCount || encoder.GetLength(0) != noise.Count || noise.Count == 0)
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"an encoder of {encoder.GetLength(0)}x{encoder.GetLength(1)} and {noise.Count} noise variances, expected {noise.Count}x{_ofX.RowCount} and at least 1"));
        var a = Matrix<double>.Build.DenseOfArray(encoder);
        return (a * _ofX * a.Transpose(), a * _ofXGivenY * a.Transpose(), Matrix<double>.Build.DenseOfDiagonalArray([.. noise]));
    }

    // The noise is white or has no zeros: all three determinants are above 0.
    private static ViewCode Code(Matrix<double> ofT, Matrix<double> givenY, Matrix<double> noise, double added)
    {
        var all = noise + (Matrix<double>.Build.DenseIdentity(noise.RowCount) * added);
        var (whole, rest, alone) = (LogDeterminant(ofT + all), LogDeterminant(givenY + all), LogDeterminant(all));
        return new ViewCode(Bits.FromNats(Math.Max(0, (whole - rest) / 2)), Bits.FromNats(Math.Max(0, (rest - alone) / 2)), added);
    }

    private static double LogDeterminant(Matrix<double> m) => ((m + m.Transpose()) / 2).Cholesky().DeterminantLn;
}

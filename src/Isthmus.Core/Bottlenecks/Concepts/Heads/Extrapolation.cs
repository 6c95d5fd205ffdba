using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Anderson's extrapolation of a few iterates of a descent: the combination Σ c_i x_i, Σ c_i = 1, whose steps Σ c_i (x_{i+1} - x_i) are
/// smallest (Bertrand, Massias: "Anderson Acceleration of Coordinate Descent", AISTATS 2021). The caller takes it where the objective
/// is lower there.
/// </summary>
internal sealed class Extrapolation
{
    private const int Steps = 5;
    private readonly List<(double[] At, double[] With)> _iterates = [];

    /// <summary>Forgets all iterates.</summary>
    public void Clear() => _iterates.Clear();

    /// <summary>Takes an iterate, and what depends on it linearly; when there are enough, combines the last ones and starts anew.</summary>
    /// <returns>The combination of both; null where there are too few, or none is determined.</returns>
    public (double[] At, double[] With)? Add(ReadOnlySpan<double> at, ReadOnlySpan<double> with)
    {
        _iterates.Add((at.ToArray(), with.ToArray()));
        if (_iterates.Count <= Steps) return null;
        var iterates = _iterates.ToArray();
        _iterates.Clear();
        if (Coefficients(iterates, at.Length) is not { } c) return null;
        var (combined, along) = (new double[at.Length], new double[with.Length]);
        for (var s = 0; s < Steps; s++)
        {
            for (var i = 0; i < combined.Length; i++) combined[i] += c[s] * iterates[s + 1].At[i];
            for (var i = 0; i < along.Length; i++) along[i] += c[s] * iterates[s + 1].With[i];
        }
        return (combined, along);
    }

    private static double[]? Coefficients((double[] At, double[] With)[] iterates, int size)
    {
        var steps = new double[Steps][];
        for (var s = 0; s < Steps; s++)
        {
            steps[s] = new double[size];
            for (var i = 0; i < size; i++) steps[s][i] = iterates[s + 1].At[i] - iterates[s].At[i];
        }
        var gram = new double[Steps * Steps];
        double trace = 0;
        for (var a = 0; a < Steps; a++)
        {
            for (var b = 0; b <= a; b++)
            {
                double sum = 0;
                for (var i = 0; i < size; i++) sum += steps[a][i] * steps[b][i];
                gram[(a * Steps) + b] = gram[(b * Steps) + a] = sum;
            }
            trace += gram[(a * Steps) + a];
        }
        var c = new double[Steps];
        Array.Fill(c, 1);
        if (!(trace > 0) || !Solve(gram, trace, c)) return null;
        var total = c.Sum();
        for (var s = 0; s < Steps; s++) c[s] /= total;
        return c.All(double.IsFinite) ? c : null;
    }

    // (gram + a little) c = 1
    private static unsafe bool Solve(double[] gram, double trace, double[] c)
    {
        for (var a = 0; a < Steps; a++) gram[(a * Steps) + a] += 1e-9 * trace;
        fixed (double* g = gram, right = c)
        {
            if (Dense.Cholesky(g, Steps) >= 0) return false;
            Dense.SolveTriangular(g, Steps, right, 1, upper: false, transposed: false, unit: false);
            Dense.SolveTriangular(g, Steps, right, 1, upper: false, transposed: true, unit: false);
        }
        return true;
    }
}

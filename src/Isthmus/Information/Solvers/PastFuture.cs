using System.Globalization;

namespace Isthmus.Information;

/// <summary>
/// Joint tables of the past and the future of a series of symbols, for the predictive information bottleneck (Bialek, Nemenman, Tishby
/// 2001; Still 2014): the bottleneck then keeps of the past what helps to predict.
/// </summary>
public static class PastFuture
{
    private const int MaxCells = 1 << 24;

    /// <summary>p(past window, future window) counted over all positions of a series.</summary>
    /// <param name="series">Symbols, at least past + future of them.</param>
    /// <param name="past">Length of the past window, at least 1.</param>
    /// <param name="future">Length of the future window, at least 1.</param>
    /// <returns>Variables Past and Future, whose symbols are the windows met, as in <c>"0 1 1"</c>. The plug-in information of long
    /// windows on short series is far too high: keep the number of different windows well below the number of positions.</returns>
    /// <exception cref="InputException">The series is too short.</exception>
    public static JointDistribution FromSeries(IReadOnlyList<int> series, int past, int future)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentOutOfRangeException.ThrowIfLessThan(past, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(future, 1);
        if (series.Count < (long)past + future)
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"a series of {series.Count} symbols, expected at least past + future = {(long)past + future}"));
        string Window(int start, int length) => string.Join(' ', Enumerable.Range(start, length).Select(i => series[i].ToString(CultureInfo.InvariantCulture)));
        var positions = series.Count - past - future + 1;
        return JointDistribution.FromOutcomes(["Past", "Future"],
            Enumerable.Range(0, positions).Select(i => ((IReadOnlyList<string>)[Window(i, past), Window(i + past, future)], 1.0)), counts: true, what: "series");
    }

    /// <summary>p(past window, future window) of a stationary Markov chain, exactly.</summary>
    /// <param name="transition">p(next | now), rows now, irreducible.</param>
    /// <param name="past">Length of the past window, at least 1.</param>
    /// <param name="future">Length of the future window, at least 1.</param>
    /// <returns>Rows: past windows; columns: future windows; both in lexicographic order.</returns>
    /// <exception cref="InputException">A row is not a distribution, or there would be more than 2^24 cells.</exception>
    public static double[,] FromMarkovChain(double[,] transition, int past, int future)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(past, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(future, 1);
        var step = Probabilities.CopyChannel(transition, "transition");
        var n = step.GetLength(0);
        if (step.GetLength(1) != n) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"transition is {n}x{step.GetLength(1)}, expected a square matrix"));
        if (Math.Pow(n, past + future) > MaxCells) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"windows of {past} and {future} symbols out of {n} make more than {MaxCells} cells"));
        var (rows, columns) = ((int)Math.Pow(n, past), (int)Math.Pow(n, future));
        var start = Stationary(step);
        var joint = new double[rows, columns];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++)
            {
                var window = Digits(r, n, past).Concat(Digits(c, n, future)).ToArray();
                var p = start[window[0]];
                for (var i = 1; i < window.Length; i++) p *= step[window[i - 1], window[i]];
                joint[r, c] = p;
            }
        return joint;
    }

    // The left eigenvector for eigenvalue one, by averaging the powers of the lazy chain (which is aperiodic).
    private static double[] Stationary(double[,] step)
    {
        var n = step.GetLength(0);
        var p = new double[n];
        Array.Fill(p, 1.0 / n);
        for (var i = 0; i < 1_000_000; i++)
        {
            var next = new double[n];
            for (var a = 0; a < n; a++)
            {
                next[a] += p[a] / 2;
                for (var b = 0; b < n; b++) next[b] += p[a] * step[a, b] / 2;
            }
            var change = next.Zip(p, (u, v) => Math.Abs(u - v)).Max();
            p = next;
            if (change < 1e-16) break;
        }
        return p;
    }

    private static int[] Digits(int number, int n, int length)
    {
        var digits = new int[length];
        for (var i = length - 1; i >= 0; i--, number /= n) digits[i] = number % n;
        return digits;
    }
}

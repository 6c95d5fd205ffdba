using System.Globalization;

namespace Isthmus.Information;

/// <summary>Series whose symbols depend on a hidden state that walks on its own: a room that is only seen through what stands in it.</summary>
public static class HiddenChain
{
    private const int MaxOutcomes = 1 << 20;

    /// <summary>The exact distribution of the first symbols of a hidden Markov chain (the forward recursion of Baum and Eagon 1967, on every series).</summary>
    /// <param name="start">p(first state).</param>
    /// <param name="transition">p(next state | state), rows the state.</param>
    /// <param name="emission">p(symbol | state), rows the state.</param>
    /// <param name="steps">How many symbols, at least 1.</param>
    /// <returns>Variables X1, X2, … with as many symbols as the emission has columns.</returns>
    /// <exception cref="InputException">A row is not a distribution, the sizes do not fit, or there would be more than 2^20 series.</exception>
    public static JointDistribution Series(IReadOnlyList<double> start, double[,] transition, double[,] emission, int steps)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        var walk = Probabilities.CopyChannel(transition, "transition");
        var seen = Probabilities.CopyChannel(emission, "emission");
        var (states, symbols) = (start.Count, seen.GetLength(1));
        if (walk.GetLength(0) != states || walk.GetLength(1) != states || seen.GetLength(0) != states)
            throw new InputException(string.Create(CultureInfo.InvariantCulture,
                $"a start of {states} states, a transition of {walk.GetLength(0)}x{walk.GetLength(1)}, an emission of {seen.GetLength(0)} rows: expected equal numbers of states"));
        if (Math.Pow(symbols, steps) > MaxOutcomes) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{steps} symbols out of {symbols} make more than {MaxOutcomes} series"));
        double[] first = [.. start];
        Probabilities.Normalise(first, "start");

        // p(series so far, state now), for all series of a length at once, in lexicographic order.
        var paths = new List<double[]> { first };
        for (var step = 0; step < steps; step++)
        {
            if (step > 0) paths = paths.ConvertAll(p => Moved(p, walk));
            paths = [.. paths.SelectMany(p => Enumerable.Range(0, symbols).Select(s => p.Select((mass, state) => mass * seen[state, s]).ToArray()))];
        }
        return JointDistribution.FromTable([.. Enumerable.Range(1, steps).Select(t => Variable.OfSize(string.Create(CultureInfo.InvariantCulture, $"X{t}"), symbols))], paths.Select(p => p.Sum()).ToArray());
    }

    private static double[] Moved(double[] states, double[,] walk)
    {
        var next = new double[states.Length];
        for (var a = 0; a < next.Length; a++)
            for (var b = 0; b < next.Length; b++) next[b] += states[a] * walk[a, b];
        return next;
    }
}

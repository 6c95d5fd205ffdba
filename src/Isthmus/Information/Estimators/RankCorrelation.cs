namespace Isthmus.Information;

/// <summary>How far two readings put things in the same order.</summary>
public static class RankCorrelation
{
    /// <summary>
    /// Kendall's τ_b, −1 to 1: pairs in the same order minus pairs in opposite orders, over the geometric mean of the numbers of pairs that are
    /// not tied in the one and in the other (Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945). O(n²).
    /// </summary>
    /// <param name="x">Readings, not NaN.</param>
    /// <param name="y">As many.</param>
    /// <returns>NaN where all of x or all of y are tied.</returns>
    /// <exception cref="ArgumentException">Different lengths.</exception>
    public static double Kendall(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length) throw new ArgumentException(FormattableString.Invariant($"kendall: {x.Length} and {y.Length} readings, equal numbers are needed"));
        long agreement = 0, inX = 0, inY = 0;
        for (var i = 0; i < x.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (a, b) = (x[i].CompareTo(x[j]), y[i].CompareTo(y[j]));
                agreement += Math.Sign(a) * Math.Sign(b);
                inX += a != 0 ? 1 : 0;
                inY += b != 0 ? 1 : 0;
            }
        }
        return inX > 0 && inY > 0 ? agreement / (Math.Sqrt(inX) * Math.Sqrt(inY)) : double.NaN;
    }

    /// <summary>
    /// Kendall's τ where one setting moves and all others stay: the mean over the groups of each setting, then over the settings (Jiang, Neyshabur,
    /// Mobahi, Krishnan, Bengio, "Fantastic Generalization Measures and Where to Find Them", ICLR 2020, equation 5). A reading that merely
    /// follows one setting cannot score by the others.
    /// </summary>
    /// <param name="settings">For each thing its settings, all of equal length.</param>
    /// <param name="x">A reading of each.</param>
    /// <param name="y">Another.</param>
    /// <returns>NaN where no group has two things that differ in both readings.</returns>
    /// <exception cref="ArgumentException">Different lengths.</exception>
    public static double Granulated(IReadOnlyList<IReadOnlyList<double>> settings, IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (settings.Count != x.Count || x.Count != y.Count || settings.Any(s => s.Count != settings[0].Count))
            throw new ArgumentException(FormattableString.Invariant($"granulated kendall: {settings.Count} settings of things, {x.Count} and {y.Count} readings; all need the same number, and things the same settings"));
        var means = new List<double>();
        for (var moving = 0; settings.Count > 0 && moving < settings[0].Count; moving++)
        {
            var groups = new List<(double[] Others, List<int> Members)>();
            for (var i = 0; i < settings.Count; i++)
            {
                double[] others = [.. settings[i].Where((_, s) => s != moving)];
                var at = groups.FindIndex(g => g.Others.AsSpan().SequenceEqual(others));
                if (at >= 0) groups[at].Members.Add(i);
                else groups.Add((others, [i]));
            }
            double[] taus = [.. groups.Select(g => Kendall([.. g.Members.Select(i => x[i])], [.. g.Members.Select(i => y[i])])).Where(t => !double.IsNaN(t))];
            if (taus.Length > 0) means.Add(taus.Average());
        }
        return means.Count > 0 ? means.Average() : double.NaN;
    }
}

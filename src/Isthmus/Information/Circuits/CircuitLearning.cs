using System.Globalization;

namespace Isthmus.Information;

/// <summary>How a circuit is fitted.</summary>
public sealed record CircuitOptions
{
    /// <summary>Passes over the rows, at least 0.</summary>
    public int Iterations { get; init; } = 50;

    /// <summary>Added to the counts of each unit, spread evenly over its choices: keeps unseen symbols possible. At least 0.</summary>
    public double Pseudocount { get; init; } = 0.1;

    /// <summary>Ends when a pass gains less than this many bits a row.</summary>
    public double Tolerance { get; init; } = 1e-5;
}

/// <summary>Maximum likelihood for circuits by expectation–maximisation (Poon and Domingos 2011; Peharz et al. 2016).</summary>
public static class CircuitLearning
{
    /// <summary>Improves the parameters of a circuit in place; without pseudocounts the likelihood never falls.</summary>
    /// <param name="circuit">Changed.</param>
    /// <param name="rows">Training rows; −1 is a missing value and is handled exactly.</param>
    /// <param name="options">Passes and smoothing.</param>
    /// <returns>−log2 p per row before each pass and after the last.</returns>
    /// <exception cref="InputException">There are no rows, a row does not fit, or an option is out of its range.</exception>
    public static IReadOnlyList<Bits> Fit(Circuit circuit, IReadOnlyList<int[]> rows, CircuitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        circuit.Check(rows);
        var settings = options ?? new CircuitOptions();
        if (rows.Count == 0) throw new InputException("no rows to learn from, expected at least one");
        if (settings.Iterations < 0 || !(settings.Pseudocount >= 0) || !double.IsFinite(settings.Pseudocount))
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"iterations {settings.Iterations}, pseudocount {settings.Pseudocount}: expected at least 0"));
        var block = new CircuitBlock(circuit);
        var counts = Array.ConvertAll(circuit.Regions, r => new double[r.Parameters.Length]);
        var history = new List<Bits>();
        for (var pass = 0; pass < settings.Iterations; pass++)
        {
            foreach (var c in counts) Array.Clear(c);
            var nats = 0.0;
            for (var start = 0; start < rows.Count; start += CircuitBlock.Rows)
            {
                var count = Math.Min(CircuitBlock.Rows, rows.Count - start);
                block.Forward(rows, start, count);
                for (var i = 0; i < count; i++) nats += block.LogLikelihood(i);
                block.Backward(rows, start, count, counts);
            }
            history.Add(Bits.FromNats(-nats / rows.Count));
            if (pass > 0 && history[^2].Value - history[^1].Value < settings.Tolerance) return history;
            for (var r = 0; r < counts.Length; r++)
                if (!circuit.Regions[r].Fixed) Assign(circuit.Regions[r], counts[r], settings.Pseudocount);
        }
        history.Add(circuit.NegativeLogLikelihood(rows));
        return history;
    }

    /// <summary>Parameters in proportion to counts plus the pseudocount; a unit without any keeps what it has.</summary>
    internal static void Assign(Circuit.Region region, double[] counts, double pseudocount)
    {
        var width = region.Width;
        for (var u = 0; u < region.Units; u++)
        {
            var row = counts.AsSpan(u * width, width);
            var sum = pseudocount;
            foreach (var c in row) sum += c;
            if (!(sum > 1e-300)) continue;
            for (var i = 0; i < width; i++) region.Parameters[(u * width) + i] = (row[i] + (pseudocount / width)) / sum;
        }
    }
}

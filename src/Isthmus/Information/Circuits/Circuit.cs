using System.Globalization;

namespace Isthmus.Information;

/// <summary>
/// A probabilistic circuit over discrete variables: a tree of regions, each a group of units over the same variables. Input regions
/// hold categorical tables, product regions multiply units of regions over disjoint variables (decomposability), sum regions mix the
/// units of one region (smoothness). Every unit is a distribution, so that likelihoods, marginals and conditionals are exact and cost one
/// pass (Choi, Vergari, Van den Broeck 2020). Parameters change by <see cref="CircuitLearning"/>; otherwise it is immutable.
/// </summary>
public sealed class Circuit
{
    internal enum Kind
    {
        Input,
        Product,
        Sum,
    }

    /// <summary>A group of units. Weights of a sum are [unit, child's unit], tables of an input [unit, symbol]; rows sum to one.</summary>
    internal sealed record Region(Kind Kind, int Units, int Variable, int[] Children, double[] Parameters, bool Fixed)
    {
        /// <summary>Where its units start among those of all regions.</summary>
        public int Offset { get; init; }

        /// <summary>How many parameters a unit has.</summary>
        public int Width => Units == 0 ? 0 : Parameters.Length / Units;
    }

    private readonly int[] _alphabets;

    internal Circuit(int[] alphabets, IReadOnlyList<Region> regions)
    {
        _alphabets = alphabets;
        var offset = 0;
        Regions = [.. regions.Select(r =>
        {
            var placed = r with { Offset = offset };
            offset += r.Units;
            return placed;
        })];
        Units = offset;
    }

    /// <summary>The number of symbols of each variable; rows hold one number below it for each.</summary>
    public IReadOnlyList<int> Alphabets => _alphabets;

    /// <summary>The number of units of all regions.</summary>
    public int Units { get; }

    /// <summary>The number of parameters that learning may change, before the constraint that rows sum to one.</summary>
    public long Parameters => Regions.Where(r => !r.Fixed).Sum(r => (long)r.Parameters.Length);

    /// <summary>Children before parents; the last is the root, with one unit.</summary>
    internal Region[] Regions { get; }

    /// <summary>ln p of each row in nats. A symbol of −1 is unknown: it is summed out exactly.</summary>
    /// <param name="rows">One number for each variable: −1 or a symbol.</param>
    /// <exception cref="InputException">A row has the wrong length or a symbol outside its alphabet.</exception>
    public double[] LogLikelihoods(IReadOnlyList<int[]> rows)
    {
        Check(rows);
        var result = new double[rows.Count];
        var block = new CircuitBlock(this);
        for (var start = 0; start < rows.Count; start += CircuitBlock.Rows)
        {
            var count = Math.Min(CircuitBlock.Rows, rows.Count - start);
            block.Forward(rows, start, count);
            for (var i = 0; i < count; i++) result[start + i] = block.LogLikelihood(i);
        }
        return result;
    }

    /// <summary>The mean of −log2 p over rows: the bits a row needs under this circuit.</summary>
    /// <inheritdoc cref="LogLikelihoods" path="/param|/exception"/>
    public Bits NegativeLogLikelihood(IReadOnlyList<int[]> rows)
    {
        if (rows is { Count: 0 }) throw new InputException("no rows, expected at least one");
        return Bits.FromNats(-LogLikelihoods(rows).Average());
    }

    internal void Check(IReadOnlyList<int[]> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Length != _alphabets.Length)
                throw new InputException(string.Create(CultureInfo.InvariantCulture, $"row {i + 1} has {rows[i].Length} symbols, expected {_alphabets.Length}"));
            for (var v = 0; v < _alphabets.Length; v++)
                if (rows[i][v] < -1 || rows[i][v] >= _alphabets[v])
                    throw new InputException(string.Create(CultureInfo.InvariantCulture, $"row {i + 1}, variable {v + 1}: symbol {rows[i][v]}, expected -1 to {_alphabets[v] - 1}"));
        }
    }
}

using System.Globalization;
using Isthmus.Coding;

namespace Isthmus.Information;

/// <summary>
/// Lossless coding of rows with a circuit's exact conditional probabilities. Each symbol is a walk down a balanced binary tree over its
/// alphabet, each branch a decision with a probability of 16 bits, so no table is built for a distribution that is used once.
/// </summary>
/// <remarks>The bits written are −log2 p(row) plus what rounding to 1/65,536 costs: below 0.001 bits a decision unless its
/// probability is smaller than about 1/1000, and every symbol can be coded, even one of probability zero (at 16 bits a decision).</remarks>
public static class CircuitCoding
{
    private const double Units = 65536;

    /// <summary>Writes one row.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="walk">The circuit's walk; its order is the order of the symbols.</param>
    /// <param name="row">A symbol for each variable, none missing.</param>
    /// <exception cref="InputException">The row does not fit the circuit.</exception>
    public static void Write(ISymbolWriter writer, CircuitWalk walk, int[] row)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(walk);
        ArgumentNullException.ThrowIfNull(row);
        if (row.Length != walk.Alphabets.Count) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"a row of {row.Length} symbols, expected {walk.Alphabets.Count}"));
        for (var v = 0; v < row.Length; v++)
            if (row[v] < 0 || row[v] >= walk.Alphabets[v])
                throw new InputException(string.Create(CultureInfo.InvariantCulture, $"variable {v + 1}: symbol {row[v]}, expected 0 to {walk.Alphabets[v] - 1}"));
        walk.Run((variable, p) =>
        {
            var symbol = row[variable];
            for (int low = 0, high = p.Length; high - low > 1;)
            {
                var middle = (low + high) / 2;
                var upper = symbol >= middle;
                writer.WriteBit(upper, Probability(p, low, middle, high));
                if (upper) low = middle;
                else high = middle;
            }
            return symbol;
        });
    }

    /// <summary>Reads one row that <see cref="Write"/> wrote with an equal circuit.</summary>
    /// <param name="reader">Where from.</param>
    /// <param name="walk">The circuit's walk.</param>
    /// <exception cref="CodingException">The bytes end early or are not the coder's.</exception>
    public static int[] Read(ISymbolReader reader, CircuitWalk walk)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(walk);
        var row = new int[walk.Alphabets.Count];
        walk.Run((variable, p) =>
        {
            var low = 0;
            for (var high = p.Length; high - low > 1;)
            {
                var middle = (low + high) / 2;
                if (reader.ReadBit(Probability(p, low, middle, high))) low = middle;
                else high = middle;
            }
            return row[variable] = low;
        });
        return row;
    }

    // P(symbol ≥ middle | low ≤ symbol < high) in units of 1/65,536: only sums, products and quotients, so equal on both sides.
    private static int Probability(ReadOnlySpan<double> p, int low, int middle, int high)
    {
        double below = 0, above = 0;
        for (var i = low; i < middle; i++) below += p[i];
        for (var i = middle; i < high; i++) above += p[i];
        return below + above > 0 ? Math.Clamp((int)Math.Round(Units * (above / (below + above))), 1, 65535) : 32768;
    }
}

namespace Isthmus.Coding;

/// <summary>
/// The tables of a scale hyperprior: one zero-mean table for each of 64 scales spaced evenly in the logarithm from 0.11 to 256. A
/// number is coded under the first scale that is not below its own (Ballé et al. 2018). For a mean-scale hyperprior (D. Minnen,
/// J. Ballé, G. Toderici, NeurIPS 2018) code round(y − μ) and add μ again.
/// </summary>
/// <remarks>Sender and receiver must agree on every index, so a hyper-decoder has to be exact: integers, or floats in one fixed
/// order. <see cref="IndexDigest"/> in the frame (<see cref="FrameField.IndexDigest"/>) tells when they do not.</remarks>
public sealed class ScaleTables
{
    private static readonly double[] Values = [.. Enumerable.Range(0, 64).Select(i => FixedMath.Exp(FixedMath.Log(0.11) + i * (FixedMath.Log(256) - FixedMath.Log(0.11)) / 63))];

    /// <summary>Builds the tables of a density.</summary>
    public ScaleTables(Density density = Density.Gaussian) => Tables = new TableSet(Values.Select(scale => PriorTables.Discretize(density, scale)));

    /// <summary>Takes the tables as frozen in a model file.</summary>
    /// <exception cref="CodingException">There are not 64 of them (InvalidHeader).</exception>
    public ScaleTables(TableSet tables) =>
        Tables = tables.Count == Values.Length ? tables : throw new CodingException(CodingError.InvalidHeader, $"{tables.Count} tables of scales; {Values.Length} are required");

    /// <summary>The 64 scales, rising.</summary>
    public static IReadOnlyList<double> Scales => Values;

    /// <summary>The table of each scale.</summary>
    public TableSet Tables { get; }

    /// <summary>The index of the first scale that is at least σ; 0 for σ ≤ 0.11 and NaN, 63 above 256.</summary>
    public static int IndexOf(double sigma)
    {
        if (!(sigma > Values[0])) return 0;
        var at = Array.BinarySearch(Values, sigma);
        return Math.Min(at >= 0 ? at : ~at, Values.Length - 1);
    }

    /// <summary>Writes integers, each under the scale with its index.</summary>
    /// <exception cref="ArgumentException">The spans differ in length, or an index is not in 0..63.</exception>
    public void Write(ISymbolWriter writer, ReadOnlySpan<int> values, ReadOnlySpan<int> scaleIndices)
    {
        Check(values.Length, scaleIndices);
        for (var i = 0; i < values.Length; i++) writer.WriteInteger(values[i], Tables[scaleIndices[i]]);
    }

    /// <summary>Reads as many integers as there are indices.</summary>
    /// <exception cref="ArgumentException">The spans differ in length, or an index is not in 0..63.</exception>
    /// <exception cref="CodingException">As the reader's.</exception>
    public void Read(ISymbolReader reader, Span<int> values, ReadOnlySpan<int> scaleIndices)
    {
        Check(values.Length, scaleIndices);
        for (var i = 0; i < values.Length; i++) values[i] = reader.ReadInteger(Tables[scaleIndices[i]]);
    }

    /// <summary>64 bits that name a list of indices.</summary>
    public static ulong IndexDigest(ReadOnlySpan<int> scaleIndices)
    {
        var hash = new StableHash();
        foreach (var index in scaleIndices) hash.Add((uint)index);
        return hash.Value;
    }

    private static void Check(int count, ReadOnlySpan<int> scaleIndices)
    {
        if (count != scaleIndices.Length) throw new ArgumentException($"ScaleTables: {count} values and {scaleIndices.Length} scale indices; as many are required");
        foreach (var index in scaleIndices)
            if ((uint)index >= (uint)Values.Length) throw new ArgumentException($"ScaleTables: scale index {index}; 0 to {Values.Length - 1} is required");
    }
}

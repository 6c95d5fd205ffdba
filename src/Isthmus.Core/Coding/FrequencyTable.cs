using System.Globalization;

namespace Isthmus.Coding;

/// <summary>
/// The static model of one symbol: integer frequencies that sum to 2^<see cref="Precision"/>. Sender and receiver hold the
/// same integers, so the bytes do not depend on anybody's floating point. Entries are numbered 0..<see cref="Entries"/>−1;
/// entry <c>i</c> stands for the integer <see cref="First"/> + i. An optional last entry is the escape, through which
/// <see cref="SymbolCoding.WriteInteger"/> codes every other 32-bit integer.
/// </summary>
/// <remarks>It differs from <see cref="TableSet"/>, the list of tables that is stored in a model file. Immutable and
/// thread-safe; the tables a coder needs are built when it first asks.</remarks>
public sealed class FrequencyTable
{
    /// <summary>The largest precision: frequencies sum to at most 2^16.</summary>
    public const int MaxPrecision = 16;

    /// <summary>The largest number of entries, the escape included.</summary>
    public const int MaxEntries = 1 << MaxPrecision;

    private readonly int[] _starts; // Entries + 1 numbers, not decreasing, from 0 to 2^Precision
    private EncodeEntry[]? _encoding;
    private DecodeLookup? _decoding;
    private double[]? _bits;

    private FrequencyTable(int[] starts, int first, int precision, bool escape)
    {
        _starts = starts;
        First = first;
        Precision = precision;
        HasEscape = escape;
        Digest = ComputeDigest();
        for (var i = 0; i < Entries; i++) HasHoles |= starts[i] == starts[i + 1];
    }

    /// <summary>The integer that entry 0 stands for.</summary>
    public int First { get; }

    /// <summary>p: the frequencies sum to 2^p; 0..16 (0 for a lone symbol).</summary>
    public int Precision { get; }

    /// <summary>Whether the last entry is the escape.</summary>
    public bool HasEscape { get; }

    /// <summary>The number of entries, the escape included: 1..65,536.</summary>
    public int Entries => _starts.Length - 1;

    /// <summary>The number of integers in the table: the entries without the escape.</summary>
    public int Count => Entries - (HasEscape ? 1 : 0);

    /// <summary>Whether some entry has frequency zero and so cannot be coded but through the escape.</summary>
    public bool HasHoles { get; }

    /// <summary>64 bits that name the table: equal on every machine for equal tables. Not cryptographic.</summary>
    public ulong Digest { get; }

    /// <summary>The frequency of an entry, 0..2^p.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The entry is not in the table.</exception>
    public int Frequency(int entry)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)entry, (uint)Entries, nameof(entry));
        return _starts[entry + 1] - _starts[entry];
    }

    /// <summary>The sum of the frequencies of all entries before this one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The entry is not in the table.</exception>
    public int Start(int entry)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)entry, (uint)Entries, nameof(entry));
        return _starts[entry];
    }

    /// <summary>What an entry costs in bits, log2(2^p / f); infinity at frequency zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The entry is not in the table.</exception>
    public double Bits(int entry)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)entry, (uint)Entries, nameof(entry));
        return Costs[entry];
    }

    /// <summary>The table of a distribution over the integers first, first+1, ...: the frequencies that minimise its expected
    /// code length. An integer of probability zero gets frequency zero unless <paramref name="everySymbol"/> is set.</summary>
    /// <param name="pmf">1..65,536 probabilities or weights on any scale, finite and not negative.</param>
    /// <param name="first">The integer of the first probability.</param>
    /// <param name="precision">p, 0..16: the frequencies sum to 2^p.</param>
    /// <param name="escape">The weight of everything outside, on the scale of <paramref name="pmf"/>; above 0 it adds an
    /// escape entry, which gets frequency 1 at least.</param>
    /// <param name="everySymbol">Whether integers of probability zero get frequency 1 all the same.</param>
    /// <exception cref="ArgumentException">A weight is negative, NaN or infinite; all are zero; or 2^p units are too few.</exception>
    public static FrequencyTable FromPmf(ReadOnlySpan<double> pmf, int first = 0, int precision = 14, double escape = 0, bool everySymbol = false)
    {
        CheckWeight("escape", escape);
        var weights = new double[pmf.Length + (escape > 0 ? 1 : 0)];
        pmf.CopyTo(weights);
        if (escape > 0) weights[^1] = escape;
        CheckShape(weights.Length, first, pmf.Length, precision);
        var used = new bool[weights.Length];
        var needed = 0;
        var positive = false;
        for (var i = 0; i < weights.Length; i++)
        {
            positive |= weights[i] > 0;
            CheckWeight(i < pmf.Length ? string.Create(CultureInfo.InvariantCulture, $"pmf[{i}]") : "escape", weights[i]);
            used[i] = weights[i] > 0 || everySymbol;
            if (used[i]) needed++;
        }
        if (!positive) throw new ArgumentException($"FrequencyTable: all {pmf.Length} weights are zero; at least one must be positive", nameof(pmf));
        if (needed > 1 << precision)
            throw new ArgumentException($"FrequencyTable: {needed} used symbols do not fit into 2^{precision} units; precision {32 - int.LeadingZeroCount(needed - 1)} or more is required", nameof(precision));
        return FromFrequencies(FrequencyNormalizer.Normalize(weights, used, precision), first, escape > 0);
    }

    /// <summary>The table of counts; see <see cref="FromPmf"/>.</summary>
    /// <exception cref="ArgumentException">As in <see cref="FromPmf"/>.</exception>
    public static FrequencyTable FromCounts(ReadOnlySpan<long> counts, int first = 0, int precision = 14, double escape = 0, bool everySymbol = false)
    {
        var weights = new double[counts.Length];
        for (var i = 0; i < weights.Length; i++) weights[i] = counts[i];
        return FromPmf(weights, first, precision, escape, everySymbol);
    }

    /// <summary>The table of given frequencies, which must sum to a power of two up to 2^16.</summary>
    /// <param name="frequencies">One per entry, not negative; the last is the escape's when <paramref name="escape"/> is set.</param>
    /// <param name="first">The integer that entry 0 stands for.</param>
    /// <param name="escape">Whether the last entry is the escape; its frequency is then at least 1.</param>
    /// <exception cref="ArgumentException">A frequency is negative, or the sum is not a power of two up to 65,536.</exception>
    public static FrequencyTable FromFrequencies(ReadOnlySpan<int> frequencies, int first = 0, bool escape = false)
    {
        var count = frequencies.Length - (escape ? 1 : 0);
        CheckShape(frequencies.Length, first, count, 0);
        var starts = new int[frequencies.Length + 1];
        for (var i = 0; i < frequencies.Length; i++)
        {
            if (frequencies[i] < 0 || frequencies[i] > MaxEntries - starts[i])
                throw new ArgumentException($"FrequencyTable: frequency {frequencies[i]} of entry {i} is negative or brings the sum above {MaxEntries}", nameof(frequencies));
            starts[i + 1] = starts[i] + frequencies[i];
        }
        if (!int.IsPow2(starts[^1])) throw new ArgumentException($"FrequencyTable: frequencies sum to {starts[^1]}; a power of two from 1 to {MaxEntries} is required", nameof(frequencies));
        if (escape && frequencies[^1] == 0) throw new ArgumentException("FrequencyTable: the escape has frequency 0; 1 or more is required", nameof(frequencies));
        return new FrequencyTable(starts, first, int.Log2(starts[^1]), escape);
    }

    /// <summary>n integers of equal probability as nearly as 2^p units allow.</summary>
    /// <param name="count">1..65,536.</param>
    /// <param name="first">The smallest integer.</param>
    /// <exception cref="ArgumentException">The count or the range is not allowed.</exception>
    public static FrequencyTable Uniform(int count, int first = 0)
    {
        CheckShape(count, first, count, 0);
        var frequencies = new int[count];
        var total = int.IsPow2(count) ? count : MaxEntries; // a power of two is exact with one unit each
        for (var i = 0; i < count; i++) frequencies[i] = total / count + (i < total % count ? 1 : 0);
        return FromFrequencies(frequencies, first);
    }

    internal ReadOnlySpan<int> Starts => _starts;

    internal EncodeEntry[] Encoding => _encoding ??= EncodeEntry.Build(_starts, Precision);

    internal DecodeLookup Decoding => _decoding ??= new DecodeLookup(_starts, Precision);

    internal double[] Costs => _bits ??= BuildCosts();

    private double[] BuildCosts()
    {
        var bits = new double[Entries];
        for (var i = 0; i < bits.Length; i++)
        {
            var f = _starts[i + 1] - _starts[i];
            bits[i] = f == 0 ? double.PositiveInfinity : f == 1 << Precision ? 0 : Precision - FixedMath.Log2(f);
        }
        return bits;
    }

    private ulong ComputeDigest()
    {
        var hash = new StableHash();
        hash.Add((uint)First);
        hash.Add((uint)(Precision | (HasEscape ? 0x100 : 0)));
        hash.Add((uint)Entries);
        for (var i = 0; i < Entries; i++) hash.Add((uint)(_starts[i + 1] - _starts[i]));
        return hash.Value;
    }

    private static void CheckShape(int entries, int first, int count, int precision)
    {
        if (count < 1 || entries > MaxEntries)
            throw new ArgumentException($"FrequencyTable: {entries} entries; 1 to {MaxEntries} are required, the escape included");
        if ((long)first + count - 1 > int.MaxValue)
            throw new ArgumentException($"FrequencyTable: first {first} with {count} symbols goes beyond the largest 32-bit integer");
        if (precision is < 0 or > MaxPrecision)
            throw new ArgumentException($"FrequencyTable: precision {precision}; 0 to {MaxPrecision} is required", nameof(precision));
    }

    private static void CheckWeight(string name, double weight)
    {
        if (!(weight >= 0) || double.IsPositiveInfinity(weight))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"FrequencyTable: {name} is {weight}; a finite weight of 0 or more is required"));
    }
}

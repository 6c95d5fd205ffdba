using System.Diagnostics;
using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>What stands between a layer and its reader.</summary>
public enum ChannelKind
{
    /// <summary>Independent Gaussian noise is added to every number.</summary>
    Noise,

    /// <summary>Every number is put into equally wide bins.</summary>
    Bins,

    /// <summary>Every number is put into bins that hold equally many distinct levels of the layer.</summary>
    Ebab,

    /// <summary>Every number is rounded to 16 bits (IEEE 754 binary16).</summary>
    Float16,
}

/// <summary>What passes from an input to a layer, and from the layer to the classes, through a channel.</summary>
/// <param name="Input">Readings of I(X;T), the one to draw first.</param>
/// <param name="Label">Readings of I(T;Y), the one to draw first; none without classes.</param>
public sealed record LayerReading(IReadOnlyList<Estimate> Input, IReadOnlyList<Estimate> Label);

/// <summary>
/// A stated channel behind a layer. A deterministic layer of continuous numbers tells everything about its input, whatever it has learned: its
/// information is infinite, or the entropy of the rows (Goldfeld et al. 2019; Saxe et al. 2018). Only what passes a channel is a finite
/// property of the layer, and it depends on the channel, which is why every reading names it.
/// </summary>
public sealed record LayerChannel
{
    private const int DefaultBins = 30; // Shwartz-Ziv and Tishby 2017
    private const int RowsInCell = 5;

    private LayerChannel(ChannelKind kind, double deviation = 0, int count = 0) => (Kind, Deviation, Count) = (kind, deviation, count);

    /// <summary>Which kind.</summary>
    public ChannelKind Kind { get; }

    /// <summary>The standard deviation of the noise, in the layer's units; 0 for the other kinds.</summary>
    public double Deviation { get; }

    /// <summary>The number of bins; 0 for the kinds without.</summary>
    public int Count { get; }

    /// <summary>Whether bins are laid.</summary>
    public bool HasBins => Kind is ChannelKind.Bins or ChannelKind.Ebab;

    /// <summary>What stands behind a layer where nothing else is said: 30 bins of equal width.</summary>
    public static LayerChannel Default { get; } = Parse("bins:30");

    /// <summary>As it is written: <c>noise:0.1</c>, <c>bins:30</c>, <c>ebab:30</c>, <c>float16</c>.</summary>
    public string Name => Kind switch
    {
        ChannelKind.Noise => string.Create(CultureInfo.InvariantCulture, $"noise:{Deviation}"),
        ChannelKind.Bins => string.Create(CultureInfo.InvariantCulture, $"bins:{Count}"),
        ChannelKind.Ebab => string.Create(CultureInfo.InvariantCulture, $"ebab:{Count}"),
        _ => "float16",
    };

    /// <summary>What it does, in words.</summary>
    public string Description => Kind switch
    {
        ChannelKind.Noise => string.Create(CultureInfo.InvariantCulture, $"Gaussian noise of standard deviation {Deviation} is added to every number of the layer"),
        ChannelKind.Bins => string.Create(CultureInfo.InvariantCulture, $"every number of the layer is put into one of {Count} equally wide bins"),
        ChannelKind.Ebab => string.Create(CultureInfo.InvariantCulture, $"every number of the layer is put into one of {Count} bins with equally many distinct levels"),
        _ => "every number of the layer is rounded to 16 bits",
    };

    /// <summary>Reads <c>noise:STD</c>, <c>bins[:N]</c>, <c>ebab[:N]</c> or <c>float16</c>.</summary>
    /// <exception cref="InputException">Another form; noise that is not above 0; fewer than two bins.</exception>
    public static LayerChannel Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(':', 2);
        switch (parts[0])
        {
            case "noise":
                if (parts.Length == 2 && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var deviation) && deviation > 0 && double.IsFinite(deviation))
                    return new LayerChannel(ChannelKind.Noise, deviation);
                throw new InputException($"channel '{text}': noise:STD is expected with a standard deviation above 0", "without noise the information of a deterministic layer is infinite; try noise:0.1");
            case "bins" or "ebab":
                var count = DefaultBins;
                if (parts.Length == 2 && !(int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out count) && count is >= 2 and <= 65536))
                    throw new InputException($"channel '{text}': {parts[0]}:N is expected with 2 to 65536 bins");
                return new LayerChannel(parts[0] == "bins" ? ChannelKind.Bins : ChannelKind.Ebab, count: count);
            case "float16" when parts.Length == 1:
                return new LayerChannel(ChannelKind.Float16);
            default:
                throw Suggest.Unknown("channel", text, ["noise:0.1", "bins:30", "ebab", "float16"]);
        }
    }

    /// <summary>Lays this channel's bins through numbers of the layer; null for the kinds without.</summary>
    /// <param name="pooled">Activations of the layer, at one epoch or at all.</param>
    /// <param name="lowerLimit">The activation function's lower limit (0 for ReLU and the sigmoid, −1 for tanh); null for the lowest number.</param>
    public Bins? Lay(ReadOnlySpan<double> pooled, double? lowerLimit = null)
    {
        if (!HasBins) return null;
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var v in pooled) (low, high) = (Math.Min(low, v), Math.Max(high, v));
        if (Kind == ChannelKind.Ebab) return Information.Bins.Ebab(pooled, Count, lowerLimit ?? low);
        return high > low ? Information.Bins.Uniform(low, high, Count) : new Bins([low, Math.BitIncrement(low)]);
    }

    /// <summary>
    /// What passes, X being uniform over the rows: pairwise bounds for noise (<see cref="KernelBounds"/>), entropies of what comes out for the
    /// others, which are functions of the layer: I(X;T) = H(T), I(T;Y) = H(T) − H(T|Y).
    /// </summary>
    /// <param name="activations">The layer's, one row for each input.</param>
    /// <param name="labels">The class of each row; empty for none.</param>
    /// <param name="bins">From <see cref="Lay"/>, for the kinds with bins.</param>
    /// <param name="threads">At most so many, 0 for all cores; never changes a result.</param>
    public LayerReading Read(Samples activations, ReadOnlySpan<int> labels, Bins? bins = null, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(activations);
        if (Kind == ChannelKind.Noise)
        {
            var (n, d) = (activations.Count, activations.Dimensions);
            var bounds = KernelBounds.Estimate(activations.Values, n, d, Deviation * Deviation, labels, threads);
            return new LayerReading([bounds.Upper, bounds.Lower], bounds.LabelHigh is null ? [] : [Between(bounds), bounds.LabelLow!, bounds.LabelHigh]);
        }
        return OfSymbols(Rounded(activations, bins).RowSymbols(out _), labels);
    }

    /// <summary>What passes through a symbol that is a function of the row: I(X;T) = H(T), I(T;Y) = H(T) − H(T|Y), by counting.</summary>
    /// <param name="symbols">One for each row.</param>
    /// <param name="labels">The class of each row; empty for none.</param>
    public static LayerReading OfSymbols(ReadOnlySpan<int> symbols, ReadOnlySpan<int> labels)
    {
        var clock = Stopwatch.GetTimestamp();
        var (t, rows) = (symbols.ToArray(), symbols.Length);
        var cells = t.Distinct().Count();
        var entropy = Entropy(t);
        var ceiling = Bits.FromBits(Math.Log2(rows));
        var input = new Estimate("entropy", entropy)
        {
            Direction = BoundDirection.Lower,
            Ceiling = ceiling,
            Verdict = Saturation.Near(entropy, ceiling) ? Verdict.Saturated : Verdict.NoAlarm,
            Notes = Saturation.Near(entropy, ceiling) ? ["near log2 of the number of rows: nearly every row has a cell of its own, and the reading says nothing but that; take coarser bins or more rows"] : [],
            Seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds,
        };
        if (labels.IsEmpty) return new LayerReading([input], []);
        if (labels.Length != rows) throw new ArgumentException(FormattableString.Invariant($"layer: {labels.Length} labels for {rows} rows"), nameof(labels));
        var y = labels.ToArray();
        var pairs = new int[rows];
        var numbers = new Dictionary<(int, int), int>();
        for (var i = 0; i < rows; i++)
        {
            if (!numbers.TryGetValue((t[i], y[i]), out var number)) numbers[(t[i], y[i])] = number = numbers.Count;
            pairs[i] = number;
        }
        var crowded = cells * RowsInCell > rows;
        var label = new Estimate("entropy", Bits.FromBits(Math.Max(0, (entropy + Entropy(y) - Entropy(pairs)).Value)))
        {
            Ceiling = Entropy(y),
            Verdict = crowded ? Verdict.TooFewSamples : Verdict.NoAlarm,
            Notes = crowded ? [string.Create(CultureInfo.InvariantCulture, $"{cells} cells hold {rows} rows: rows that are alone in their cell name their class, so the value is too high for rows beyond these")] : [],
            Seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds,
        };
        return new LayerReading([input], [label]);
    }

    /// <summary>One draw of what comes out, for estimators that take samples.</summary>
    /// <param name="activations">The layer's.</param>
    /// <param name="bins">From <see cref="Lay"/>, for the kinds with bins.</param>
    /// <param name="random">The noise.</param>
    public Samples Through(Samples activations, Bins? bins, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(activations);
        ArgumentNullException.ThrowIfNull(random);
        if (Kind != ChannelKind.Noise) return Rounded(activations, bins);
        return activations.With(Array.ConvertAll(activations.Values.ToArray(), v => v + (Deviation * random.NextGaussian())));
    }

    private Samples Rounded(Samples activations, Bins? bins)
    {
        if (HasBins && bins is null) throw new ArgumentException($"channel {Name}: its bins are needed", nameof(bins));
        return activations.With(Array.ConvertAll(activations.Values.ToArray(), v => bins is not null ? bins.Of(v) : (double)(Half)v));
    }

    // Where Kolchinsky and Tracey put I(T;Y): upper bounds on both sides, clamped between the two that bound it.
    private static Estimate Between(KernelSandwich bounds)
    {
        var (low, high) = (bounds.LabelLow!.Bits!.Value, bounds.LabelHigh!.Bits!.Value);
        var value = bounds.Upper.Bits!.Value - bounds.ConditionalUpper!.Bits!.Value;
        return new Estimate("kde-label", Bits.FromBits(Math.Clamp(value.Value, Math.Min(low.Value, high.Value), high.Value)))
        {
            Low = low,
            High = high,
            Ceiling = bounds.LabelHigh.Ceiling,
            Verdict = bounds.LabelHigh.Verdict,
            Notes = ["difference of two upper bounds, no bound itself; the interval is that of the bounds"],
            Seconds = bounds.Upper.Seconds,
        };
    }

    private static Bits Entropy(int[] symbols) =>
        CountEntropy.Estimate([.. symbols.GroupBy(s => s).OrderBy(g => g.Key).Select(g => (long)g.Count())], EntropyCorrection.MaximumLikelihood);
}

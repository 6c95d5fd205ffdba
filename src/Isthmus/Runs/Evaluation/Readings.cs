using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Information;

namespace Isthmus.Runs;

/// <summary>An interval for the information that passes, bits a unit.</summary>
public sealed record EstimateReading
{
    /// <summary>Lower end; null where nothing was estimated.</summary>
    public double? LowBits { get; init; }

    /// <summary>Upper end; null where it has none.</summary>
    public double? HighBits { get; init; }

    /// <summary>The most that the lower end can be with so many rows.</summary>
    public double? CeilingBits { get; init; }

    /// <summary>sandwich: the truth lies between the ends in expectation; lower, upper: the value is a bound; none: neither.</summary>
    public string Direction { get; init; } = "none";

    /// <summary>Lower end of the information beyond the target, I(X;Z|Y); null without classes.</summary>
    public double? ExcessLowBits { get; init; }

    /// <summary>Upper end of I(X;Z|Y).</summary>
    public double? ExcessHighBits { get; init; }

    /// <summary>Rows that it was read from.</summary>
    public int? Rows { get; init; }
}

/// <summary>
/// The four readings of a message, in bits a unit, on rows that the model has not seen: how much could pass (capacity), what the
/// objective says (bound), what passes (estimate), what was written (bill).
/// </summary>
/// <remarks>This is the one place where readings are made; who writes a message to bytes states the bill here.</remarks>
public sealed record Readings
{
    private const int MostRows = 4096; // the sandwich takes time with the square of the rows

    /// <summary>index, rounded, dithered, sample, mean or floats.</summary>
    public required string Message { get; init; }

    /// <summary>What one message is of: row, image, window.</summary>
    public required string Unit { get; init; }

    /// <summary>log2 of the number of possible messages; null where there is no such number.</summary>
    public double? CapacityBits { get; init; }

    /// <summary>The objective's own cost; null without one.</summary>
    public double? BoundBits { get; init; }

    /// <summary>upper-bound, code-length, surrogate, capacity; training-bound where the message is a mean, which the bound is not about.</summary>
    public string? BoundKind { get; init; }

    /// <summary>What passes.</summary>
    public EstimateReading Estimate { get; init; } = new();

    /// <summary>8 x bytes written a unit; null where nothing was written. The message written is <see cref="Bill.Message"/>.</summary>
    public double? BillBits { get; init; }

    /// <summary>stream or frame; null without a bill.</summary>
    public string? BillScope { get; init; }

    /// <summary>The bill in full: by the stream, by the frame, and the quality that the receiver gets; null where nothing was written.</summary>
    public Bill? Bill { get; init; }

    /// <summary>What has to be known to read these numbers.</summary>
    public string Note { get; init; } = "";

    /// <summary>Reads a message's outcomes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The data.</param>
    /// <param name="outcomes">What it did with the rows.</param>
    /// <param name="inference">The message whose quality is reported.</param>
    /// <param name="bill">What writing the same rows' messages took; null where nothing was written.</param>
    public static Readings Of(Model model, Dataset data, Outcomes outcomes, Inference inference, Bill? bill = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(outcomes);
        ArgumentNullException.ThrowIfNull(inference);
        var bottleneck = model.Network.Bottleneck;
        var notes = new List<string>();
        var isMean = inference.Name == "mean" && outcomes.Kind is RateKind.UpperBound or RateKind.Surrogate;
        if (inference.Name == "mean" && outcomes.Latent > 0)
            notes.Add("the mean code is real-valued and has no finite rate: bound and estimate are those of the noisy code it was trained with");
        if (inference.Samples > 1) notes.Add(FormattableString.Invariant($"{inference.Samples} samples a unit may pass up to {inference.Samples} times the bound"));
        if (outcomes.NoRate is { } reason) notes.Add(reason);
        notes.Add(bill is null ? "nothing was written: no bill"
            : bill.Message == bottleneck.MessageName(Evaluator.ModeOf(inference)) ? "the bill is of the same message"
            : $"the bill is of the {bill.Message} code, a message of its own: its quality stands beside it, and it is not comparable with the bound of the {bottleneck.MessageName(Evaluator.ModeOf(inference))}");
        return new Readings
        {
            Message = bottleneck.MessageName(Evaluator.ModeOf(inference)),
            Unit = UnitOf(data.Kind),
            CapacityBits = bottleneck.Capacity?.Value,
            BoundBits = outcomes.RateNats is { Length: > 0 } nats ? Bits.FromNats(nats.Average()).Value : null,
            BoundKind = outcomes.Kind is { } kind ? (isMean ? "training-bound" : KindName(kind)) : null,
            Estimate = EstimateOf(data, outcomes, notes),
            BillBits = bill?.StreamBits,
            BillScope = bill is null ? null : "stream",
            Bill = bill,
            Note = string.Join("; ", notes),
        };
    }

    /// <summary>
    /// Bits of each dimension of the code: its share of the rate where that adds up, otherwise the most that a Gaussian channel with the
    /// observed mean noise and spread passes. Null without a Gaussian code.
    /// </summary>
    public static IReadOnlyList<double>? PerDimension(Outcomes outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        if (outcomes.NatsPerDimension is { } nats) return [.. nats.Select(v => Bits.FromNats(v).Value)];
        if (outcomes.Latent == 0) return null;
        var bits = new double[outcomes.Latent];
        for (var j = 0; j < bits.Length; j++)
        {
            double sum = 0, squares = 0, noise = 0, logs = 0;
            for (var i = 0; i < outcomes.Rows.Length; i++)
            {
                double m = outcomes.CodeMean[(i * bits.Length) + j], s = outcomes.CodeStd[(i * bits.Length) + j];
                sum += m;
                squares += m * m;
                noise += s * s;
                logs += Math.Log(s);
            }
            var n = outcomes.Rows.Length;
            var variance = Math.Max(0, (squares / n) - (sum / n * (sum / n))) + (noise / n);
            bits[j] = Bits.FromNats(Math.Max(0, (0.5 * Math.Log(variance)) - (logs / n))).Value;
        }
        return bits;
    }

    internal static string UnitOf(DataKind kind) => kind switch { DataKind.Images => "image", DataKind.Series => "window", DataKind.Text => "token", _ => "row" };

    private static string KindName(RateKind kind) => OptionModel.Word(kind.ToString());

    private static EstimateReading EstimateOf(Dataset data, Outcomes outcomes, List<string> notes)
    {
        if (outcomes.Rows.Length < 2) return new EstimateReading();
        if (outcomes.Symbols is { } symbols) return OfSymbols(symbols, notes);
        if (outcomes.Latent == 0) return new EstimateReading();
        var n = Math.Min(MostRows, outcomes.Rows.Length);
        if (n < outcomes.Rows.Length) notes.Add(FormattableString.Invariant($"the estimate is read from {n} of {outcomes.Rows.Length} rows"));
        var picked = Enumerable.Range(0, n).Select(i => (int)((long)i * outcomes.Rows.Length / n)).ToArray();
        var labels = data.Target is ClassTarget target ? picked.Select(i => target.Labels[outcomes.Rows[i]]).ToArray() : [];
        var d = outcomes.Latent;
        var sandwich = GaussianCodeSandwich.Estimate(Pick(outcomes.CodeMean), Pick(outcomes.CodeStd), Pick(outcomes.CodeSample), n, d, labels);
        if (sandwich.Kept.Verdict == Verdict.Saturated) notes.Add("the estimate is near its ceiling: measure more rows");
        if (sandwich.LeftOut.Verdict == Verdict.Unreliable) notes.Add("the sandwich is wide: its upper end says little with so few rows");
        return new EstimateReading
        {
            LowBits = Value(sandwich.Kept),
            HighBits = Value(sandwich.LeftOut),
            CeilingBits = sandwich.Kept.Ceiling?.Value,
            Direction = "sandwich",
            ExcessLowBits = Value(sandwich.ConditionalKept),
            ExcessHighBits = Value(sandwich.ConditionalLeftOut),
            Rows = n,
        };

        float[] Pick(float[] from)
        {
            if (n == outcomes.Rows.Length) return from;
            var to = new float[n * d];
            for (var i = 0; i < n; i++) from.AsSpan(picked[i] * d, d).CopyTo(to.AsSpan(i * d));
            return to;
        }
    }

    // A message that is a function of the row passes its entropy; the entropy of the sample lies below it in expectation.
    private static EstimateReading OfSymbols(string[] symbols, List<string> notes)
    {
        double n = symbols.Length, nats = 0;
        var kinds = 0;
        foreach (var group in symbols.GroupBy(s => s, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var p = group.Count() / n;
            nats -= p * Math.Log(p);
            kinds++;
        }
        var corrected = nats + ((kinds - 1) / (2 * n)); // Miller and Madow 1955
        // Where most messages differ, n rows cannot show how much passes: the correction has nothing to hold on to.
        var saturated = kinds > n / 2;
        if (saturated) notes.Add("the estimate is near its ceiling: measure more rows");
        return new EstimateReading { LowBits = Bits.FromNats(nats).Value, HighBits = saturated ? null : Bits.FromNats(corrected).Value, CeilingBits = Math.Log2(n), Direction = "lower", Rows = symbols.Length };
    }

    private static double? Value(Estimate? estimate) => estimate?.Bits is { } bits && double.IsFinite(bits.Value) ? bits.Value : null;
}

/// <summary>Which dimensions of a code carry something.</summary>
/// <param name="Dimensions">How many there are.</param>
/// <param name="Dead">How many carry less than a hundredth of a nat: the posterior has collapsed to the prior there.</param>
/// <param name="BitsPerDimension">Bits of each.</param>
public sealed record LatentUse(int Dimensions, int Dead, IReadOnlyList<double> BitsPerDimension)
{
    /// <summary>Below so many nats a dimension counts as dead.</summary>
    public const double DeadNats = 0.01;

    /// <summary>Counts dimensions; null without a Gaussian code.</summary>
    public static LatentUse? Of(Outcomes outcomes) => Readings.PerDimension(outcomes) is { } bits
        ? new LatentUse(bits.Count, bits.Count(b => b < Bits.FromNats(DeadNats).Value), [.. bits.Select(b => Math.Round(b, 6))])
        : null;

    /// <summary>What a person should be told; null where everything is in order.</summary>
    public string? Warning => Dead == 0 ? null
        : Dead == Dimensions ? "posterior collapse: every dimension of the code is dead, nothing passes; lower bottleneck.beta, anneal it, or allow free bits"
        : string.Create(CultureInfo.InvariantCulture, $"{Dead} of {Dimensions} dimensions of the code are dead (below {DeadNats} nat): the rest carries everything");
}

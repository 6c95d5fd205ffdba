using System.Diagnostics;
using System.Globalization;

namespace Isthmus.Information;

/// <summary>One set of rows to read: what an estimator's value is a function of.</summary>
/// <param name="X">Samples of X.</param>
/// <param name="Y">Samples of Y, as many rows.</param>
/// <param name="Given">Samples to condition on, or null.</param>
/// <param name="Seed">The seed of the estimator's own random choices.</param>
/// <param name="Threads">At most so many threads, 0 for all cores.</param>
public sealed record Rows(Samples X, Samples Y, Samples? Given, ulong Seed, int Threads)
{
    /// <summary>Number of rows.</summary>
    public int Count => X.Count;

    /// <summary>The rows with the given numbers.</summary>
    public Rows Take(ReadOnlySpan<int> rows) => this with { X = X.Take(rows), Y = Y.Take(rows), Given = Given?.Take(rows) };
}

/// <summary>An estimator's bare value.</summary>
/// <param name="Nats">The value: nats, or the unit of a quantity that is not Shannon's.</param>
public readonly record struct Reading(double Nats)
{
    /// <summary>The most that the estimator could have returned, in nats; null without a ceiling.</summary>
    public double? CeilingNats { get; init; }

    /// <summary>Whether the ceiling bounds the truth as well (an entropy), so that reaching it is no alarm.</summary>
    public bool CeilingIsExact { get; init; }

    /// <summary>The standard error of the value where it is a mean over rows; null where only resampling can tell.</summary>
    public double? StandardError { get; init; }

    /// <summary>An alarm that the estimator itself raises.</summary>
    public Verdict Verdict { get; init; }

    /// <summary>Choices that were made and reasons for an alarm; null for none.</summary>
    public IReadOnlyList<string>? Notes { get; init; }
}

/// <summary>The same information read another way, which should agree with the value.</summary>
/// <param name="What">What is different, as in <c>k = 30</c>.</param>
/// <param name="Nats">The other value.</param>
/// <param name="Advice">What to try when the two disagree.</param>
/// <param name="Slack">How many times the ordinary tolerance the two may differ.</param>
public sealed record Variant(string What, double Nats, string Advice, double Slack = 1);

/// <summary>
/// What all estimators share: checks of the input, timing, the null by permutation, the interval, and the verdict. A concrete
/// estimator says how a value is read and which other readings ought to agree with it.
/// </summary>
public abstract class SampleEstimator : IMutualInformationEstimator
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>On which side of the truth the value lies in expectation.</summary>
    public virtual BoundDirection Direction => BoundDirection.None;

    /// <summary>The fewest rows that the estimator accepts.</summary>
    public virtual int LeastRows => 8;

    /// <summary>Whether the value is built on neighbour distances, which the repeated rows of a bootstrap would turn to zero.</summary>
    public virtual bool NearestNeighbour => false;

    /// <summary>Whether <see cref="MeasureOptions.Given"/> is understood.</summary>
    public virtual bool TakesGiven => false;

    /// <summary>Whether every value trains a network, so that subsamples and permutations are not made.</summary>
    public virtual bool Retrains => false;

    /// <summary>The unit of a quantity that is not Shannon information; null where the value is in nats of Shannon information.</summary>
    public virtual string? MeasureUnit => null;

    /// <summary>The value alone, without checks.</summary>
    public abstract Reading Read(Rows rows);

    /// <summary>Other readings of the same information that ought to agree; each is made only when asked for.</summary>
    protected virtual IEnumerable<Variant> Variants(Rows rows, Reading value) => [];

    /// <inheritdoc/>
    public Estimate Estimate(Samples x, Samples y, MeasureOptions? options = null)
    {
        options ??= new MeasureOptions();
        Check(x, y, options);
        var rows = new Rows(x, y, options.Given, options.Seed, options.Threads);
        var clock = Stopwatch.GetTimestamp();
        var reading = Read(rows);
        var seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        var notes = new List<string>(reading.Notes ?? []);
        var alarms = new Alarms(reading.Verdict, notes);
        var dependence = new SerialDependence(x, y);
        var spread = MeasureUnit is null ? Spread.Of(this, rows, reading, options) : null;
        if (options.Checks && MeasureUnit is null) Scrutinise(rows, reading, spread, alarms);
        if (dependence.InBoth && options.Checks)
            alarms.Raise(Verdict.DependentSamples, string.Create(CultureInfo.InvariantCulture,
                $"rows depend on the row before (lag-1 autocorrelation {dependence.Strongest:0.00}): the interval is too narrow; if the order of rows means nothing, shuffle them"));
        double? p = null;
        if (options.Permutations > 0 && Retrains)
            notes.Add("no p-value: each permutation would train a network; ask ksg1 or hsic for one");
        else if (options.Permutations > 0)
            p = PermutationNull.PValue(this, rows, reading.Nats, options.Permutations, dependence, notes);
        return Assemble(reading, options.Intervals == IntervalKind.None ? null : spread?.Error, alarms, notes, p, seconds);
    }

    private Estimate Assemble(Reading reading, double? error, Alarms alarms, List<string> notes, double? p, double seconds)
    {
        var shannon = MeasureUnit is null;
        var finite = double.IsFinite(reading.Nats);
        if (!finite) alarms.Raise(Verdict.Unreliable, "the value is not finite");
        if (!finite || error is { } known && !double.IsFinite(known)) error = null;
        return new Estimate(Name, shannon && finite ? Bits.FromNats(reading.Nats) : null)
        {
            Measure = shannon ? null : reading.Nats,
            MeasureUnit = MeasureUnit,
            Low = shannon && error is { } e ? Bits.FromNats(reading.Nats - Statistics.Normal95 * e) : null,
            High = shannon && error is { } f ? Bits.FromNats(reading.Nats + Statistics.Normal95 * f) : null,
            Direction = Direction,
            Ceiling = shannon && reading.CeilingNats is { } c ? Bits.FromNats(c) : null,
            PValue = p,
            Verdict = alarms.Verdict,
            Notes = notes,
            Seconds = seconds,
        };
    }

    private void Scrutinise(Rows rows, Reading value, Spread? spread, Alarms alarms)
    {
        if (!double.IsFinite(value.Nats)) return; // nothing to compare
        if (value.CeilingNats is { } ceiling && !value.CeilingIsExact && Saturation.Near(Bits.FromNats(value.Nats), Bits.FromNats(ceiling)))
            alarms.Raise(Verdict.Saturated, string.Create(CultureInfo.InvariantCulture,
                $"within {Math.Max(0, ceiling - value.Nats) / Math.Log(2):0.00} bits of the most that this estimator can say here: the truth may be far higher; take more samples"));
        if (spread is not null)
        {
            alarms.Noise(value.Nats, spread);
            alarms.Trend(value.Nats, spread, NearestNeighbour ? rows.X.Dimensions + rows.Y.Dimensions + (rows.Given?.Dimensions ?? 0) : 1);
        }
        foreach (var variant in Variants(rows, value)) alarms.Disagreement(value.Nats, variant, spread?.Error ?? 0);
        if (Radii.Fits(rows))
            alarms.Disagreement(value.Nats, new Variant("the distances from the middle alone", Math.Max(value.Nats, Radii.Nats(rows)),
                "columns share their scale, which this estimator misses; a neural estimator may find it"), spread?.Error ?? 0);
        if (FineBins.Fits(rows))
            alarms.Disagreement(value.Nats, new Variant("one column in many narrow bins", Math.Max(value.Nats, FineBins.Nats(rows)),
                "there is dependence on a finer scale than this estimator resolves; use binning with many bins on that column"), spread?.Error ?? 0);
    }

    private void Check(Samples x, Samples y, MeasureOptions options)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Count != y.Count)
            throw new InputException(FormattableString.Invariant($"{x.Name} has {x.Count} rows and {y.Name} has {y.Count}; both need the same"));
        if (options.Given is { } given)
        {
            if (given.Count != x.Count)
                throw new InputException(FormattableString.Invariant($"{given.Name} has {given.Count} rows and {x.Name} has {x.Count}; both need the same"));
            if (!TakesGiven) throw new InputException($"{Name} cannot condition on other variables", "ksg1, mixed, gaussian and binning can");
        }
        if (x.Count < LeastRows)
            throw new InputException(FormattableString.Invariant($"{Name}: {x.Count} rows; at least {LeastRows} are needed"));
        if (options.Intervals == IntervalKind.Bootstrap && NearestNeighbour)
            throw new InputException($"{Name}: a bootstrap repeats rows, whose neighbour distance is then 0: the interval would be wrong", "use --intervals subsample");
        ArgumentOutOfRangeException.ThrowIfNegative(options.Permutations, nameof(options));
        RefuseConstants(x);
        RefuseConstants(y);
        if (options.Given is not null) RefuseConstants(options.Given);
    }

    private static void RefuseConstants(Samples samples)
    {
        for (var c = 0; c < samples.Dimensions; c++)
        {
            var i = 1;
            while (i < samples.Count && samples[i, c] == samples[0, c]) i++;
            if (i == samples.Count)
                throw new InputException(FormattableString.Invariant(
                    $"{samples.Name}: column {c + 1} is constant ({samples[0, c]}): it carries no information"), "leave the column out");
        }
    }
}

namespace Isthmus.Information;

/// <summary>Something that reads mutual information between two sets of variables off their joint samples.</summary>
public interface IMutualInformationEstimator
{
    /// <summary>The name by which <c>measure --estimator</c> knows it.</summary>
    string Name { get; }

    /// <summary>Reads I(X;Y), or I(X;Y|Z) where <see cref="MeasureOptions.Given"/> is set.</summary>
    /// <param name="x">n samples of X.</param>
    /// <param name="y">n samples of Y, row by row with x.</param>
    /// <param name="options">What to compute beside the value; null for the defaults.</param>
    /// <exception cref="InputException">Samples that cannot be measured: different lengths, constant columns, too few rows.</exception>
    Estimate Estimate(Samples x, Samples y, MeasureOptions? options = null);
}

/// <summary>How the 95 % interval of a reading is made.</summary>
public enum IntervalKind
{
    /// <summary>The one that suits the estimator: subsamples for nearest neighbours, else bootstrap.</summary>
    Natural,

    /// <summary>Random quarters without replacement, the spread scaled to n (Politis and Romano 1994; Holmes and Nemenman 2019).</summary>
    Subsample,

    /// <summary>Resamples with replacement; refused for nearest neighbours, whose distances the repeated rows turn to zero.</summary>
    Bootstrap,

    /// <summary>No interval.</summary>
    None,
}

/// <summary>What a measurement computes beside the value.</summary>
public sealed record MeasureOptions
{
    /// <summary>Condition on these variables; null for none.</summary>
    public Samples? Given { get; init; }

    /// <summary>Permutations for the p-value; 0 for none. Plain shuffles, or circular shifts where the rows form a series.</summary>
    public int Permutations { get; init; }

    /// <summary>How the interval is made.</summary>
    public IntervalKind Intervals { get; init; } = IntervalKind.Natural;

    /// <summary>Whether the alarms are computed (subsamples, other settings, transforms): about five times the work of the value alone.</summary>
    public bool Checks { get; init; } = true;

    /// <summary>The seed of every random choice.</summary>
    public ulong Seed { get; init; }

    /// <summary>At most so many threads, 0 for all cores; never changes a result.</summary>
    public int Threads { get; init; }

    /// <summary>The value and nothing else.</summary>
    public static MeasureOptions ValueOnly { get; } = new() { Intervals = IntervalKind.None, Checks = false };
}

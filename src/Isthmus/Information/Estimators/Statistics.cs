namespace Isthmus.Information;

/// <summary>Small sums that several estimators share, in one fixed order.</summary>
internal static class Statistics
{
    /// <summary>The 97.5 % point of the standard normal distribution.</summary>
    public const double Normal95 = 1.959963984540054;

    /// <summary>The mean and its standard error, sd / √n; the error is 0 for one value.</summary>
    public static (double Mean, double Error) MeanAndError(ReadOnlySpan<double> values)
    {
        var mean = Mean(values);
        var squares = 0.0;
        foreach (var v in values) squares += (v - mean) * (v - mean);
        return (mean, values.Length > 1 ? Math.Sqrt(squares / (values.Length - 1.0) / values.Length) : 0);
    }

    /// <summary>The mean, summed from the first value to the last.</summary>
    public static double Mean(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var v in values) sum += v;
        return sum / values.Length;
    }
}

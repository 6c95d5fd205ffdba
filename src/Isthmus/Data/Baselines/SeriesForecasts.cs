namespace Isthmus.Data.Baselines;

/// <summary>Forecasts that need no training: what every model of a series must beat.</summary>
public static class SeriesForecasts
{
    /// <summary>Each target as the last value of its channel in the window.</summary>
    /// <param name="data">Windows of a series with a continuous target named <c>channel+h</c>.</param>
    /// <param name="rows">Which windows.</param>
    /// <returns>[rows, targets], standardised as the targets are.</returns>
    public static double[] LastValue(Dataset data, ReadOnlySpan<int> rows) => Seasonal(data, rows, 1);

    /// <summary>Each target as its channel's value one or more whole seasons before, the latest that is inside the window.</summary>
    /// <param name="data">Windows of a series with a continuous target named <c>channel+h</c>.</param>
    /// <param name="rows">Which windows.</param>
    /// <param name="season">Steps in a season, 1 to the window's length.</param>
    /// <returns>[rows, targets], standardised as the targets are.</returns>
    public static double[] Seasonal(Dataset data, ReadOnlySpan<int> rows, int season)
    {
        var (channels, ahead) = Targets(data);
        var (window, width) = (data.FeatureShape[0], data.FeatureShape[1]);
        if (season < 1 || season > window) throw new ArgumentOutOfRangeException(nameof(season), season, $"expected 1 to {window}");
        var to = new double[rows.Length * channels.Length];
        for (var i = 0; i < rows.Length; i++)
            for (var k = 0; k < channels.Length; k++)
            {
                var seasons = (ahead[k] + season - 1) / season;
                to[i * channels.Length + k] = data.Row(rows[i])[(window - 1 + ahead[k] - seasons * season) * width + channels[k]];
            }
        return to;
    }

    // The channel of each target and how many steps ahead it lies.
    private static (int[] Channels, int[] Ahead) Targets(Dataset data)
    {
        if (data is not { Kind: DataKind.Series, Target: ContinuousTarget target }) throw new ArgumentException($"SeriesForecasts: '{data.Name}' has no windows with a continuous target");
        var names = data.FeatureNames.ToList();
        var (channels, ahead) = (new int[target.Width], new int[target.Width]);
        for (var k = 0; k < target.Width; k++)
        {
            var plus = target.Names[k].LastIndexOf('+');
            channels[k] = plus < 0 ? -1 : names.IndexOf(target.Names[k][..plus]);
            if (channels[k] < 0) throw new ArgumentException($"SeriesForecasts: target '{target.Names[k]}' of '{data.Name}' is not a channel of its windows");
            ahead[k] = int.Parse(target.Names[k].AsSpan(plus + 1), System.Globalization.CultureInfo.InvariantCulture);
        }
        return (channels, ahead);
    }
}

namespace Isthmus.Information;

/// <summary>Whether rows depend on the row before: the lag-1 autocorrelation of every column.</summary>
internal sealed class SerialDependence
{
    private const double Threshold = 0.1;

    /// <summary>Looks at both sides.</summary>
    public SerialDependence(Samples x, Samples y)
    {
        var (ofX, ofY) = (Strength(x), Strength(y));
        var bar = Math.Max(Threshold, 3 / Math.Sqrt(x.Count)); // three standard errors, where n is small
        InEither = ofX > bar || ofY > bar;
        InBoth = ofX > bar && ofY > bar;
        Strongest = Math.Max(ofX, ofY);
    }

    /// <summary>Whether some column of x or y is a series.</summary>
    public bool InEither { get; }

    /// <summary>Whether x and y both are, which is what makes independent series look related.</summary>
    public bool InBoth { get; }

    /// <summary>The largest absolute autocorrelation found.</summary>
    public double Strongest { get; }

    private static double Strength(Samples samples)
    {
        var strongest = 0.0;
        for (var c = 0; c < samples.Dimensions; c++)
        {
            var column = samples.Column(c);
            var mean = Statistics.Mean(column);
            double own = 0, lagged = 0;
            for (var i = 0; i < column.Length; i++)
            {
                own += (column[i] - mean) * (column[i] - mean);
                if (i > 0) lagged += (column[i] - mean) * (column[i - 1] - mean);
            }
            if (own > 0) strongest = Math.Max(strongest, Math.Abs(lagged / own));
        }
        return strongest;
    }
}

namespace Isthmus.Information;

/// <summary>
/// A fall, a rise and a fall in readings of a representation over training — as in the collapse, expansion and compression of effective ranks (Li,
/// Agrawal, Ghosh, Teru, Santoro, Lajoie, Richards, "Tracing the Representation Geometry of Language Models from Pretraining to Post-training", 2025).
/// </summary>
/// <param name="Start">The checkpoint from which readings fall.</param>
/// <param name="Trough">The one from which they rise.</param>
/// <param name="Peak">The one from which they fall again.</param>
/// <param name="End">The lowest of those after.</param>
/// <param name="Swing">The smallest of the three differences, in the readings' unit; 0 where there is no such sequence, and all four are the first checkpoint then.</param>
public sealed record GeometryPhases(int Start, int Trough, int Peak, int End, double Swing)
{
    /// <summary>Of all checkpoints in this order, those with the largest smallest difference.</summary>
    /// <param name="readings">One for each checkpoint, finite.</param>
    public static GeometryPhases Of(IReadOnlyList<double> readings)
    {
        ArgumentNullException.ThrowIfNull(readings);
        foreach (var r in readings)
            if (!double.IsFinite(r)) throw new ArgumentException(FormattableString.Invariant($"phases: the reading {r} is not finite"), nameof(readings));
        var n = readings.Count;
        var (before, after) = (new int[n], new int[n]); // the highest up to here, the lowest from here on
        for (var i = 1; i < n; i++) before[i] = readings[i] > readings[before[i - 1]] ? i : before[i - 1];
        for (var i = n - 1; i >= 0; i--) after[i] = i == n - 1 || readings[i] < readings[after[i + 1]] ? i : after[i + 1];
        var best = new GeometryPhases(0, 0, 0, 0, 0);
        for (var trough = 1; trough < n; trough++)
            for (var peak = trough + 1; peak < n; peak++)
            {
                var (low, high) = (readings[trough], readings[peak]);
                var swing = Math.Min(high - low, Math.Min(readings[before[trough]] - low, high - readings[after[peak]]));
                if (swing > best.Swing) best = new GeometryPhases(before[trough], trough, peak, after[peak], swing);
            }
        return best;
    }
}

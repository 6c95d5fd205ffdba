namespace Isthmus.Runs;

/// <summary>How well a code or feature stands for a pattern.</summary>
/// <param name="Pattern">The pattern: a class, a token, what was searched for.</param>
/// <param name="Precision">Of the rows that have the code, the share that has the pattern.</param>
/// <param name="Recall">Of the rows that have the pattern, the share that has the code.</param>
/// <param name="Base">The share of all rows that has the pattern: the precision of a code that means nothing.</param>
public sealed record Association(string Pattern, double Precision, double Recall, double Base)
{
    /// <summary>The harmonic mean of precision and recall; 0 where both are.</summary>
    public double F1 => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;

    /// <summary>From counts.</summary>
    /// <param name="pattern">Its name.</param>
    /// <param name="both">Rows with code and pattern.</param>
    /// <param name="code">Rows with the code.</param>
    /// <param name="having">Rows with the pattern.</param>
    /// <param name="all">All rows.</param>
    public static Association Of(string pattern, int both, int code, int having, int all) =>
        new(pattern, Share(both, code), Share(both, having), Share(having, all));

    /// <summary>The class with the largest F1 for the rows that have a code; of equal ones the first. Null without rows or labels.</summary>
    /// <param name="rows">Numbers of the rows with the code, into the labels.</param>
    /// <param name="labels">The class of each row, below 0 where there is none.</param>
    /// <param name="classes">The classes' names.</param>
    public static Association? Best(IReadOnlyList<int> rows, IReadOnlyList<int> labels, IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classes);
        if (rows.Count == 0 || labels.Count == 0) return null;
        var (both, having) = (new int[classes.Count], new int[classes.Count]);
        foreach (var label in labels) if (label >= 0) having[label]++;
        foreach (var row in rows) if (labels[row] >= 0) both[labels[row]]++;
        Association? best = null;
        for (var c = 0; c < classes.Count; c++)
        {
            if (both[c] == 0) continue;
            var found = Of(classes[c], both[c], rows.Count, having[c], labels.Count);
            if (best is null || found.F1 > best.F1) best = found;
        }
        return best;
    }

    private static double Share(int part, int whole) => whole == 0 ? 0 : (double)part / whole;
}

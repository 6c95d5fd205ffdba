namespace Isthmus;

/// <summary>
/// Did-you-mean for every list of names: verbs, options, recipe fields, columns, data sets, studies. One distance everywhere, so
/// that the same slip gets the same answer wherever it is made.
/// </summary>
public static class Suggest
{
    private const int MostEdits = 3;
    private const int LongestName = 200; // what a person may have typed by hand; beyond it nothing is suggested

    /// <summary>
    /// The number of single-character insertions, deletions, substitutions and swaps of neighbours that turn one text into the
    /// other, upper and lower case being equal.
    /// </summary>
    /// <remarks>Optimal string alignment: no part of the text is edited twice (Damerau, "A technique for computer detection and
    /// correction of spelling errors", CACM 1964). Time is the product of the lengths.</remarks>
    public static int Distance(string a, string b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var (before, last, row) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                row[j] = Math.Min(Math.Min(last[j] + 1, row[j - 1] + 1), last[j - 1] + change);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            (before, last, row) = (last, row, before);
        }
        return last[b.Length];
    }

    /// <summary>
    /// The names that a person may have meant, nearest first and otherwise in the order of the list: at most three edits away,
    /// and fewer for short words (one for up to three letters, two for up to seven), or beginning with what was typed
    /// (at least three letters).
    /// </summary>
    /// <param name="given">What was typed.</param>
    /// <param name="names">The names that are valid.</param>
    /// <param name="count">How many at most.</param>
    public static IReadOnlyList<string> Near(string given, IEnumerable<string> names, int count = 3)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(names);
        if (given.Length is 0 or > LongestName) return [];
        var limit = given.Length switch { <= 3 => 1, <= 7 => 2, _ => MostEdits };
        var found = new List<(int Distance, string Name)>();
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            if (name.Length is 0 or > LongestName) continue;
            if (given.Length >= 3 && name.StartsWith(given, StringComparison.OrdinalIgnoreCase)) found.Add((limit, name));
            else if (Math.Abs(name.Length - given.Length) <= limit && Distance(given, name) is var d && d <= limit)
                found.Add((d, name));
        }
        return [.. found.OrderBy(f => f.Distance).Take(count).Select(f => f.Name)];
    }

    /// <summary>The nearest name, or null when nothing is near enough.</summary>
    public static string? Nearest(string given, IEnumerable<string> names) => Near(given, names, 1) is [var best] ? best : null;

    /// <summary>
    /// What to throw on an unknown name: <c>unknown {what} '{given}'</c>, with the hint <c>did you mean 'x' or 'y'?</c>, or,
    /// when nothing is near, the valid names (the first ten of them), or how to list them.
    /// </summary>
    /// <param name="what">What the name stands for, as in <c>recipe field</c>.</param>
    /// <param name="given">What was typed.</param>
    /// <param name="names">The names that are valid.</param>
    /// <param name="listing">How to list them, as in <c>'isthmus data list' lists them</c>; null to print the names themselves.</param>
    public static InputException Unknown(string what, string given, IEnumerable<string> names, string? listing = null)
    {
        ArgumentNullException.ThrowIfNull(names);
        var valid = names as IReadOnlyList<string> ?? [.. names];
        var near = Near(given, valid);
        var hint = near.Count > 0 ? $"did you mean {string.Join(" or ", near.Select(n => $"'{n}'"))}?"
            : listing ?? (valid.Count == 0 ? null : $"valid names: {string.Join(", ", valid.Take(10))}{(valid.Count > 10 ? ", …" : "")}");
        return new InputException($"unknown {what} '{Shown(given)}'", hint);
    }

    private static bool Same(char x, char y) => x == y || char.ToUpperInvariant(x) == char.ToUpperInvariant(y);

    // One line, and a short one, whatever was given.
    private static string Shown(string given)
    {
        var line = new string([.. given.Take(80).Select(c => char.IsControl(c) ? '?' : c)]);
        return given.Length > 80 ? line + "…" : line;
    }
}

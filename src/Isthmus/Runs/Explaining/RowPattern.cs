using System.Globalization;
using System.Text.RegularExpressions;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>Which rows have a pattern: a class, <c>column=value</c> or <c>column&gt;x</c>; in a text, the tokens at which a match of a regular expression ends.</summary>
public static partial class RowPattern
{
    private const int MostText = 10_000_000;

    /// <summary>Whether each row has the pattern.</summary>
    /// <param name="pattern">As it is typed.</param>
    /// <param name="model">The run's model, whose schema names columns and classes.</param>
    /// <param name="data">Rows through that schema.</param>
    /// <returns>One answer a row of the data, of a text one a token.</returns>
    /// <exception cref="InputException">No such class or column, or not a regular expression.</exception>
    public static bool[] Match(string pattern, Model model, Dataset data)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        if (pattern.Length == 0) throw new InputException("the pattern is empty");
        if (data.Kind == DataKind.Text) return Ends(pattern, data);
        if (data.Target is ClassTarget target && target.Classes.ToList().IndexOf(pattern) is var c and >= 0) return [.. target.Labels.Select(l => l == c)];
        if (Condition().Match(pattern) is { Success: true } found) return Compared(pattern, found.Groups[1].Value.Trim(), found.Groups[2].Value, found.Groups[3].Value.Trim(), model, data);
        throw Suggest.Unknown(data.Target is ClassTarget ? "class" : "pattern", pattern, data.Target is ClassTarget t ? t.Classes : [],
            data.Target is ClassTarget k ? $"classes: {string.Join(", ", k.Classes.Take(10))}; or column=value, column>x" : "a pattern is column=value, column>x or column<x");
    }

    private static bool[] Ends(string pattern, Dataset data)
    {
        var tokens = data.Indices!;
        var ends = new bool[data.Count * tokens.Columns];
        Regex regex;
        try
        {
            regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new InputException($"the pattern is no regular expression that can be searched for: {Schema.OneLine(e.Message)}", inner: e);
        }
        var vocabulary = tokens.Vocabulary[0];
        var (text, tokenAt) = (new System.Text.StringBuilder(), new List<int>());
        for (var u = 0; u < ends.Length && text.Length < MostText; u++)
        {
            if (tokens.Values[u] < 0) continue;
            text.Append(vocabulary[tokens.Values[u]]);
            while (tokenAt.Count < text.Length) tokenAt.Add(u);
        }
        foreach (var match in regex.EnumerateMatches(text.ToString()))
            if (match.Length > 0) ends[tokenAt[match.Index + match.Length - 1]] = true;
        return ends;
    }

    private static bool[] Compared(string pattern, string column, string sign, string value, Model model, Dataset data)
    {
        var isNumber = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number);
        if (data.Target is ClassTarget target && target.Name == column)
        {
            var c = target.Classes.ToList().IndexOf(value);
            if (c >= 0 && sign is "=" or "!=") return [.. target.Labels.Select(l => l == c == (sign == "="))];
            if (c < 0 && sign is "=" or "!=") throw Suggest.Unknown($"class of {column}", value, target.Classes);
            if (!isNumber || target.Classes.Any(n => !double.TryParse(n, NumberStyles.Float, CultureInfo.InvariantCulture, out _))) throw new InputException($"{pattern}: the classes of {column} are names, not numbers");
            return [.. target.Labels.Select(l => Holds(double.Parse(target.Classes[l], CultureInfo.InvariantCulture), sign, number))];
        }
        if (data.FeatureNames.ToList().IndexOf($"{column}={value}") is var word and >= 0)
            return sign is "=" or "!=" ? Numbers(data.Features, data.FeatureSize, word, 1, 0).Select(v => v > 0.5 == (sign == "=")).ToArray()
                : throw new InputException($"{pattern}: the values of {column} are words, which = and != compare");
        if (ColumnOf(column, model, data) is not { } values)
        {
            var words = data.FeatureNames.Where(n => n.StartsWith(column + "=", StringComparison.Ordinal)).Select(n => n[(column.Length + 1)..]).ToArray();
            throw words.Length > 0 ? Suggest.Unknown($"value of {column}", value, words) : Suggest.Unknown("column", column, Names(data));
        }
        if (!isNumber) throw new InputException($"{pattern}: '{Schema.Shown(value)}' is not a number");
        return [.. values.Select(v => Holds(v, sign, number))];
    }

    // Numbers of a column in its own units.
    private static double[]? ColumnOf(string name, Model model, Dataset data)
    {
        if (data.FeatureNames.ToList().IndexOf(name) is var f and >= 0 && data.FeatureNames.Count == data.FeatureSize)
        {
            var schema = model.Schema.Columns.FirstOrDefault(c => c.Name == name);
            var (scale, mean) = schema is not null ? (schema.Scale, schema.Mean) : model.Schema.Scale.Count == data.FeatureSize ? (model.Schema.Scale[f], model.Schema.Mean[f]) : (1, 0);
            return Numbers(data.Features, data.FeatureSize, f, scale, mean);
        }
        if (data.Target is ContinuousTarget t && t.Names.ToList().IndexOf(name) is var y and >= 0) return Numbers(t.Values, t.Width, y, t.Scale[y], t.Mean[y]);
        if (data.Concepts is { } concepts && concepts.Columns.ToList().FindIndex(c => c.Name == name) is var k and >= 0)
            return Numbers(concepts.Values, concepts.Columns.Count, k, concepts.Columns[k].Scale, concepts.Columns[k].Mean);
        return null;
    }

    private static double[] Numbers(float[] values, int width, int column, double scale, double mean)
    {
        var numbers = new double[values.Length / width];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = (values[(i * width) + column] * scale) + mean;
        return numbers;
    }

    private static IEnumerable<string> Names(Dataset data) => data.FeatureNames.Select(n => n.Split('=')[0])
        .Concat(data.Target switch { ClassTarget t => [t.Name], ContinuousTarget t => t.Names, _ => Enumerable.Empty<string>() })
        .Concat(data.Concepts?.Columns.Select(c => c.Name) ?? []).Distinct(StringComparer.Ordinal);

    // Standardised numbers come back with a rounding error of a float.
    private static bool Holds(double value, string sign, double number)
    {
        var same = Math.Abs(value - number) <= 1e-5 * Math.Max(1, Math.Abs(number));
        return sign switch { "=" => same, "!=" => !same, ">=" => value > number || same, "<=" => value < number || same, ">" => value > number && !same, _ => value < number && !same };
    }

    [GeneratedRegex(@"^(.+?)(>=|<=|!=|=|>|<)(.+)$", RegexOptions.NonBacktracking)]
    private static partial Regex Condition();
}

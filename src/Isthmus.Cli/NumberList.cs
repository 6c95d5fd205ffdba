using System.Globalization;

namespace Isthmus.Cli;

/// <summary>Numbers with commas between them, as options take them.</summary>
internal static class NumberList
{
    /// <summary>The numbers of an option, as in <c>--beta 2,5</c>.</summary>
    /// <exception cref="InputException">One of them is not a number, or there is none.</exception>
    public static double[] Parse(string option, string text)
    {
        var words = text.Split(',', StringSplitOptions.TrimEntries);
        return [.. words.Select(word => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
            : throw new InputException($"{option} {text}: '{word}' is not a number", $"numbers with commas, as in {option} 0.5,2"))];
    }

    /// <summary>The numbers of <c>--seeds</c>: 0-4, or 0,2,5.</summary>
    /// <exception cref="InputException">Another form, a seed of 100 or above, or one that is named twice.</exception>
    public static List<int> Seeds(string text)
    {
        var seeds = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) || last < first || last - first > 99 || last >= 100)
                throw new InputException($"--seeds {text}: '{part}' is not a seed below 100 nor a range of them", "as in --seeds 0-4 or --seeds 0,2,5; 100 and above are for tuning");
            seeds.AddRange(Enumerable.Range(first, last - first + 1));
        }
        return seeds.Distinct().Count() == seeds.Count ? seeds : throw new InputException($"--seeds {text} names a seed twice");
    }
}

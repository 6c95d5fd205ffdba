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
}

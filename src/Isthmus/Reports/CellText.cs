using System.Globalization;

namespace Isthmus.Reports;

/// <summary>How a value is written for people, in tables of the terminal and of reports alike; always in the invariant culture.</summary>
public static class CellText
{
    /// <summary>What stands where there is no value.</summary>
    public const string Nothing = "–";

    /// <summary>
    /// A text as it is; a number by <see cref="Number"/>; whole numbers with thousands separators; yes or no; nothing (null, NaN) as
    /// a dash; a time span in seconds, minutes or hours.
    /// </summary>
    public static string Of(object? value) => value switch
    {
        null => Nothing,
        string text => text,
        bool truth => truth ? "yes" : "no",
        double number => Number(number),
        float number => Number(number),
        Bits bits => Number(bits.Value),
        TimeSpan time => Time(time),
        sbyte or byte or short or ushort or int or uint or long or ulong => ((IFormattable)value).ToString("#,0", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? Nothing,
    };

    /// <summary>
    /// A number with at most so many significant digits (1 to 15), without trailing zeros; in exponent form from a million upwards and
    /// below 0.0001.
    /// </summary>
    public static string Number(double value, int digits = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(digits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digits, 15);
        if (double.IsNaN(value)) return Nothing;
        if (double.IsInfinity(value)) return value > 0 ? "∞" : "-∞";
        if (value == 0) return "0";
        var magnitude = Magnitude(value);
        if (magnitude is >= 6 or < -4) return value.ToString($"0.{new string('#', digits - 1)}e0", CultureInfo.InvariantCulture);
        return value.ToString((magnitude >= 4 ? "#,0." : "0.") + new string('#', Math.Max(0, digits - 1 - magnitude)), CultureInfo.InvariantCulture);
    }

    /// <summary>The cells of a column. Fractional numbers get the same number of decimals, unless they are too far apart for that.</summary>
    internal static string[] OfColumn(IReadOnlyList<object?> cells)
    {
        var texts = cells.Select(Of).ToArray();
        var numbers = cells.Select(c => c switch { double d => d, float f => f, Bits b => b.Value, _ => double.NaN }).ToArray();
        var plain = numbers.Where(n => double.IsFinite(n) && n != 0).ToArray();
        if (plain.Length < 2 || plain.Max(Magnitude) - plain.Min(Magnitude) > 2 || plain.Any(n => Magnitude(n) is >= 6 or < -4)) return texts;
        var decimals = texts.Where((_, i) => double.IsFinite(numbers[i])).Max(t => t.Contains('.', StringComparison.Ordinal) ? t.Length - 1 - t.IndexOf('.', StringComparison.Ordinal) : 0);
        var format = (plain.Max(Magnitude) >= 4 ? "#,0." : "0.") + new string('0', decimals);
        return [.. texts.Select((t, i) => double.IsFinite(numbers[i]) ? numbers[i].ToString(format, CultureInfo.InvariantCulture) : t)];
    }

    /// <summary>Whether a cell belongs to the right edge of its column.</summary>
    internal static bool IsNumber(object? value) => value is double or float or Bits or TimeSpan or sbyte or byte or short or ushort or int or uint or long or ulong;

    private static int Magnitude(double value) => (int)Math.Floor(Math.Log10(Math.Abs(value)));

    private static string Time(TimeSpan time) => time.TotalSeconds switch
    {
        0 => "0 s",
        < 0.1 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F1} ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F1} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:F1} h"),
    };
}

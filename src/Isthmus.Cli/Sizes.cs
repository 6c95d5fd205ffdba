using System.Globalization;

namespace Isthmus.Cli;

/// <summary>Amounts of memory as people write them.</summary>
internal static class Sizes
{
    /// <summary>Bytes, or K, M, G, T times 1024: <c>500M</c>, <c>1.5G</c>, <c>8GB</c>.</summary>
    /// <exception cref="InputException">Not such an amount.</exception>
    public static long Parse(string option, string text)
    {
        var number = text.TrimEnd('B', 'b', 'i').TrimEnd('K', 'k', 'M', 'm', 'G', 'g', 'T', 't');
        var unit = text.Length > number.Length ? char.ToUpperInvariant(text[number.Length]) : 'B';
        var power = "BKMGT".IndexOf(unit, StringComparison.Ordinal);
        if (text.Length - number.Length <= 3 && power >= 0 && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * Math.Pow(1024, power) is >= 1 and < long.MaxValue and var bytes) return (long)bytes;
        throw new InputException($"{option} '{text}' is not an amount of memory", $"as in {option} 500M or {option} 8G");
    }
}

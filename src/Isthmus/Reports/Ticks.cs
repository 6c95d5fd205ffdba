using System.Globalization;

namespace Isthmus.Reports;

/// <summary>A value on an axis and how it is written there.</summary>
internal readonly record struct Tick(double Value, string Label);

/// <summary>Round numbers for an axis: 1, 2 or 5 times a power of ten.</summary>
internal static class Ticks
{
    /// <summary>At most <paramref name="most"/> + 1 ticks within [low, high], low &lt; high, both finite.</summary>
    public static Tick[] Linear(double low, double high, int most)
    {
        var step = Step(low, high, most);
        var (first, last) = (Math.Ceiling((low / step) - 1e-9), Math.Floor((high / step) + 1e-9));
        var count = (int)Math.Clamp(last - first + 1, 0, 50);
        var ticks = new Tick[count];
        for (var i = 0; i < count; i++)
        {
            var value = (first + i) * step;
            ticks[i] = new Tick(value, Label(value, step, Math.Max(Math.Abs(low), Math.Abs(high))));
        }
        return ticks;
    }

    /// <summary>The step of <see cref="Linear"/>.</summary>
    public static double Step(double low, double high, int most)
    {
        var raw = Math.Max((high / Math.Max(1, most)) - (low / Math.Max(1, most)), double.Epsilon * 1e10);
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return (raw / power) switch { <= 1.0000001 => 1, <= 2.0000001 => 2, <= 5.0000001 => 5, _ => 10 } * power;
    }

    /// <summary>Powers of ten within [low, high], 0 &lt; low &lt; high, thinned to about <paramref name="most"/>; with 2 and 5 between them where there are few.</summary>
    public static Tick[] Log(double low, double high, int most)
    {
        var (first, last) = ((int)Math.Ceiling(Math.Log10(low) - 1e-9), (int)Math.Floor(Math.Log10(high) + 1e-9));
        var decades = last - first + 1;
        if (decades <= 1 && high / low < 5) return Linear(low, high, most);
        int[] within = decades <= 2 ? [1, 2, 5] : [1];
        var every = Math.Max(1, (decades + most - 1) / Math.Max(1, most));
        var ticks = new List<Tick>();
        for (var exponent = first - 1; exponent <= last; exponent++)
        {
            if ((exponent % every + every) % every != 0) continue;
            foreach (var digit in within)
            {
                var value = digit * Math.Pow(10, exponent);
                if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.Add(new Tick(value, LogLabel(digit, exponent)));
            }
        }
        return [.. ticks];
    }

    private static string LogLabel(int digit, int exponent)
    {
        if (exponent is >= -3 and <= 3) return Plain(digit * Math.Pow(10, exponent), Math.Max(0, -exponent));
        var power = "10" + Superscript(exponent);
        return digit == 1 ? power : $"{digit.ToString(CultureInfo.InvariantCulture)}·{power}";
    }

    private static string Label(double value, double step, double largest)
    {
        if (value == 0) return "0";
        if (largest >= 1e12 || largest < 1e-5) return Scientific(value, (int)Math.Clamp(Math.Ceiling(Math.Log10(largest / step)), 0, 15));
        // thousands, millions, billions, as long as that needs few decimals
        if (largest >= 1e9 && step >= 1e6) return Scaled(value, step, 1e9, "B");
        if (largest >= 1e6 && step >= 1e3) return Scaled(value, step, 1e6, "M");
        if (largest >= 1e4 && step >= 10) return Scaled(value, step, 1e3, "k");
        return Plain(value, Decimals(step));
    }

    private static string Scaled(double value, double step, double unit, string suffix) => Plain(value / unit, Decimals(step / unit)) + suffix;

    private static int Decimals(double step) => (int)Math.Clamp(-Math.Floor(Math.Log10(step) + 1e-9), 0, 15);

    private static string Plain(double value, int decimals) =>
        value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Replace('-', '−');

    private static string Scientific(double value, int digits)
    {
        var parts = value.ToString($"0.{new string('#', digits)}e0", CultureInfo.InvariantCulture).Split('e');
        return $"{parts[0].Replace('-', '−')}·10{Superscript(int.Parse(parts[1], CultureInfo.InvariantCulture))}";
    }

    private static string Superscript(int number) =>
        string.Concat(number.ToString(CultureInfo.InvariantCulture).Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));
}

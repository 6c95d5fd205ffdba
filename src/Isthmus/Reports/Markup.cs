using System.Globalization;
using System.Text;

namespace Isthmus.Reports;

/// <summary>Text and numbers on their way into HTML and SVG.</summary>
internal static class Markup
{
    /// <summary>
    /// Text as content or as a quoted attribute: the five special characters as entities; characters that XML does not allow
    /// (controls, halves of surrogate pairs) as U+FFFD.
    /// </summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes()) // a lone surrogate is enumerated as U+FFFD
        {
            switch (rune.Value)
            {
                case '&': escaped.Append("&amp;"); break;
                case '<': escaped.Append("&lt;"); break;
                case '>': escaped.Append("&gt;"); break;
                case '"': escaped.Append("&quot;"); break;
                case '\'': escaped.Append("&#39;"); break;
                case '\t' or '\n': escaped.Append((char)rune.Value); break;
                case < 0x20 or (>= 0x7F and < 0xA0) or 0xFFFE or 0xFFFF: escaped.Append('\uFFFD'); break;
                default: escaped.Append(rune.ToString()); break;
            }
        }
        return escaped.ToString();
    }

    /// <summary>A coordinate in user units: two decimals are a hundredth of a pixel.</summary>
    public static string Px(double value) => Math.Round(Math.Clamp(value, -1e5, 1e5), 2).ToString("0.##", CultureInfo.InvariantCulture) is var s && s == "-0" ? "0" : s;

    /// <summary>A text of at most so many characters, the last one an ellipsis where something is missing.</summary>
    public static string Shorten(string text, int length) => text.Length <= length ? text : text[..(length - 1)].TrimEnd() + "…";

    /// <summary>An estimate of a text's width in user units, generous enough for labels not to touch.</summary>
    public static double Width(string text, double fontSize = 13) => 0.58 * fontSize * TextTable.Width(text);
}

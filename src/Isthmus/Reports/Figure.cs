using System.Text;

namespace Isthmus.Reports;

/// <summary>
/// A picture as SVG without scripts or anything from elsewhere. Colours are variables of the page's style, so that the same
/// picture suits light pages, dark pages and paper; text scales with the width. <see cref="SvgPlot"/>, <see cref="BarPlot"/>,
/// <see cref="HeatMap"/> and <see cref="ImageGrid"/> are the kinds.
/// </summary>
public abstract class Figure
{
    /// <summary>The width of every figure in user units; the height follows from the content.</summary>
    public const int Width = 440;

    /// <summary>A figure.</summary>
    /// <param name="title">What it shows, in a few words.</param>
    /// <param name="description">The same for people who cannot see it; null to make one from the content.</param>
    private protected Figure(string title, string? description)
    {
        ArgumentNullException.ThrowIfNull(title);
        (Title, Description) = (title, description);
    }

    /// <summary>What it shows, in a few words.</summary>
    public string Title { get; }

    /// <summary>The same for people who cannot see it; null to make one from the content.</summary>
    public string? Description { get; }

    /// <summary>A file of its own: with the title drawn and the style inside.</summary>
    public string ToSvg() => Render(standalone: true);

    /// <summary>Writes <see cref="ToSvg"/>: to a temporary name first, so that no half file is ever seen.</summary>
    public void Save(string path) => AtomicFile.WriteText(path, ToSvg());

    /// <summary>The picture inside a page that has <see cref="ReportStyle"/> and prints the title itself.</summary>
    internal string ToInlineSvg() => Render(standalone: false);

    /// <summary>Draws below y = top, within the width, and returns the bottom.</summary>
    private protected abstract double Draw(StringBuilder svg, double top);

    /// <summary>What a reader without eyes is told when no description was given.</summary>
    private protected abstract string Describe();

    private string Render(bool standalone)
    {
        var body = new StringBuilder();
        var top = 0.0;
        if (standalone)
        {
            body.Append(Svg.Text(0, 15, Markup.Shorten(Title, 56), "h"));
            top = 26;
        }
        var height = Draw(body, top);
        var svg = new StringBuilder("<svg class=\"plot\" role=\"img\" viewBox=\"0 0 ").Append(Width).Append(' ').Append(Markup.Px(Math.Ceiling(height))).Append('"');
        if (standalone) svg.Append(" xmlns=\"http://www.w3.org/2000/svg\"");
        svg.Append("><title>").Append(Markup.Escape(Title)).Append("</title><desc>").Append(Markup.Escape(Description ?? Describe())).Append("</desc>");
        if (standalone) svg.Append("<style>").Append(ReportStyle.Plot).Append("</style><rect class=\"page\" width=\"100%\" height=\"100%\"/>");
        return svg.Append(body).Append("</svg>\n").ToString();
    }
}

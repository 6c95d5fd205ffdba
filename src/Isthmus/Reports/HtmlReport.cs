using System.Text;

namespace Isthmus.Reports;

/// <summary>
/// A report in one HTML file: no scripts, nothing from elsewhere (a content security policy forbids both), light or dark as the
/// reader's system is, readable from 360 pixels upwards and on paper.
/// </summary>
/// <example>
/// <code>
/// var report = new HtmlReport("MNIST through 32 latents", "a variational bottleneck, seed 0");
/// report.Head.Tiles(new Tile("accuracy", "97.1 %"), new Tile("bound", "18.0 bits", "per image"));
/// report.Section("Learning").Figure(new SvgPlot("Loss", new Axis("epoch"), new Axis("nats")).Line("train", epochs, losses));
/// report.Save("report.html");
/// </code>
/// </example>
public sealed class HtmlReport(string title, string? subtitle = null)
{
    private readonly List<(string Title, ReportBlock Content)> _sections = [];

    /// <summary>What stands between the title and the first section: tiles, a note.</summary>
    public ReportBlock Head { get; } = new();

    /// <summary>The last line, as in <c>Isthmus 0.1.0</c>; null for none.</summary>
    public string? Footer { get; set; }

    /// <summary>Begins a section, whose content is added to what is returned. Sections are listed under the title when there are three or more.</summary>
    public ReportBlock Section(string title)
    {
        ArgumentNullException.ThrowIfNull(title);
        _sections.Add((title, new ReportBlock()));
        return _sections[^1].Content;
    }

    /// <summary>The file.</summary>
    public string ToHtml()
    {
        var html = new StringBuilder("""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <link rel="icon" href="data:,">

            """.ReplaceLineEndings("\n"));
        html.Append($"<title>{Markup.Escape(title)}</title>\n<style>\n{ReportStyle.Page.ReplaceLineEndings("\n")}\n</style>\n</head>\n<body>\n");
        html.Append($"<header>\n<h1>{Markup.Escape(title)}</h1>\n");
        if (subtitle is not null) html.Append($"<p class=\"sub\">{Markup.Escape(subtitle)}</p>\n");
        if (_sections.Count >= 3)
        {
            html.Append("<nav aria-label=\"sections\">");
            for (var i = 0; i < _sections.Count; i++) html.Append(Id(i, "<a href=\"#s{0}\">")).Append(Markup.Escape(_sections[i].Title)).Append("</a>\n");
            html.Append("</nav>\n");
        }
        html.Append("</header>\n<main>\n").Append(Head.ToHtml());
        for (var i = 0; i < _sections.Count; i++)
            html.Append(Id(i, "<section id=\"s{0}\">\n")).Append($"<h2>{Markup.Escape(_sections[i].Title)}</h2>\n{_sections[i].Content.ToHtml()}</section>\n");
        html.Append("</main>\n");
        if (Footer is not null) html.Append($"<footer><p>{Markup.Escape(Footer)}</p></footer>\n");
        return html.Append("</body>\n</html>\n").ToString();
    }

    /// <summary>Writes the file: to a temporary name first, so that no half report is ever seen.</summary>
    public void Save(string path) => AtomicFile.WriteText(path, ToHtml());

    private static string Id(int i, string format) => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, i + 1);
}

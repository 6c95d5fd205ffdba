using System.Text;

namespace Isthmus.Reports;

/// <summary>How a note is meant.</summary>
public enum NoteKind
{
    /// <summary>A remark.</summary>
    Info,
    /// <summary>Something that held.</summary>
    Good,
    /// <summary>Something to be careful with.</summary>
    Warning,
    /// <summary>Something that did not hold.</summary>
    Bad,
}

/// <summary>One figure in large type with its name, and a remark below it.</summary>
public sealed record Tile(string Label, string Value, string? Note = null);

/// <summary>
/// The content of a section, in the order in which it is added. All text is escaped; cells are written by
/// <see cref="CellText.Of"/>. Figures that follow each other stand side by side where there is room.
/// </summary>
public sealed class ReportBlock
{
    private readonly StringBuilder _html = new();
    private bool _inFigures;

    /// <summary>A paragraph.</summary>
    public ReportBlock Text(string paragraph) => Append($"<p>{Markup.Escape(paragraph)}</p>\n");

    /// <summary>A smaller heading.</summary>
    public ReportBlock Heading(string title) => Append($"<h3>{Markup.Escape(title)}</h3>\n");

    /// <summary>A remark that stands out.</summary>
    public ReportBlock Note(string text, NoteKind kind = NoteKind.Info)
    {
        var looks = kind switch { NoteKind.Good => "note good", NoteKind.Warning => "note warn", NoteKind.Bad => "note bad", _ => "note" };
        return Append($"<p class=\"{looks}\">{Markup.Escape(text)}</p>\n");
    }

    /// <summary>Names with their values, one below the other.</summary>
    public ReportBlock KeyValues(params IReadOnlyList<(string Name, object? Value)> facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var html = new StringBuilder("<dl class=\"facts\">\n");
        foreach (var (name, value) in facts) html.Append($"<dt>{Markup.Escape(name)}</dt><dd>{Markup.Escape(CellText.Of(value))}</dd>\n");
        return Append(html.Append("</dl>\n").ToString());
    }

    /// <summary>The few figures that matter most, in large type.</summary>
    public ReportBlock Tiles(params IReadOnlyList<Tile> tiles)
    {
        ArgumentNullException.ThrowIfNull(tiles);
        var html = new StringBuilder("<dl class=\"tiles\">\n");
        foreach (var tile in tiles)
        {
            html.Append($"<div><dt>{Markup.Escape(tile.Label)}</dt><dd class=\"v\">{Markup.Escape(tile.Value)}</dd>");
            if (tile.Note is not null) html.Append($"<dd class=\"e\">{Markup.Escape(tile.Note)}</dd>");
            html.Append("</div>\n");
        }
        return Append(html.Append("</dl>\n").ToString());
    }

    /// <summary>A table; columns of numbers are aligned to the right.</summary>
    /// <param name="headers">One a column.</param>
    /// <param name="rows">As many cells each.</param>
    /// <param name="caption">What the table says; may be left out.</param>
    /// <exception cref="ArgumentException">A row has another number of cells.</exception>
    public ReportBlock Table(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<object?>> rows, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(rows);
        var cells = rows.ToArray();
        if (Array.Find(cells, r => r.Count != headers.Count) is { } odd)
            throw new ArgumentException($"a row has {odd.Count} cells, the table {headers.Count} columns", nameof(rows));
        var right = headers.Select((_, c) => cells.Any(r => r[c] is not null) && cells.All(r => r[c] is null || CellText.IsNumber(r[c]))).ToArray();
        var html = new StringBuilder("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"").Append(Markup.Escape(caption ?? "table")).Append("\"><table>\n");
        if (caption is not null) html.Append($"<caption>{Markup.Escape(caption)}</caption>\n");
        html.Append("<thead><tr>");
        for (var c = 0; c < headers.Count; c++) html.Append($"<th scope=\"col\"{(right[c] ? " class=\"n\"" : "")}>{Markup.Escape(headers[c])}</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        var columns = headers.Select((_, c) => CellText.OfColumn([.. cells.Select(r => r[c])])).ToArray();
        for (var r = 0; r < cells.Length; r++)
        {
            html.Append("<tr>");
            for (var c = 0; c < columns.Length; c++) html.Append($"<td{(right[c] ? " class=\"n\"" : columns[c][r].Length > 32 ? " class=\"w\"" : "")}>{Markup.Escape(columns[c][r])}</td>");
            html.Append("</tr>\n");
        }
        return Append(html.Append("</tbody></table></div>\n").ToString());
    }

    /// <summary>A figure with its title above it, and a caption below the title.</summary>
    public ReportBlock Figure(Figure figure, string? caption = null)
    {
        ArgumentNullException.ThrowIfNull(figure);
        if (!_inFigures) _html.Append("<div class=\"figures\">\n");
        _inFigures = true;
        _html.Append($"<figure><figcaption><b>{Markup.Escape(figure.Title)}</b>{Markup.Escape(caption ?? "")}</figcaption>\n{figure.ToInlineSvg()}</figure>\n");
        return this;
    }

    /// <summary>Text with its line breaks, in letters of equal width: recipes, commands.</summary>
    public ReportBlock Code(string text) => Append($"<pre>{Markup.Escape(text)}</pre>\n");

    /// <summary>A part that opens on a click, and is open on paper.</summary>
    public ReportBlock Details(string summary, Action<ReportBlock> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var inner = new ReportBlock();
        fill(inner);
        return Append($"<details><summary>{Markup.Escape(summary)}</summary>\n{inner.ToHtml()}</details>\n");
    }

    internal string ToHtml() => _html + (_inFigures ? "</div>\n" : "");

    private ReportBlock Append(string html)
    {
        if (_inFigures) _html.Append("</div>\n");
        _inFigures = false;
        _html.Append(html);
        return this;
    }
}

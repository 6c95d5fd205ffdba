using Isthmus.Reports;

namespace Isthmus.Cli;

/// <summary>A result that is a table with a line of text and perhaps a picture: printed for people, as JSON, and as a page for <c>--out</c>.</summary>
/// <param name="Title">What it is about: the page's title.</param>
/// <param name="Json">What <c>--json</c> prints.</param>
/// <param name="Headers">The table's columns.</param>
/// <param name="Rows">Its rows.</param>
internal sealed record Answer(string Title, object Json, IReadOnlyList<string> Headers, IReadOnlyList<IReadOnlyList<object?>> Rows)
{
    /// <summary>A line above the table.</summary>
    public string? Lead { get; init; }

    /// <summary>Lines below the table.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>A picture, for the page.</summary>
    public Figure? Plot { get; init; }

    /// <summary>What the page says under its title.</summary>
    public string? Explanation { get; init; }

    /// <summary>Prints it, and writes the page where <c>--out</c> says.</summary>
    public void Print(Call call)
    {
        if (call.Report is { } path) Page(call).Save(path);
        call.Result(() => Json, output =>
        {
            if (Lead is not null) output.WriteLine(Lead + "\n");
            var table = new TextTable([.. Headers]);
            foreach (var row in Rows) table.Add([.. row]);
            call.Write(table);
            if (Remarks.Count > 0) output.WriteLine();
            foreach (var remark in Remarks) output.WriteLine(Text.OneLine(remark));
        });
    }

    private HtmlReport Page(Call call)
    {
        var page = new HtmlReport(Title, Explanation) { Footer = $"isthmus, seed {CellText.Of(call.Seed)}" };
        if (Lead is not null) page.Head.Text(Lead);
        if (Plot is not null) page.Head.Figure(Plot);
        page.Head.Table(Headers, Rows);
        foreach (var remark in Remarks) page.Head.Note(remark);
        return page;
    }
}

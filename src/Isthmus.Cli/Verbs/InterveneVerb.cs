using System.CommandLine;
using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class InterveneVerb : Verb
{
    private const int ShownPoints = 6;

    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder, trained with --concepts" };
    private readonly Option<string?> _policy = new("--policy") { HelpName = "NAMES", Description = "which concept is asked next: random, ucp, cctp, ectp, eudtp, coop; learnt (intcem); lcp and greedy know the truth; all (default random,ucp,coop)" };
    private readonly Option<string?> _competence = new("--competence") { HelpName = "LIST", Description = "how often the expert is right, 0 to 1; a curve for each (default 1)" };
    private readonly Option<string> _rows = new("--rows") { HelpName = "PART", Description = "test, train or all of the run's own rows (default test)", DefaultValueFactory = _ => "test" };
    private readonly Option<int> _most = new("--most") { HelpName = "N", Description = "at most so many rows, spread evenly (default 2000)", DefaultValueFactory = _ => 2000 };
    private readonly Option<int> _seeds = new("--seeds") { HelpName = "N", Description = "random orders and experts that a curve is the mean of (default 5)", DefaultValueFactory = _ => 5 };
    private readonly Option<string?> _costs = new("--costs") { HelpName = "NAME=COST,…|FILE", Description = "what asking costs, in any unit; a file has lines name,cost" };
    private readonly Option<string?> _groups = new("--groups") { HelpName = "NAME=A+B,…", Description = "concepts that are asked together" };
    private readonly Option<string> _order = new("--order") { HelpName = "WHOSE", Description = "row: each row its own order; one: one order for all rows (default row)", DefaultValueFactory = _ => "row" };
    private readonly Option<int?> _edits = new("--edits") { HelpName = "N", Description = "stop after so many questions (default: all)" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _policy, _competence, _rows, _most, _seeds, _costs, _groups, _order, _edits];

    public override string Details =>
        "Asks an expert about one concept after another and puts what he says in the place of what the network believes: quality against the number of questions, with 95 % intervals " +
        "over rows. After k + 1 questions the first k are in force too. Policies: random; ucp, the least sure concept; cctp, the one that contributes most; ectp, whose value is " +
        "expected to move the answer most; eudtp, to make it surest; coop, uncertainty, importance and cost together, weighed on validation rows; lcp (the most wrong) and greedy (the " +
        "most helpful) know the truth and are bounds. --out FILE.html writes a page with the figure.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus intervene runs/skin",
        "isthmus intervene runs/skin --policy all --competence 1,0.9,0.7 --out curves.html",
        "isthmus intervene runs/skin --policy coop,random --costs itching=1,spongiosis=25 --json",
        "isthmus intervene runs/skin --groups \"look=erythema+scaling,touch=itching+papules\"",
    ];

    public override bool Run(Call call)
    {
        var policies = call.Get(_policy) switch
        {
            null => new InterventionSettings().Policies,
            "all" => InterventionPolicy.Names,
            { } text => text.Split(',', StringSplitOptions.TrimEntries),
        };
        var settings = new InterventionSettings
        {
            Policies = policies,
            Competences = call.Get(_competence) is { } list ? NumberList.Parse("--competence", list) : [1],
            Part = call.Get(_rows)!,
            Most = call.Get(_most),
            Seeds = call.Get(_seeds),
            Seed = call.Seed,
            Groups = call.Get(_groups),
            Costs = call.Get(_costs),
            OneOrder = call.Get(_order) is var order && (order == "one" || (order == "row" ? false : throw Suggest.Unknown("--order", order!, ["row", "one"]))),
            MaxEdits = call.Get(_edits),
        };
        var run = Runs.Run.Load(call.Get(_run)!);
        var report = call.Report;
        var outcome = InterventionRun.Of(run, settings, what => call.Detail(what), call.Stop) with { Report = report };
        if (report is not null) InterventionReport.Save(report, run, outcome);
        call.Result(() => outcome, output => Write(output, outcome, call));
        return true;
    }

    private static void Write(TextWriter output, InterventionOutcome o, Call call)
    {
        output.WriteLine($"{CellText.Of(o.Rows)} rows of {o.Data}, {CellText.Of(o.Questions.Count)} questions: {o.Metric} after so many of them\n");
        var most = o.Curves.Max(c => c.Points.Count) - 1;
        int[] shown = [.. Enumerable.Range(0, ShownPoints).Select(i => (int)Math.Round((double)most * i / (ShownPoints - 1))).Distinct()];
        var competences = o.Curves.Select(c => c.Competence).Distinct().Count() > 1;
        string[] over = o.Questions.Select(q => q.Cost).Distinct().Count() > 1 ? ["over cost"] : [];
        var table = new TextTable([competences ? "policy, competence" : "policy", .. shown.Select(s => s.ToString(CultureInfo.InvariantCulture)), "area", "95 %", "normalised", .. over]);
        foreach (var c in o.Curves)
            table.Add([competences ? string.Create(CultureInfo.InvariantCulture, $"{c.Policy}, {c.Competence:0.##}") : c.Policy,
                .. shown.Select(s => (object?)(c.Points[Math.Min(s, c.Points.Count - 1)] is var p ? p.Accuracy ?? p.Mse : null)), c.Area, $"{CellText.Number(c.AreaLow)} … {CellText.Number(c.AreaHigh)}", c.NormalizedArea, .. over.Select(_ => (object?)c.AreaByCost)]);
        call.Write(table);
        output.WriteLine();
        foreach (var c in o.Curves.Where(c => c.Policy != "random" && c.Competence == o.Curves[0].Competence)) output.WriteLine($"{c.Policy} asks first: {InterventionReport.First(c)}");
        if (o.Coop is { } w) output.WriteLine($"coop weighs uncertainty {CellText.Number(w.Uncertainty)}, importance {CellText.Number(w.Importance)}, cost {CellText.Number(w.Cost)}");
        foreach (var d in o.Comparisons)
            output.WriteLine($"{d.First}{(competences ? string.Create(CultureInfo.InvariantCulture, $", {d.Competence:0.##}") : "")} against random: area {CellText.Number(d.Area)} [{CellText.Number(d.Low)}, {CellText.Number(d.High)}], p = {CellText.Number(d.P)}{(over.Length > 0 ? $"; over cost {CellText.Number(d.ByCost)}" : "")}");
        foreach (var note in o.Notes) output.WriteLine(note);
        if (o.Report is { } report) output.WriteLine($"report  {report}");
    }
}

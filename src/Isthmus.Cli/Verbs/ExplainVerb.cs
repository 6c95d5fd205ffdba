using System.CommandLine;
using System.Globalization;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

internal sealed class ExplainVerb : Verb
{
    private const int Shown = 20;

    private readonly Argument<string> _run = new("RUN") { Description = "a run's folder" };
    private readonly Option<string?> _search = new("--search") { HelpName = "PATTERN", Description = "codes and features that stand for a class, column=value, column>x, or in a text a regular expression" };
    private readonly Option<string?> _code = new("--code") { HelpName = "P:K", Description = "one code (position:code, as in 0:17), or one feature (feature.12)" };
    private readonly Option<string> _rows = new("--rows") { HelpName = "PART", Description = "test, train or all: the rows looked at", DefaultValueFactory = _ => "test" };
    private readonly Option<int> _most = new("--most") { HelpName = "N", Description = "at most so many of them, spread evenly", DefaultValueFactory = _ => 2000 };
    private readonly Option<int> _top = new("--top") { HelpName = "N", Description = "how many codes, features and dimensions are described", DefaultValueFactory = _ => 100 };
    private readonly Option<int> _examples = new("--examples") { HelpName = "N", Description = "rows shown for each", DefaultValueFactory = _ => 8 };

    private readonly Option<string?> _layer = new("--layer") { HelpName = "NAME", Description = "the layer of an inserted bottleneck (a recipe's insert:); default: the one between encoder and decoder" };
    private readonly Option<bool> _noLeakage = new("--no-leakage") { Description = "leave out what concepts let pass beside themselves, which takes longest" };
    private readonly Option<string[]> _query = new("--query") { HelpName = "P", Description = "what the joint distribution of concepts and class says, as in p(lung|xray=1); may be given several times (ecbm)" };

    public override IReadOnlyList<Symbol> Symbols => [_run, _layer, _search, _code, _query, _rows, _most, _top, _examples, _noLeakage];

    public override string Details =>
        "Says what passes the bottleneck and what it stands for: how the codes of each position are used, the class of each code with precision and recall on the test rows, " +
        "the rows nearest to it, and what blocking it does to the answer; the same for the features of a dictionary; of a code of numbers the bits of each dimension and what " +
        "moving it does; of concepts how well each is known, the head's weights, and in bits what passes beyond the annotations, with a verdict. --out FILE.html writes a page with cards.";

    public override IReadOnlyList<string> Examples =>
        ["isthmus explain runs/digits", "isthmus explain runs/digits --search 7 --json", "isthmus explain runs/digits --code 0:17", "isthmus explain runs/digits --out cards.html", "isthmus explain runs/text --layer encoder.layers.0.self_attn --search \"[Tt]he \"",
            "isthmus explain runs/clinic --query \"p(lung|xray=1)\""];

    public override bool Run(Call call)
    {
        if (call.Get(_query) is { Length: > 0 } queries)
        {
            var answered = ConceptQueries.Answer(Runs.Run.Load(call.Get(_run)!), queries, call.Get(_rows)!, call.Get(_most));
            call.Result(() => answered, output => Write(output, answered));
            return true;
        }
        var settings = new ExplainSettings { Part = call.Get(_rows)!, Most = call.Get(_most), Top = call.Get(_top), Examples = call.Get(_examples), Search = call.Get(_search), Only = call.Get(_code), Layer = call.Get(_layer), Leakage = !call.Get(_noLeakage) };
        var explanation = ExplanationReport.Explain(Runs.Run.Load(call.Get(_run)!), settings, call.Out, call.Stop);
        call.Result(() => explanation, output => Write(output, explanation, call));
        return true;
    }

    private static void Write(TextWriter output, Explanation answered)
    {
        output.WriteLine($"{answered.Bottleneck}, exact sums over all states; {CellText.Of(answered.Rows)} rows");
        foreach (var answer in answered.Queries!) output.WriteLine(answer.ToString());
        foreach (var note in answered.Notes) output.WriteLine("\n" + note);
    }

    private static void Write(TextWriter output, Explanation e, Call call)
    {
        output.WriteLine($"{e.Bottleneck}{(e.Layer is { } layer ? $" at {layer}" : "")} passes {e.Message}; {CellText.Of(e.Rows)} rows");
        if (e.Search is { } search)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{search.Pattern}: {search.Rows:#,0} rows, {100 * search.Share:0.0} % (the precision of a code that means nothing)\n"));
            Table(call, ["name", "precision", "recall", "F1", "rows"], search.Matches.Select(m => (object?[])[m.Name, m.Precision, m.Recall, m.F1, m.Count]));
        }
        if (e.Concepts is { } concepts) Write(output, concepts, e, call);
        if (e.Codes is { } codes && e.Search is null) Write(output, codes, call);
        if (e.Features is { } features && e.Search is null)
        {
            output.WriteLine($"\n{CellText.Of(features.Alive)} of {CellText.Of(features.Count)} features are active somewhere, {CellText.Number(features.L0)} a row\n");
            Table(call, Columns("feature", "density", features.List.Any(c => c.Label is not null), features.List.Any(c => c.TargetMean is not null), features.List.Any(c => c.EffectKlBits is not null)),
                features.List.Select(c => Cells(c.Name, c.Density, c.Label, c.TargetMean, c.EffectKlBits, c.EffectMse, c.Examples)));
        }
        if (e.Latents is { } latents && e.Search is null)
        {
            output.WriteLine($"\n{CellText.Of(latents.Active)} of {CellText.Of(latents.Count)} dimensions are active\n");
            Table(call, ["dimension", "bits", "mean", "deviation", "2% … 98%", latents.List.Any(l => l.EffectKlBits is not null) ? "effect, KL bits" : "effect, mean square", "largest in rows"],
                latents.List.Select(l => (object?[])[l.Name, l.Bits, l.Mean, l.Deviation, $"{CellText.Number(l.Low)} … {CellText.Number(l.High)}", l.EffectKlBits ?? l.EffectMse, Rows(l.Examples)]));
        }
        foreach (var note in e.Notes) output.WriteLine("\n" + note);
    }

    private static void Write(TextWriter output, IReadOnlyList<ConceptCard> concepts, Explanation e, Call call)
    {
        output.WriteLine();
        Table(call, ["concept", "type", "rows", "accuracy", "majority", "AUC", "Brier", "calibration error", "leak, bits", .. concepts.Any(c => c.R2 is not null) ? ["R²"] : Array.Empty<string>()],
            concepts.Select(c => (object?[])[c.Name, c.Type, c.Rows, c.Accuracy, c.Majority, c.Auc, c.Brier, c.CalibrationError, c.LeakBits, .. concepts.Any(o => o.R2 is not null) ? new object?[] { c.R2 } : []]));
        foreach (var rule in e.Head?.Rules ?? []) output.WriteLine(rule);
        if (e.Subgroups is { } groups)
        {
            output.WriteLine();
            Table(call, ["group", "rows", "answers right", "concepts right, mean"], groups.Select(g => (object?[])[g.Group, g.Rows, g.Accuracy, g.ConceptAccuracy.Average()]));
        }
        if (e.Leakage is not { } leakage) return;
        output.WriteLine($"\n{leakage.Text}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"passes {leakage.Passes}; read on {leakage.Rows:#,0} rows that were not trained on, those for validation among them"));
        if (leakage.JointBits is { } joint) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"what passes says {joint:0.000} bits of the answer, true concepts {leakage.TrueJointBits:0.000}, of {leakage.TargetEntropyBits:0.000}; with true concepts at best {100 * leakage.CeilingAccuracy:0.0} % are right"));
        foreach (var words in leakage.Words) output.WriteLine(words);
        output.WriteLine();
    }

    private static void Write(TextWriter output, CodesExplained codes, Call call)
    {
        output.WriteLine();
        Table(call, ["position", "codes", "used", "entropy, bits", "perplexity"], codes.Positions.Select(p => (object?[])[p.Name, p.Codes, p.Used, p.EntropyBits, p.Perplexity]));
        output.WriteLine($"\n{CellText.Of(codes.Distinct)} different messages of {CellText.Of(codes.Messages)}: {CellText.Number(codes.JointEntropyBits)} bits together (ceiling {CellText.Number(codes.CeilingBits)}, sum of positions {CellText.Number(codes.FactorisedBits)})\n");
        Table(call, Columns("code", "share", codes.List.Any(c => c.Label is not null), codes.List.Any(c => c.TargetMean is not null), codes.List.Any(c => c.EffectKlBits is not null)),
            codes.List.Select(c => Cells(c.Name, c.Share, c.Label, c.TargetMean, c.EffectKlBits, c.EffectMse, c.Examples)));
    }

    private static string[] Columns(string name, string share, bool labels, bool target, bool kl) =>
        [name, share, .. labels ? ["stands for", "precision", "recall"] : Array.Empty<string>(), .. target ? ["mean target"] : Array.Empty<string>(), kl ? "blocked, KL bits" : "blocked, mean square", "rows"];

    private static object?[] Cells(string name, double share, Association? label, double? target, double? kl, double? mse, IReadOnlyList<int> examples) =>
        [name, share, .. label is null ? [] : new object?[] { label.Pattern, label.Precision, label.Recall }, .. target is null ? [] : new object?[] { target }, kl ?? mse, Rows(examples)];

    private static string Rows(IReadOnlyList<int> examples) => string.Join(" ", examples.Take(6).Select(r => r.ToString(CultureInfo.InvariantCulture)));

    private static void Table(Call call, string[] headers, IEnumerable<object?[]> rows)
    {
        var all = rows.ToArray();
        var table = new TextTable(headers);
        foreach (var row in all.Take(Shown)) table.Add(row.Length == headers.Length ? row : [.. row[..2], .. new object?[headers.Length - row.Length], .. row[2..]]);
        call.Write(table);
        if (all.Length > Shown) call.Note($"{all.Length - Shown} more with --json, or with --out FILE.html");
    }
}

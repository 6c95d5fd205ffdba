using System.CommandLine;
using Isthmus.Reports;
using Isthmus.Studies;

namespace Isthmus.Cli.Verbs;

/// <summary><c>study list</c>: the catalogue, and how far it is.</summary>
internal sealed class StudyListVerb : Verb
{
    private readonly Option<string?> _family = new("--family") { HelpName = "F", Description = "only those of a family" };

    public override IReadOnlyList<Symbol> Symbols => [_family];

    public override IReadOnlyList<string> Examples => ["isthmus study list", "isthmus study list --family bottleneck-blocks --json"];

    public override bool Run(Call call)
    {
        var entries = call.Get(_family) is { } family ? Catalogue.Of(family) : Catalogue.All;
        call.Result(() => new { Systems = entries.Select(e => new { e.Slug, e.Name, e.Family, e.Tier, Status = Status(e), Verdict = Recorded(e)?.Verdict }) }, output =>
        {
            var table = new TextTable("system", "family", "tier", "status", "verdict", "name");
            foreach (var e in entries) table.Add(e.Slug, e.Family, e.Tier, Status(e), Recorded(e) is { } r ? JsonOutput.Word(r.Verdict) : "", e.Name);
            call.Write(table);
            output.WriteLine();
            output.WriteLine($"{CellText.Of(entries.Count)} systems, {CellText.Of(entries.Count(e => StudyIndex.Find(e.Slug) is not null))} of them with a study that runs.");
        });
        return true;
    }

    internal static string Status(CatalogueEntry entry) => StudyIndex.Find(entry.Slug) is null ? "planned" : "works";

    internal static StudyResult? Recorded(CatalogueEntry entry) => StudyRecords.Embedded.FirstOrDefault(r => r.Slug == entry.Slug);
}

/// <summary><c>study show</c>: all there is about a system.</summary>
internal sealed class StudyShowVerb : Verb
{
    private readonly Argument<string> _slug = new("SLUG") { Description = "a system, as 'study list' names it" };

    public override IReadOnlyList<Symbol> Symbols => [_slug];

    public override IReadOnlyList<string> Examples => ["isthmus study show hourglass-mlp"];

    public override bool Run(Call call)
    {
        var e = Catalogue.Get(call.Get(_slug)!);
        var (study, result) = (StudyIndex.Find(e.Slug), StudyListVerb.Recorded(e));
        call.Result(
            () => new
            {
                e.Slug,
                e.Name,
                e.Title,
                e.Published,
                e.Family,
                e.Tier,
                e.Mechanism,
                e.Claim,
                Status = StudyListVerb.Status(e),
                result?.Verdict,
                Stale = result is null ? null : StudyRecords.Stale(result),
                Study = study is null ? null : new { study.Claim, study.Procedure, study.Differs, study.Data, study.Baseline, study.Method, study.Primary, study.Secondaries, ConfigsPerArm = study.MethodConfigurations.Count },
                Result = result,
            },
            output =>
            {
                void Say(string name, string text) => output.WriteLine(Text.OneLine($"{name}: {text}"));
                output.WriteLine(Text.OneLine($"{e.Slug}: {e.Name}"));
                Say("paper", $"{e.Title} ({e.Published})");
                Say("family", $"{e.Family}, tier {e.Tier}, {StudyListVerb.Status(e)}");
                Say("mechanism", e.Mechanism);
                Say("the paper's claim", e.Claim);
                if (study is null) return;
                output.WriteLine();
                Say("claim checked", study.Claim);
                Say("procedure", study.Procedure);
                Say("differs", study.Differs);
                Say("data", study.Data);
                Say("baseline", study.Baseline);
                Say("method", study.Method);
                output.WriteLine();
                if (result is null) output.WriteLine($"no recorded result: isthmus study run {e.Slug} --budget full");
                else StudyText.Write(output, call, result);
                if (result is not null) Say("differences by seed", string.Join(", ", result.Differences.Select(d => CellText.Number(d))));
                if (result is not null && StudyRecords.Stale(result) is { } stale) Say("stale", stale);
            });
        return true;
    }
}

/// <summary><c>study search</c>: systems by words.</summary>
internal sealed class StudySearchVerb : Verb
{
    private readonly Argument<string[]> _words = new("WORDS") { Arity = ArgumentArity.OneOrMore, Description = "what it is about" };
    private readonly Option<int> _count = new("--count") { HelpName = "N", Description = "how many at most (default 10)", DefaultValueFactory = _ => 10 };

    public override IReadOnlyList<Symbol> Symbols => [_words, _count];

    public override IReadOnlyList<string> Examples => ["isthmus study search \"codebook collapse\"", "isthmus study search concepts without labels --json"];

    public override bool Run(Call call)
    {
        var count = call.Get(_count);
        if (count is < 1 or > 1000) throw new InputException($"--count {CellText.Of(count)} is outside 1..1000");
        var hits = CatalogueSearch.Find(string.Join(' ', call.Get(_words)!), count);
        call.Result(() => new { Results = hits.Select(h => new { h.Entry.Slug, h.Entry.Name, h.Score, h.Entry.Title, h.Entry.Family, Status = StudyListVerb.Status(h.Entry) }) }, output =>
        {
            if (hits.Count == 0) output.WriteLine("no system speaks of that");
            else
            {
                var table = new TextTable("system", "score", "family", "status", "title");
                foreach (var h in hits) table.Add(h.Entry.Slug, h.Score, h.Entry.Family, StudyListVerb.Status(h.Entry), h.Entry.Title);
                call.Write(table);
            }
        });
        return true;
    }
}

/// <summary><c>study table</c>: the page of recorded results, and whether they are of the present code.</summary>
internal sealed class StudyTableVerb : Verb
{
    private readonly Option<string?> _from = new("--from") { HelpName = "FOLDER", Description = "results as 'study run --record' writes them (default: those built into the program)" };
    private readonly Option<string?> _write = new("--write") { HelpName = "FILE", Description = "write the page as Markdown" };
    private readonly Option<bool> _check = new("--check") { Description = "exit 1 where a result was recorded with other code than the present one" };

    public override IReadOnlyList<Symbol> Symbols => [_from, _write, _check];

    public override IReadOnlyList<string> Examples => ["isthmus study table", "isthmus study table --check", "isthmus study table --from docs/studies --write docs/studies.md"];

    public override bool Run(Call call)
    {
        var results = call.Get(_from) is { } folder ? StudyRecords.Read(folder) : StudyRecords.Embedded;
        var stale = results.Select(r => (r.Slug, Reason: StudyRecords.Stale(r))).Where(r => r.Reason is not null).ToArray();
        if (call.Get(_write) is { } path) AtomicFile.WriteText(path, StudyTable.Markdown(results));
        call.Result(() => new { Studies = results, Stale = stale.Select(s => new { s.Slug, s.Reason }) }, output =>
        {
            if (call.Get(_write) is { } written) output.WriteLine($"wrote {written}");
            else if (!call.Get(_check)) output.Write(StudyTable.Markdown(results));
            foreach (var (slug, reason) in stale) output.WriteLine($"stale: {slug}: {reason}");
            if (call.Get(_check) && stale.Length == 0) output.WriteLine($"{CellText.Of(results.Count)} recorded results, all of the present code");
        });
        return !call.Get(_check) || stale.Length == 0;
    }
}

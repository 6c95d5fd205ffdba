using System.Globalization;
using System.Text;
using Isthmus.Reports;

namespace Isthmus.Studies;

/// <summary>The page of results, <c>docs/studies.md</c>, written from recorded results alone.</summary>
public static class StudyTable
{
    /// <summary>The page in Markdown; equal results give equal bytes.</summary>
    public static string Markdown(IReadOnlyList<StudyResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        var page = new StringBuilder();
        page.Append("# Studies: papers in miniature\n\n");
        page.Append("*Written by `isthmus study table --write docs/studies.md` from the files in `docs/studies`; [how studies are made and judged](study-guide.md).*\n\n");
        page.Append(Lead(results)).Append("\n\n");
        if (results.Count == 0) return page.ToString();
        page.Append("| study | verdict | primary measure | baseline | method | difference, 94 % | p | seeds |\n|---|---|---|---|---|---|---|---|\n");
        foreach (var r in results)
            page.Append($"| [`{r.Slug}`](#{r.Slug}) | **{Word(r.Verdict)}** | {r.Primary}{(r.Unit.Length > 0 ? ", " + r.Unit : "")} ({Word(r.Direction)} is better) | {Number(r.Measures[0].Baseline.Average())} | {Number(r.Measures[0].Method.Average())} | {Spread(r.Measures[0] with { Interval = r.Interval })} | {P(r.P)} | {Count(r.Seeds.Count)} |\n");
        foreach (var r in results) page.Append('\n').Append(Section(r));
        return page.ToString();
    }

    /// <summary>A result in words for people, a few lines.</summary>
    public static IReadOnlyList<string> Lines(StudyResult r)
    {
        ArgumentNullException.ThrowIfNull(r);
        return
        [
            $"{r.Slug}: {Word(r.Verdict)}",
            $"claim: {r.Claim}",
            $"{r.Primary}: {Spread(r.Measures[0] with { Interval = r.Interval })}, {MarginText(r)}; p {P(r.P)}{(r.ByExamples ? " (by test examples)" : "")}",
            Shown(r),
            $"seeds {string.Join(", ", r.Seeds.Select(Count))}; {TuningText(r.Tuning)}; {CellText.Of(TimeSpan.FromSeconds(r.Seconds))} ({Number(r.ArmSeconds[0])} s a baseline, {Number(r.ArmSeconds[1])} s a method)",
        ];
    }

    private static string Lead(IReadOnlyList<StudyResult> results)
    {
        var counts = Enum.GetValues<StudyVerdict>().Select(v => (Word: Word(v), Count: results.Count(r => r.Verdict == v))).Where(c => c.Count > 0);
        return string.Create(CultureInfo.InvariantCulture,
            $"{results.Count} {(results.Count == 1 ? "study" : "studies")}{(results.Count == 0 ? "" : ": " + string.Join(", ", counts.Select(c => $"{Count(c.Count)} {c.Word}")))}. " +
            $"A claim is *held* when a one-sided paired t test of the differences minus the margin has p < {VerdictRule.Level} at five seeds or, once more, at ten; *opposite* when the contrary does; else *undecided*. " +
            $"If none of these claims were true, about {VerdictRule.HeldByChance * 100:0.#} in 100 would still read held: here {VerdictRule.HeldByChance * results.Count:0.##}. Claims that did not hold stand here like those that did.");
    }

    private static string Section(StudyResult r)
    {
        var text = new StringBuilder($"## {r.Slug}\n\n**{Word(r.Verdict)}.** {r.Claim}\n\n");
        if (Catalogue.All.FirstOrDefault(e => e.Slug == r.Slug) is { } entry) text.Append($"*{entry.Title}* ({entry.Published})\n\n");
        text.Append($"- Procedure: {r.Procedure}\n- How it differs: {r.Differs}\n- Data: {r.Data}\n- Baseline: {r.Baseline} ({r.Tuning.Baseline}). Method: {r.Method} ({r.Tuning.Method}). {Capital(TuningText(r.Tuning))}.\n");
        text.Append($"- Primary: {r.Primary}, {Word(r.Direction)} is better, {MarginText(r)}. {Capital(DifferenceName(r.Ratio))} by seed ({string.Join(", ", r.Seeds.Select(Count))}): {string.Join(", ", r.Differences.Select(Number))}. ");
        text.Append($"Mean {Spread(r.Measures[0] with { Interval = r.Interval })}, p {P(r.P)}{(r.ByExamples ? ", by test examples" : "")}. {Shown(r)}\n");
        text.Append(CultureInfo.InvariantCulture, $"- {r.Seconds:0} s in all, {Number(r.ArmSeconds[0])} s a run of the baseline, {Number(r.ArmSeconds[1])} s of the method. Code `{r.Code}`.\n\n");
        text.Append("| measure | baseline, each seed | method, each seed | mean difference, 94 % |\n|---|---|---|---|\n");
        foreach (var m in r.Measures)
            text.Append($"| {m.Name}{(m.Unit.Length > 0 ? ", " + m.Unit : "")} | {string.Join(", ", m.Baseline.Select(Number))} | {string.Join(", ", m.Method.Select(Number))} | {Spread(m)} |\n");
        return text.ToString();
    }

    private static string Shown(StudyResult r) => r.Verdict == StudyVerdict.Undecided
        ? $"With this spread and number of seeds a mean {Number(r.Detectable)} beyond the margin would have read held."
        : double.IsNaN(r.Detectable) ? "One seed has no interval." : $"A mean {Number(r.Detectable)} beyond the margin was needed.";

    private static string MarginText(StudyResult r) => r.Margin == 0 ? "no margin"
        : r.Ratio ? string.Create(CultureInfo.InvariantCulture, $"{(r.Margin > 0 ? "better" : "worse")} by {(r.Margin > 0 ? "more" : "less")} than {Math.Abs(r.Margin) * 100:0.###} %")
        : $"{(r.Margin > 0 ? "better by more" : "worse by less")} than {Number(Math.Abs(r.Margin))}";

    private static string TuningText(TuningResult t) => t.ConfigsPerArm == 1 ? "nothing tuned" : $"{Count(t.ConfigsPerArm)} configurations an arm, tuned on {(t.Seeds!.Contains('-', StringComparison.Ordinal) ? "seeds" : "seed")} {t.Seeds}";

    private static string DifferenceName(bool ratio) => ratio ? "log of method / baseline" : "method - baseline";

    private static string Spread(MeasureResult m) => double.IsNaN(m.Interval[0])
        ? $"{(m.Ratio ? "log ratio " : "")}{Number(m.Difference)}"
        : $"{(m.Ratio ? "log ratio " : "")}{Number(m.Difference)} [{Number(m.Interval[0])}, {Number(m.Interval[1])}]";

    private static string P(double p) => p < 0.0001 ? "< 0.0001" : p.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Count(int n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => CellText.Number(value);

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

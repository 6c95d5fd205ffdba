using System.Globalization;
using Isthmus.Information;
using Isthmus.Reports;

namespace Isthmus.Runs;

/// <summary>The sections of a page that tell about concepts.</summary>
internal static class ConceptPages
{
    private const int MostColumns = 60, MostGrouped = 8;

    /// <summary>Quality, concept by concept.</summary>
    public static void Concepts(ReportBlock section, IReadOnlyList<ConceptCard> concepts)
    {
        // Columns that say the same of every concept only make the table wider than paper.
        var (numbers, costs) = (concepts.Any(c => c.R2 is not null), concepts.Any(c => c.Cost != 1));
        section.Table(["concept", "type", "states", "rows", "accuracy", "commonest state", "AUC", "Brier", "calibration error", .. numbers ? ["R²"] : Array.Empty<string>(), .. costs ? ["cost"] : Array.Empty<string>()],
            concepts.Select(c => (IReadOnlyList<object?>)[c.Name, c.Type, c.States.Count == 0 ? null : string.Join(", ", c.States), c.Rows, c.Accuracy, c.Majority, c.Auc, c.Brier, c.CalibrationError, .. numbers ? new object?[] { c.R2 } : [], .. costs ? new object?[] { c.Cost } : []]),
            "on rows that were not trained on; the commonest state is what a model that knows nothing gets right");
        if (concepts.Where(c => c.Accuracy is not null && c.Accuracy <= c.Majority).Select(c => c.Name).ToArray() is { Length: > 0 } unstable)
            section.Note($"No better than the commonest state: {string.Join(", ", unstable)}. What the model says of {(unstable.Length == 1 ? "it" : "them")} should not be relied on.", NoteKind.Warning);
    }

    /// <summary>Accuracies by group.</summary>
    public static void Subgroups(ReportBlock section, IReadOnlyList<SubgroupScore> groups, IReadOnlyList<ConceptCard> concepts)
    {
        int[] shown = [.. Enumerable.Range(0, concepts.Count).Take(MostGrouped)];
        section.Table(["group", "rows", "answer", .. shown.Select(c => concepts[c].Name)], groups.Select(g => (IReadOnlyList<object?>)[g.Group, g.Rows, g.Accuracy, .. shown.Select(c => (object?)g.ConceptAccuracy[c])]),
            shown.Length < concepts.Count ? $"accuracy; the first {shown.Length} concepts, all with --json" : "accuracy: a model may be right on the whole and wrong for the few");
    }

    /// <summary>The verdict, its words and the numbers beside it.</summary>
    public static void Leakage(ReportBlock section, LeakageExplained leakage, IReadOnlyList<ConceptCard> concepts)
    {
        section.Note(Sentence(leakage.Text), leakage.Verdict == LeakVerdict.BeyondAnnotations ? NoteKind.Warning : NoteKind.Info);
        section.Tiles(
            new Tile("beyond the annotations", Bits(leakage.BeyondAnnotationsBits), $"bits of the answer; 95 % interval {Bits(leakage.LowBits)} … {Bits(leakage.HighBits)}"),
            new Tile("what passes says", Bits(leakage.JointBits), string.Create(CultureInfo.InvariantCulture, $"bits, of {leakage.TargetEntropyBits:0.00}; true concepts say {Bits(leakage.TrueJointBits)}")),
            new Tile("ceiling", leakage.CeilingAccuracy is { } c ? string.Create(CultureInfo.InvariantCulture, $"{100 * c:0.0} %") : CellText.Nothing, "the best accuracy that true concepts allow"));
        foreach (var words in leakage.Words) section.Text(Sentence(words));
        section.KeyValues(
            ("what physically passes", leakage.Passes),
            ("rounded to states, beyond the annotations", Bits(leakage.HardenedBits) + " bits"),
            ("concepts-task leakage (CTL), mean", leakage.Ctl),
            ("interconcept leakage (ICL), mean", leakage.Icl),
            ("oracle impurity (OIS)", leakage.Ois),
            ("niche impurity (NIS), as a share of its greatest value", leakage.NisNormalised),
            ("rows", leakage.Rows));
        if (!concepts.Any(c => c.LeakBits is not null)) return;
        var bars = new BarPlot("Beyond its own annotation, concept by concept", new Axis("bits of the answer"));
        foreach (var concept in concepts.Where(c => c.LeakBits is not null).OrderByDescending(c => c.LeakBits).Take(MostColumns)) bars.Bar(concept.Name, concept.LeakBits!.Value);
        section.Figure(bars, "one by one: what concepts say only together is in the verdict above");
    }

    /// <summary>The head's weights.</summary>
    public static void Head(ReportBlock section, HeadExplained head)
    {
        section.Text(string.Create(CultureInfo.InvariantCulture, $"The answer is the largest sum of weights of what is there. On average {head.EffectiveConcepts:0.0} columns have a weight for an answer."));
        foreach (var rule in head.Rules) section.Text(rule);
        int[] shown = [.. Enumerable.Range(0, head.Columns.Count).OrderByDescending(c => head.Weights.Max(w => Math.Abs(w[c]))).Take(MostColumns).Order()];
        section.Table(["column", .. head.Answers], shown.Select(c => (IReadOnlyList<object?>)[head.Columns[c], .. head.Weights.Select(w => (object?)w[c])]),
            shown.Length < head.Columns.Count ? $"the {shown.Length} columns with the largest weights" : "weights");
    }

    private static string Sentence(string words) => words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..] + (words[^1] is '.' or ')' ? "" : ".");

    private static string Bits(double? bits) => bits is { } b ? b.ToString("0.000", CultureInfo.InvariantCulture) : CellText.Nothing;
}

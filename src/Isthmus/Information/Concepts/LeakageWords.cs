using System.Globalization;

namespace Isthmus.Information;

/// <summary>The verdict of a leakage report, and its sentences.</summary>
internal static class LeakageWords
{
    private const double MostlyHard = 0.7, LittleHard = 0.3, Patterned = 0.05;
    private const int FewDifferences = 30;

    public static LeakageReport Judge(LeakageReport report, ConceptRows rows, ConceptStrata strata, List<string> more)
    {
        var (disagreement, pattern) = Disagreement(rows);
        report = report with { Disagreement = disagreement, DisagreementPattern = pattern };
        var words = new List<string>();
        var least = ConceptLeakage.LeastRows(report.MarginBits);
        if (report.Rows < least)
            words.Add(Text($"{report.Rows} rows carry no verdict on leakage: to tell {report.MarginBits:0.###} bits from nothing takes at least {least}"));
        else if (!ConceptLeakage.Exchangeable(strata))
            words.Add(Text($"no verdict: {strata.Count} different combinations of concepts among {report.Rows} rows; only {100 * strata.Shared(4):0} % of the rows share theirs with four others, so that there is too little to exchange"));
        else if (report.HighBits < report.MarginBits) report = report with { Verdict = LeakVerdict.Clean };
        else if (ConceptLeakage.Shown(report)) report = report with { Verdict = LeakVerdict.BeyondAnnotations };
        else words.Add(Text($"no verdict: the interval reaches from {report.LowBits:0.000} to {report.HighBits:0.000} bits, which neither shows a surplus nor rules out {report.MarginBits:0.###} bits; more rows narrow it"));
        if (report.Verdict == LeakVerdict.BeyondAnnotations) Explain(report, words);
        if (report.Verdict == LeakVerdict.Clean)
        {
            words.Add(Text($"given the annotated concepts the codes say at most {report.HighBits:0.000} bits more of the class; a probe of this kind could find no more, which does not rule out a code made to deceive it"));
            if (ConceptLeakage.Shown(report)) words.Add(Text($"so small a surplus is there all the same: {report.BeyondAnnotationsBits:0.000} bits, at least {report.LowBits:0.0000}"));
        }
        if (report.TargetEntropyBits - report.TrueJointBits < report.MarginBits)
            words.Add("the annotated concepts decide the class, so that nothing can be said beyond all of them; whether the code of one concept speaks for others is seen concept by concept");
        words.Add(Text($"the annotated concepts say {report.TrueJointBits:0.000} of {report.TargetEntropyBits:0.000} bits of the class and allow {100 * report.CeilingAccuracy:0.0} % correct answers; the codes say {report.JointBits:0.000} bits and give {100 * report.CodeAccuracy:0.0} %"));
        if (strata.Cut > 0) words.Add(Text($"{strata.Cut} concepts are numbers: rows count as equal in them when they lie in the same eighth of the values"));
        return report with { Words = [.. words, .. more] };
    }

    private static void Explain(LeakageReport report, List<string> words)
    {
        words.Add(Text($"the codes say {report.BeyondAnnotationsBits:0.000} bits of the class that the annotated concepts do not say (95 %: {report.LowBits:0.000} to {report.HighBits:0.000}): a correction of the concepts does not correct this part"));
        words.Add("that need not be cheating: where annotations are noisy, a model that has learned more than its annotator knew looks like this; where the list of concepts is incomplete, finer shades of a concept may honestly stand for what is missing");
        if (report.HardenedBits is not { } hard || !(report.BeyondAnnotationsBits > 0)) return;
        var share = Math.Min(1, hard / report.BeyondAnnotationsBits.Value);
        if (share <= LittleHard)
            words.Add(Text($"rounded to decisions the codes keep {hard:0.000} bits of the surplus: it rides on the shades of the numbers, as a leak does and as noise of annotators does not; passing decisions only would stop it"));
        else if (share < MostlyHard)
            words.Add(Text($"rounded to decisions the codes keep {hard:0.000} bits of the surplus: part of it rides on the shades of the numbers, part on decisions that differ from the annotations"));
        else
            words.Add(Text($"rounded to decisions the codes keep {hard:0.000} bits of the surplus: it is in the decisions themselves, which differ from the annotations in {100 * report.Disagreement:0.0} % of cases; ") + report.DisagreementPattern switch
            {
                null => "too few differ to say where",
                <= Patterned => "the differences fall evenly over all decisions, as slips of annotators do: noisy annotations are the likelier explanation; have some of these rows annotated again",
                _ => "the differences gather where the decisions are certain ones, which chance slips of annotators do not explain: a decision may speak of something else than its concept",
            });
    }

    // How often decisions differ from annotations, and the largest share of a concept's differences that the decisions explain.
    private static (double? Share, double? Pattern) Disagreement(ConceptRows rows)
    {
        if (rows.Decided is not { } decided) return (null, null);
        var (n, k) = (rows.Count, rows.Concepts);
        var truth = rows.Truth.Data;
        var said = decided.Data;
        var groups = new ConceptStrata(said, n, k);
        double? most = null;
        var all = 0;
        for (var j = 0; j < k; j++)
        {
            var counts = new long[groups.Count, 2];
            var differ = 0;
            for (var i = 0; i < n; i++)
            {
                var other = said[i * k + j] != truth[i * k + j] ? 1 : 0;
                counts[groups.Of[i], other]++;
                differ += other;
            }
            all += differ;
            if (Math.Min(differ, n - differ) < FewDifferences) continue;
            var share = CountEntropy.MutualInformation(counts, EntropyCorrection.MillerMadow).Value / CountEntropy.Estimate([differ, n - differ], EntropyCorrection.MillerMadow).Value;
            most = Math.Max(most ?? 0, share);
        }
        return ((double)all / (n * k), most);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

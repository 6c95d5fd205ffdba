using Isthmus.Data;
using Isthmus.Reports;

namespace Isthmus.Runs;

/// <summary>A run told in one page.</summary>
internal sealed class RunReport(Model model, LoadedData loaded, Outcomes outcomes, RunSummary summary, IReadOnlyList<EpochMetrics> metrics)
{
    public void Save(string path)
    {
        var report = new HtmlReport(model.Recipe.Name, summary.Task);
        report.Section("x").Text(FormattableString.Invariant($"{metrics.Count} {outcomes.Rows.Length} {loaded.Data.Count}"));
        report.Save(path);
    }
}

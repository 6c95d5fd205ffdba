using Isthmus.Studies;

namespace Isthmus.Tests.Studies;

public class StudyRecordsTest
{
    [Fact]
    public void Results_ComeBackAsTheyWere()
    {
        using var folder = new StudyFolder();
        var result = Result(folder, 5);
        var path = StudyRecords.Write(Path.Combine(folder.Path, "records"), result);
        var read = Assert.Single(StudyRecords.Read(Path.GetDirectoryName(path)!));
        Assert.Equal((result.Slug, result.Verdict, result.P, result.Code, result.Seconds), (read.Slug, read.Verdict, read.P, read.Code, read.Seconds));
        Assert.Equal(result.Differences, read.Differences);
        Assert.Equal(result.Measures[1].Baseline, read.Measures[1].Baseline);
        Assert.Contains("\"verdict\": \"held\"", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherCode_IsStale()
    {
        using var folder = new StudyFolder();
        var result = Result(folder, 5);
        Assert.Equal("no such study", StudyRecords.Stale(result));
        var study = StudyIndex.All[0];
        Assert.Null(StudyRecords.Stale(result with { Slug = study.Slug, Code = StudyCode.Hash(study) }));
        Assert.Contains("0123456789abcdef", StudyRecords.Stale(result with { Slug = study.Slug, Code = "0123456789abcdef" }), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoResult_IsNamed()
    {
        using var folder = new StudyFolder();
        Assert.Throws<InputException>(() => StudyRecords.Read(Path.Combine(folder.Path, "nowhere")));
        File.WriteAllText(Path.Combine(folder.Path, "x.json"), "{\"slug\":\"x\"}");
        Assert.Contains("x.json", Assert.Throws<InputException>(() => StudyRecords.Read(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_ShowsWhatHeldAndWhatDidNotAlike()
    {
        using var folder = new StudyFolder();
        var page = StudyTable.Markdown([Result(folder, 5), Result(folder, -5) with { Slug = "other" }]);
        Assert.Contains("2 studies: 1 held, 1 opposite.", page, StringComparison.Ordinal);
        Assert.Contains("here 0.1.", page, StringComparison.Ordinal);
        Assert.Contains("\n## other\n\n**opposite.** a claim\n", page, StringComparison.Ordinal);
        Assert.Contains("\n## study-double\n\n**held.** a claim\n", page, StringComparison.Ordinal);
        Assert.Contains("method - baseline by seed (0, 1, 2, 3, 4", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void CommittedPage_IsThatOfTheRecordedResults() =>
        Assert.Equal(File.ReadAllText(Path.Combine(Golden.Root(), "docs", "studies.md")).ReplaceLineEndings("\n"), StudyTable.Markdown(StudyRecords.Embedded));

    private static StudyResult Result(StudyFolder folder, double effect) =>
        new StudyRunner(Path.Combine(folder.Path, FormattableString.Invariant($"runs{effect}"))).Run(new StudyDouble { Effect = effect }, Budget.Full);
}

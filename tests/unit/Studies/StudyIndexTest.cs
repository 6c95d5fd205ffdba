using Isthmus.Studies;

namespace Isthmus.Tests.Studies;

public class StudyIndexTest
{
    public static TheoryData<string> Slugs => [.. StudyIndex.All.Select(s => s.Slug)];

    [Fact]
    public void Studies_AreListedOnceInTheOrderOfSlugs()
    {
        var slugs = StudyIndex.All.Select(s => s.Slug).ToArray();
        Assert.Equal(slugs.Distinct().Order(StringComparer.Ordinal), slugs);
    }

    [Theory]
    [MemberData(nameof(Slugs))]
    public void Declaration_IsWhole(string slug)
    {
        var study = StudyIndex.Find(slug)!;
        Assert.Equal(slug, Catalogue.Get(slug).Slug);
        study.Check();
        Assert.Equal(16, StudyCode.Hash(study).Length);
        Assert.All((string[])[study.Claim, study.Procedure, study.Differs, study.Data, study.Baseline, study.Method], text => Assert.True(text.Length > 10 && !text.Contains('\n', StringComparison.Ordinal), text));
    }

    // Theories cannot skip single rows: what is left out for want of data is said by a fact of its own.
    public static TheoryData<string> Runnable => [.. StudyIndex.All.Where(s => StudyData.Missing(s) is null).Select(s => s.Slug)];

    [Theory]
    [MemberData(nameof(Runnable))]
    public void Smoke(string slug)
    {
        var study = StudyIndex.Find(slug)!;
        using var folder = new StudyFolder();
        var result = new StudyRunner(folder.Path).Run(study, Budget.Smoke);
        Assert.Equal(study.Measures.Select(m => m.Name), result.Measures.Select(m => m.Name));
        Assert.All(result.Measures, m => Assert.True(double.IsFinite(m.Baseline[0]) && double.IsFinite(m.Method[0]), $"{slug}: {m.Name} is {m.Baseline[0]} and {m.Method[0]}"));
    }

    [AllDataFact]
    public void Smoke_LeavesNoStudyOut() => Assert.All(StudyIndex.All, s => Assert.Null(StudyData.Missing(s)));

    private sealed class AllDataFactAttribute : FactAttribute
    {
        public AllDataFactAttribute()
        {
            var missing = StudyIndex.All.Where(s => StudyData.Missing(s) is not null).Select(s => $"{s.Slug} needs {StudyData.Missing(s)}").ToArray();
            if (missing.Length > 0) Skip = $"left out: {string.Join(", ", missing)}: set ISTHMUS_DATA to the folder of the data";
        }
    }
}

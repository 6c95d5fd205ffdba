using Isthmus.Studies.BottleneckBlocks;

namespace Isthmus.Studies;

/// <summary>The studies that there are.</summary>
public static class StudyIndex
{
    /// <summary>One line a study, in the order of slugs.</summary>
    public static IReadOnlyList<Study> All { get; } =
    [
        new HourglassMlpStudy(),
        new ReversibleMbconvUnetStudy(),
    ];

    /// <summary>The study of that slug; null where it is not written yet.</summary>
    public static Study? Find(string slug) => All.FirstOrDefault(s => s.Slug == slug);
}

namespace Isthmus.Studies;

/// <summary>
/// A paper in miniature: a claim, two arms that are run by the same rules, and one primary measure that was named before the
/// first run. One file a study, named as its class, and a line in <see cref="StudyIndex"/>; <c>docs/study-guide.md</c> shows how.
/// </summary>
public abstract class Study
{
    /// <summary>The system's name in the catalogue, as in <c>hourglass-mlp</c>.</summary>
    public abstract string Slug { get; }

    /// <summary>The paper's claim that is checked, in one sentence.</summary>
    public abstract string Claim { get; }

    /// <summary>What both arms do, declared beforehand: network, steps, tuning, what is equal.</summary>
    public abstract string Procedure { get; }

    /// <summary>How the miniature differs from the paper, and from the catalogue's proposal where it was wrong.</summary>
    public abstract string Differs { get; }

    /// <summary>The data in words.</summary>
    public abstract string Data { get; }

    /// <summary>The one measure that decides.</summary>
    public abstract Measure Primary { get; }

    /// <summary>Measures that are shown with their intervals and decide nothing.</summary>
    public virtual IReadOnlyList<Measure> Secondaries => [];

    /// <summary>The baseline in words.</summary>
    public abstract string Baseline { get; }

    /// <summary>The method in words.</summary>
    public abstract string Method { get; }

    /// <summary>What tuning tries for the baseline: as many as for the method; a single one where nothing is tuned.</summary>
    public virtual IReadOnlyList<Configuration> BaselineConfigurations => [Configuration.Fixed];

    /// <summary>What tuning tries for the method.</summary>
    public virtual IReadOnlyList<Configuration> MethodConfigurations => [Configuration.Fixed];

    /// <summary>Folders or files of real data below the data folder, as in <c>mnist</c>; without them the study is left out of <c>--all</c>.</summary>
    public virtual IReadOnlyList<string> Needs => [];

    /// <summary>Names of source files of this project, besides the class's own, whose change makes recorded results stale.</summary>
    public virtual IReadOnlyList<string> Sources => [];

    /// <summary>Runs one arm once.</summary>
    /// <param name="arm">Which.</param>
    /// <param name="configuration">One of the arm's configurations.</param>
    /// <param name="trial">Seed, budget and data, the same for both arms.</param>
    /// <exception cref="InputException">The data are not there or do not fit.</exception>
    /// <exception cref="OperationCanceledException">The trial was stopped.</exception>
    public abstract Outcome RunArm(Arm arm, Configuration configuration, Trial trial);

    /// <summary>The primary measure, then the others.</summary>
    public IEnumerable<Measure> Measures => Secondaries.Prepend(Primary);

    /// <summary>The arm's configurations.</summary>
    public IReadOnlyList<Configuration> Configurations(Arm arm) => arm == Arm.Baseline ? BaselineConfigurations : MethodConfigurations;

    /// <summary>Whether the declaration is sound.</summary>
    /// <exception cref="InvalidOperationException">Arms with different numbers of configurations, measures or configurations that share
    /// a name, or a margin that cannot be.</exception>
    public void Check()
    {
        if (BaselineConfigurations.Count != MethodConfigurations.Count || MethodConfigurations.Count == 0)
            throw Wrong($"the baseline has {BaselineConfigurations.Count} configurations, the method {MethodConfigurations.Count}: both need the same number, at least 1");
        foreach (var arm in Enum.GetValues<Arm>())
            if (Configurations(arm).Select(c => c.ToString()).Distinct(StringComparer.Ordinal).Count() != Configurations(arm).Count) throw Wrong($"the {arm} has the same configuration twice");
        if (Measures.Select(m => m.Name).Distinct(StringComparer.Ordinal).Count() != Secondaries.Count + 1) throw Wrong("two measures have the same name");
        if (!double.IsFinite(Primary.ScaledMargin)) throw Wrong("the primary measure's margin is not a number, or a ratio's is not above -1");
    }

    private InvalidOperationException Wrong(string what) => new($"study '{Slug}': {what}");
}

using Isthmus.Studies;
using Isthmus.Tensors;

namespace Isthmus.Tests.Studies;

/// <summary>A study of plain random numbers: the method is better by an effect, each arm with noise of its own.</summary>
internal sealed class StudyDouble : Study
{
    public double Effect { get; init; }
    public ulong World { get; init; }
    public int BaselineCount { get; init; } = 1;
    public int MethodCount { get; init; } = 1;
    public Func<Arm, Configuration, Trial, Outcome>? Run { get; init; }
    public List<string> Calls { get; } = [];

    public override string Slug => "study-double";
    public override string Claim => "a claim";
    public override string Procedure => "numbers are drawn";
    public override string Differs => "in everything";
    public override string Data => "none";
    public override Measure Primary { get; } = new("error", "", Better.Lower);
    public override IReadOnlyList<Measure> Secondaries => [new("speed", "1/s", Better.Higher)];
    public override string Baseline => "noise";
    public override string Method => "noise and an effect";
    public override IReadOnlyList<Configuration> BaselineConfigurations => Many(BaselineCount);
    public override IReadOnlyList<Configuration> MethodConfigurations => Many(MethodCount);

    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        Calls.Add($"{arm} {configuration} {trial.Seed} {trial.Tuning}");
        if (Run is not null) return Run(arm, configuration, trial);
        var own = new RandomStream(World).Fork((ulong)trial.Seed).Fork(arm.ToString());
        return new Outcome { ["error"] = 1 + own.NextGaussian() - (arm == Arm.Method ? Effect : 0), ["speed"] = 1, Tuning = 0 };
    }

    private static Configuration[] Many(int count) => count == 1 ? [Configuration.Fixed] : [.. Enumerable.Range(0, count).Select(i => Configuration.Of(("i", i)))];
}

/// <summary>A folder that goes away with the test.</summary>
internal sealed class StudyFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("isthmus-studies");

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}

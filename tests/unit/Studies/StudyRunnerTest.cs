using Isthmus.Studies;

namespace Isthmus.Tests.Studies;

public class StudyRunnerTest
{
    [Fact]
    public void AnArmAgainstItself_IsRarelyHeld()
    {
        var held = 0;
        for (var world = 0UL; world < 100; world++)
            if (new StudyRunner(null).Run(new StudyDouble { World = world }, Budget.Full).Verdict == StudyVerdict.Held) held++;
        Assert.InRange(held, 0, 10);
    }

    [Fact]
    public void APlantedEffect_IsHeld()
    {
        var verdicts = Enumerable.Range(0, 20).Select(world => new StudyRunner(null).Run(new StudyDouble { World = (ulong)world, Effect = 5 }, Budget.Full).Verdict);
        Assert.All(verdicts, v => Assert.Equal(StudyVerdict.Held, v));
        var turned = new StudyRunner(null).Run(new StudyDouble { Effect = -5 }, Budget.Full);
        Assert.Equal((StudyVerdict.Opposite, false), (turned.Verdict, turned.Holds));
    }

    [Fact]
    public void UndecidedAtFive_IsExtendedToTenOnce()
    {
        using var folder = new StudyFolder();
        // Differences that alternate around a small effect: five seeds cannot show it, ten neither.
        Outcome Alternate(Arm arm, Configuration c, Trial t) => new() { ["error"] = arm == Arm.Method ? (t.Seed % 2 == 0 ? 1 : -1) : 0, ["speed"] = 1 };
        var study = new StudyDouble { Run = Alternate };
        var result = new StudyRunner(folder.Path).Run(study, Budget.Full);
        Assert.Equal(Enumerable.Range(0, 10), result.Seeds);
        Assert.Equal((StudyVerdict.Undecided, false, 20), (result.Verdict, result.Holds, study.Calls.Count));
        Assert.True(result.Detectable > 0.5);
        // Five seeds with one outlier, then five clear ones: held by all ten.
        Outcome Late(Arm arm, Configuration c, Trial t) => new() { ["error"] = arm == Arm.Baseline ? 0 : t.Seed == 0 ? 0.5 : -1 - (0.01 * t.Seed), ["speed"] = 1 };
        var late = new StudyRunner(Path.Combine(folder.Path, "late")).Run(new StudyDouble { Run = Late }, Budget.Full);
        Assert.Equal((10, StudyVerdict.Held), (late.Seeds.Count, late.Verdict));
    }

    [Fact]
    public void QuickAndFewSeeds_ArePreviews()
    {
        using var folder = new StudyFolder();
        var quick = new StudyRunner(folder.Path).Run(new StudyDouble { Effect = 9 }, Budget.Quick);
        Assert.Equal((StudyVerdict.Preview, true, 3), (quick.Verdict, quick.Holds, quick.Seeds.Count));
        var few = new StudyRunner(folder.Path).Run(new StudyDouble { Effect = 9 }, Budget.Full, [0, 1]);
        Assert.Equal(StudyVerdict.Preview, few.Verdict);
        var smoke = new StudyRunner(folder.Path).Run(new StudyDouble(), Budget.Smoke);
        Assert.Equal((StudyVerdict.Preview, 1), (smoke.Verdict, smoke.Seeds.Count));
        Assert.Throws<InputException>(() => StudyRecords.Write(folder.Path, quick));
    }

    [Fact]
    public void Tuning_ChoosesByValidationOnItsOwnSeeds()
    {
        using var folder = new StudyFolder();
        // Lower is better: the baseline's best is i=2, the method's i=1; a diverging configuration is no choice.
        Outcome Tuned(Arm arm, Configuration c, Trial t)
        {
            var best = arm == Arm.Baseline ? 2 : 1;
            return new Outcome { ["error"] = t.Tuning ? double.NaN : c["i"], ["speed"] = 1, Tuning = c.Int("i") == 0 ? double.NaN : Math.Abs(c["i"] - best) + (0.1 * (t.Seed - 101)) };
        }
        var study = new StudyDouble { BaselineCount = 3, MethodCount = 3, Run = Tuned };
        var result = new StudyRunner(folder.Path).Run(study, Budget.Full);
        Assert.Equal(new TuningResult(3, "100-102", "i=2", "i=1"), result.Tuning);
        Assert.Equal((StudyVerdict.Held, 2 * ((3 * 3) + 5)), (result.Verdict, study.Calls.Count));
        Assert.All(study.Calls, call => Assert.Equal(call.Contains("True", StringComparison.Ordinal), call.Contains(" 10", StringComparison.Ordinal)));
        Assert.Equal("100", new StudyRunner(folder.Path).Run(study, Budget.Quick).Tuning.Seeds);
    }

    [Fact]
    public void DifferentNumbersOfConfigurations_AreRefused()
    {
        using var folder = new StudyFolder();
        var error = Assert.Throws<InvalidOperationException>(() => new StudyRunner(folder.Path).Run(new StudyDouble { BaselineCount = 1, MethodCount = 2 }, Budget.Smoke));
        Assert.Contains("both need the same number", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStoppedStudy_RunsNothingTwice()
    {
        using var folder = new StudyFolder();
        using var stop = new CancellationTokenSource();
        var count = 0;
        Outcome StopAfterSeven(Arm arm, Configuration c, Trial t)
        {
            if (++count == 7) stop.Cancel();
            return new Outcome { ["error"] = arm == Arm.Method ? -t.Seed - 1 : 0, ["speed"] = 1, Tuning = 0, Examples = [arm == Arm.Method ? -t.Seed - 1 : 0, 0.5] };
        }
        var study = new StudyDouble { BaselineCount = 2, MethodCount = 2, Run = StopAfterSeven };
        Assert.Throws<OperationCanceledException>(() => new StudyRunner(folder.Path, null, stop.Token).Run(study, Budget.Quick));
        Assert.Equal(7, study.Calls.Count);
        var result = new StudyRunner(folder.Path).Run(study, Budget.Quick);
        Assert.Equal(10, study.Calls.Count);
        Assert.Equal(10, study.Calls.Distinct().Count());
        var again = new StudyRunner(folder.Path).Run(study, Budget.Quick);
        Assert.Equal(10, study.Calls.Count);
        Assert.Equal((result.P, result.Seconds), (again.P, again.Seconds));
        Assert.Equal([-1, -2, -3], again.Differences);
        // A damaged file is run again; other data are another run.
        foreach (var file in Directory.GetFiles(Path.Combine(folder.Path, study.Slug))) File.WriteAllText(file, "{\"key\":");
        new StudyRunner(folder.Path).Run(study, Budget.Quick);
        Assert.Equal(20, study.Calls.Count);
        new StudyRunner(folder.Path).Run(study, Budget.Quick, data: "make:moons");
        Assert.Equal(30, study.Calls.Count);
    }

    [Fact]
    public void Forget_RunsAgain()
    {
        using var folder = new StudyFolder();
        var (study, runner) = (new StudyDouble(), new StudyRunner(folder.Path));
        runner.Run(study, Budget.Smoke);
        runner.Forget(study);
        runner.Run(study, Budget.Smoke);
        Assert.Equal(4, study.Calls.Count);
    }

    [Fact]
    public void AMissingMeasure_IsNamed()
    {
        using var folder = new StudyFolder();
        var error = Assert.Throws<InvalidOperationException>(() => new StudyRunner(folder.Path).Run(new StudyDouble { Run = (_, _, _) => new Outcome { ["error"] = 1 } }, Budget.Smoke));
        Assert.Contains("did not return 'speed'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_Rises()
    {
        using var folder = new StudyFolder();
        var seen = new List<StudyProgress>();
        new StudyRunner(folder.Path, seen.Add).Run(new StudyDouble { Run = Half }, Budget.Quick);
        Assert.Equal(seen.Select(s => s.Done).Order(), seen.Select(s => s.Done));
        Assert.Equal((6, 5.5, "study-double: method, seed 2"), (seen[^1].Total, seen[^1].Done, seen[^1].What));

        static Outcome Half(Arm arm, Configuration c, Trial t)
        {
            t.Progress!.Report(0.5);
            return new Outcome { ["error"] = 0, ["speed"] = 1 };
        }
    }
}

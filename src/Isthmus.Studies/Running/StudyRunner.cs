using System.Diagnostics;
using System.Globalization;

namespace Isthmus.Studies;

/// <summary>How far a study is.</summary>
/// <param name="What">As in <c>hourglass-mlp: method, seed 3</c>.</param>
/// <param name="Done">Runs of arms that are done; fractions for the one that is running.</param>
/// <param name="Total">Runs that there will be, before any extension.</param>
public readonly record struct StudyProgress(string What, double Done, int Total);

/// <summary>
/// Runs studies: tunes each arm on seeds of its own, runs both arms on every seed, compares, and decides. What is finished is kept
/// in a folder at once and never run twice.
/// </summary>
/// <param name="folder">Where finished runs are kept: <c>FOLDER/SLUG/run-….json</c>; null to keep none.</param>
/// <param name="progress">Is told how far it is; null where nobody looks.</param>
/// <param name="stop">Asked for by Ctrl-C.</param>
public sealed class StudyRunner(string? folder, Action<StudyProgress>? progress = null, CancellationToken stop = default)
{
    private readonly StudyCache? _cache = folder is null ? null : new(folder);

    /// <summary>The seeds on which a budget tunes.</summary>
    public static IReadOnlyList<int> TuningSeeds(Budget budget) => budget == Budget.Full ? [100, 101, 102] : [100];

    /// <summary>The seeds on which a budget compares.</summary>
    public static IReadOnlyList<int> Seeds(Budget budget) => [.. Enumerable.Range(0, budget switch { Budget.Smoke => 1, Budget.Quick => 3, _ => VerdictRule.Seeds })];

    /// <summary>Forgets the finished runs of a study.</summary>
    public void Forget(Study study) => _cache?.Clear(study.Slug);

    /// <summary>Runs a study to its verdict.</summary>
    /// <param name="study">The study.</param>
    /// <param name="budget">How much time there is.</param>
    /// <param name="seeds">Seeds in place of the budget's; fewer than five give a preview.</param>
    /// <param name="data">A DATA argument in place of the study's own data.</param>
    /// <exception cref="InputException">The data are not there or do not fit.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; what is finished is kept.</exception>
    public StudyResult Run(Study study, Budget budget, IReadOnlyList<int>? seeds = null, string? data = null)
    {
        ArgumentNullException.ThrowIfNull(study);
        study.Check();
        seeds ??= Seeds(budget);
        if (seeds.Count == 0 || seeds.Distinct().Count() != seeds.Count) throw new ArgumentException("run: at least one seed is needed, and none twice", nameof(seeds));
        var run = new Progressing(this, study, budget, data, (study.MethodConfigurations.Count > 1 ? study.MethodConfigurations.Count * TuningSeeds(budget).Count : 0) + seeds.Count);
        var (baseline, method) = (run.Tune(Arm.Baseline), run.Tune(Arm.Method));
        List<(FinishedRun Baseline, FinishedRun Method)> pairs = [];
        Extend(seeds);
        var comparison = Compare(study, pairs);
        var decides = budget == Budget.Full && seeds.Count >= VerdictRule.Seeds;
        if (decides && seeds.Count == VerdictRule.Seeds && VerdictRule.Decide(comparison) == StudyVerdict.Undecided)
        {
            IReadOnlyList<int> more = [.. Enumerable.Range(seeds.Max() + 1, VerdictRule.Seeds)];
            run.Total += 2 * more.Count;
            Extend(more);
            comparison = Compare(study, pairs);
            seeds = [.. seeds, .. more];
        }
        return Result(study, budget, seeds, data, pairs, comparison, decides ? VerdictRule.Decide(comparison) : StudyVerdict.Preview, run, baseline, method);

        void Extend(IReadOnlyList<int> more)
        {
            foreach (var seed in more) pairs.Add((run.Once(Arm.Baseline, baseline, seed, false), run.Once(Arm.Method, method, seed, false)));
        }
    }

    private static Comparison Compare(Study study, List<(FinishedRun Baseline, FinishedRun Method)> pairs)
    {
        var primary = study.Primary;
        (double[], double[])[]? examples = pairs.TrueForAll(p => p.Baseline.Outcome.Examples is not null && p.Method.Outcome.Examples is not null)
            ? [.. pairs.Select(p => (p.Baseline.Outcome.Examples!, p.Method.Outcome.Examples!))] : null;
        return VerdictRule.Compare(primary, [.. pairs.Select(p => Value(study, p.Baseline, primary))], [.. pairs.Select(p => Value(study, p.Method, primary))], examples);
    }

    private static double Value(Study study, FinishedRun run, Measure measure) =>
        run.Outcome.Values.TryGetValue(measure.Name, out var value) ? value : throw new InvalidOperationException($"study '{study.Slug}': {run.Key} did not return '{measure.Name}'");

    private static StudyResult Result(Study study, Budget budget, IReadOnlyList<int> seeds, string? data, List<(FinishedRun Baseline, FinishedRun Method)> pairs,
        Comparison comparison, StudyVerdict verdict, Progressing run, Configuration baseline, Configuration method) => new()
        {
            Slug = study.Slug,
            Claim = study.Claim,
            Procedure = study.Procedure,
            Differs = study.Differs,
            Data = data is null ? study.Data : GivenData(data),
            Baseline = study.Baseline,
            Method = study.Method,
            Budget = budget,
            Seeds = seeds,
            Primary = study.Primary.Name,
            Unit = study.Primary.Unit,
            Direction = study.Primary.Better,
            Margin = study.Primary.Margin,
            Ratio = study.Primary.Ratio,
            Differences = comparison.Differences,
            Interval = [comparison.Low, comparison.High],
            P = comparison.P,
            Detectable = comparison.Detectable,
            ByExamples = comparison.ByExamples,
            Measures = [.. study.Measures.Select(m => Measured(study, m, pairs))],
            Tuning = new TuningResult(study.MethodConfigurations.Count, study.MethodConfigurations.Count > 1 ? TuningText(budget) : null, baseline.ToString(), method.ToString()),
            Verdict = verdict,
            Seconds = run.Seconds,
            ArmSeconds = [pairs.Average(p => p.Baseline.Seconds), pairs.Average(p => p.Method.Seconds)],
            Code = run.Code,
        };

    private static MeasureResult Measured(Study study, Measure measure, List<(FinishedRun Baseline, FinishedRun Method)> pairs)
    {
        double[] baseline = [.. pairs.Select(p => Value(study, p.Baseline, measure))], method = [.. pairs.Select(p => Value(study, p.Method, measure))];
        var comparison = VerdictRule.Compare(measure, baseline, method);
        return new MeasureResult(measure.Name, measure.Unit, measure.Better, baseline, method, comparison.Mean, [comparison.Low, comparison.High], measure.Ratio);
    }

    // A record names other data by their last part: where they lay says nothing to a reader.
    private static string GivenData(string data) => data.Contains(':', StringComparison.Ordinal) ? data : Path.GetFileName(data.TrimEnd('/', '\\'));

    private static string TuningText(Budget budget) =>
        TuningSeeds(budget) is [var only] ? only.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{TuningSeeds(budget)[0]}-{TuningSeeds(budget)[^1]}");

    // One study's runs as they are asked for: from the cache, or run and kept.
    private sealed class Progressing(StudyRunner owner, Study study, Budget budget, string? data, int runsPerArm)
    {
        private int _done;

        public int Total { get; set; } = 2 * runsPerArm;

        public double Seconds { get; private set; }

        public string Code { get; } = StudyCode.Hash(study);

        // The configuration with the best mean reading on the tuning seeds, the first among equals; one that diverges is no choice.
        public Configuration Tune(Arm arm)
        {
            var configurations = study.Configurations(arm);
            if (configurations.Count == 1) return configurations[0];
            var (best, reading) = (configurations[0], double.NegativeInfinity);
            foreach (var configuration in configurations)
            {
                var mean = study.Primary.Sign * TuningSeeds(budget).Average(seed => Reading(Once(arm, configuration, seed, true)));
                if (mean > reading) (best, reading) = (configuration, mean);
            }
            return best;
        }

        public FinishedRun Once(Arm arm, Configuration configuration, int seed, bool tuning)
        {
            owner.Stop.ThrowIfCancellationRequested();
            var what = string.Create(CultureInfo.InvariantCulture, $"{study.Slug}: {(tuning ? "tuning " : "")}{(arm == Arm.Baseline ? "baseline" : "method")}, seed {seed}");
            var trial = new Trial(seed, budget, data, tuning, new Share(share => owner.Show(new StudyProgress(what, _done + Math.Clamp(share, 0, 1), Total))), owner.Stop);
            trial.Progress!.Report(0);
            var key = StudyCache.Key(Code, arm, configuration, trial);
            if (owner._cache?.Find(study.Slug, key) is not { } run)
            {
                var clock = Stopwatch.StartNew();
                var outcome = study.RunArm(arm, configuration, trial);
                run = new FinishedRun(key, clock.Elapsed.TotalSeconds, outcome);
                owner._cache?.Add(study.Slug, run);
            }
            _done++;
            Seconds += run.Seconds;
            return run;
        }

        private double Reading(FinishedRun run) =>
            run.Outcome.Tuning ?? throw new InvalidOperationException($"study '{study.Slug}': {run.Key} returned no reading to tune by");
    }

    private CancellationToken Stop => stop;

    private void Show(StudyProgress state) => progress?.Invoke(state);

    private sealed class Share(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}

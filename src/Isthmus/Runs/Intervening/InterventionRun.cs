using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Asks an expert about a run's concepts, one after another, and watches its answers.</summary>
public static class InterventionRun
{
    private const int MostFirst = 3;

    /// <summary>Draws curves on rows of the run's own data.</summary>
    /// <param name="run">A run of concepts.</param>
    /// <param name="settings">What is asked.</param>
    /// <param name="progress">Told each policy and competence that begins; null where nobody listens.</param>
    /// <param name="stop">Ends the work between curves.</param>
    /// <exception cref="InputException">The run has no concepts, or a setting is wrong.</exception>
    public static InterventionOutcome Of(Run run, InterventionSettings settings, Action<string>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(settings);
        Check(settings);
        using var scope = new TensorScope("intervene");
        var (data, rows, chosen) = LayerRows.Choose(run, settings.Part, settings.Most);
        var notes = chosen.ToList();
        var own = run.LoadOwn();
        var deviations = ConceptRows.Deviations(run, own);
        var on = ConceptRows.Case(run, data, rows) with { Deviations = deviations };
        var units = InterventionQuestions.Parse(on.Model.Space, settings.Groups, settings.Costs);
        var exclusive = Exclusive(on, units);
        if (exclusive.Count > 0 && settings.Competences.Any(q => q < 1))
            notes.Add($"{string.Join(", ", exclusive.Select(u => u.Name))}: exactly one of the group is present in every row, and a wrong expert names another one");
        if (HasMissing(on.Truth)) notes.Add("some concepts of some rows are not annotated: they cannot be asked, and such rows end with fewer questions");
        CoopWeights? weights = null;
        var traces = new Dictionary<(string, double), InterventionTrace[]>();
        var curves = new List<CurveOutcome>();
        foreach (var name in settings.Policies)
        {
            var policy = name == "coop" ? Tuned(run, own, units, deviations, settings, out weights) : InterventionPolicy.Create(name);
            foreach (var competence in settings.Competences)
            {
                stop.ThrowIfCancellationRequested();
                progress?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{name}, competence {competence}"));
                var value = InterventionValue.Competence(competence, [.. exclusive.Select(u => u.Concepts)]);
                var seeds = policy is RandomPolicy || competence < 1 ? settings.Seeds : 1;
                var runs = Enumerable.Range(0, seeds).Select(s => InterventionTrace.Run(on, units, policy, value, Options(settings, settings.Seed + (ulong)s))).ToArray();
                traces[(name, competence)] = runs;
                curves.Add(Outcome(policy, InterventionCurve.Of(runs, competence), runs, units, run.Model.Schema.Target is { Classes.Count: 2 } ? on.Target : null));
            }
        }
        if (weights is { Tuned: false }) notes.Add("coop: there are no validation rows to tune its weights on; they are 1, 1 and −0.1");
        return new InterventionOutcome
        {
            Run = run.Folder,
            Data = data.Name,
            Rows = rows.Length,
            Metric = on.Target.IsClasses ? "accuracy" : "mse",
            Questions = [.. units.Select(u => new InterventionQuestion(u.Name, [.. u.Concepts.Select(j => on.Model.Space.Axes[j].Name)], u.Cost))],
            Curves = curves,
            Comparisons = [.. Compared(settings, traces)],
            Coop = weights,
            Notes = notes,
        };
    }

    private static void Check(InterventionSettings settings)
    {
        foreach (var name in settings.Policies) _ = InterventionPolicy.Create(name);
        if (settings.Policies.Count == 0) throw new InputException("--policy: at least one is expected", string.Join(", ", InterventionPolicy.Names));
        if (settings.Policies.Distinct(StringComparer.Ordinal).Count() != settings.Policies.Count) throw new InputException("--policy: one stands in it twice");
        if (settings.Competences.Count == 0 || settings.Competences.Distinct().Count() != settings.Competences.Count) throw new InputException("--competence: different numbers from 0 to 1 are expected");
        foreach (var q in settings.Competences)
            if (!(q is >= 0 and <= 1)) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"--competence {q} is outside 0..1"));
        if (settings.Seeds is < 1 or > 1000) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"--seeds {settings.Seeds} is outside 1..1000"));
        if (settings.MaxEdits is < 1) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"--edits {settings.MaxEdits}: at least 1 is expected"));
    }

    private static InterventionOptions Options(InterventionSettings settings, ulong seed) => new() { Seed = seed, OneOrder = settings.OneOrder, MaxEdits = settings.MaxEdits };

    private static CooperativePolicy Tuned(Run run, LoadedData own, InterventionUnits units, IReadOnlyList<double>? deviations, InterventionSettings settings, out CoopWeights weights)
    {
        using var scope = new TensorScope("tune");
        var rows = own.Split.Validation;
        var policy = rows.Length == 0 || own.Data.Concepts is null ? new CooperativePolicy()
            : CooperativePolicy.Tune(ConceptRows.Case(run, own.Data, rows.Length > settings.Most ? rows[..settings.Most] : rows) with { Deviations = deviations }, units, Options(settings, settings.Seed));
        weights = new(policy.Weights.Uncertainty, policy.Weights.Importance, policy.Weights.Cost, rows.Length > 0);
        return policy;
    }

    // Groups of binary concepts of which exactly one is present wherever all are annotated.
    private static List<InterventionUnit> Exclusive(InterventionCase on, InterventionUnits units)
    {
        var (space, truth) = (on.Model.Space, on.Truth);
        return [.. units.Where(u => u.Concepts.Count > 1 && u.Concepts.All(j => space.Axes[j].Type == ConceptType.Binary)
            && Enumerable.Range(0, on.Model.Rows).All(row => u.Concepts.Sum(j => (double)truth.Data[(row * space.Count) + j]) is 1 or double.NaN))];
    }

    private static bool HasMissing(Tensor truth)
    {
        foreach (var v in truth.Data)
            if (float.IsNaN(v)) return true;
        return false;
    }

    private static CurveOutcome Outcome(InterventionPolicy policy, InterventionCurve curve, InterventionTrace[] traces, InterventionUnits units, InterventionTarget? twoClasses)
    {
        var classes = curve.Metric == "accuracy";
        var first = traces.Where(t => t.Steps > 0).SelectMany(t => t.Order[0]).Where(u => u >= 0).GroupBy(u => u).Select(g => (Unit: g.Key, Count: g.Count())).OrderByDescending(g => g.Count).ThenBy(g => g.Unit).ToArray();
        var asked = Math.Max(1, first.Sum(g => g.Count));
        return new(policy.Name, curve.Competence, policy.IsOracle, curve.Seeds,
            [.. curve.Points.Select(p => new CurvePoint(p.Edited, p.Cost, classes ? p.Quality : null, classes ? null : p.Quality, p.Low, p.High, classes ? p.Loss / Math.Log(2) : null, twoClasses is null ? null : Auc(traces, p.Edited, twoClasses)))],
            curve.Area.Value, curve.Area.Low, curve.Area.High, curve.NormalizedArea, curve.AreaByCost,
            [.. first.Take(MostFirst).Select(g => new AskedFirst(units[g.Unit].Name, (double)g.Count / asked, units[g.Unit].Cost))]);
    }

    // Of two classes the loss tells the true one's probability, and so that of the second; the mean over seeds.
    private static double? Auc(InterventionTrace[] traces, int edited, InterventionTarget target)
    {
        var positive = Enumerable.Range(0, target.Rows).Select(row => target.Label(row) == 1).ToArray();
        return traces.Select(t => t.Loss[Math.Min(edited, t.Steps)]).Average(loss =>
            ConceptQuality.AreaUnderCurve([.. loss.Select((nats, row) => positive[row] ? Math.Exp(-nats) : -Math.Exp(-nats) + 1)], positive));
    }

    private static IEnumerable<PolicyDifference> Compared(InterventionSettings settings, Dictionary<(string, double), InterventionTrace[]> traces)
    {
        if (!settings.Policies.Contains("random")) yield break;
        foreach (var name in settings.Policies.Where(p => p != "random"))
            foreach (var competence in settings.Competences)
            {
                var (own, random) = (traces[(name, competence)], traces[("random", competence)]);
                var compared = InterventionCurve.Compare(own, random);
                yield return new(name, "random", competence, compared.Difference.Value, compared.Difference.Low, compared.Difference.High, compared.P, InterventionCurve.Compare(own, random, byCost: true).Difference.Value);
            }
    }
}

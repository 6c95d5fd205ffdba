using System.Globalization;
using System.Text.Json;
using Isthmus.Reports;

namespace Isthmus.Runs;

/// <summary>One field of a recipe and the values that it takes.</summary>
/// <param name="Path">The field, as in <c>bottleneck.beta</c>.</param>
/// <param name="Values">As they are written.</param>
public sealed record SweepRange(string Path, IReadOnlyList<string> Values)
{
    /// <summary>From <c>path=a..b</c>, in even steps of the logarithm where b is more than ten times a, or <c>path=a,b,c</c>.</summary>
    /// <param name="text">What was typed after <c>--over</c>.</param>
    /// <param name="points">How many values between a and b, both included; at least 2.</param>
    /// <param name="recipe">Whole-numbered fields get whole numbers.</param>
    /// <exception cref="InputException">Another form.</exception>
    public static SweepRange Parse(string text, int points, Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0 || at == text.Length - 1) throw Wrong(text);
        var (path, values) = (text[..at].Trim(), text[(at + 1)..].Trim());
        var dots = values.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0) return new SweepRange(path, values.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        if (!double.TryParse(values[..dots], NumberStyles.Float, CultureInfo.InvariantCulture, out var from)
            || !double.TryParse(values[(dots + 2)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var to) || !double.IsFinite(from) || !double.IsFinite(to)) throw Wrong(text);
        if (points is < 2 or > 1000) throw new InputException(FormattableString.Invariant($"--points {points}: expected 2 to 1000"));
        var log = from > 0 && to > 0 && Math.Max(from, to) / Math.Min(from, to) > 10;
        var whole = IsWhole(recipe, path);
        var list = Enumerable.Range(0, points).Select(i => (double)i / (points - 1))
            .Select(t => t == 0 ? from : t == 1 ? to : log ? from * Math.Pow(to / from, t) : from + ((to - from) * t))
            .Select(v => whole ? Math.Round(v).ToString("F0", CultureInfo.InvariantCulture) : v.ToString("G6", CultureInfo.InvariantCulture));
        return new SweepRange(path, [.. list.Distinct()]);
    }

    private static InputException Wrong(string text) => new($"--over '{text}' is not path=a..b or path=a,b,c", "for example --over bottleneck.beta=1e-4..1 --points 8");

    private static bool IsWhole(Recipe recipe, string path)
    {
        object? at = recipe;
        foreach (var step in path.Split('.'))
        {
            if (at is Choice choice) at = choice.Options;
            if (at is null || OptionModel.Fields(at.GetType()).FirstOrDefault(f => f.Name == step) is not { } field) return false;
            if (field.Type == typeof(int) || field.Type == typeof(long) || field.Type == typeof(ulong)) return true;
            at = field.Property.GetValue(at);
        }
        return false;
    }
}

/// <summary>One trained value.</summary>
/// <param name="Value">As it was written; a number where it is one.</param>
/// <param name="Run">The point's folder.</param>
/// <param name="Test">Quality.</param>
/// <param name="Rate">Readings.</param>
public sealed record SweepPoint(object Value, string Run, Quality Test, Readings Rate);

/// <summary>A finished sweep.</summary>
/// <param name="Over">The field.</param>
/// <param name="Points">In the order of the values.</param>
/// <param name="Report">The page with the rate–quality curve.</param>
public sealed record SweepResult(string Over, IReadOnlyList<SweepPoint> Points, string Report);

/// <summary>Trains a recipe along one field. The folder holds one run a value; a sweep that was stopped is continued by the same command
/// with <c>--resume</c>.</summary>
public static class Sweep
{
    private const string PlanName = "sweep.json";

    /// <summary>What sweep.json holds.</summary>
    private sealed record Stored(int Format, string Path, IReadOnlyList<string> Values, string Recipe);

    /// <summary>Trains every value.</summary>
    /// <param name="plan">The recipe and its data.</param>
    /// <param name="range">The field and its values.</param>
    /// <param name="options">Where it goes; progress and notes.</param>
    /// <param name="announce">Told before each point.</param>
    public static SweepResult Start(Plan plan, SweepRange range, TrainOptions options, Action<string>? announce = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(range);
        ArgumentNullException.ThrowIfNull(options);
        foreach (var value in range.Values) _ = With(plan.Recipe, range.Path, value); // slips are told before hours of work
        var folder = options.Out ?? Path.Combine(RunFolder.Root, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyyMMdd-HHmmss}-sweep-{plan.Recipe.Name}"));
        RunFolder.CheckFree(folder);
        var stored = new Stored(RunHeader.CurrentFormat, range.Path, range.Values, RecipeFile.Text(plan.Recipe));
        AtomicFile.WriteText(Path.Combine(folder, PlanName), JsonSerializer.Serialize(stored, RunFolder.Json) + "\n");
        return Continue(folder, plan, range, options, announce);
    }

    /// <summary>Continues a sweep; points that are finished are read.</summary>
    /// <exception cref="InputException">The folder holds no sweep.</exception>
    public static SweepResult Resume(string folder, TrainOptions options, Action<string>? announce = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = Path.Combine(folder, PlanName);
        if (!File.Exists(path)) throw new InputException($"{folder} holds no sweep: it has no {PlanName}");
        Stored stored;
        try
        {
            stored = JsonSerializer.Deserialize<Stored>(File.ReadAllText(path), RunFolder.Json) ?? throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new InputException($"{path} is damaged", inner: e);
        }
        var recipe = RecipeFile.Parse(stored.Recipe, path);
        return Continue(folder, new Plan(recipe, RecipeData.Load(recipe)), new SweepRange(stored.Path, stored.Values), options, announce);
    }

    private static SweepResult Continue(string folder, Plan plan, SweepRange range, TrainOptions options, Action<string>? announce)
    {
        var points = new List<SweepPoint>();
        for (var i = 0; i < range.Values.Count; i++)
        {
            var value = range.Values[i];
            var run = Path.Combine(folder, FormattableString.Invariant($"{i + 1:00}"));
            announce?.Invoke(FormattableString.Invariant($"{range.Path} = {value} ({i + 1} of {range.Values.Count})"));
            var inner = options with { Out = run, Note = i == 0 ? options.Note : null };
            if (RunFolder.IsRun(run)) inner = inner with { Note = null };
            var summary = RunFolder.IsRun(run) ? TrainJob.Resume(run, inner) : Point(plan, range.Path, value, inner);
            points.Add(new SweepPoint(double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : value, run, summary.Test, summary.Rate));
        }
        var report = Path.Combine(folder, RunFolder.ReportName);
        SweepReport.Save(report, plan.Recipe, range.Path, points);
        return new SweepResult(range.Path, points, report);
    }

    private static RunSummary Point(Plan plan, string path, string value, TrainOptions options)
    {
        var recipe = With(plan.Recipe, path, value);
        return path == "seed" || path.StartsWith("data.", StringComparison.Ordinal) ? TrainJob.Start(recipe, options) : TrainJob.Start(recipe, plan.Loaded, options);
    }

    private static Recipe With(Recipe recipe, string path, string value) => RecipeFile.With(recipe, [new Override(path, value, "--over " + path)]);
}

/// <summary>The page of a sweep.</summary>
internal static class SweepReport
{
    public static void Save(string path, Recipe recipe, string over, IReadOnlyList<SweepPoint> points)
    {
        var name = points.Count > 0 ? points[0].Test.Main.Name : "quality";
        var report = new HtmlReport($"{recipe.Name} over {over}", FormattableString.Invariant($"{points.Count} trainings, seed {recipe.Seed}, {recipe.Inference} code"));
        var unit = points.Count > 0 ? points[0].Rate.Unit : "row";
        var section = report.Section("Rate and quality");
        section.Text("Each point is one training. The bill is what its messages take when they are really written, and the quality beside it is the receiver's; the bound is what the objective pays, beside the quality of the message that was asked for; the estimate says how much of that passes on rows that were not trained on.");
        section.Figure(Curve($"{name} against what it costs", name, unit, points));
        if (points.All(p => p.Value is double))
        {
            double[] x = [.. points.Select(p => (double)p.Value)];
            var log = x.All(v => v > 0) && x.Length > 1 && x.Max() / x.Min() > 10;
            section.Figure(new SvgPlot($"{name} along {over}", new Axis(over, Log: log), new Axis(name)).Line("test", x, [.. points.Select(p => p.Test.Main.Value)]));
        }
        section.Table([over, name, "bill, bits", $"{name} as billed", "bound, bits", "estimate low", "estimate high", "run"],
            points.Select(p => (IReadOnlyList<object?>)[p.Value, p.Test.Main.Value, p.Rate.BillBits, p.Rate.Bill?.Quality?.Main.Value, p.Rate.BoundBits, p.Rate.Estimate.LowBits, p.Rate.Estimate.HighBits, p.Run]));
        report.Section("Recipe").Details("Every field", block => block.Code(RecipeFile.Text(recipe)));
        report.Footer = $"Isthmus {TrainJob.Version}";
        report.Save(path);
    }

    private static SvgPlot Curve(string title, string name, string unit, IReadOnlyList<SweepPoint> points)
    {
        var plot = new SvgPlot(title, new Axis($"bits per {unit}"), new Axis(name));
        Add("bill", p => p.Rate.BillBits, p => p.Rate.Bill?.Quality ?? p.Test);
        Add("bound", p => p.Rate.BoundBits, p => p.Test);
        Add("estimate", p => p.Rate.Estimate.LowBits, p => p.Test);
        return plot;

        void Add(string series, Func<SweepPoint, double?> bits, Func<SweepPoint, Quality> quality)
        {
            var ordered = points.Where(p => bits(p) is not null).OrderBy(p => bits(p)).ToArray();
            if (ordered.Length > 0) plot.Line(series, [.. ordered.Select(p => bits(p)!.Value)], [.. ordered.Select(p => quality(p).Main.Value)]);
        }
    }
}

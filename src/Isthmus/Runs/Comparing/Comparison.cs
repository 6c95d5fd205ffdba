using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Reports;

namespace Isthmus.Runs;

/// <summary>What is compared.</summary>
public sealed record CompareSettings
{
    /// <summary>Bottlenecks by name; <see cref="Comparison.Names"/> are those whose size is known to be set.</summary>
    public IReadOnlyList<string> Bottlenecks { get; init; } = ["pca", "vq", "fsq", "rvq", "lfq", "simvq"];

    /// <summary>The bill at which they are compared, bits a unit; above 0.</summary>
    public double Bits { get; init; } = 48;

    /// <summary>Seeds, at least one.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [0, 1, 2, 3, 4];

    /// <summary>One seed, one size and at most two epochs: whether it runs.</summary>
    public bool Quick { get; init; }
}

/// <summary>One bottleneck at one size: means over the seeds.</summary>
public sealed record ComparedRow
{
    /// <summary>Its name.</summary>
    public required string Bottleneck { get; init; }

    /// <summary>The data.</summary>
    public required string Data { get; init; }

    /// <summary>What sets its size, as in <c>heads=6</c>.</summary>
    public required string Size { get; init; }

    /// <summary>8 x the bytes of one file of all test rows, over the rows.</summary>
    public required double BillBits { get; init; }

    /// <summary>Standard deviation of the bill over the seeds; 0 for one.</summary>
    public double BillDeviation { get; init; }

    /// <summary>MSE, accuracy, R² or concordance: which quality.</summary>
    public required string Measure { get; init; }

    /// <summary>That of what the receiver makes of the bytes.</summary>
    public required double Quality { get; init; }

    /// <summary>Standard deviation of the quality over the seeds.</summary>
    public double QualityDeviation { get; init; }

    /// <summary>The quality at exactly the bill of the comparison, on the line (of errors in their logarithm) through the sizes on both sides of it; null
    /// where only one was trained. The same in all rows of a bottleneck.</summary>
    public double? QualityAtBill { get; init; }

    /// <summary>Standard deviation of <see cref="QualityAtBill"/> over the seeds.</summary>
    public double? QualityAtBillDeviation { get; init; }

    /// <summary>log2 of the number of messages; null where there is no such number.</summary>
    public double? CapacityBits { get; init; }

    /// <summary>The sum of the entropies of the message's positions on the test rows.</summary>
    public double? EntropyBits { get; init; }

    /// <summary>Share of the codes that occur on the test rows; null where codes have no number.</summary>
    public double? Usage { get; init; }

    /// <summary>Seconds of training, of one seed.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seeds that were run.</summary>
    public required int Seeds { get; init; }
}

/// <summary>A finished comparison.</summary>
/// <param name="Bits">The bill that was aimed at.</param>
/// <param name="Rows">One a bottleneck and size, in the order of the settings.</param>
/// <param name="Report">The page.</param>
public sealed record ComparisonResult(double Bits, IReadOnlyList<ComparedRow> Rows, string Report);

/// <summary>Many bottlenecks in one recipe at the same bill: bits that are really written, not what a name promises.</summary>
/// <remarks>Codes come in sizes (heads, stages, groups), whose bills do not agree. Each bottleneck is trained at the size whose bill is the last below
/// the bill of the comparison and at the next, with every seed, and its quality is read between both. Principal components take the
/// quantiser's step for that; they are no network, and are given none in reconstructions.</remarks>
public static class Comparison
{
    private const int MostSizes = 64;

    // The field that sets a size, its other fields, and the capacity of one step of it in bits.
    private static readonly Dictionary<string, (string Field, string[] Others, double Bits)> s_sizes = new(StringComparer.Ordinal)
    {
        ["vq"] = ("heads", [], 8),
        ["simvq"] = ("heads", [], 8),
        ["ibq"] = ("heads", [], 8),
        ["vqgan-lc"] = ("heads", [], 8),
        ["rvq"] = ("stages", [], 8),
        ["fsq"] = ("heads", [], Math.Log2(1000)),
        ["lfq"] = ("groups", ["bits=8"], 8),
        ["bsq"] = ("groups", ["bits=8"], 8),
    };

    /// <summary>The bottlenecks that can be compared.</summary>
    public static IReadOnlyList<string> Names { get; } = ["pca", .. s_sizes.Keys];

    /// <summary>Trains and judges all of them.</summary>
    /// <param name="plan">The recipe whose bottleneck is exchanged, and its data.</param>
    /// <param name="settings">What is compared.</param>
    /// <param name="options">The folder (a run each, and the page), progress, notes.</param>
    /// <param name="announce">Told before each training.</param>
    /// <exception cref="InputException">A bottleneck whose size cannot be set, or settings that make no sense.</exception>
    public static ComparisonResult Start(Plan plan, CompareSettings settings, TrainOptions options, Action<string>? announce = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(options);
        if (!(settings.Bits > 0) || !double.IsFinite(settings.Bits)) throw new InputException(FormattableString.Invariant($"--bits {settings.Bits}: expected a number of bits above 0"));
        if (settings.Bottlenecks.Count == 0 || settings.Seeds.Count == 0) throw new InputException("compare: at least one bottleneck and one seed are needed");
        foreach (var name in settings.Bottlenecks)
            if (!Names.Contains(name)) throw Suggest.Unknown("bottleneck to compare", name, Names, $"sizes are known of: {string.Join(", ", Names)}");
        var folder = options.Out ?? Path.Combine(RunFolder.Root, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyyMMdd-HHmmss}-compare-{plan.Recipe.Name}"));
        RunFolder.CheckFree(folder);
        var work = new Work(plan, settings, options with { Report = false }, folder, announce);
        var rows = settings.Bottlenecks.SelectMany(work.Rows).ToArray();
        var report = Path.Combine(folder, RunFolder.ReportName);
        ComparisonReport.Save(report, plan.Recipe, settings, rows);
        return new ComparisonResult(settings.Bits, rows, report);
    }

    /// <summary>One training, judged.</summary>
    private sealed record Trained(double Bill, double Quality, string Measure, bool MoreIsBetter, double? Capacity, double? Entropy, double? Usage, double Seconds);

    private sealed class Work(Plan plan, CompareSettings settings, TrainOptions options, string folder, Action<string>? announce)
    {
        private readonly Dictionary<ulong, LoadedData> _loaded = new() { [plan.Recipe.Seed] = plan.Loaded };
        private readonly ulong[] _seeds = settings.Quick ? [settings.Seeds[0]] : [.. settings.Seeds];

        public IEnumerable<ComparedRow> Rows(string bottleneck)
        {
            var kept = new Dictionary<(string Size, ulong Seed), Trained>();
            Trained At(string size, ulong seed)
            {
                if (!kept.TryGetValue((size, seed), out var trained)) kept[(size, seed)] = trained = Train(bottleneck, size, seed);
                return trained;
            }
            // The first seed finds the sizes on both sides of the bill, and all have them.
            var sizes = bottleneck == "pca" ? Steps(size => At(size, _seeds[0]).Bill) : Whole(s_sizes[bottleneck], size => At(size, _seeds[0]).Bill);
            var all = sizes.Select(size => _seeds.Select(seed => At(size, seed)).ToArray()).ToArray();
            double[]? between = all.Length == 2 ? [.. _seeds.Select((_, s) => Between(all[0][s], all[1][s]))] : null;
            return sizes.Select((size, i) => new ComparedRow
            {
                Bottleneck = bottleneck,
                Data = plan.Loaded.Data.Name,
                Size = size,
                BillBits = all[i].Average(t => t.Bill),
                BillDeviation = Deviation([.. all[i].Select(t => t.Bill)]),
                Measure = all[i][0].Measure,
                Quality = all[i].Average(t => t.Quality),
                QualityDeviation = Deviation([.. all[i].Select(t => t.Quality)]),
                QualityAtBill = between?.Average(),
                QualityAtBillDeviation = between is null ? null : Deviation(between),
                CapacityBits = all[i][0].Capacity,
                EntropyBits = all[i].Average(t => t.Entropy),
                Usage = all[i].Average(t => t.Usage),
                Seconds = all[i].Average(t => t.Seconds),
                Seeds = _seeds.Length,
            });
        }

        private string[] Whole((string Field, string[] Others, double Bits) one, Func<string, double> bill)
        {
            string Size(int n) => string.Join(",", one.Others.Prepend(FormattableString.Invariant($"{one.Field}={n}")));
            var n = Math.Max(1, (int)Math.Floor(settings.Bits / one.Bits));
            if (settings.Quick) return [Size(n)];
            while (bill(Size(n)) > settings.Bits)
                if (--n == 0) throw TooFew(bill(Size(1)));
            while (n < MostSizes && bill(Size(n + 1)) < settings.Bits) n++;
            return [Size(n), Size(n + 1)];
        }

        // The step from 1 on by halves and doubles, then twice halved between.
        private string[] Steps(Func<string, double> bill)
        {
            static string Size(double step) => string.Create(CultureInfo.InvariantCulture, $"step={step:G4}");
            if (settings.Quick) return [Size(1)];
            var (coarse, fine) = (1.0, 1.0);
            while (bill(Size(coarse)) > settings.Bits && coarse < 1e6) coarse *= 2;
            if (bill(Size(coarse)) > settings.Bits) throw TooFew(bill(Size(coarse)));
            fine = coarse;
            while (bill(Size(fine)) < settings.Bits && fine > 1e-6) fine /= 2;
            for (var k = 0; k < 3; k++)
            {
                var middle = Math.Sqrt(coarse * fine);
                if (bill(Size(middle)) < settings.Bits) coarse = middle;
                else fine = middle;
            }
            return [Size(coarse), Size(fine)];
        }

        private InputException TooFew(double least) => new(FormattableString.Invariant($"--bits {settings.Bits}: the smallest size costs {least:0.0} bits already"), "more bits, or more test rows to share a file's header");

        private double Between(Trained a, Trained b)
        {
            var t = b.Bill > a.Bill ? Math.Clamp((settings.Bits - a.Bill) / (b.Bill - a.Bill), -0.5, 1.5) : 0.5;
            return !a.MoreIsBetter && a.Quality > 0 && b.Quality > 0
                ? Math.Exp(((1 - t) * Math.Log(a.Quality)) + (t * Math.Log(b.Quality))) : ((1 - t) * a.Quality) + (t * b.Quality);
        }

        private Trained Train(string bottleneck, string size, ulong seed)
        {
            announce?.Invoke(FormattableString.Invariant($"{bottleneck} {size}, seed {seed}"));
            var recipe = plan.Recipe with { Bottleneck = BottleneckRegistry.Find(bottleneck).Default, Seed = seed };
            if (bottleneck == "pca")
            {
                recipe = recipe with { Encoder = null, Decoder = null, Objective = null, Phases = [] };
                if (Model.TaskOf(plan.Loaded.Schema) == RunTask.Reconstruction) recipe = recipe with { Training = recipe.Training with { Epochs = 0 } };
            }
            recipe = RecipeFile.With(recipe, [.. size.Split(',').Select(s => new Override($"bottleneck.{s.Split('=')[0]}", s.Split('=')[1], "compare"))]);
            if (bottleneck == "pca" && plan.Recipe.Bottleneck?.Type != "pca") recipe = RecipeFile.With(recipe, [new Override("bottleneck.latent", Math.Min(48, plan.Loaded.Data.FeatureSize).ToString(CultureInfo.InvariantCulture), "compare")]);
            if (settings.Quick) recipe = recipe with { Training = recipe.Training with { Epochs = Math.Min(recipe.Training.Epochs, 2) } };
            var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{bottleneck}-{size.Replace(',', '-')}-seed{seed}"));
            // Of data that are split by chance each seed has its own parts, the same for all bottlenecks.
            if (!_loaded.TryGetValue(seed, out var loaded)) _loaded[seed] = loaded = RecipeData.Load(recipe);
            var summary = TrainJob.Start(recipe, loaded, options with { Out = path });
            if (summary.Rate.Bill is not { Quality: { } quality } bill) throw new InputException($"{bottleneck}: nothing was written, so that there is no bill to compare at");
            var (entropy, usage) = Use(Run.Load(path), loaded);
            return new Trained(bill.StreamBits, quality.Main.Value, quality.Main.Name, quality.Main.MoreIsBetter, summary.Rate.CapacityBits, entropy, usage, summary.Train.Seconds);
        }

        // The entropies of the positions and the codes in use, on the test rows.
        private (double? Entropy, double? Usage) Use(Run run, LoadedData own)
        {
            var passed = Passed.Of(run, own.Data, own.Split.Test, null, options.Stop);
            var width = Math.Max(passed.Positions, passed.Dimensions);
            if (width == 0) return (null, null);
            var counts = Enumerable.Range(0, width).Select(_ => new Dictionary<double, long>()).ToArray();
            for (var i = 0; i < passed.Units.Length; i++)
                for (var p = 0; p < width; p++)
                {
                    var symbol = passed.Positions > 0 ? passed.Codes[(i * width) + p] : (double)passed.Latents[(i * width) + p];
                    if (passed.Positions == 0 || symbol >= 0) counts[p][symbol] = counts[p].GetValueOrDefault(symbol) + 1;
                }
            var entropy = counts.Sum(c => new CodeCounts([.. c.Values]).Entropy.Value);
            return (entropy, passed.Positions > 0 ? counts.Sum(c => (double)c.Count) / passed.Alphabets.Sum() : null);
        }

        private static double Deviation(double[] values)
        {
            if (values.Length < 2) return 0;
            var mean = values.Average();
            return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
        }
    }
}

/// <summary>The page of a comparison.</summary>
internal static class ComparisonReport
{
    public static void Save(string path, Recipe recipe, CompareSettings settings, IReadOnlyList<ComparedRow> rows)
    {
        var measure = rows[0].Measure;
        var report = new HtmlReport($"{recipe.Name}: bottlenecks at {CellText.Number(settings.Bits)} bits", $"{rows[0].Data}; {CellText.Of(rows[0].Seeds)} seeds");
        var section = report.Section("Quality at the same bill");
        section.Text("Every bill is 8 times the bytes that the messages of the test rows took when they were really written, over the rows; the quality is that of what the receiver makes of them. Each code was trained at two sizes, on both sides of the bill, and is read between them.");
        var plot = new SvgPlot($"{measure} against the bill", new Axis("bits"), new Axis(measure));
        foreach (var group in rows.GroupBy(r => r.Bottleneck))
            plot.Line(group.Key, [.. group.OrderBy(r => r.BillBits).Select(r => r.BillBits)], [.. group.OrderBy(r => r.BillBits).Select(r => r.Quality)]);
        section.Figure(plot);
        section.Table(["bottleneck", "size", "bill, bits", "±", measure, "±", $"{measure} at {CellText.Number(settings.Bits)} bits", "±", "capacity, bits", "entropy, bits", "codes in use", "seconds"],
            rows.Select(r => (IReadOnlyList<object?>)[r.Bottleneck, r.Size, r.BillBits, r.BillDeviation, r.Quality, r.QualityDeviation, r.QualityAtBill, r.QualityAtBillDeviation, r.CapacityBits, r.EntropyBits, r.Usage, r.Seconds]));
        report.Section("Recipe").Details("Every field", block => block.Code(RecipeFile.Text(recipe)));
        report.Footer = $"Isthmus {TrainJob.Version}";
        report.Save(path);
    }
}

using System.CommandLine;
using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

/// <summary><c>measure</c>: how much one set of columns says about another.</summary>
internal sealed class MeasureVerb : Verb
{
    private static readonly TimeSpan s_externalLimit = TimeSpan.FromMinutes(10);
    private readonly Argument<string> _data = new("DATA") { Description = "a table, a .npy of rows, or make:NAME,key=value,…; with --layer a run's folder" };
    private readonly Option<string?> _x = new("--x") { HelpName = "COLS", Description = "columns, by name, 1-based number or range, with commas" };
    private readonly Option<string?> _y = new("--y") { HelpName = "COLS", Description = "the columns that x is to tell about" };
    private readonly Option<string?> _given = new("--given") { HelpName = "COLS", Description = "columns that are known already: measures I(x;y|given)" };
    private readonly Option<string> _estimator = new("--estimator") { HelpName = "LIST", Description = $"all that suit the columns, or some of: {string.Join(", ", MutualInformation.Names)}", DefaultValueFactory = _ => "all" };
    private readonly Option<int> _k = new("--k") { HelpName = "N", Description = "nearest neighbours (default 3)", DefaultValueFactory = _ => 3 };
    private readonly Option<int> _components = new("--components") { HelpName = "N", Description = "numbers that lossy keeps of a side (default 4): as many as the data have degrees of freedom", DefaultValueFactory = _ => 4 };
    private readonly Option<int> _permutations = new("--permutations") { HelpName = "N", Description = "shuffles for the p-value (default 100; 0 for none)", DefaultValueFactory = _ => 100 };
    private readonly Option<string?> _intervals = new("--intervals") { HelpName = "KIND", Description = "subsample, bootstrap or none (default: what suits the estimator)" };
    private readonly Option<string?> _external = new("--external") { HelpName = "CMD", Description = "somebody else's estimator in the same table: run as CMD x.npy y.npy, prints bits" };
    private readonly Option<string?> _layer = new("--layer") { HelpName = "NAME", Description = "measures a layer of a run: encoder.0 before its activation function, encoder.1 after it, bottleneck, decoder" };
    private readonly Option<bool> _spectra = new("--spectra") { Description = "with --layer: RankMe, stable rank, participation, alpha-ReQ, matrix entropies, local rank" };
    private readonly LayerFlags _layers = new();
    private readonly DataFlags _flags = new();

    public override IReadOnlyList<Symbol> Symbols => [_data, _x, _y, _given, _estimator, _k, _components, _permutations, _intervals, _external, _layer, _layers.Channel, _spectra, _layers.Rows, _layers.Most, .. _flags.Reading];

    public override string Details =>
        "Mutual information in bits: 0 when x says nothing about y, 1 when it answers one yes-no question about it. Estimators err in " +
        "different ways, so several are shown, each with an interval, the most it could have said on these rows (ceiling), and the " +
        "alarms that rang. Trust readings without alarm that agree.";

    public override IReadOnlyList<string> Examples =>
    [
        "isthmus measure cars.csv --x 1-4 --y 5",
        "isthmus measure houses.csv --x rooms,area --y price --given town",
        "isthmus measure make:gaussian,dim=1,rho=0.8,n=2000 --x x1 --y y1 --estimator ksg1,gaussian --json",
        "isthmus measure make:student,dim=2,bits=0.5 --x x1,x2 --y y1,y2 --external \"python3 mine.py\"",
        "isthmus measure runs/moons --layer encoder.2 --channel noise:0.1 --spectra",
    ];

    public override bool Run(Call call)
    {
        if (call.Get(_layer) is { } layer) return Layer(call, layer);
        foreach (var option in (Option[])[_layers.Channel, _spectra, _layers.Rows, _layers.Most])
            if (call.Has(option)) throw new InputException($"{option.Name} goes with --layer only", "for example measure runs/moons --layer encoder.1 --channel noise:0.1");
        if (RunFolder.IsRun(call.Get(_data)!)) throw new InputException("--layer is missing: a run is measured at a layer", "for example --layer bottleneck, or --layer encoder.1 --channel noise:0.1");
        foreach (var (columns, name) in (ReadOnlySpan<(string?, string)>)[(call.Get(_x), _x.Name), (call.Get(_y), _y.Name)])
            if (columns is null) throw new InputException($"{name} is missing");
        var table = DataSource.LoadTable(call.Get(_data)!, _flags.Read(call));
        var samples = ColumnSamples.From(table, call.Get(_x)!, call.Get(_y)!, call.Get(_given));
        var options = Options(call) with { Given = samples.Given };
        foreach (var note in samples.Notes) call.Note(note);
        var names = call.Get(_estimator)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var estimates = MutualInformation.Measure(samples.X, samples.Y, names, call.Get(_k), options, call.Get(_components));
        if (call.Get(_external) is { } command)
        {
            if (samples.Given is not null) throw new InputException("--external measures x against y; it is not told what is given", "leave out --given or --external");
            estimates = [.. estimates, ExternalEstimator.Measure(command, samples.X, samples.Y, s_externalLimit)];
        }
        Answer(call, samples, estimates, Truth(call, table)).Print(call);
        return true;
    }

    private bool Layer(Call call, string layer)
    {
        foreach (var option in (Option[])[_x, _y, _given, _external])
            if (call.Has(option)) throw new InputException($"{option.Name} does not go with --layer", "a layer is measured against the run's inputs and its target");
        var channel = _layers.ChannelOf(call);
        var names = call.Has(_estimator) ? call.Get(_estimator)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];
        var run = Runs.Run.Load(call.Get(_data)!);
        run.Model.Network.GetSubmodule(layer); // slips are told before data are read
        var rows = _layers.Load(call, run);
        var question = new LayerQuestion { Channel = channel, Estimators = names, K = call.Get(_k), Options = Options(call), Spectra = call.Get(_spectra) };
        MeasureLayer.Answer(rows, layer, LayerMeasurement.Of(run, rows, layer, question), Details).Print(call);
        return true;
    }

    private MeasureOptions Options(Call call) => new()
    {
        Permutations = call.Get(_permutations) is >= 0 and var n ? n : throw new InputException($"--permutations {call.Get(_permutations)} is below 0"),
        Intervals = DataFlags.Word<IntervalKind>(_intervals.Name, call.Get(_intervals)),
        Seed = call.Seed,
        Threads = call.Threads,
    };

    // What is true of generated data, where x and y are the whole of their two sides.
    private double? Truth(Call call, Table table)
    {
        if (table.Truth.Count == 0 || call.Get(_given) is not null) return null;
        var (x, y) = (table.Find(call.Get(_x)!), table.Find(call.Get(_y)!));
        bool Are(IReadOnlyList<int> columns, char side) => columns.All(c => table.Columns[c].Name[0] == side);
        return x.Count + y.Count == table.Columns.Count && Are(x, 'x') && Are(y, 'y')
            && table.Truth.TryGetValue("mi_bits", out var bits) ? bits : null;
    }

    private static object Json(ColumnSamples samples, IReadOnlyList<Estimate> estimates, double? truth) => new
    {
        TruthBits = truth,
        n = samples.X.Count,
        dx = samples.X.Dimensions,
        dy = samples.Y.Dimensions,
        estimates = estimates.Select(e => new
        {
            e.Estimator,
            Bits = e.Bits?.Value,
            LowBits = e.Low?.Value,
            HighBits = e.High?.Value,
            e.Direction,
            CeilingBits = e.Ceiling?.Value,
            e.PValue,
            e.Verdict,
            Note = string.Join("; ", e.Notes),
            e.Seconds,
            e.Measure,
            e.MeasureUnit,
        }),
        samples.Notes,
    };

    private Answer Answer(Call call, ColumnSamples samples, IReadOnlyList<Estimate> estimates, double? truth)
    {
        var plot = new BarPlot("Mutual information", new Axis("bits"));
        foreach (var e in estimates)
            if (e.Bits is { } bits) plot.Interval(e.Estimator, e.Low?.Value ?? bits.Value, e.High?.Value ?? bits.Value, bits.Value, text: CellText.Number(bits.Value, 3));
        var given = call.Get(_given) is { } z ? $" given {z}" : "";
        return new Answer($"What {call.Get(_x)} says about {call.Get(_y)}{given}", Json(samples, estimates, truth), ["estimator", "bits", "95 % interval", "ceiling", "p", "verdict"], [.. estimates.Select(Row)])
        {
            Lead = $"{CellText.Of(samples.X.Count)} rows, x of {CellText.Of(samples.X.Dimensions)} and y of {CellText.Of(samples.Y.Dimensions)} columns{(truth is { } known ? $"; the truth is {CellText.Number(known, 4)} bits" : "")}",
            Remarks = [.. estimates.SelectMany(e => e.Notes.Select(n => $"{e.Estimator}: {n}"))],
            Plot = plot,
            Explanation = Details,
        };
    }

    private static IReadOnlyList<object?> Row(Estimate e) =>
    [
        e.Estimator, e.Bits?.Value ?? e.Measure, e.Low is { } low && e.High is { } high ? $"{CellText.Number(low.Value, 3)} … {CellText.Number(high.Value, 3)}" : null,
        e.Ceiling?.Value, e.PValue, JsonOutput.Word(e.Verdict) + (e.MeasureUnit is { } unit ? $" ({unit})" : ""),
    ];
}

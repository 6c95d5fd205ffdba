using Isthmus.Information;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What is asked of an information plane.</summary>
public sealed record PlaneQuestion
{
    /// <summary>Layers by name; empty for what follows each activation function, the bottleneck and the answer.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>Kept epochs; empty for all that were kept.</summary>
    public IReadOnlyList<int> Epochs { get; init; } = [];

    /// <summary>What stands behind the layers.</summary>
    public LayerChannel Channel { get; init; } = LayerChannel.Default;

    /// <summary>Another estimator on one draw of what comes out; null for the channel's own reading.</summary>
    public string? Estimator { get; init; }

    /// <summary>The seed of noise and estimators.</summary>
    public ulong Seed { get; init; }

    /// <summary>At most so many threads, 0 for all cores; never changes a result.</summary>
    public int Threads { get; init; }
}

/// <summary>One layer at one epoch.</summary>
/// <param name="Epoch">Epochs done.</param>
/// <param name="Layer">Its name.</param>
/// <param name="Ixt">I(X;T).</param>
/// <param name="Ity">I(T;Y); null without classes.</param>
public sealed record PlanePoint(int Epoch, string Layer, Estimate Ixt, Estimate? Ity);

/// <summary>Edges of bins.</summary>
/// <param name="Layer">Of which layer.</param>
/// <param name="Epoch">At which epoch; null for all.</param>
/// <param name="Edges">Ascending.</param>
public sealed record PlaneBins(string Layer, int? Epoch, IReadOnlyList<double> Edges);

/// <summary>
/// The information plane of a run (Tishby and Zaslavsky 2015; Shwartz-Ziv and Tishby 2017): for each layer and kept epoch how much of the input
/// and of the class comes through a stated channel behind the layer.
/// </summary>
/// <param name="Layers">In the order in which they are drawn.</param>
/// <param name="Epochs">Ascending.</param>
/// <param name="Channel">What stands behind the layers.</param>
/// <param name="Estimator">What read the points; null for the channel's own reading.</param>
/// <param name="Points">One for each layer and epoch.</param>
/// <param name="Bins">The bins of the channel: those of equal widths are the same at all epochs, the adaptive ones are laid at each.</param>
/// <param name="Curve">The exact bottleneck curve of the rows; null without classes or where it is too long to solve.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Notes">What has to be known.</param>
public sealed record InformationPlane(IReadOnlyList<string> Layers, IReadOnlyList<int> Epochs, LayerChannel Channel, string? Estimator, IReadOnlyList<PlanePoint> Points,
    IReadOnlyList<PlaneBins> Bins, SampleCurve? Curve, int Rows, IReadOnlyList<string> Notes)
{
    /// <summary>Measures a run at its kept epochs; its network has other weights afterwards.</summary>
    /// <param name="run">The run.</param>
    /// <param name="rows">On which rows.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="progress">Told the epoch before each.</param>
    /// <param name="stop">Ends the work.</param>
    /// <remarks>A run that kept no weights of its epochs is measured at its end alone.</remarks>
    /// <exception cref="InputException">The epochs asked for were not kept; an unknown layer.</exception>
    public static InformationPlane Of(Run run, LayerRows rows, PlaneQuestion question, Action<int>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(question);
        var network = run.Model.Network;
        IReadOnlyList<string> layers = question.Layers.Count > 0 ? [.. question.Layers.Distinct(StringComparer.Ordinal)] : LayerRows.DefaultLayers(network);
        foreach (var layer in layers) network.GetSubmodule(layer); // slips are told before the work
        var onlyLast = question.Epochs.Count == 0 && KeptEpochs.In(run.Folder).Count == 0;
        IReadOnlyList<int> epochs = onlyLast ? [run.Summary?.Train.Epochs ?? run.Model.Recipe.Training.Epochs] : Chosen(run, question.Epochs);
        var channel = question.Channel;
        var fixedBins = channel.Kind == ChannelKind.Bins ? SameBins(run, rows, layers, onlyLast ? [] : epochs, channel, stop) : null;
        var (points, bins) = (new List<PlanePoint>(), new List<PlaneBins>());
        if (fixedBins is not null) bins.AddRange(layers.Select(l => new PlaneBins(l, null, fixedBins[l].Edges)));
        var labels = rows.Labels.ToArray();
        foreach (var epoch in epochs)
        {
            stop.ThrowIfCancellationRequested();
            progress?.Invoke(epoch);
            if (!onlyLast) KeptEpochs.Load(run, epoch);
            var activations = rows.Activations(layers);
            foreach (var layer in layers)
            {
                var t = activations[layer];
                var own = fixedBins?[layer] ?? channel.Lay(t.Values, LayerRows.LowerLimit(network.GetSubmodule(layer)));
                if (channel.Kind == ChannelKind.Ebab) bins.Add(new PlaneBins(layer, epoch, own!.Edges));
                var reading = question.Estimator is { } name
                    ? LayerMeasurement.Others(rows, channel.Through(t, own, new RandomStream(question.Seed).Fork("channel")), new LayerQuestion
                    {
                        Estimators = [name],
                        Options = MeasureOptions.ValueOnly with { Seed = question.Seed, Threads = question.Threads },
                    })
                    : channel.Read(t, labels, own, question.Threads);
                points.Add(new PlanePoint(epoch, layer, reading.Input[0], reading.Label.FirstOrDefault()));
            }
        }
        var notes = new List<string>(rows.Notes) { "each layer has a channel of its own behind it, so that a later layer may read more than an earlier one without contradicting data processing" };
        if (onlyLast) notes.Add("the run kept no weights of its epochs: one point a layer, at the end of training; train with --set training.keep=log for the path");
        var curve = labels.Length == 0 ? null : SampleCurve.Of(rows.Inputs, labels);
        if (curve is not null) notes.Add(curve.Note);
        else if (labels.Length > 0) notes.Add("the exact bottleneck curve is not drawn: too many different shares of classes among equal rows");
        notes.AddRange(points.Where(p => p.Ixt.Verdict == Verdict.Saturated).GroupBy(p => p.Layer).Select(g =>
            FormattableString.Invariant($"{g.Key}: I(X;T) is near its ceiling of log2 n = {Math.Log2(rows.Rows.Count):0.00} bits at {g.Count()} of {epochs.Count} epochs: there the channel keeps the rows apart, and the reading says nothing about compression")));
        return new InformationPlane(layers, epochs, channel, question.Estimator, points, bins, curve, rows.Rows.Count, notes);
    }

    private static IReadOnlyList<int> Chosen(Run run, IReadOnlyList<int> wanted)
    {
        var kept = KeptEpochs.In(run.Folder);
        if (kept.Count == 0) throw new InputException($"{run.Folder} has kept no weights of its epochs", "leave out --epochs, or train it with --set training.keep=log");
        foreach (var epoch in wanted)
            if (!kept.Contains(epoch)) throw new InputException(FormattableString.Invariant($"{run.Folder} has no weights of epoch {epoch}"), $"it has those of {string.Join(", ", kept)}");
        return wanted.Count > 0 ? [.. wanted.Distinct().Order()] : kept;
    }

    // Equal widths between the lowest and the highest number that the layer gives at any of the epochs: one channel for the whole path.
    private static Dictionary<string, Bins> SameBins(Run run, LayerRows rows, IReadOnlyList<string> layers, IReadOnlyList<int> epochs, LayerChannel channel, CancellationToken stop)
    {
        var ranges = layers.ToDictionary(l => l, _ => (Low: double.PositiveInfinity, High: double.NegativeInfinity), StringComparer.Ordinal);
        void Widen()
        {
            foreach (var (layer, t) in rows.Activations(layers))
                foreach (var v in t.Values) ranges[layer] = (Math.Min(ranges[layer].Low, v), Math.Max(ranges[layer].High, v));
        }
        if (epochs.Count == 0) Widen(); // the weights that the run ended with
        foreach (var epoch in epochs)
        {
            stop.ThrowIfCancellationRequested();
            KeptEpochs.Load(run, epoch);
            Widen();
        }
        return ranges.ToDictionary(r => r.Key, r => channel.Lay([r.Value.Low, r.Value.High])!, StringComparer.Ordinal);
    }
}

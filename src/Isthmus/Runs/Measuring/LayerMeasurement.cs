using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What is asked about a layer.</summary>
public sealed record LayerQuestion
{
    /// <summary>What stands between the layer and its reader; null for the layer's own noise, which only a bottleneck has.</summary>
    public LayerChannel? Channel { get; init; }

    /// <summary>Other estimators on one draw of what comes out; empty for the channel's own readings alone.</summary>
    public IReadOnlyList<string> Estimators { get; init; } = [];

    /// <summary>Nearest neighbours, for estimators that count them.</summary>
    public int K { get; init; } = 3;

    /// <summary>Permutations, intervals, seed and threads of those estimators.</summary>
    public MeasureOptions Options { get; init; } = new();

    /// <summary>Whether the spectrum and the local rank are read too.</summary>
    public bool Spectra { get; init; }
}

/// <summary>One layer, measured.</summary>
/// <param name="Channel">As it is written; own for a bottleneck's own code.</param>
/// <param name="ChannelDescription">What it does.</param>
/// <param name="Width">Numbers of the layer a row.</param>
/// <param name="Reading">What passes.</param>
/// <param name="Bins">The edges of the bins; null where there are none.</param>
/// <param name="Spectrum">Null where it was not asked for.</param>
/// <param name="LocalRank">Null where it was not asked for or the layer is too wide.</param>
/// <param name="RatePerDimension">Bits of each dimension of a bottleneck's code, where the rate adds up over them; null elsewhere.</param>
/// <param name="Notes">What has to be known.</param>
public sealed record LayerMeasurement(string Channel, string ChannelDescription, int Width, LayerReading Reading, IReadOnlyList<double>? Bins,
    Spectrum? Spectrum, LocalRank? LocalRank, IReadOnlyList<double>? RatePerDimension, IReadOnlyList<string> Notes)
{
    private const string BottleneckName = "bottleneck";
    private const int RankRows = 16;

    /// <summary>Measures a layer of a trained run.</summary>
    /// <exception cref="InputException">No such layer.</exception>
    public static LayerMeasurement Of(Run run, LayerRows rows, string layer, LayerQuestion question)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(question);
        var place = run.Model.Network.GetSubmodule(layer);
        var outcomes = layer == BottleneckName ? Evaluator.Run(run.Model, rows.Data, [.. rows.Rows], Inference.Sample, withTarget: false) : null;
        var perDimension = outcomes?.NatsPerDimension?.Select(n => Isthmus.Bits.FromNats(n).Value).ToArray();
        var own = question.Channel is null ? Own(outcomes, rows, question.Options.Threads) : null;
        var activations = rows.Activations([layer])[layer];
        var notes = new List<string>(rows.Notes);
        var (spectrum, rank) = question.Spectra ? (Spectrum.Of(activations), Rank(run.Model.Network, rows, layer, notes)) : (null, null);
        if (own is { } mine) return new LayerMeasurement("own", mine.Description, activations.Dimensions, mine.Reading, null, spectrum, rank, perDimension, notes);
        var channel = question.Channel ?? LayerChannel.Default;
        if (question.Channel is null)
            notes.Add($"'{layer}' is a deterministic function of its input, of which its own information is infinite, or the mere entropy of the rows: it is read through {channel.Name}; --channel says otherwise");
        var bins = channel.Lay(activations.Values, LayerRows.LowerLimit(place));
        var labels = rows.Labels.ToArray();
        var reading = channel.Read(activations, labels, bins, question.Options.Threads);
        if (question.Estimators.Count > 0) reading = Others(rows, channel.Through(activations, bins, new RandomStream(question.Options.Seed).Fork("channel")), question);
        return new LayerMeasurement(channel.Name, channel.Description, activations.Dimensions, reading, bins?.Edges, spectrum, rank, perDimension, notes);
    }

    /// <summary>Other estimators on what came out of a channel.</summary>
    internal static LayerReading Others(LayerRows rows, Samples t, LayerQuestion question)
    {
        var input = MutualInformation.Measure(rows.Inputs, t, question.Estimators, question.K, question.Options);
        return new LayerReading(input, rows.Labels.Count == 0 ? [] : MutualInformation.Measure(t, Samples.OfLabels(rows.Labels.ToArray()), question.Estimators, question.K, question.Options));
    }

    // A code with a known density is measured by the sandwich, a discrete one by its entropy; all else tells everything: null.
    private static (LayerReading Reading, string Description)? Own(Outcomes? outcomes, LayerRows rows, int threads)
    {
        var labels = rows.Labels.ToArray();
        if (outcomes is { Latent: > 0 })
        {
            var s = GaussianCodeSandwich.Estimate(outcomes.CodeMean, outcomes.CodeStd, outcomes.CodeSample, rows.Rows.Count, outcomes.Latent, labels, threads);
            return (new LayerReading([s.Kept, s.LeftOut], s.LabelLow is null ? [] : [s.LabelLow, s.LabelHigh!]), "the bottleneck's own Gaussian noise");
        }
        if (outcomes?.Symbols is { } symbols)
        {
            var numbers = symbols.Distinct(StringComparer.Ordinal).Select((text, i) => (text, i)).ToDictionary(p => p.text, p => p.i, StringComparer.Ordinal);
            return (LayerChannel.OfSymbols([.. symbols.Select(s => numbers[s])], labels), "the bottleneck's own symbols");
        }
        return null;
    }

    private static LocalRank? Rank(Module network, LayerRows rows, string layer, List<string> notes)
    {
        try
        {
            using var scope = new TensorScope("local rank rows");
            var rank = LocalRank.Of(network, layer, rows.Batch(RankRows));
            notes.Add(FormattableString.Invariant($"local rank: mean of {rank.Ranks.Count} rows, singular values above 1e-3 of the largest"));
            return rank;
        }
        catch (InputException e)
        {
            notes.Add(e.Message);
            return null;
        }
    }
}

using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Reports;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>The figures of a run's report; null where the run has nothing for them.</summary>
internal sealed class ReportFigures(Model model, Dataset data, Outcomes outcomes)
{
    private const int Shown = 12, TraversalSteps = 9, TraversedDimensions = 6, MostClasses = 12;

    /// <summary>Capacity, bound, estimate and bill under each other, on one axis of bits.</summary>
    public static BarPlot FourReadings(Readings rate)
    {
        var plot = new BarPlot("Four readings", new Axis($"bits per {rate.Unit}", Min: 0));
        // a capacity of thousands of bits would squeeze the others to nothing
        var others = new[] { rate.BoundBits, rate.Estimate.HighBits, rate.BillBits }.Max() ?? 0;
        var fits = rate.CapacityBits is { } c && (others == 0 || c <= 4 * others);
        plot.Bar("capacity", fits ? rate.CapacityBits!.Value : double.NaN, text: rate.CapacityBits is { } bits ? CellText.Number(bits) : "no limit");
        plot.Bar("bound", rate.BoundBits ?? double.NaN, text: rate.BoundBits is { } b ? CellText.Number(b) : "none");
        if (rate.Estimate.LowBits is { } low) plot.Interval("estimate", low, rate.Estimate.HighBits ?? double.PositiveInfinity);
        else plot.Bar("estimate", double.NaN, text: "none");
        plot.Bar("bill", rate.BillBits ?? double.NaN, text: rate.BillBits is { } bill ? CellText.Number(bill) : "not written");
        return plot;
    }

    /// <summary>Bits of each dimension of the code, the largest first.</summary>
    public static SvgPlot Dimensions(LatentUse latents)
    {
        double[] sorted = [.. latents.BitsPerDimension.OrderByDescending(b => b)];
        return new SvgPlot("Bits per dimension of the code", new Axis("dimension, by rank"), new Axis("bits", Min: 0))
            .Bars("", [.. Enumerable.Range(1, sorted.Length).Select(i => (double)i)], sorted);
    }

    /// <summary>How many bits rows cost.</summary>
    public SvgPlot? BitsHistogram(string unit) => BitsOfRows() is { } bits
        ? new SvgPlot($"Bits per {unit}", new Axis($"bits per {unit}"), new Axis($"{unit}s")).Histogram("", bits) : null;

    /// <summary>Predicted against true numbers.</summary>
    public SvgPlot? Residuals()
    {
        if (data.Target is not ContinuousTarget target || outcomes.AnswerSize == 0) return null;
        var plot = new SvgPlot("Predicted against true", new Axis($"true {(target.Width == 1 ? target.Names[0] : "value")}"), new Axis("predicted"));
        for (var c = 0; c < Math.Min(target.Width, 4); c++)
        {
            var column = c;
            plot.Scatter(target.Width == 1 ? "" : target.Names[c], [.. outcomes.Rows.Select(r => target.InUnits(target.Values[(r * target.Width) + column], column))],
                [.. Enumerable.Range(0, outcomes.Rows.Length).Select(i => target.InUnits(outcomes.Answer(i)[column], column))]);
        }
        return plot.Diagonal();
    }

    /// <summary>Codes in the plane of the two dimensions that carry most, coloured by class.</summary>
    public SvgPlot? CodeMap()
    {
        if (data.Target is not ClassTarget target || outcomes.Latent < 2 || target.Classes.Count > MostClasses || Readings.PerDimension(outcomes) is not { } bits) return null;
        var order = Enumerable.Range(0, bits.Count).OrderByDescending(j => bits[j]).ToArray();
        var plot = new SvgPlot("Codes", new Axis(FormattableString.Invariant($"z{order[0] + 1}")), new Axis(FormattableString.Invariant($"z{order[1] + 1}"))) { PlotHeight = 260 };
        for (var c = 0; c < target.Classes.Count; c++)
        {
            var own = Enumerable.Range(0, outcomes.Rows.Length).Where(i => target.Labels[outcomes.Rows[i]] == c).ToArray();
            plot.Scatter(target.Classes[c], [.. own.Select(i => (double)outcomes.CodeMean[(i * outcomes.Latent) + order[0]])], [.. own.Select(i => (double)outcomes.CodeMean[(i * outcomes.Latent) + order[1]])]);
        }
        return plot;
    }

    /// <summary>The images that cost most and least.</summary>
    public ImageGrid? Expensive()
    {
        if (BitsOfRows() is not { } bits || !AreImages) return null;
        var order = Enumerable.Range(0, bits.Length).OrderByDescending(i => bits[i]).ThenBy(i => i).ToArray();
        var grid = new ImageGrid("The most and the least expensive");
        foreach (var part in order.Take(Shown).Chunk(Shown / 2)) Row("most", part);
        foreach (var part in order.TakeLast(Shown / 2).Chunk(Shown / 2)) Row("least", part);
        return grid;

        void Row(string label, int[] rows) => grid.Row(label, [.. rows.Select(i => PictureOf(data.Row(outcomes.Rows[i])))], [.. rows.Select(Caption)]);
        string Caption(int i) => bits[i].ToString("0", CultureInfo.InvariantCulture) + (data.Target is ClassTarget t && outcomes.AnswerSize > 0 && t.Labels[outcomes.Rows[i]] is var truth && truth != outcomes.Class(i) ? $" {Short(t.Classes[truth])}→{Short(t.Classes[outcomes.Class(i)])}" : "");
        static string Short(string name) => name.Length > 2 ? name[..2] : name;
    }

    /// <summary>The rows that cost most, as a table.</summary>
    public (IReadOnlyList<string> Headers, IEnumerable<IReadOnlyList<object?>> Rows)? ExpensiveRows()
    {
        if (BitsOfRows() is not { } bits || AreImages) return null;
        var order = Enumerable.Range(0, bits.Length).OrderByDescending(i => bits[i]).ThenBy(i => i).Take(8);
        return (["row", "bits", "true", "answer"], order.Select(i => (IReadOnlyList<object?>)[
            data.RowNames is { } names ? names[outcomes.Rows[i]] : (outcomes.Rows[i] + 1).ToString(CultureInfo.InvariantCulture), bits[i], Truth(i), Answer(i)]));
    }

    /// <summary>Originals above their reconstructions.</summary>
    public ImageGrid? Reconstructions()
    {
        if (model.Task != RunTask.Reconstruction || !AreImages || outcomes.Rows.Length == 0) return null;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("report");
        int[] rows = [.. outcomes.Rows.Take(Shown)];
        var mode = Evaluator.ModeOf(Inference.Parse(model.Recipe.Inference));
        var (prediction, _) = model.Network.Run(Batches.Of(data, rows).Inputs, new PassContext(mode, new RandomStream(model.Recipe.Seed).Fork("report")));
        var answers = Evaluator.Readable(model, prediction);
        var grid = new ImageGrid("Reconstructions");
        foreach (var part in Enumerable.Range(0, rows.Length).Chunk(Shown / 2))
        {
            grid.Row("original", [.. part.Select(i => PictureOf(data.Row(rows[i])))]);
            grid.Row("restored", [.. part.Select(i => PictureOf(answers.Data.Slice(i * data.FeatureSize, data.FeatureSize)))]);
        }
        return grid;
    }

    /// <summary>What comes out when one dimension of a code is moved over what the rows have.</summary>
    public ImageGrid? Traversals()
    {
        if (model.Task != RunTask.Reconstruction || !AreImages || outcomes.Latent == 0 || Readings.PerDimension(outcomes) is not { } bits) return null;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("report");
        var (_, passage) = model.Network.Run(Batches.Of(data, [outcomes.Rows[0]]).Inputs, new PassContext(PassMode.Mean, new RandomStream(0)));
        if (passage.Code is not { } code || !passage.Output.Data.SequenceEqual(code.Mean.Data)) return null; // what the decoder gets is not the code itself
        var d = outcomes.Latent;
        var grid = new ImageGrid("Latent traversals");
        foreach (var j in Enumerable.Range(0, d).OrderByDescending(j => bits[j]).Take(TraversedDimensions))
        {
            double[] seen = [.. Enumerable.Range(0, outcomes.Rows.Length).Select(i => (double)outcomes.CodeMean[(i * d) + j]).Order()];
            var (low, high) = (seen[seen.Length / 50], seen[seen.Length - 1 - (seen.Length / 50)]);
            var codes = Tensor.Zeros(TraversalSteps, d);
            for (var s = 0; s < TraversalSteps; s++)
            {
                code.Mean.Data.CopyTo(codes.Data[(s * d)..]);
                codes.Data[(s * d) + j] = (float)(low + ((high - low) * s / (TraversalSteps - 1)));
            }
            var images = Evaluator.Readable(model, model.Network.Decoder.Forward(codes));
            grid.Row(string.Create(CultureInfo.InvariantCulture, $"z{j + 1}, {bits[j]:0.0} bits"), [.. Enumerable.Range(0, TraversalSteps).Select(s => PictureOf(images.Data.Slice(s * data.FeatureSize, data.FeatureSize)))]);
        }
        return grid;
    }

    private bool AreImages => data is { Kind: DataKind.Images, FeatureShape: [1 or 3, _, _] };

    private Picture PictureOf(ReadOnlySpan<float> values) => Picture.FromPlanes(values, data.FeatureShape[0], data.FeatureShape[1], data.FeatureShape[2]);

    // Bits of each row; null without a rate, or where all rows cost the same.
    private double[]? BitsOfRows() => outcomes.RateNats is { Length: > 1 } nats && nats.Any(n => n != nats[0]) ? [.. nats.Select(n => Bits.FromNats(n).Value)] : null;

    private string Truth(int i) => data.Target switch
    {
        ClassTarget t => t.Classes[t.Labels[outcomes.Rows[i]]],
        TokenTarget t => t.Classes[t.Labels[outcomes.Rows[i]]],
        ContinuousTarget t => CellText.Number(t.InUnits(t.Values[outcomes.Rows[i] * t.Width])),
        _ => CellText.Nothing,
    };

    private string Answer(int i) => data.Target switch
    {
        ClassTarget t when outcomes.AnswerSize > 0 => t.Classes[outcomes.Class(i)],
        TokenTarget t => t.Classes[outcomes.Class(i)],
        ContinuousTarget t when outcomes.AnswerSize > 0 => CellText.Number(t.InUnits(outcomes.Answer(i)[0])),
        _ => $"squared error {CellText.Number(outcomes.SquaredErrors[i])}",
    };
}

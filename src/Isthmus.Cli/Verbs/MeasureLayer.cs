using Isthmus.Information;
using Isthmus.Reports;
using Isthmus.Runs;

namespace Isthmus.Cli.Verbs;

/// <summary>The answer of <c>measure RUN --layer NAME</c>.</summary>
internal static class MeasureLayer
{
    public static Answer Answer(LayerRows rows, string layer, LayerMeasurement measured, string explanation)
    {
        var input = measured.Reading.Input.Select(e => (Quantity: "I(X;T)", Estimate: e));
        var all = input.Concat(measured.Reading.Label.Select(e => (Quantity: "I(T;Y)", Estimate: e))).ToArray();
        var plot = new BarPlot($"What passes {layer}", new Axis("bits"));
        foreach (var (quantity, e) in all)
            if (e.Bits is { } bits) plot.Interval($"{quantity} {e.Estimator}", e.Low?.Value ?? bits.Value, e.High?.Value ?? bits.Value, bits.Value, text: CellText.Number(bits.Value, 3));
        return new Answer($"What passes {layer}", Json(rows, layer, measured, all), ["quantity", "estimator", "bits", "95 % interval", "ceiling", "verdict"],
            [.. all.Select(a => (object?[])[a.Quantity, a.Estimate.Estimator, a.Estimate.Bits?.Value ?? a.Estimate.Measure,
                a.Estimate.Low is { } low && a.Estimate.High is { } high ? $"{CellText.Number(low.Value, 3)} … {CellText.Number(high.Value, 3)}" : null, a.Estimate.Ceiling?.Value, JsonOutput.Word(a.Estimate.Verdict)])])
        {
            Lead = $"{CellText.Of(rows.Rows.Count)} rows, x of {CellText.Of(rows.Inputs.Dimensions)} numbers, layer of {CellText.Of(measured.Width)}; channel {measured.Channel}: {measured.ChannelDescription}",
            Remarks = [.. all.SelectMany(a => a.Estimate.Notes.Select(n => $"{a.Quantity} {a.Estimate.Estimator}: {n}")), .. Spectra(measured), .. Rates(measured), .. measured.Notes],
            Plot = plot,
            Explanation = explanation,
        };
    }

    private static object Json(LayerRows rows, string layer, LayerMeasurement measured, (string Quantity, Estimate Estimate)[] all) => new
    {
        layer,
        measured.Channel,
        measured.ChannelDescription,
        n = rows.Rows.Count,
        dx = rows.Inputs.Dimensions,
        dt = measured.Width,
        dy = rows.Labels.Count > 0 ? 1 : 0,
        IxtBits = measured.Reading.Input[0].Bits?.Value,
        ItyBits = measured.Reading.Label.FirstOrDefault()?.Bits?.Value,
        estimates = all.Select(a => new
        {
            a.Quantity,
            a.Estimate.Estimator,
            Bits = a.Estimate.Bits?.Value,
            LowBits = a.Estimate.Low?.Value,
            HighBits = a.Estimate.High?.Value,
            a.Estimate.Direction,
            CeilingBits = a.Estimate.Ceiling?.Value,
            a.Estimate.PValue,
            a.Estimate.Verdict,
            Note = string.Join("; ", a.Estimate.Notes),
            a.Estimate.Seconds,
            a.Estimate.Measure,
            a.Estimate.MeasureUnit,
        }),
        BinEdges = measured.Bins,
        RatePerDimensionBits = measured.RatePerDimension,
        Spectra = measured.Spectrum is { } s ? new
        {
            Rankme = s.RankMe,
            s.StableRank,
            s.Participation,
            AlphaReq = s.AlphaReQ,
            VonNeumannBits = s.VonNeumann,
            Renyi2Bits = s.Quadratic,
            LocalRank = measured.LocalRank?.Mean,
            SingularValues = s.SingularValues.Take(64),
        } : null,
        measured.Notes,
    };

    private static IEnumerable<string> Spectra(LayerMeasurement measured)
    {
        if (measured.Spectrum is not { } s) yield break;
        yield return $"RankMe {CellText.Number(s.RankMe)}, stable rank {CellText.Number(s.StableRank)}, participation {CellText.Number(s.Participation)}, alpha-ReQ {CellText.Of(s.AlphaReQ)}, "
            + $"von Neumann entropy {CellText.Number(s.VonNeumann)} bits, of order 2 {CellText.Number(s.Quadratic)}, local rank {CellText.Of(measured.LocalRank?.Mean)}";
    }

    private static IEnumerable<string> Rates(LayerMeasurement measured)
    {
        if (measured.RatePerDimension is { Count: > 0 } rates)
            yield return $"bits of each dimension of the code: {string.Join(", ", rates.Take(32).Select(r => CellText.Number(r, 3)))}{(rates.Count > 32 ? ", …" : "")}";
    }
}

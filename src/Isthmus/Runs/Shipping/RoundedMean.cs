using System.Runtime.InteropServices;
using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>
/// What a noise-trained code would cost if its mean were rounded instead of dithered: the same levels, static tables fitted to
/// training rows. It is another message than the one trained for, and need not cost what the noise promised.
/// </summary>
internal static class RoundedMean
{
    private const int MostTraining = 10_000;

    /// <summary>Bits a row, headers and the coder's own loss left out; null where the code states no noise or nothing was trained on.</summary>
    public static double? Cost(Model model, Dataset data, int[] rows, int[] training, CancellationToken stop)
    {
        if (model.Network.Bottleneck is not ContinuousBottleneck bottleneck || training.Length == 0 || rows.Length == 0) return null;
        var fitted = training[..Math.Min(training.Length, Math.Max(1, MostTraining / model.Units))];
        var seen = Evaluator.Run(model, data, fitted, Inference.Mean, withTarget: false, stop: stop);
        if (seen.Latent == 0) return null;
        var judged = Evaluator.Run(model, data, rows, Inference.Mean, withTarget: false, stop: stop);
        var meter = new CostMeter();
        for (var j = 0; j < seen.Latent; j++)
        {
            var step = bottleneck.Steps[j];
            var table = LevelCode.Fit(CollectionsMarshal.AsSpan(Levels(seen, j, step)));
            foreach (var level in Levels(judged, j, step)) meter.WriteInteger(level, table);
        }
        return meter.Cost.Value / judged.Rows.Length;
    }

    private static List<int> Levels(Outcomes outcomes, int j, float step)
    {
        var levels = new List<int>(outcomes.Rows.Length);
        for (var i = 0; i < outcomes.Rows.Length; i++) levels.Add((int)Math.Clamp(MathF.Round(outcomes.CodeMean[(i * outcomes.Latent) + j] / step), -1e6f, 1e6f));
        return levels;
    }
}

using Isthmus.Bottlenecks;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>
/// A head that is linear in what passes, whatever it is made of: found by asking it, so that heads with constrained or sparse weights
/// count too. Then w·c is what a concept adds to a class's logit.
/// </summary>
public sealed class LinearHead
{
    private const int MostWidth = 4096, Tries = 8;

    private LinearHead(IReadOnlyList<double[]> weights, double[] bias) => (Weights, Bias) = (weights, bias);

    /// <summary>Of each output the weight of each number that passes.</summary>
    public IReadOnlyList<double[]> Weights { get; }

    /// <summary>Of each output the logit when nothing passes.</summary>
    public IReadOnlyList<double> Bias { get; }

    /// <summary>A run's head; null where it is not linear, or where more than 4096 numbers pass.</summary>
    /// <param name="run">A run of concepts.</param>
    public static LinearHead? Of(Run run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Model.Network.Bottleneck is ConceptBottleneck layer ? Of(run.Model.Network.Decoder, layer.OutputWidth) : null;
    }

    /// <summary>A head as weights; null where it is not linear.</summary>
    /// <param name="head">[rows, width] to [rows, outputs], in evaluation mode.</param>
    /// <param name="width">Numbers that enter.</param>
    public static LinearHead? Of(Module head, int width)
    {
        ArgumentNullException.ThrowIfNull(head);
        if (width is < 1 or > MostWidth) return null;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope("head");
        var probes = Tensor.Zeros(1 + width + Tries, width);
        for (var j = 0; j < width; j++) probes.Data[((1 + j) * width) + j] = 1;
        var random = new RandomStream(0).Fork("head");
        for (var i = (1 + width) * width; i < probes.Numel; i++) probes.Data[i] = (float)((4 * random.NextDouble()) - 2);
        var answers = head.Forward(probes);
        if (answers.Dim != 2) return null;
        var outputs = answers.Size(1);
        var bias = Enumerable.Range(0, outputs).Select(k => (double)answers.Data[k]).ToArray();
        var weights = Enumerable.Range(0, outputs).Select(k => Enumerable.Range(0, width).Select(j => answers.Data[((1 + j) * outputs) + k] - bias[k]).ToArray()).ToArray();
        for (var t = 1 + width; t < 1 + width + Tries; t++)
            for (var k = 0; k < outputs; k++)
            {
                var (sum, size) = (bias[k], Math.Abs(bias[k]));
                for (var j = 0; j < width; j++)
                {
                    var part = weights[k][j] * probes.Data[(t * width) + j];
                    (sum, size) = (sum + part, size + Math.Abs(part));
                }
                if (!(Math.Abs(sum - answers.Data[(t * outputs) + k]) <= 1e-4 * (1 + size))) return null;
            }
        return new LinearHead(weights, bias);
    }

    /// <summary>What a piece of what passes adds to each output.</summary>
    /// <param name="passed">Everything that passes.</param>
    /// <param name="from">The first number of the piece.</param>
    /// <param name="count">How many.</param>
    public double[] Contributions(ReadOnlySpan<float> passed, int from, int count)
    {
        var sums = new double[Weights.Count];
        for (var k = 0; k < sums.Length; k++)
            for (var j = from; j < from + count; j++) sums[k] += Weights[k][j] * passed[j];
        return sums;
    }
}

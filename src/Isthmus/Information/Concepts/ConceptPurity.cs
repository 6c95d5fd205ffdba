using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>How far the code of a concept keeps to itself.</summary>
/// <param name="Ois">Oracle impurity ‖P − O‖/(k/2), 0 where codes predict other concepts exactly as well as the true concepts do.</param>
/// <param name="Nis">Niche impurity as published, in [0, 0.95]: 0.475 where nothing but its own niche knows of a concept.</param>
/// <param name="NisNormalised">The same over 0.95: 0.5 where nothing else knows of a concept, 1 where the rest knows all of it.</param>
/// <param name="Predicted">P: the area under the curve with which the code of concept i (row) predicts concept j (column).</param>
/// <param name="Oracle">O: that of the true concept i for concept j, the diagonal 1.</param>
public sealed record PurityScores(double Ois, double Nis, double NisNormalised, double[][] Predicted, double[][] Oracle);

/// <summary>
/// Purity of concept codes (Espinosa Zarlenga, Barbiero, Shams, Kazhdan, Bhatt, Weller, Jamnik: "Towards Robust Metrics for Concept Representation Evaluation", AAAI
/// 2023). Of binary concepts, which areas under curves are of.
/// </summary>
public static class ConceptPurity
{
    private const double NicheStep = 0.05, NicheMost = 0.95;
    private const int Hidden = 20, Epochs = 60, Batch = 64;

    /// <summary>Reads both scores. The probes are cross-fitted (three folds for OIS, one half held out for NIS) where the paper holds a test set out.</summary>
    /// <param name="rows">Rows; those with an unknown concept are left out. Their classes are not read.</param>
    /// <param name="mostRows">Rows read at most; k² probes are trained.</param>
    /// <param name="seed">Of folds and probes.</param>
    /// <exception cref="InputException">A concept is not binary, or has one value only; fewer than 30 rows.</exception>
    public static PurityScores Measure(ConceptRows rows, int mostRows = 2000, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        rows = rows.Annotated(mostRows);
        var (n, k, random) = (rows.Count, rows.Concepts, new RandomStream(seed).Fork("purity"));
        if (n < 30) throw new InputException(FormattableString.Invariant($"purity: {n} rows with all concepts annotated; at least 30 are needed"));
        var truth = Enumerable.Range(0, k).Select(j => Binary(rows, j)).ToArray();
        var codes = Enumerable.Range(0, k).Select(j => ConceptStrata.Show(rows.Block(j), n, null)).ToArray();
        var (predicted, oracle) = (Square(k), Square(k));
        for (var j = 0; j < k; j++)
        {
            var folds = new Folds(truth[j], 2, 3, random.Fork((ulong)j));
            var share = Offsets.Table(folds, null, 1, null);
            var positive = Array.ConvertAll(truth[j], c => c == 1);
            for (var i = 0; i < k; i++)
            {
                predicted[i][j] = Area(folds, new ResidualProbe(folds, codes[i], share, 1, FormattableString.Invariant($"from{i}")).Apply(codes[i], share), positive);
                oracle[i][j] = i == j ? 1 : Area(folds, Offsets.Table(folds, truth[i], 2, null), positive);
            }
        }
        var distance = Math.Sqrt(Enumerable.Range(0, k).Sum(i => Enumerable.Range(0, k).Sum(j => Math.Pow(predicted[i][j] - oracle[i][j], 2))));
        var nis = Niche(rows, truth, random.Fork("niche"));
        return new PurityScores(distance / (k / 2.0), nis, nis / NicheMost, predicted, oracle);
    }

    // One network from all codes to all concepts; for each threshold the columns of codes that go with a concept are blanked, and the rest asked for it.
    private static double Niche(ConceptRows rows, int[][] truth, RandomStream random)
    {
        var (n, k, width) = (rows.Count, rows.Concepts, rows.Codes.Size(1));
        var order = random.Permutation(n);
        var (train, test) = (order[..(n / 2)], order[(n / 2)..]);
        var shown = ConceptStrata.Show(rows.Codes.Data, n, null);
        var x = new float[n * width]; // deviations alone: a blank is the mean
        for (var i = 0; i < n; i++) shown.AsSpan(i * 2 * width, width).CopyTo(x.AsSpan(i * width));
        var network = Fit(x, width, truth, train, random);
        var relation = Enumerable.Range(0, k).Select(i => Enumerable.Range(0, k).Select(j => Enumerable.Range(rows.Blocks[i].From, rows.Blocks[i].Count)
            .Max(c => Math.Abs(Correlation(x, width, c, truth[j])))).ToArray()).ToArray();
        var (sum, thresholds) = (0.0, (int)Math.Round(NicheMost / NicheStep) + 1);
        for (var t = 0; t < thresholds; t++)
        {
            var score = Enumerable.Range(0, k).Average(j =>
            {
                var niche = Enumerable.Range(0, k).Where(i => relation[i][j] > t * NicheStep).SelectMany(i => Enumerable.Range(rows.Blocks[i].From, rows.Blocks[i].Count)).ToArray();
                return Outside(network, x, width, k, test, niche, j, truth[j]);
            });
            sum += (t == 0 || t == thresholds - 1 ? 0.5 : 1) * NicheStep * score;
        }
        return sum;
    }

    private static Mlp Fit(float[] x, int width, int[][] truth, int[] train, RandomStream random)
    {
        var k = truth.Length;
        var network = new Mlp([width, Hidden, Hidden, k], random.Fork("weights"));
        var adam = new Adam(network.NamedParameters(), 3e-3f, weightDecay: 1e-2, decoupled: true);
        var draws = random.Fork("batches");
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            draws.Shuffle<int>(train);
            for (var from = 0; from < train.Length; from += Batch)
            {
                using var scope = new TensorScope("niche step");
                var batch = train[from..Math.Min(train.Length, from + Batch)];
                adam.ZeroGrad();
                Losses.BinaryCrossEntropyWithLogits(network.Forward(Rows(x, width, batch, [])), Tensor.From([.. batch.SelectMany(i => truth.Select(c => (float)c[i]))], batch.Length, k)).Backward();
                adam.Step();
            }
        }
        return network;
    }

    private static double Outside(Mlp network, float[] x, int width, int k, int[] test, int[] niche, int concept, int[] truth)
    {
        using var scope = new TensorScope("niche");
        using var frozen = new NoGrad();
        var logits = network.Forward(Rows(x, width, test, niche)).Data;
        var scores = new double[test.Length];
        for (var i = 0; i < scores.Length; i++) scores[i] = logits[i * k + concept];
        return ConceptQuality.AreaUnderCurve(scores, Array.ConvertAll(test, i => truth[i] == 1)) ?? 0.5;
    }

    private static Tensor Rows(float[] x, int width, int[] rows, int[] blank)
    {
        var part = new float[rows.Length * width];
        for (var i = 0; i < rows.Length; i++)
        {
            x.AsSpan(rows[i] * width, width).CopyTo(part.AsSpan(i * width));
            foreach (var c in blank) part[i * width + c] = 0;
        }
        return Tensor.From(part, rows.Length, width);
    }

    private static double Correlation(float[] x, int width, int column, int[] truth)
    {
        var n = truth.Length;
        double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
        for (var i = 0; i < n; i++)
        {
            double u = x[i * width + column], v = truth[i];
            (a, b, aa, bb, ab) = (a + u, b + v, aa + u * u, bb + v * v, ab + u * v);
        }
        var scale = (aa - a * a / n) * (bb - b * b / n);
        return scale > 0 ? (ab - a * b / n) / Math.Sqrt(scale) : 0;
    }

    private static double Area(Folds folds, Offsets offsets, bool[] positive)
    {
        var scores = new double[positive.Length];
        for (var i = 0; i < scores.Length; i++) scores[i] = offsets.Logs[folds.Of[i]][i * 2 + 1] - offsets.Logs[folds.Of[i]][i * 2];
        // Folds have scales of their own: the area is that within each, on average.
        return Enumerable.Range(0, folds.Count).Select(f => folds.Held(f)).Select(held => ConceptQuality.AreaUnderCurve([.. held.Select(i => scores[i])], [.. held.Select(i => positive[i])])).Average() ?? 0.5;
    }

    private static int[] Binary(ConceptRows rows, int concept)
    {
        var values = new int[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var v = rows.Truth.Data[i * rows.Concepts + concept];
            values[i] = v is 0 or 1 ? (int)v : throw new InputException(FormattableString.Invariant($"purity: concept '{rows.Names[concept]}' has the value {v}"), "areas under curves are of binary concepts; give each category a concept of its own");
        }
        var ones = values.Sum();
        if (ones == 0 || ones == values.Length) throw new InputException($"purity: concept '{rows.Names[concept]}' is the same in all rows");
        return values;
    }

    private static double[][] Square(int k) => [.. Enumerable.Range(0, k).Select(_ => new double[k])];
}

using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// What is known of the class of every row before a code is looked at: logarithms of probabilities [n × classes] for each fold. Those of
/// the held-out rows come from the other folds; those of training rows leave the row itself out, so that a network that goes on
/// from them meets the same errors in training and in use.
/// </summary>
internal sealed record Offsets(double[][] Logs)
{
    private static readonly double[] Weights = [0.01, 0.1, 1, 10];

    /// <summary>
    /// The shares of the classes, by stratum where strata are given, pulled towards a prior as if by more rows: as many as make the training
    /// rows most probable, each judged without itself.
    /// </summary>
    /// <param name="folds">The folds.</param>
    /// <param name="strata">The stratum of each row; null for one of all rows.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="prior">For each fold [n × classes] logarithms; the shares of the classes where null.</param>
    public static Offsets Table(Folds folds, int[]? strata, int count, Offsets? prior)
    {
        var logs = new double[folds.Count][];
        for (var f = 0; f < folds.Count; f++)
        {
            var fold = f;
            logs[f] = Weights.Select(w => Table(folds, fold, strata ?? new int[folds.Of.Length], count, prior, w)).MaxBy(t => t.Score).Logs;
        }
        return new Offsets(logs);
    }

    private static (double[] Logs, double Score) Table(Folds folds, int fold, int[] strata, int count, Offsets? prior, double weight)
    {
        var (y, k, n) = (folds.Labels, folds.Classes, folds.Labels.Length);
        var (counts, sizes, all, rows) = (new int[count * k], new int[count], new int[k], 0);
        for (var i = 0; i < n; i++)
        {
            if (folds.Of[i] == fold) continue;
            counts[strata[i] * k + y[i]]++;
            sizes[strata[i]]++;
            all[y[i]]++;
            rows++;
        }
        var (logs, score) = (new double[n * k], 0.0);
        for (var i = 0; i < n; i++)
        {
            var (s, own) = (strata[i], folds.Of[i] == fold ? 0 : 1);
            for (var c = 0; c < k; c++)
            {
                var self = c == y[i] ? own : 0;
                var before = prior is null ? (all[c] - self + 0.5) / (rows - own + 0.5 * k) : Math.Exp(prior.Logs[fold][i * k + c]);
                logs[i * k + c] = Math.Log((counts[s * k + c] - self + weight * before) / (sizes[s] - own + weight));
            }
            score += own * logs[i * k + y[i]];
        }
        return (logs, score);
    }
}

/// <summary>Rows shared out at random to folds, each of which is predicted from the others.</summary>
internal sealed class Folds
{
    /// <summary>Shares out the rows.</summary>
    public Folds(int[] labels, int classes, int count, RandomStream random)
    {
        (Labels, Classes, Count, Of) = (labels, classes, count, new int[labels.Length]);
        var order = random.Permutation(labels.Length);
        for (var i = 0; i < order.Length; i++) Of[order[i]] = i % count;
        Random = random;
    }

    public int[] Labels { get; }

    public int Classes { get; }

    public int Count { get; }

    /// <summary>The fold of each row.</summary>
    public int[] Of { get; }

    public RandomStream Random { get; }

    /// <summary>The held-out rows of a fold.</summary>
    public int[] Held(int fold) => [.. Enumerable.Range(0, Of.Length).Where(i => Of[i] == fold)];

    /// <summary>ln q(own class) of every row, from the fold that held it out.</summary>
    public double[] Scores(Offsets offsets)
    {
        var scores = new double[Labels.Length];
        for (var i = 0; i < scores.Length; i++) scores[i] = offsets.Logs[Of[i]][i * Classes + Labels[i]];
        return scores;
    }

    /// <summary>The share of rows whose most probable class is their own.</summary>
    public double Accuracy(Offsets offsets)
    {
        var right = 0;
        for (var i = 0; i < Labels.Length; i++)
        {
            var best = 0;
            var logs = offsets.Logs[Of[i]].AsSpan(i * Classes, Classes);
            for (var c = 1; c < Classes; c++)
                if (logs[c] > logs[best]) best = c;
            if (best == Labels[i]) right++;
        }
        return (double)right / Labels.Length;
    }
}

/// <summary>
/// A network for each fold that corrects what was known before by what it sees in columns: ln q(y) = offset + s f(columns) up to a
/// constant. f is 0 at first, so that columns which tell nothing change nothing; part of the training rows choose when to stop and s in [0, 1].
/// </summary>
internal sealed class ResidualProbe
{
    private const int Hidden = 32, MostEpochs = 80, Patience = 8, Block = 4096;
    private const double LeastGain = 1e-4; // nats a row, far below what is reported

    private readonly Mlp[] _networks;
    private readonly double[] _shrink;
    private readonly int _width;
    private readonly Folds _folds;

    /// <summary>Trains on columns [n × width].</summary>
    /// <param name="folds">The folds.</param>
    /// <param name="columns">What the networks see.</param>
    /// <param name="offsets">What is known before.</param>
    /// <param name="share">The share of the training rows to use, in (0, 1].</param>
    /// <param name="name">Of the random numbers.</param>
    public ResidualProbe(Folds folds, float[] columns, Offsets offsets, double share, string name)
    {
        (_folds, _width) = (folds, columns.Length / folds.Labels.Length);
        (_networks, _shrink) = (new Mlp[folds.Count], new double[folds.Count]);
        Chunks.For(folds.Count, 1, 0, (f, _) =>
        {
            var random = folds.Random.Fork(name).Fork((ulong)f);
            var rows = Enumerable.Range(0, folds.Labels.Length).Where(i => folds.Of[i] != f).ToArray();
            random.Shuffle<int>(rows);
            rows = rows[..Math.Max(2, (int)(share * rows.Length))];
            var held = Math.Max(1, rows.Length / 6);
            (_networks[f], _shrink[f]) = Train(columns, offsets.Logs[f], rows[held..], rows[..held], random);
        });
    }

    /// <summary>ln q for each fold: of its held-out rows, or of all rows (for what goes on from it).</summary>
    public Offsets Apply(float[] columns, Offsets offsets, bool all = false)
    {
        var (logs, k) = (new double[_folds.Count][], _folds.Classes);
        Chunks.For(_folds.Count, 1, 0, (f, _) =>
        {
            var rows = all ? [.. Enumerable.Range(0, _folds.Labels.Length)] : _folds.Held(f);
            var part = Logs(_networks[f], columns, offsets.Logs[f], rows, _shrink[f]);
            var to = logs[f] = new double[_folds.Labels.Length * k];
            for (var i = 0; i < rows.Length; i++) part.AsSpan(i * k, k).CopyTo(to.AsSpan(rows[i] * k));
        });
        return new Offsets(logs);
    }

    private (Mlp Network, double Shrink) Train(float[] columns, double[] offset, int[] train, int[] validation, RandomStream random)
    {
        var k = _folds.Classes;
        var network = new Mlp([_width, Hidden, Hidden, k], random.Fork("weights"), () => new SiLU());
        var parameters = network.NamedParameters().ToArray();
        foreach (var (_, p) in parameters[^2..]) p.Data.Clear(); // f = 0
        var adam = new Adam(parameters, 4e-3f, weightDecay: 1e-2, decoupled: true);
        var batch = Math.Clamp(train.Length / 32, 16, 256);
        var draws = random.Fork("batches");
        var (best, bestLoss, bestEpoch) = (Copy(parameters), Loss(network, columns, offset, validation, 1), 0);
        for (var epoch = 1; epoch <= MostEpochs && epoch - bestEpoch <= Patience; epoch++)
        {
            draws.Shuffle<int>(train);
            for (var from = 0; from + batch <= train.Length; from += batch) Step(network, adam, columns, offset, train.AsSpan(from, batch));
            var loss = Loss(network, columns, offset, validation, 1);
            if (loss < bestLoss - LeastGain) (best, bestLoss, bestEpoch) = (Copy(parameters), loss, epoch);
        }
        for (var p = 0; p < parameters.Length; p++) best[p].CopyTo(parameters[p].Value.Data);
        double[] shrinks = [0, 0.25, 0.5, 0.75, 1];
        return (network, shrinks.MinBy(s => Loss(network, columns, offset, validation, s)));
    }

    private void Step(Mlp network, Adam adam, float[] columns, double[] offset, ReadOnlySpan<int> rows)
    {
        using var scope = new TensorScope("probe step");
        var k = _folds.Classes;
        var (x, before, labels) = (new float[rows.Length * _width], new float[rows.Length * k], new long[rows.Length]);
        for (var i = 0; i < rows.Length; i++)
        {
            columns.AsSpan(rows[i] * _width, _width).CopyTo(x.AsSpan(i * _width));
            for (var c = 0; c < k; c++) before[i * k + c] = (float)offset[rows[i] * k + c];
            labels[i] = _folds.Labels[rows[i]];
        }
        adam.ZeroGrad();
        (network.Forward(Tensor.From(x, rows.Length, _width)) + Tensor.From(before, rows.Length, k)).CrossEntropy(LongTensor.From(labels)).Backward();
        adam.Step();
    }

    // The mean of −ln q over some rows.
    private double Loss(Mlp network, float[] columns, double[] offset, int[] rows, double shrink)
    {
        var logs = Logs(network, columns, offset, rows, shrink);
        var sum = 0.0;
        for (var i = 0; i < rows.Length; i++) sum -= logs[i * _folds.Classes + _folds.Labels[rows[i]]];
        return sum / rows.Length;
    }

    // ln q of some rows, [rows × classes].
    private double[] Logs(Mlp network, float[] columns, double[] offset, int[] rows, double shrink)
    {
        var k = _folds.Classes;
        var logs = new double[rows.Length * k];
        for (var i = 0; i < rows.Length; i++) offset.AsSpan(rows[i] * k, k).CopyTo(logs.AsSpan(i * k));
        if (shrink == 0) return logs;
        for (var from = 0; from < rows.Length; from += Block)
        {
            using var scope = new TensorScope("probe");
            using var frozen = new NoGrad();
            var count = Math.Min(Block, rows.Length - from);
            var x = new float[count * _width];
            for (var i = 0; i < count; i++) columns.AsSpan(rows[from + i] * _width, _width).CopyTo(x.AsSpan(i * _width));
            var f = network.Forward(Tensor.From(x, count, _width)).Data;
            for (var i = 0; i < count; i++)
            {
                var row = logs.AsSpan((from + i) * k, k);
                var top = double.NegativeInfinity;
                for (var c = 0; c < k; c++) top = Math.Max(top, row[c] += shrink * f[i * k + c]);
                var sum = 0.0;
                foreach (var v in row) sum += Math.Exp(v - top);
                var log = top + Math.Log(sum);
                foreach (ref var v in row) v -= log;
            }
        }
        return logs;
    }

    private static float[][] Copy((string Name, Tensor Value)[] parameters) => [.. parameters.Select(p => p.Value.ToArray())];
}

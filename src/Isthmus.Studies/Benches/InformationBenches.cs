using Isthmus.Information;

namespace Isthmus.Studies.Benches;

/// <summary>
/// Information read off rows and joint tables. Both sides compute on the same numbers, which are made from a counter here and in the
/// peers' scripts, so that their values can be compared too.
/// </summary>
internal static class InformationBenches
{
    private const string Scikit = "sklearn_peer.py", Scipy = "scipy_peer.py", Numpy = "numpy_peer.py";
    private const int SampleRows = 10_000;

    /// <summary>What a bench computes.</summary>
    /// <param name="Name">The bench.</param>
    /// <param name="Shape">Its sizes.</param>
    /// <param name="Script">Its peer's script.</param>
    /// <param name="Prepare">Makes the data, and returns a step, which returns a value that the peer agrees with.</param>
    public sealed record Reading(string Name, string Shape, string Script, Func<Func<double>> Prepare);

    /// <summary>All of them, with their values.</summary>
    public static IReadOnlyList<Reading> Readings { get; } =
    [
        new("ksg-2-2", "KSG, 10,000 rows, 2 + 2 columns, k = 3, beside scikit-learn's trees used as NPEET does", Scikit, () => Ksg(2)),
        new("ksg-10-10", "KSG, 10,000 rows, 10 + 10 columns, k = 3, beside scikit-learn's trees used as NPEET does", Scikit, () => Ksg(10)),
        new("ksg-2-2-ckdtree", "the same, beside SciPy's cKDTree", Scipy, () => Ksg(2)),
        new("ksg-10-10-ckdtree", "the same, beside SciPy's cKDTree", Scipy, () => Ksg(10)),
        new("information-20-columns", "20 columns of 10,000 rows, each with a target, k = 3", Scikit, Columns),
        new("kde-bounds", "both kernel bounds, 4,096 rows, 32 columns", Numpy, KernelSandwich),
        new("elastic-net-path", "100 lambdas, 5,000 x 128 features, 10 classes, alpha 0.99, beside SAGA with warm starts", Scikit, HeadBenches.Path),
        new("ib-64-64-32", "information bottleneck, 64 x 64, 32 clusters, beta 5, 300 iterations", Numpy, Bottleneck),
    ];

    /// <summary>The readings as benches.</summary>
    public static IEnumerable<Bench> All => Readings.Select(r => new Bench(r.Name, r.Shape, () =>
    {
        var step = r.Prepare();
        return () => step();
    })
    { PeerScript = r.Script });

    // y = 0.8 x + 0.6 noise, column by column.
    private static Func<double> Ksg(int width)
    {
        double[] x = CounterNumbers.Normal(1, SampleRows * width), noise = CounterNumbers.Normal(2, SampleRows * width);
        var rows = new Rows(new Samples(x, SampleRows, width), new Samples([.. x.Zip(noise, (a, b) => (0.8 * a) + (0.6 * b))], SampleRows, width, null, "y"), null, 0, Tensors.Threads.Count);
        var estimator = new Ksg1 { K = 3, Scaling = Standardise.Never };
        return () => estimator.Read(rows).Nats;
    }

    // The target is the columns' sum and noise; the value is the sum of what each column alone says, none below 0.
    private static Func<double> Columns()
    {
        const int count = 20;
        double[] x = CounterNumbers.Normal(1, SampleRows * count), target = CounterNumbers.Normal(2, SampleRows);
        var columns = new double[count][];
        for (var c = 0; c < count; c++)
        {
            columns[c] = new double[SampleRows];
            for (var i = 0; i < SampleRows; i++) target[i] += columns[c][i] = x[(i * count) + c];
        }
        var y = Samples.Of(target, "y");
        Rows[] rows = [.. columns.Select(c => new Rows(Samples.Of(c), y, null, 0, Tensors.Threads.Count))];
        var estimator = new Ksg1 { K = 3, Scaling = Standardise.Always };
        return () => rows.Sum(r => Math.Max(0, estimator.Read(r).Nats));
    }

    private static Func<double> KernelSandwich()
    {
        const int n = 4096, d = 32;
        var x = CounterNumbers.Normal(1, n * d);
        return () =>
        {
            var bounds = KernelBounds.Estimate(x, n, d, 4.0, threads: Tensors.Threads.Count);
            return (bounds.Lower.Bits!.Value.Value + bounds.Upper.Bits!.Value.Value) * Math.Log(2);
        };
    }

    // A joint distribution of weights e^(2 normal), from the same random encoder each time; the value is the largest q(t|x) of the first x.
    private static Func<double> Bottleneck()
    {
        const int n = 64, clusters = 32;
        double[] weights = [.. CounterNumbers.Normal(1, n * n).Select(v => Math.Exp(2 * v))], start = CounterNumbers.Uniform(2, n * clusters);
        var (total, joint) = (weights.Sum(), new double[n, n]);
        for (var i = 0; i < weights.Length; i++) joint[i / n, i % n] = weights[i] / total;
        for (var x = 0; x < n; x++)
        {
            var row = start.AsSpan(x * clusters, clusters);
            var sum = 0.0;
            foreach (var v in row) sum += v;
            foreach (ref var v in row) v /= sum;
        }
        var iteration = new BottleneckIteration(joint, clusters);
        return () =>
        {
            for (var x = 0; x < n; x++) start.AsSpan(x * clusters, clusters).CopyTo(iteration.Row(x));
            iteration.Run(5, 1, 300);
            var largest = 0.0;
            foreach (var q in iteration.Row(0)) largest = Math.Max(largest, q);
            return largest;
        };
    }
}

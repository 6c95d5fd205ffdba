using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>One point of a curve.</summary>
/// <param name="Edited">How many questions were asked in each row (fewer in rows with missing annotations).</param>
/// <param name="Cost">The mean of what was spent.</param>
/// <param name="Quality">The mean accuracy, or the mean squared error.</param>
/// <param name="Low">The lower end of the 95 % interval of <paramref name="Quality"/>: bootstrap over rows.</param>
/// <param name="High">The upper end.</param>
/// <param name="Loss">The mean loss in nats, or the mean squared error.</param>
public sealed record InterventionPoint(int Edited, double Cost, double Quality, double Low, double High, double Loss);

/// <summary>Quality against the number of questions asked, with its area.</summary>
public sealed class InterventionCurve
{
    private const int Draws = 1000;

    private InterventionCurve(string policy, string metric, double competence, int seeds, InterventionPoint[] points, MeanInterval area, double areaByCost) =>
        (Policy, Metric, Competence, Seeds, Points, Area, AreaByCost) = (policy, metric, competence, seeds, points, area, areaByCost);

    /// <summary>The policy's name.</summary>
    public string Policy { get; }

    /// <summary>What quality is: accuracy, or squared-error.</summary>
    public string Metric { get; }

    /// <summary>With which probability the expert was right.</summary>
    public double Competence { get; }

    /// <summary>How many seeds each row is a mean of.</summary>
    public int Seeds { get; }

    /// <summary>From 0 questions, the model alone, to all.</summary>
    public IReadOnlyList<InterventionPoint> Points { get; }

    /// <summary>AUC-TTI: the mean of the points, with its 95 % interval.</summary>
    public MeanInterval Area { get; }

    /// <summary>The area over the share of the whole cost that was spent.</summary>
    public double AreaByCost { get; }

    /// <summary>NAUC: (area − start) / (end − start), the share of the whole gain that is had on the way; null where start and end are equal.</summary>
    public double? NormalizedArea => Points[^1].Quality == Points[0].Quality ? null
        : (Area.Value - Points[0].Quality) / (Points[^1].Quality - Points[0].Quality);

    /// <summary>The curve of one trace or, row by row, of the mean of several (seeds of the same rows).</summary>
    /// <param name="traces">At least one, of the same policy, rows and questions.</param>
    /// <param name="competence">Of the expert, for the record.</param>
    /// <param name="seed">Of the bootstrap.</param>
    public static InterventionCurve Of(IReadOnlyList<InterventionTrace> traces, double competence = 1, ulong seed = 0)
    {
        Checked(traces);
        var steps = traces.Max(t => t.Steps);
        var (quality, loss, cost) = (Averaged(traces, steps, t => t.Quality), Averaged(traces, steps, t => t.Loss), Averaged(traces, steps, t => t.Cost));
        var rows = traces[0].Rows;
        var draws = Resampled(quality, rows, seed);
        var points = new InterventionPoint[steps + 1];
        for (var s = 0; s <= steps; s++)
        {
            var (low, high) = Ends([.. draws.Select(d => d[s])]);
            points[s] = new(s, cost[s].Average(), quality[s].Average(), low, high, loss[s].Average());
        }
        var (areaLow, areaHigh) = Ends([.. draws.Select(d => d.Average())]);
        return new(traces[0].Policy, traces[0].Metric, competence, traces.Count, points, new(points.Average(p => p.Quality), areaLow, areaHigh),
            traces.Average(t => t.AreasByCost(t.Quality).Average()));
    }

    /// <summary>Two policies on the same rows: the mean difference of their areas, first less second, with interval and p.</summary>
    /// <param name="first">Traces of one policy (one or several seeds).</param>
    /// <param name="second">Of the other, on the same rows.</param>
    /// <param name="byCost">Areas over the cost spent instead of the number of questions.</param>
    /// <param name="seed">Of the bootstrap and of the signs.</param>
    public static PairedComparison Compare(IReadOnlyList<InterventionTrace> first, IReadOnlyList<InterventionTrace> second, bool byCost = false, ulong seed = 0)
    {
        Checked(first);
        Checked(second);
        if (first[0].Rows != second[0].Rows || first[0].Metric != second[0].Metric) throw new ArgumentException("compare: two policies on the same rows are expected");
        var (a, b) = (Areas(first, byCost), Areas(second, byCost));
        var d = new double[a.Length];
        for (var i = 0; i < d.Length; i++) d[i] = a[i] - b[i];
        var (low, high) = Ends([.. Resampled([d], d.Length, seed).Select(x => x[0])]);
        return new(first[0].Policy, second[0].Policy, new(d.Average(), low, high), SignFlips(d, seed));
    }

    private static void Checked(IReadOnlyList<InterventionTrace> traces)
    {
        ArgumentNullException.ThrowIfNull(traces);
        if (traces.Count == 0 || traces.Any(t => t.Policy != traces[0].Policy || t.Rows != traces[0].Rows || t.Metric != traces[0].Metric))
            throw new ArgumentException("curve: traces of one policy on the same rows are expected", nameof(traces));
    }

    private static double[][] Averaged(IReadOnlyList<InterventionTrace> traces, int steps, Func<InterventionTrace, IReadOnlyList<IReadOnlyList<double>>> what)
    {
        var result = new double[steps + 1][];
        for (var s = 0; s <= steps; s++)
        {
            result[s] = new double[traces[0].Rows];
            foreach (var trace in traces)
                for (var row = 0; row < result[s].Length; row++) result[s][row] += what(trace)[Math.Min(s, trace.Steps)][row] / traces.Count;
        }
        return result;
    }

    private static double[] Areas(IReadOnlyList<InterventionTrace> traces, bool byCost)
    {
        var sum = new double[traces[0].Rows];
        var steps = traces.Max(t => t.Steps);
        var even = Averaged(traces, steps, t => t.Quality);
        if (!byCost)
            for (var row = 0; row < sum.Length; row++) sum[row] = even.Sum(s => s[row]) / even.Length;
        else
            foreach (var trace in traces)
            {
                var areas = trace.AreasByCost(trace.Quality);
                for (var row = 0; row < sum.Length; row++) sum[row] += areas[row] / traces.Count;
            }
        return sum;
    }

    // Means of rows drawn with replacement: [draws][series].
    private static double[][] Resampled(double[][] series, int rows, ulong seed)
    {
        var random = new RandomStream(seed).Fork("bootstrap");
        var result = new double[Draws][];
        var counts = new int[rows];
        for (var draw = 0; draw < Draws; draw++)
        {
            Array.Clear(counts);
            for (var i = 0; i < rows; i++) counts[random.NextInt(rows)]++;
            result[draw] = new double[series.Length];
            for (var s = 0; s < series.Length; s++)
            {
                var sum = 0d;
                for (var i = 0; i < rows; i++) sum += counts[i] * series[s][i];
                result[draw][s] = sum / rows;
            }
        }
        return result;
    }

    private static (double Low, double High) Ends(double[] draws)
    {
        Array.Sort(draws);
        return (draws[(int)(0.025 * (draws.Length - 1))], draws[(int)Math.Ceiling(0.975 * (draws.Length - 1))]);
    }

    // Two-sided: how often random signs give a mean difference at least as great; the observed signs are one of the draws.
    private static double SignFlips(double[] differences, ulong seed)
    {
        var random = new RandomStream(seed).Fork("signs");
        var observed = Math.Abs(differences.Sum()) - 1e-12;
        const int Tries = 9999;
        var asGreat = 1;
        for (var t = 0; t < Tries; t++)
        {
            var (sum, bits) = (0d, 0u);
            for (var i = 0; i < differences.Length; i++)
            {
                if ((i & 31) == 0) bits = random.NextUInt32();
                sum += (bits & 1) == 0 ? differences[i] : -differences[i];
                bits >>= 1;
            }
            if (Math.Abs(sum) >= observed) asGreat++;
        }
        return asGreat / (double)(Tries + 1);
    }
}

/// <summary>A number with its 95 % interval.</summary>
/// <param name="Value">The number.</param>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public sealed record MeanInterval(double Value, double Low, double High);

/// <summary>Two policies held against each other on the same rows.</summary>
/// <param name="First">One policy.</param>
/// <param name="Second">The other.</param>
/// <param name="Difference">Of their mean areas, first less second, with a bootstrap interval over rows.</param>
/// <param name="P">Two-sided, by random signs of the rows' differences.</param>
public sealed record PairedComparison(string First, string Second, MeanInterval Difference, double P);

using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How an intervention is run.</summary>
public sealed record InterventionOptions
{
    /// <summary>Of random orders and of an expert's errors.</summary>
    public ulong Seed { get; init; }

    /// <summary>One order for all rows, by the mean of their scores, instead of each row's own.</summary>
    public bool OneOrder { get; init; }

    /// <summary>Stop after so many questions a row; null for all that can be asked.</summary>
    public int? MaxEdits { get; init; }
}

/// <summary>
/// What happened when concepts were asked one after another: the questions of every row in their order, and the answers' quality after
/// 0, 1, 2, … of them. The first entry is the model alone; after k + 1 questions the first k are in force too.
/// </summary>
public sealed class InterventionTrace
{
    private InterventionTrace(string policy, string metric, InterventionUnits units, int[][] order, double[][] quality, double[][] loss, double[][] cost) =>
        (Policy, Metric, Units, Order, Quality, Loss, Cost) = (policy, metric, units, order, quality, loss, cost);

    /// <summary>The policy's name.</summary>
    public string Policy { get; }

    /// <summary>What <see cref="Quality"/> is: accuracy, or squared-error.</summary>
    public string Metric { get; }

    /// <summary>The questions.</summary>
    public InterventionUnits Units { get; }

    /// <summary>[steps][rows]: the question asked, −1 where none was left.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Order { get; }

    /// <summary>[steps + 1][rows]: 1 where the answer was right, else 0; or the squared error.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Quality { get; }

    /// <summary>[steps + 1][rows]: −ln of the true class's probability in nats; or the squared error.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Loss { get; }

    /// <summary>[steps + 1][rows]: what was spent so far.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Cost { get; }

    /// <summary>How many questions the row with most of them was asked.</summary>
    public int Steps => Order.Count;

    /// <summary>How many rows.</summary>
    public int Rows => Quality[0].Count;

    /// <summary>Asks until nothing is left to ask (or the given number of questions is reached).</summary>
    /// <param name="on">The rows.</param>
    /// <param name="units">The questions.</param>
    /// <param name="policy">Which is next.</param>
    /// <param name="value">What is put.</param>
    /// <param name="options">Seed, one order, an end.</param>
    public static InterventionTrace Run(InterventionCase on, InterventionUnits units, InterventionPolicy policy, InterventionValue value, InterventionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(on);
        ArgumentNullException.ThrowIfNull(units);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(value);
        on.Check();
        if (units.Space.Count != on.Model.Space.Count || units.Space.Width != on.Model.Space.Width)
            throw new ArgumentException("intervention: the questions are about other concepts than the model's");
        options ??= new InterventionOptions();
        var random = new RandomStream(options.Seed);
        using var scope = new TensorScope("intervention trace");
        var state = new InterventionState(on, units, value.Offer(on, random.Fork("value")));
        var (order, quality, loss, cost) = (new List<int[]>(), new List<double[]>(), new List<double[]>(), new List<double[]> { new double[state.Rows] });
        Note(state, quality, loss);
        var stream = random.Fork("policy");
        while (order.Count < (options.MaxEdits ?? units.Count))
        {
            var picks = Picks(state, policy, stream, options.OneOrder);
            if (Array.TrueForAll(picks, p => p < 0)) break;
            state.Ask(picks);
            order.Add(picks);
            cost.Add([.. picks.Select((p, row) => cost[^1][row] + (p < 0 ? 0 : units[p].Cost))]);
            Note(state, quality, loss);
        }
        return new(policy.Name, on.Target.Metric, units, [.. order], [.. quality], [.. loss], [.. cost]);
    }

    /// <summary>The rows of several traces one after another, such as those of folds; shorter ones stay at their last entry.</summary>
    /// <exception cref="ArgumentException">There is none, or they differ in policy or metric.</exception>
    public static InterventionTrace Join(IReadOnlyList<InterventionTrace> traces)
    {
        ArgumentNullException.ThrowIfNull(traces);
        if (traces.Count == 0 || traces.Any(t => t.Policy != traces[0].Policy || t.Metric != traces[0].Metric || t.Units.Count != traces[0].Units.Count))
            throw new ArgumentException("join: traces of one policy, metric and number of questions are expected", nameof(traces));
        var steps = traces.Max(t => t.Steps);
        double[][] Of(Func<InterventionTrace, IReadOnlyList<IReadOnlyList<double>>> what) =>
            [.. Enumerable.Range(0, steps + 1).Select(s => traces.SelectMany(t => what(t)[Math.Min(s, t.Steps)]).ToArray())];
        int[][] order = [.. Enumerable.Range(0, steps).Select(s => traces.SelectMany(t => s < t.Steps ? t.Order[s] : [.. Enumerable.Repeat(-1, t.Rows)]).ToArray())];
        return new(traces[0].Policy, traces[0].Metric, traces[0].Units, order, Of(t => t.Quality), Of(t => t.Loss), Of(t => t.Cost));
    }

    /// <summary>Each row's area over the number of questions: the mean of its entries after 0, 1, …, all of them.</summary>
    public double[] Areas(IReadOnlyList<IReadOnlyList<double>> of)
    {
        ArgumentNullException.ThrowIfNull(of);
        return [.. Enumerable.Range(0, Rows).Select(row => of.Sum(step => step[row]) / of.Count)];
    }

    /// <summary>Each row's area over the cost spent, as a share of its whole cost: every entry counts until the next question is paid for.</summary>
    public double[] AreasByCost(IReadOnlyList<IReadOnlyList<double>> of)
    {
        ArgumentNullException.ThrowIfNull(of);
        var areas = new double[Rows];
        for (var row = 0; row < areas.Length; row++)
        {
            var total = Cost[^1][row];
            if (total <= 0)
            {
                areas[row] = of[^1][row];
                continue;
            }
            for (var step = 0; step < Steps; step++) areas[row] += of[step][row] * (Cost[step + 1][row] - Cost[step][row]) / total;
        }
        return areas;
    }

    private static int[] Picks(InterventionState state, InterventionPolicy policy, RandomStream random, bool oneOrder)
    {
        var units = state.Units.Count;
        var scores = policy.Scores(state, random);
        if (scores.Length != state.Rows * units) throw new InvalidOperationException($"policy {policy.Name}: {state.Rows * units} scores are expected, not {scores.Length}");
        var shared = oneOrder ? Shared(state, scores) : -1;
        var picks = new int[state.Rows];
        for (var row = 0; row < picks.Length; row++)
        {
            picks[row] = -1;
            if (oneOrder)
            {
                if (shared >= 0 && state.CanAsk(row, shared)) picks[row] = shared;
                continue;
            }
            for (var u = 0; u < units; u++)
                if (state.CanAsk(row, u) && (picks[row] < 0 || scores[(row * units) + u] > scores[(row * units) + picks[row]])) picks[row] = u;
        }
        return picks;
    }

    // The question with the greatest mean score over the rows in which it is open.
    private static int Shared(InterventionState state, double[] scores)
    {
        var (units, best, bestMean) = (state.Units.Count, -1, 0d);
        for (var u = 0; u < units; u++)
        {
            var (sum, open) = (0d, 0);
            for (var row = 0; row < state.Rows; row++)
                if (state.CanAsk(row, u)) (sum, open) = (sum + scores[(row * units) + u], open + 1);
            if (open > 0 && (best < 0 || sum / open > bestMean)) (best, bestMean) = (u, sum / open);
        }
        return best;
    }

    private static void Note(InterventionState state, List<double[]> quality, List<double[]> loss)
    {
        var (q, l) = (new double[state.Rows], new double[state.Rows]);
        for (var row = 0; row < q.Length; row++)
        {
            q[row] = state.Case.Target.Quality(state.Answer(row), row);
            l[row] = state.Case.Target.Loss(state.Answer(row), row);
        }
        quality.Add(q);
        loss.Add(l);
    }
}

using System.Globalization;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// The best generator of a series that sees, at each step, only the last few symbols and a summary of some bits of all that came
/// before them. Without a summary its Kullback–Leibler divergence from the true series is the sum over steps of I(next; history |
/// window), the memory bottleneck of autoregressive generators (Wang et al. 2025, Meta-ARVDM); a summary leaves I(next; history |
/// window, summary).
/// </summary>
/// <remarks>
/// The summary of each step is a function of the history: its cells are split in two for every bit, by the threshold on a
/// predicted probability that helps the next symbol most, then all histories move to the cell that predicts best after them (Lloyd's
/// steps with the Kullback–Leibler divergence; Banerjee et al. 2005). Neither ever raises the divergence, so that more bits are never worse; it
/// is a local optimum in general.
/// </remarks>
public sealed class WindowedGenerator
{
    private const int MaxMoves = 100;
    private readonly int[] _alphabets;
    private readonly Step[] _steps;

    private WindowedGenerator(int[] alphabets, int window, int memoryBits, Step[] steps, JointDistribution series)
    {
        (_alphabets, Window, MemoryBits, _steps) = (alphabets, window, memoryBits, steps);
        MissedInformation = [.. steps.Select(s => s.Missed(series.Variables))];
        var nats = 0.0;
        for (var i = 0; i < series.Count; i++) nats += series.Probability(i) * (Math.Log(series.Probability(i)) - LogProbability(series.Outcome(i)));
        Divergence = Bits.FromNats(Math.Max(0, nats));
    }

    /// <summary>How many of the last symbols it sees.</summary>
    public int Window { get; }

    /// <summary>How many bits the summary of what lies before the window has.</summary>
    public int MemoryBits { get; }

    /// <summary>D(series ‖ generator), summed over all series: the excess bits of coding one by this generator.</summary>
    public Bits Divergence { get; }

    /// <summary>For each step I(next; history | window, summary), taken from its joint table; their sum is <see cref="Divergence"/>.</summary>
    public IReadOnlyList<Bits> MissedInformation { get; }

    /// <summary>The best generator of a given reach.</summary>
    /// <param name="series">The variables in the order of time; from data by <see cref="JointDistribution.FromSamples"/>.</param>
    /// <param name="window">How many of the last symbols are seen, at least 0.</param>
    /// <param name="memoryBits">Bits of the summary of the history, 0 to 16; 0 for none.</param>
    /// <exception cref="InputException">The alphabets' product is above 2^62.</exception>
    public static WindowedGenerator Fit(JointDistribution series, int window, int memoryBits = 0)
    {
        ArgumentNullException.ThrowIfNull(series);
        ArgumentOutOfRangeException.ThrowIfNegative(window);
        ArgumentOutOfRangeException.ThrowIfNegative(memoryBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(memoryBits, 16);
        int[] alphabets = [.. series.Variables.Select(v => v.Alphabet.Count)];
        if (alphabets.Sum(a => Math.Log2(a)) > 62) throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{alphabets.Length} variables with more than 2^62 series, expected fewer"));
        var steps = Enumerable.Range(0, alphabets.Length).Select(t => new Step(series, alphabets, t, window)).ToArray();
        foreach (var step in steps) step.Remember(memoryBits);
        return new WindowedGenerator(alphabets, window, memoryBits, steps, series);
    }

    /// <summary>ln q(series) in nats; −∞ for one that it never makes.</summary>
    /// <param name="series">A symbol for each step.</param>
    /// <exception cref="ArgumentException">Not as many symbols as there are steps, or one outside its alphabet.</exception>
    public double LogProbability(ReadOnlySpan<int> series)
    {
        if (series.Length != _alphabets.Length) throw new ArgumentException($"LogProbability: {series.Length} symbols, {_alphabets.Length} are needed", nameof(series));
        for (var t = 0; t < series.Length; t++)
            if (series[t] < 0 || series[t] >= _alphabets[t]) throw new ArgumentException($"LogProbability: symbol {series[t]} at step {t}, 0 to {_alphabets[t] - 1} are possible", nameof(series));
        var nats = 0.0;
        for (var t = 0; t < series.Length; t++)
        {
            var p = _steps[t].Next(series);
            if (p is null || p[series[t]] == 0) return double.NegativeInfinity; // a context that cannot come about follows an impossible symbol
            nats += Math.Log(p[series[t]] / p.Sum());
        }
        return nats;
    }

    /// <summary>Makes a series.</summary>
    /// <param name="random">Where chance comes from.</param>
    public int[] Sample(RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var series = new int[_alphabets.Length];
        for (var t = 0; t < series.Length; t++)
        {
            var p = _steps[t].Next(series)!; // what it made so far has a positive probability, so its context is known
            var rest = random.NextDouble() * p.Sum();
            var symbol = 0;
            while (symbol < p.Length - 1 && (rest -= p[symbol]) >= 0) symbol++;
            while (p[symbol] == 0) symbol--; // rounding may have run past the last possible one
            series[t] = symbol;
        }
        return series;
    }

    /// <summary>The summary, 0 to 2^bits − 1, of what lies before the window at a step; 0 for a history that never occurs.</summary>
    /// <param name="step">The step that is predicted, from 0.</param>
    /// <param name="series">At least the symbols before that step.</param>
    public int Memory(int step, ReadOnlySpan<int> series)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)step, (uint)_steps.Length);
        if (series.Length < step) throw new ArgumentException($"Memory: {series.Length} symbols before step {step}", nameof(series));
        return _steps[step].Cell(series);
    }

    // What one step knows: for each history its summary; for each history and window the masses of the next symbol.
    private sealed class Step
    {
        private readonly int[] _alphabets;
        private readonly int _time, _begin, _symbols;
        private readonly Dictionary<long, int> _historyOf = [], _windowOf = [];
        private readonly List<(int History, int Window, double[] Masses)> _contexts = [];
        private readonly List<(int Window, double[] Masses)>[] _byHistory;
        private readonly int[] _cells;
        private readonly Dictionary<(int Cell, int Window), double[]> _plain; // masses of the next symbol, all histories in one cell
        private Dictionary<(int Cell, int Window), double[]> _next;

        public Step(JointDistribution series, int[] alphabets, int time, int window)
        {
            (_alphabets, _time, _begin, _symbols) = (alphabets, time, Math.Max(0, time - window), alphabets[time]);
            var found = new Dictionary<(int, int), double[]>();
            for (var i = 0; i < series.Count; i++)
            {
                var outcome = series.Outcome(i);
                var key = (Number(_historyOf, Key(outcome, 0, _begin)), Number(_windowOf, Key(outcome, _begin, time)));
                if (!found.TryGetValue(key, out var masses))
                {
                    found[key] = masses = new double[_symbols];
                    _contexts.Add((key.Item1, key.Item2, masses));
                }
                masses[outcome[time]] += series.Probability(i);
            }
            _byHistory = [.. Enumerable.Range(0, _historyOf.Count).Select(_ => new List<(int, double[])>())];
            foreach (var (history, seen, masses) in _contexts) _byHistory[history].Add((seen, masses));
            _cells = new int[_historyOf.Count];
            _next = _plain = Gather();
        }

        public void Remember(int bits)
        {
            if (1 << bits >= _cells.Length)
            {
                for (var h = 0; h < _cells.Length; h++) _cells[h] = h; // every history is remembered
                _next = Gather();
                return;
            }
            for (var cells = 1; bits > 0; bits--, cells *= 2)
            {
                for (var c = 0; c < cells; c++) Split(c, c + cells);
                Settle(2 * cells);
            }
        }

        // Null where neither the summary with the window nor the window itself ever occurs.
        public double[]? Next(ReadOnlySpan<int> series)
        {
            if (!_windowOf.TryGetValue(Key(series, _begin, _time), out var window)) return null;
            return _next.TryGetValue((Cell(series), window), out var masses) ? masses : _plain[(0, window)];
        }

        public int Cell(ReadOnlySpan<int> series) => _historyOf.TryGetValue(Key(series, 0, _begin), out var history) ? _cells[history] : 0;

        public Bits Missed(IReadOnlyList<Variable> variables)
        {
            string Text(int n) => n.ToString(CultureInfo.InvariantCulture);
            return JointDistribution.FromOutcomes(["next", "history", "window", "memory"], _contexts.SelectMany(c => c.Masses.Select((mass, s) =>
                ((IReadOnlyList<string>)[variables[_time].Alphabet[s], Text(c.History), Text(c.Window), Text(_cells[c.History])], mass))), counts: true).MutualInformation("next", "history", "window,memory");
        }

        // Cuts a cell in two at the best threshold on p(next = some symbol | history).
        private void Split(int cell, int other)
        {
            int[] members = [.. Enumerable.Range(0, _cells.Length).Where(h => _cells[h] == cell)];
            var (best, chosen, size) = (double.PositiveInfinity, members, members.Length);
            for (var symbol = 0; symbol < _symbols; symbol++)
            {
                var order = members.OrderBy(h => _byHistory[h].Sum(c => c.Masses[symbol]) / _byHistory[h].Sum(c => c.Masses.Sum())).ToArray();
                Dictionary<int, double[]> left = [], right = [];
                var nats = 0.0;
                foreach (var h in order) nats += Move(h, right, 1);
                for (var n = 1; n < order.Length; n++)
                {
                    nats += Move(order[n - 1], left, 1) + Move(order[n - 1], right, -1);
                    if (nats < best - 1e-15) (best, chosen, size) = (nats, order, n);
                }
            }
            foreach (var h in chosen.AsSpan(size)) _cells[h] = other;
        }

        // Lloyd's steps: every history moves to the cell whose prediction costs it the fewest bits.
        private void Settle(int cells)
        {
            _next = Gather();
            for (var round = 0; round < MaxMoves; round++)
            {
                var moved = false;
                for (var h = 0; h < _cells.Length; h++)
                {
                    var (best, least) = (_cells[h], Cost(h, _cells[h]) - 1e-15);
                    for (var c = 0; c < cells; c++)
                        if (c != _cells[h] && Cost(h, c) is var cost && cost < least) (best, least) = (c, cost);
                    moved |= best != _cells[h];
                    _cells[h] = best;
                }
                if (!moved) return;
                _next = Gather();
            }
        }

        // −Σ p(history, window, next) ln q(next | cell, window).
        private double Cost(int history, int cell)
        {
            var nats = 0.0;
            foreach (var (window, masses) in _byHistory[history])
            {
                if (!_next.TryGetValue((cell, window), out var q)) return double.PositiveInfinity;
                var sum = q.Sum();
                for (var s = 0; s < masses.Length; s++)
                    if (masses[s] > 0) nats += q[s] > 0 ? -masses[s] * Math.Log(q[s] / sum) : double.PositiveInfinity;
            }
            return nats;
        }

        private Dictionary<(int, int), double[]> Gather()
        {
            var all = new Dictionary<(int, int), double[]>();
            foreach (var (history, window, masses) in _contexts) Add(all, (_cells[history], window), masses, 1);
            return all;
        }

        // Adds a history to a cell, or takes it away; returns by how much mass times entropy of the cell changes, in nats.
        private double Move(int history, Dictionary<int, double[]> cell, double sign)
        {
            var change = 0.0;
            foreach (var (window, masses) in _byHistory[history])
            {
                if (cell.TryGetValue(window, out var before)) change -= Entropy(before);
                change += Entropy(Add(cell, window, masses, sign));
            }
            return change;
        }

        // Masses that rounding made negative count as none.
        private static double Entropy(double[] masses)
        {
            var (nats, sum) = (0.0, 0.0);
            foreach (var m in masses) sum += Math.Max(0, m);
            foreach (var m in masses)
                if (m > 0) nats -= m * Math.Log(m / sum);
            return nats;
        }

        private static double[] Add<TKey>(Dictionary<TKey, double[]> all, TKey key, double[] masses, double sign) where TKey : notnull
        {
            if (!all.TryGetValue(key, out var into)) all[key] = into = new double[masses.Length];
            for (var s = 0; s < masses.Length; s++) into[s] += sign * masses[s];
            return into;
        }

        private long Key(ReadOnlySpan<int> series, int begin, int end)
        {
            var key = 0L;
            for (var t = begin; t < end; t++) key = (key * _alphabets[t]) + series[t];
            return key;
        }

        private static int Number(Dictionary<long, int> numbers, long key)
        {
            if (!numbers.TryGetValue(key, out var number)) numbers[key] = number = numbers.Count;
            return number;
        }
    }
}

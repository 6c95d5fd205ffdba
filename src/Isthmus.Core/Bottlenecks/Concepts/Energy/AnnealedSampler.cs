using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>How a distribution is sampled.</summary>
public sealed record SamplingOptions
{
    /// <summary>Independent chains.</summary>
    public int Chains { get; init; } = 64;

    /// <summary>Sweeps in which the couplings are turned on, from none to full.</summary>
    public int Annealing { get; init; } = 40;

    /// <summary>Sweeps afterwards, over which a chain's numbers are averaged.</summary>
    public int Sweeps { get; init; } = 20;
}

/// <summary>
/// Marginals of an energy with too many states to enumerate: Gibbs sampling in chains that begin independent of each other under
/// the single-variable energies, with the couplings turned on slowly. Each chain is weighted by its annealed importance (Neal:
/// "Annealed importance sampling", Statistics and Computing 2001), so that answers are consistent even where a chain cannot leave
/// its mode, and the spread of the chains gives an error.
/// </summary>
public static class AnnealedSampler
{
    // Stands for infinity in tables, so that an impossible state has a weight while couplings are turned on: exp(-60) is 1e-26.
    private const double Impossible = 60;

    /// <summary>Answers a query with standard errors.</summary>
    /// <param name="energy">What is sampled; its energies are finite, but those of an <see cref="EnergyTable"/>, where an infinite one counts 60 nats.</param>
    /// <param name="query">As in <c>p(lung|xray=1)</c>, without do().</param>
    /// <param name="random">Equal streams give equal answers.</param>
    /// <param name="options">How long; the defaults where null.</param>
    /// <exception cref="InputException">The text is not a query, or it has a do().</exception>
    public static QueryAnswer Ask(EnergyFunction energy, string query, RandomStream random, SamplingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(energy);
        var parsed = ConceptQuery.Parse(query, energy.Variables);
        parsed.RefuseDo();
        var free = parsed.Targets.Where(t => t.State is null).Select(t => t.Variable).ToArray();
        var size = free.Aggregate(1, (n, v) => checked(n * energy.Variables[v].States.Count));
        var (mean, error, _) = Run(energy, parsed.Given, random, options, size, (state, sums) =>
        {
            foreach (var (variable, wanted) in parsed.Targets)
                if (wanted is { } s && state[variable] != s) return;
            var at = 0;
            foreach (var v in free) at = (at * energy.Variables[v].States.Count) + state[v];
            sums[at]++;
        }, null);
        return QueryAnswer.Of(parsed, energy.Variables, mean, error);
    }

    /// <summary>
    /// The distribution of every variable under a condition. A variable's probabilities are the mean of its conditional ones over the
    /// sweeps, which scatters less than counts (Rao and Blackwell).
    /// </summary>
    /// <returns>Probabilities and standard errors, for each variable and state; and an estimate of ln Z under the condition, in nats.</returns>
    public static (double[][] Probabilities, double[][] Errors, double LogPartition) Marginals(EnergyFunction energy, IReadOnlyList<(int Variable, int State)> given, RandomStream random, SamplingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(energy);
        var starts = new int[energy.Variables.Count + 1];
        for (var v = 0; v < energy.Variables.Count; v++) starts[v + 1] = starts[v] + energy.Variables[v].States.Count;
        var (mean, error, log) = Run(energy, given, random, options, starts[^1], (state, sums) =>
        {
            foreach (var (variable, s) in given) sums[starts[variable] + s]++;
        }, (variable, p, sums) =>
        {
            for (var s = 0; s < p.Length; s++) sums[starts[variable] + s] += p[s];
        });
        return (Cut(mean), Cut(error), log);

        double[][] Cut(double[] flat) => [.. energy.Variables.Select((v, i) => flat[starts[i]..starts[i + 1]])];
    }

    private delegate void StateVisitor(ReadOnlySpan<int> state, Span<double> sums);

    private delegate void ConditionalVisitor(int variable, ReadOnlySpan<double> probabilities, Span<double> sums);

    private static (double[] Mean, double[] Error, double LogPartition) Run(EnergyFunction energy, IReadOnlyList<(int Variable, int State)> given, RandomStream random, SamplingOptions? options,
        int size, StateVisitor afterSweep, ConditionalVisitor? afterVariable)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(random);
        options ??= new SamplingOptions();
        if (energy is EnergyTable table) energy = table.Capped(Impossible);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Chains, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Annealing, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Sweeps, 1);
        var (sums, logWeights) = (new double[options.Chains][], new double[options.Chains]);
        for (var chain = 0; chain < options.Chains; chain++)
        {
            sums[chain] = new double[size];
            logWeights[chain] = new Chain(energy, given, random.Fork((ulong)chain)).Run(options, sums[chain], afterSweep, afterVariable);
        }
        var most = logWeights.Max();
        var weights = Array.ConvertAll(logWeights, w => Math.Exp(w - most));
        var total = weights.Sum();
        var (mean, error) = (new double[size], new double[size]);
        for (var i = 0; i < size; i++)
        {
            for (var c = 0; c < weights.Length; c++) mean[i] += weights[c] / total * sums[c][i] / options.Sweeps;
            for (var c = 0; c < weights.Length; c++) error[i] += Math.Pow(weights[c] / total * ((sums[c][i] / options.Sweeps) - mean[i]), 2);
            error[i] = Math.Sqrt(error[i] * weights.Length / (weights.Length - 1));
        }
        return (mean, error, most + Math.Log(total / weights.Length));
    }

    private sealed class Chain
    {
        private readonly EnergyFunction _energy;
        private readonly RandomStream _random;
        private readonly int[] _free, _state;
        private readonly double[] _buffer;

        public Chain(EnergyFunction energy, IReadOnlyList<(int Variable, int State)> given, RandomStream random)
        {
            (_energy, _random, _state) = (energy, random, new int[energy.Variables.Count]);
            _buffer = new double[energy.Variables.Max(v => v.States.Count)];
            foreach (var (variable, s) in given) _state[variable] = s;
            _free = [.. Enumerable.Range(0, _state.Length).Where(v => given.All(g => g.Variable != v))];
        }

        public double Run(SamplingOptions options, double[] sums, StateVisitor afterSweep, ConditionalVisitor? afterVariable)
        {
            // ln Z of the independent distribution, to which the annealed ratios are added.
            var log = 0.0;
            for (var v = 0; v < _state.Length; v++)
                if (!_free.Contains(v)) log -= _energy.Unary(v, _state[v]);
            foreach (var v in _free) log += Draw(v, 0);
            for (var t = 1; t <= options.Annealing; t++)
            {
                log -= Coupling() / options.Annealing;
                foreach (var v in _free) Draw(v, (double)t / options.Annealing);
            }
            for (var t = 0; t < options.Sweeps; t++)
            {
                foreach (var v in _free)
                {
                    Draw(v, 1);
                    afterVariable?.Invoke(v, _buffer.AsSpan(0, _energy.Variables[v].States.Count), sums);
                }
                afterSweep(_state, sums);
            }
            return log;
        }

        private double Coupling()
        {
            var sum = _energy.Energy(_state);
            for (var v = 0; v < _state.Length; v++) sum -= _energy.Unary(v, _state[v]);
            return sum;
        }

        // Draws one variable given the others with couplings at a strength; its probabilities stay in the buffer. Returns ln of their sum.
        private double Draw(int variable, double strength)
        {
            var p = _buffer.AsSpan(0, _energy.Variables[variable].States.Count);
            if (strength > 0) _energy.Conditional(_state, variable, p);
            var least = double.PositiveInfinity;
            for (var s = 0; s < p.Length; s++)
            {
                var unary = _energy.Unary(variable, s);
                p[s] = strength == 0 ? unary : unary + (strength * (p[s] - unary));
                least = Math.Min(least, p[s]);
            }
            var sum = 0.0;
            for (var s = 0; s < p.Length; s++) sum += p[s] = Math.Exp(least - p[s]);
            for (var s = 0; s < p.Length; s++) p[s] /= sum;
            var (u, drawn) = (_random.NextDouble(), 0);
            while (drawn < p.Length - 1 && (u -= p[drawn]) >= 0) drawn++;
            _state[variable] = drawn;
            return Math.Log(sum) - least;
        }
    }
}

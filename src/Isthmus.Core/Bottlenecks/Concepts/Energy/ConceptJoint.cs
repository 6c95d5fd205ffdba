using System.Globalization;

namespace Isthmus.Bottlenecks;

/// <summary>
/// The exact joint distribution of a few discrete variables, as a table: every state's probability, from which conditionals,
/// most probable states and information follow by sums. Sums run in double, in one fixed order.
/// </summary>
public sealed class ConceptJoint
{
    /// <summary>The largest number of states that is enumerated.</summary>
    public const int MostStates = 1 << 22;

    private readonly double[] _p;

    private ConceptJoint(IReadOnlyList<ConceptVariable> variables, double[] p, double logPartition)
    {
        (Variables, _p, LogPartition) = (variables, p, logPartition);
    }

    /// <summary>From probabilities.</summary>
    /// <param name="variables">The variables.</param>
    /// <param name="probabilities">Of every state, row-major, the last variable fastest; not negative, summing to 1 within 1e-6 (they are divided by their sum).</param>
    /// <exception cref="ArgumentException">There is another number of them, or they are not a distribution.</exception>
    public static ConceptJoint FromProbabilities(IReadOnlyList<ConceptVariable> variables, ReadOnlySpan<double> probabilities)
    {
        Sized(variables, probabilities.Length);
        var p = probabilities.ToArray();
        var sum = 0.0;
        foreach (var v in p) sum += v >= 0 ? v : double.NaN;
        if (!(Math.Abs(sum - 1) < 1e-6)) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"joint: probabilities sum to {sum} or one is negative, a distribution is needed"));
        for (var i = 0; i < p.Length; i++) p[i] /= sum;
        return new(variables, p, Math.Log(sum));
    }

    /// <summary>From energies: p = exp(−E) / Z, by the logarithm of a sum of exponentials.</summary>
    /// <param name="variables">The variables.</param>
    /// <param name="energies">Of every state in nats, row-major, the last variable fastest; plus infinity for what cannot be.</param>
    /// <exception cref="ArgumentException">There is another number of them, one is not a number, or no state is possible.</exception>
    public static ConceptJoint FromEnergies(IReadOnlyList<ConceptVariable> variables, ReadOnlySpan<double> energies)
    {
        Sized(variables, energies.Length);
        var least = double.PositiveInfinity;
        foreach (var e in energies) least = Math.Min(least, e);
        if (!double.IsFinite(least)) throw new ArgumentException("joint: an energy is not a number, or no state is possible");
        var (p, sum) = (new double[energies.Length], 0.0);
        for (var i = 0; i < p.Length; i++) sum += p[i] = Math.Exp(least - energies[i]);
        for (var i = 0; i < p.Length; i++) p[i] /= sum;
        return new(variables, p, Math.Log(sum) - least);
    }

    /// <summary>Every state of an energy.</summary>
    /// <exception cref="InputException">There are more than <see cref="MostStates"/>; <see cref="AnnealedSampler"/> answers then.</exception>
    public static ConceptJoint Enumerate(EnergyFunction energy)
    {
        ArgumentNullException.ThrowIfNull(energy);
        var states = CountStates(energy.Variables);
        if (states > MostStates)
            throw new InputException(string.Create(CultureInfo.InvariantCulture, $"{energy.Variables.Count} variables have {states:G4} states, more than the {MostStates} that are enumerated"), "sample them instead (AnnealedSampler)");
        var energies = new double[(int)states];
        var state = new int[energy.Variables.Count];
        for (var i = 0; i < energies.Length; i++)
        {
            energies[i] = energy.Energy(state);
            Next(energy.Variables, state);
        }
        return FromEnergies(energy.Variables, energies);
    }

    /// <summary>The variables, in the order of a state's entries.</summary>
    public IReadOnlyList<ConceptVariable> Variables { get; }

    /// <summary>Of every state, row-major, the last variable fastest.</summary>
    public ReadOnlySpan<double> Probabilities => _p;

    /// <summary>ln Z, in nats, of the energies it was made from; near 0 where it was made from probabilities.</summary>
    public double LogPartition { get; }

    /// <summary>Answers a query such as <c>p(lung|xray=1,smoke=0)</c>, exactly.</summary>
    /// <exception cref="InputException">The text is not a query, names something that is not there, has a do(), which an energy has no arrows
    /// for, or its condition has probability 0.</exception>
    public QueryAnswer Ask(string query) => Ask(ConceptQuery.Parse(query, Variables));

    /// <summary>Answers a parsed query, exactly.</summary>
    public QueryAnswer Ask(ConceptQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.RefuseDo();
        var marginal = Marginal(query.Targets, query.Given, out var mass);
        if (mass == 0) throw new InputException($"{query.Text}: the condition has probability 0", "leave out one of the conditions");
        for (var i = 0; i < marginal.Length; i++) marginal[i] /= mass;
        return QueryAnswer.Of(query, Variables, marginal, new double[marginal.Length]);
    }

    /// <summary>The distribution with some variables observed: same variables, the other states have probability 0.</summary>
    /// <param name="given">Variables by their place, and their states.</param>
    /// <exception cref="InputException">The condition has probability 0.</exception>
    public ConceptJoint Given(params IReadOnlyList<(int Variable, int State)> given)
    {
        ArgumentNullException.ThrowIfNull(given);
        var p = new double[_p.Length];
        var mass = 0.0;
        ForEach(given, (at, _, weight) => mass += p[at] = weight);
        if (mass == 0) throw new InputException("the condition has probability 0", "leave out one of the conditions");
        for (var i = 0; i < p.Length; i++) p[i] /= mass;
        return new(Variables, p, LogPartition + Math.Log(mass));
    }

    /// <summary>The distribution of some variables, row-major over them, the last fastest.</summary>
    /// <param name="variables">By their place, each once.</param>
    public double[] Marginal(params IReadOnlyList<int> variables) => Marginal([.. variables.Select(v => (v, (int?)null))], [], out _);

    /// <summary>The most probable state that agrees with what is given, and its probability under that condition.</summary>
    /// <exception cref="InputException">The condition has probability 0.</exception>
    public (int[] State, double Probability) MostProbable(params IReadOnlyList<(int Variable, int State)> given)
    {
        var (best, most, mass) = (Array.Empty<int>(), 0.0, 0.0);
        ForEach(given, (_, state, weight) =>
        {
            mass += weight;
            if (weight > most) (best, most) = ([.. state], weight);
        });
        return mass > 0 ? (best, most / mass) : throw new InputException("the condition has probability 0", "leave out one of the conditions");
    }

    /// <summary>H(variables) in bits.</summary>
    public Bits Entropy(params IReadOnlyList<int> variables)
    {
        var nats = 0.0;
        foreach (var p in Marginal(variables))
            if (p > 0) nats -= p * Math.Log(p);
        return Bits.FromNats(nats);
    }

    /// <summary>I(a; b | given) in bits.</summary>
    /// <param name="a">Variables by their place.</param>
    /// <param name="b">Others.</param>
    /// <param name="given">Others again, or none.</param>
    public Bits Information(IReadOnlyList<int> a, IReadOnlyList<int> b, params IReadOnlyList<int> given) =>
        Entropy([.. a, .. given]) + Entropy([.. b, .. given]) - Entropy([.. a, .. b, .. given]) - (given.Count > 0 ? Entropy(given) : Bits.FromBits(0));

    /// <summary>The best accuracy that anyone who sees only some variables can have in guessing another: E max p(target | seen).</summary>
    public double BestAccuracy(int target, params IReadOnlyList<int> seen)
    {
        var table = Marginal([.. seen, target]);
        var (states, sum) = (Variables[target].States.Count, 0.0);
        for (var i = 0; i < table.Length; i += states) sum += table.AsSpan(i, states).ToArray().Max();
        return sum;
    }

    /// <summary>How many states there are; a double, because it may be astronomic.</summary>
    internal static double CountStates(IReadOnlyList<ConceptVariable> variables) => variables.Aggregate(1.0, (n, v) => n * v.States.Count);

    /// <summary>Moves to the next state, the last variable fastest; after the last state comes the first.</summary>
    internal static void Next(IReadOnlyList<ConceptVariable> variables, Span<int> state)
    {
        for (var v = state.Length - 1; v >= 0; v--)
        {
            if (++state[v] < variables[v].States.Count) return;
            state[v] = 0;
        }
    }

    private double[] Marginal(IReadOnlyList<(int Variable, int? State)> targets, IReadOnlyList<(int Variable, int State)> given, out double mass)
    {
        var free = targets.Where(t => t.State is null).Select(t => t.Variable).ToArray();
        var table = new double[free.Aggregate(1, (n, v) => n * Variables[v].States.Count)];
        var total = 0.0;
        ForEach(given, (_, state, weight) =>
        {
            total += weight;
            foreach (var (variable, wanted) in targets)
                if (wanted is { } s && state[variable] != s) return;
            var at = 0;
            foreach (var v in free) at = (at * Variables[v].States.Count) + state[v];
            table[at] += weight;
        });
        mass = total;
        return table;
    }

    private void ForEach(IReadOnlyList<(int Variable, int State)> given, Action<int, int[], double> visit)
    {
        var state = new int[Variables.Count];
        for (var i = 0; i < _p.Length; i++)
        {
            var agrees = true;
            foreach (var (variable, s) in given) agrees &= state[variable] == s;
            if (agrees && _p[i] > 0) visit(i, state, _p[i]);
            Next(Variables, state);
        }
    }

    private static void Sized(IReadOnlyList<ConceptVariable> variables, int given)
    {
        var states = CountStates(ConceptVariable.Check(variables));
        if (states != given) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"joint: {given} numbers for {states:G6} states"));
    }
}

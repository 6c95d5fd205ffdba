using System.Globalization;

namespace Isthmus.Bottlenecks;

/// <summary>A term of an energy that depends on a few variables.</summary>
/// <param name="Scope">Which variables, by their place.</param>
/// <param name="Energies">In nats, row-major over the scope's states, the last variable fastest; plus infinity for what cannot be.</param>
public sealed record EnergyFactor(IReadOnlyList<int> Scope, IReadOnlyList<double> Energies);

/// <summary>An energy given as tables: the sum of factors over a few variables each.</summary>
public sealed class EnergyTable : EnergyFunction
{
    private readonly EnergyFactor[][] _touching;
    private readonly double[][] _unary;

    /// <summary>The sum of some factors.</summary>
    /// <exception cref="ArgumentException">A factor names a variable twice or one that is not there, or has another number of energies than its scope has states.</exception>
    public EnergyTable(IReadOnlyList<ConceptVariable> variables, IReadOnlyList<EnergyFactor> factors) : base(variables)
    {
        ArgumentNullException.ThrowIfNull(factors);
        foreach (var f in factors)
        {
            if (f.Scope.Any(v => v < 0 || v >= Variables.Count) || f.Scope.Distinct().Count() != f.Scope.Count)
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"energy: scope [{string.Join(", ", f.Scope)}] is not a set of variables below {Variables.Count}"));
            var states = f.Scope.Aggregate(1L, (n, v) => n * Variables[v].States.Count);
            if (states != f.Energies.Count) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"energy: a factor has {f.Energies.Count} energies and its scope {states} states"));
            if (f.Energies.Any(e => double.IsNaN(e) || double.IsNegativeInfinity(e))) throw new ArgumentException("energy: a factor has an energy that is not a number or minus infinity");
        }
        Factors = factors;
        _touching = [.. Variables.Select((_, v) => factors.Where(f => f.Scope.Contains(v)).ToArray())];
        _unary = [.. Variables.Select((variable, v) => Enumerable.Range(0, variable.States.Count).Select(s => factors.Where(f => f.Scope is [var only] && only == v).Sum(f => f.Energies[s])).ToArray())];
    }

    /// <summary>The terms.</summary>
    public IReadOnlyList<EnergyFactor> Factors { get; }

    /// <inheritdoc/>
    public override double Energy(ReadOnlySpan<int> state)
    {
        var sum = 0.0;
        foreach (var f in Factors) sum += Of(f, state);
        return sum;
    }

    /// <inheritdoc/>
    public override double Unary(int variable, int state) => _unary[variable][state];

    /// <inheritdoc/>
    public override void Conditional(Span<int> state, int variable, Span<double> energies)
    {
        var before = state[variable];
        for (var v = 0; v < Variables[variable].States.Count; v++)
        {
            state[variable] = v;
            energies[v] = 0;
            foreach (var f in _touching[variable]) energies[v] += Of(f, state);
        }
        state[variable] = before;
    }

    /// <summary>The same table with no energy above a number of nats; itself where there is none.</summary>
    internal EnergyTable Capped(double most) => Factors.All(f => f.Energies.All(e => e <= most)) ? this
        : new(Variables, [.. Factors.Select(f => f with { Energies = [.. f.Energies.Select(e => Math.Min(e, most))] })]);

    private double Of(EnergyFactor f, ReadOnlySpan<int> state)
    {
        var at = 0;
        foreach (var v in f.Scope) at = (at * Variables[v].States.Count) + state[v];
        return f.Energies[at];
    }
}

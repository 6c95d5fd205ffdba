using System.Globalization;

namespace Isthmus.Bottlenecks;

/// <summary>What is asked of an expert at once: one concept, or several that are replaced whole.</summary>
/// <param name="Name">The concept's or the group's.</param>
/// <param name="Concepts">The positions of its concepts in the space, increasing.</param>
/// <param name="Cost">Of asking, at least 0, in the person's own unit.</param>
public sealed record InterventionUnit(string Name, IReadOnlyList<int> Concepts, double Cost);

/// <summary>The questions that can be put to an expert; each concept is in one of them at most.</summary>
public sealed class InterventionUnits : IReadOnlyList<InterventionUnit>
{
    private readonly InterventionUnit[] _units;

    /// <summary>Questions to order.</summary>
    /// <exception cref="ArgumentException">There is none, one is empty, a concept is in two, or a cost is negative or not finite.</exception>
    public InterventionUnits(ConceptSpace space, IReadOnlyList<InterventionUnit> units)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(units);
        Space = space;
        _units = [.. units];
        if (_units.Length == 0) throw new ArgumentException("intervention units: at least one is needed");
        var seen = new bool[space.Count];
        foreach (var unit in _units)
        {
            if (unit.Concepts.Count == 0) throw new ArgumentException($"intervention units: '{unit.Name}' has no concepts");
            if (!(unit.Cost >= 0) || double.IsInfinity(unit.Cost))
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"intervention units: the cost of '{unit.Name}' is at least 0 and finite, not {unit.Cost}"));
            foreach (var concept in unit.Concepts)
            {
                if (concept < 0 || concept >= space.Count) throw new ArgumentException($"intervention units: '{unit.Name}' names concept {concept} of {space.Count}");
                if (seen[concept]) throw new ArgumentException($"intervention units: concept '{space.Axes[concept].Name}' is in two of them");
                seen[concept] = true;
            }
        }
    }

    /// <summary>The concepts that the questions are about.</summary>
    public ConceptSpace Space { get; }

    /// <inheritdoc/>
    public int Count => _units.Length;

    /// <inheritdoc/>
    public InterventionUnit this[int index] => _units[index];

    /// <summary>Every concept by itself, with its own cost.</summary>
    public static InterventionUnits Singles(ConceptSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        return new(space, [.. space.Axes.Select((a, i) => new InterventionUnit(a.Name, [i], a.Cost))]);
    }

    /// <summary>The concepts of one group together, at the sum of their costs; a concept without a group by itself.</summary>
    public static InterventionUnits ByGroup(ConceptSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        return new(space, [.. space.Axes.Select((a, i) => (Axis: a, Index: i))
            .GroupBy(p => p.Axis.Group is { } g ? (true, g) : (false, p.Axis.Name))
            .Select(g => new InterventionUnit(g.Key.Item2, [.. g.Select(p => p.Index)], g.Sum(p => p.Axis.Cost)))]);
    }

    /// <summary>
    /// The windows of a series: a model over time presents every concept once a window, window by window, and a window is replaced whole.
    /// </summary>
    /// <param name="space">Of windows times concepts axes.</param>
    /// <param name="windows">A divisor of the number of axes.</param>
    public static InterventionUnits Windows(ConceptSpace space, int windows)
    {
        ArgumentNullException.ThrowIfNull(space);
        if (windows < 1 || space.Count % windows != 0)
            throw new ArgumentOutOfRangeException(nameof(windows), windows, $"a divisor of the {space.Count} concepts is expected");
        var each = space.Count / windows;
        return new(space, [.. Enumerable.Range(0, windows).Select(w => new InterventionUnit(string.Create(CultureInfo.InvariantCulture, $"window {w}"),
            [.. Enumerable.Range(w * each, each)], space.Axes.Skip(w * each).Take(each).Sum(a => a.Cost)))]);
    }

    /// <summary>The same questions at other costs.</summary>
    /// <param name="costs">By the question's name; the others keep theirs.</param>
    /// <exception cref="InputException">A name is unknown, or a cost negative or not finite.</exception>
    public InterventionUnits WithCosts(IReadOnlyDictionary<string, double> costs)
    {
        ArgumentNullException.ThrowIfNull(costs);
        foreach (var (name, cost) in costs)
        {
            if (!_units.Any(u => u.Name == name)) throw Suggest.Unknown("concept or group with a cost", name, _units.Select(u => u.Name));
            if (!(cost >= 0) || double.IsInfinity(cost))
                throw new InputException(string.Create(CultureInfo.InvariantCulture, $"cost of '{name}': a number of at least 0 is expected, not {cost}"));
        }
        return new(Space, [.. _units.Select(u => costs.TryGetValue(u.Name, out var cost) ? u with { Cost = cost } : u)]);
    }

    /// <inheritdoc/>
    public IEnumerator<InterventionUnit> GetEnumerator() => ((IEnumerable<InterventionUnit>)_units).GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}

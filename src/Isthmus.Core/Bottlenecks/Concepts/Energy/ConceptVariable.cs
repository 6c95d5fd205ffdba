namespace Isthmus.Bottlenecks;

/// <summary>A discrete variable of a joint distribution over concepts and classes.</summary>
/// <param name="Name">As queries name it.</param>
/// <param name="States">What its values mean, at least two; a yes-or-no concept has <c>0</c> and <c>1</c>.</param>
public sealed record ConceptVariable(string Name, IReadOnlyList<string> States)
{
    /// <summary>A variable that is no (0) or yes (1).</summary>
    public static ConceptVariable Binary(string name) => new(name, ["0", "1"]);

    /// <summary>The index of a state by its name, or by its number where no state has that name.</summary>
    /// <exception cref="InputException">There is no such state.</exception>
    public int Find(string state)
    {
        ArgumentNullException.ThrowIfNull(state);
        for (var i = 0; i < States.Count; i++)
            if (string.Equals(States[i], state, StringComparison.Ordinal)) return i;
        if (int.TryParse(state, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index) && index < States.Count) return index;
        throw Suggest.Unknown($"state of '{Name}'", state, States);
    }

    /// <summary>The place of a variable by its name.</summary>
    /// <exception cref="InputException">There is none of that name.</exception>
    public static int Find(IReadOnlyList<ConceptVariable> variables, string name)
    {
        ArgumentNullException.ThrowIfNull(variables);
        for (var i = 0; i < variables.Count; i++)
            if (string.Equals(variables[i].Name, name, StringComparison.Ordinal)) return i;
        throw Suggest.Unknown("variable", name, variables.Select(v => v.Name));
    }

    /// <summary>Whether names are apart and every variable has at least two states.</summary>
    internal static IReadOnlyList<ConceptVariable> Check(IReadOnlyList<ConceptVariable> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        if (variables.Count == 0) throw new ArgumentException("joint: there are no variables");
        if (variables.FirstOrDefault(v => v.States.Count < 2) is { } single) throw new ArgumentException($"joint: '{single.Name}' has {single.States.Count} states, at least 2 are needed");
        if (variables.GroupBy(v => v.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new ArgumentException($"joint: two variables are called '{twice.Key}'");
        return variables;
    }
}

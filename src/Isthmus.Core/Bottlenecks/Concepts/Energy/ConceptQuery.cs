using System.Globalization;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A question about a joint distribution, as text: <c>p(lung|xray=1,smoke=0)</c>, <c>p(lung=1,tub=0)</c>,
/// <c>p(dysp|do(bronc=1),smoke=0)</c>. Names with commas, brackets, bars or equals signs stand in double quotes.
/// </summary>
/// <param name="Text">As it was written.</param>
/// <param name="Targets">What is asked for: variables by their place, with a state where one is named.</param>
/// <param name="Given">What is observed.</param>
/// <param name="Do">What is set from outside.</param>
public sealed record ConceptQuery(string Text, IReadOnlyList<(int Variable, int? State)> Targets, IReadOnlyList<(int Variable, int State)> Given, IReadOnlyList<(int Variable, int State)> Do)
{
    private const int LongestText = 10_000;

    /// <summary>Reads a query.</summary>
    /// <param name="text">As a person writes it.</param>
    /// <param name="variables">What it may name.</param>
    /// <exception cref="InputException">It is not a query, names something that is not there, or names a variable twice.</exception>
    public static ConceptQuery Parse(string text, IReadOnlyList<ConceptVariable> variables)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(variables);
        var whole = text.Trim();
        if (whole.Length is < 4 or > LongestText || whole[0] is not ('p' or 'P') || whole[1..].TrimStart() is not ['(', .. var inside, ')']) throw Wrong(text);
        var bar = Split(inside, '|', text);
        if (bar.Count > 2) throw Wrong(text);
        var (targets, given, set) = (new List<(int, int?)>(), new List<(int, int)>(), new List<(int, int)>());
        foreach (var item in Split(bar[0], ',', text)) targets.Add(Term(item, variables, text));
        foreach (var item in bar.Count == 2 ? Split(bar[1], ',', text) : [])
        {
            if (item.StartsWith("do(", StringComparison.Ordinal) && item.EndsWith(')'))
                foreach (var inner in Split(item[3..^1], ',', text)) set.Add(Fixed(inner));
            else given.Add(Fixed(item));
        }
        var all = targets.Select(t => t.Item1).Concat(given.Concat(set).Select(g => g.Item1)).ToArray();
        if (all.GroupBy(v => v).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new InputException($"query '{text}': '{variables[twice.Key].Name}' stands twice");
        return new(whole, targets, given, set);

        (int, int) Fixed(string item) => Term(item, variables, text) is (var variable, { } state)
            ? (variable, state)
            : throw new InputException($"query '{text}': the condition '{item}' has no value", $"as in {item}=1");
    }

    /// <summary>Refuses a do() where there are no arrows.</summary>
    internal void RefuseDo()
    {
        if (Do.Count > 0) throw new InputException($"{Text}: do() needs a network with arrows, and an energy has none", "leave out do(…) to ask for what is observed together");
    }

    private static (int, int?) Term(string item, IReadOnlyList<ConceptVariable> variables, string text)
    {
        var sides = Split(item, '=', text);
        if (sides.Count > 2) throw Wrong(text);
        var variable = ConceptVariable.Find(variables, Plain(sides[0]));
        return (variable, sides.Count == 2 ? variables[variable].Find(Plain(sides[1])) : null);
    }

    private static string Plain(string name) => name is ['"', .. var inner, '"'] ? inner : name;

    // At the top level only: not within quotes or brackets.
    private static List<string> Split(string s, char separator, string text)
    {
        var (parts, start, depth, quoted) = (new List<string>(), 0, 0, false);
        for (var i = 0; i < s.Length; i++)
        {
            if (s[i] == '"') quoted = !quoted;
            else if (quoted) continue;
            else if (s[i] == '(') depth++;
            else if (s[i] == ')') depth--;
            else if (s[i] == separator && depth == 0)
            {
                parts.Add(s[start..i].Trim());
                start = i + 1;
            }
            if (depth < 0) throw Wrong(text);
        }
        parts.Add(s[start..].Trim());
        return quoted || depth != 0 || parts.Any(p => p.Length == 0) ? throw Wrong(text) : parts;
    }

    private static InputException Wrong(string text) => new($"'{(text.Length > 80 ? text[..80] + "…" : text)}' is not a query, expected as in p(lung|xray=1,smoke=0)");
}

/// <summary>One row of an answer.</summary>
/// <param name="States">The state of each variable that was asked for without a value.</param>
/// <param name="Probability">Of them, under the condition.</param>
/// <param name="StandardError">0 where it was summed exactly; else the sampling error of the probability.</param>
public sealed record QueryRow(IReadOnlyList<string> States, double Probability, double StandardError);

/// <summary>What a query gives: a distribution over the variables that were asked for without a value, or one probability.</summary>
/// <param name="Query">As it was written.</param>
/// <param name="Names">The variables that were asked for without a value.</param>
/// <param name="Rows">One for each of their states, the last variable fastest; one where every variable had a value.</param>
public sealed record QueryAnswer(string Query, IReadOnlyList<string> Names, IReadOnlyList<QueryRow> Rows)
{
    /// <summary>The one number that was asked for: that of the only row, or of a yes-or-no variable's second state.</summary>
    /// <exception cref="InvalidOperationException">The answer is a distribution over more than two states.</exception>
    public double Probability => Rows.Count <= 2 ? Rows[^1].Probability : throw new InvalidOperationException($"{Query}: the answer is a distribution over {Rows.Count} states; read Rows");

    /// <summary>The sampling error of <see cref="Probability"/>; 0 where it was summed exactly.</summary>
    public double StandardError => Rows[^1].StandardError;

    /// <summary>As in <c>p(lung|xray=1): 0 0.511289, 1 0.488711</c>.</summary>
    public override string ToString() => Rows is [{ States.Count: 0 } only]
        ? $"{Query} = {Number(only)}"
        : $"{Query}: {string.Join(", ", Rows.Select(r => $"{string.Join("/", r.States)} {Number(r)}"))}";

    internal static QueryAnswer Of(ConceptQuery query, IReadOnlyList<ConceptVariable> variables, double[] table, double[] errors)
    {
        var free = query.Targets.Where(t => t.State is null).Select(t => variables[t.Variable]).ToArray();
        var (rows, state) = (new List<QueryRow>(), new int[free.Length]);
        for (var i = 0; i < table.Length; i++)
        {
            rows.Add(new([.. free.Select((v, j) => v.States[state[j]])], table[i], errors[i]));
            ConceptJoint.Next(free, state);
        }
        return new(query.Text, [.. free.Select(v => v.Name)], rows);
    }

    private static string Number(QueryRow r) => r.StandardError > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{r.Probability:F4} ± {r.StandardError:F4}")
        : string.Create(CultureInfo.InvariantCulture, $"{r.Probability:F6}");
}

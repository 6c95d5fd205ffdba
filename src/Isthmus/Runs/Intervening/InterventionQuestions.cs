using System.Globalization;
using Isthmus.Bottlenecks;

namespace Isthmus.Runs;

/// <summary>The questions that may be asked of an expert, as a person writes them.</summary>
public static class InterventionQuestions
{
    /// <summary>Reads groups and costs.</summary>
    /// <param name="space">The concepts.</param>
    /// <param name="groups"><c>panel=fever+cough,blood=iron+b12</c>: asked together; concepts that are not named are asked one by one. Null for none, <c>declared</c> for those
    /// that the run knows.</param>
    /// <param name="costs"><c>fever=1,iron=20</c>, or a file with a line <c>name,cost</c> each; null for the run's own.</param>
    /// <exception cref="InputException">Not of these forms, an unknown name, a concept in two groups.</exception>
    public static InterventionUnits Parse(ConceptSpace space, string? groups, string? costs)
    {
        ArgumentNullException.ThrowIfNull(space);
        var units = groups switch
        {
            null => InterventionUnits.Singles(space),
            "declared" => InterventionUnits.ByGroup(space),
            _ => new InterventionUnits(space, [.. Grouped(space, groups)]),
        };
        return costs is null ? units : units.WithCosts(File.Exists(costs) ? FromFile(costs) : FromText(costs));
    }

    private static IEnumerable<InterventionUnit> Grouped(ConceptSpace space, string text)
    {
        var seen = new HashSet<int>();
        var named = new List<InterventionUnit>();
        foreach (var (name, members) in Pairs("--groups", text, "panel=fever+cough"))
        {
            var concepts = members.Split('+', StringSplitOptions.TrimEntries).Select(space.Find).Order().ToArray();
            foreach (var concept in concepts)
                if (!seen.Add(concept)) throw new InputException($"--groups: concept '{space.Axes[concept].Name}' stands in it twice");
            if (named.Exists(u => u.Name == name)) throw new InputException($"--groups: '{name}' stands in it twice");
            named.Add(new InterventionUnit(name, concepts, concepts.Sum(j => space.Axes[j].Cost)));
        }
        return named.Concat(Enumerable.Range(0, space.Count).Where(j => !seen.Contains(j)).Select(j => new InterventionUnit(space.Axes[j].Name, [j], space.Axes[j].Cost)));
    }

    private static Dictionary<string, double> FromText(string text) => Pairs("--costs", text, "fever=1,iron=20").ToDictionary(p => p.Name, p => Number("--costs", p.Name, p.Value));

    private static Dictionary<string, double> FromFile(string path)
    {
        var costs = new Dictionary<string, double>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            string[] cells = [.. QuotedText.Split(line, ',').Select(c => QuotedText.Bare(c.Trim()))];
            if (line.Trim().Length == 0 || (number == 1 && cells.Length == 2 && !double.TryParse(cells[1], NumberStyles.Float, CultureInfo.InvariantCulture, out _))) continue; // a header
            var place = string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}");
            if (cells.Length != 2 || cells[0].Length == 0) throw new InputException($"{place}: a name and a cost with a comma between them are expected");
            if (!costs.TryAdd(cells[0], Number(place, cells[0], cells[1]))) throw new InputException($"{place}: '{cells[0]}' has a cost already");
        }
        return costs.Count > 0 ? costs : throw new InputException($"{path}: no line of a name and a cost");
    }

    private static IEnumerable<(string Name, string Value)> Pairs(string option, string text, string example)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in QuotedText.Split(text, ',').Select(p => p.Trim()))
        {
            var at = part.LastIndexOf('=');
            if (at < 1 || at == part.Length - 1) throw new InputException($"{option}: '{part}' is not NAME=…", $"for example {option} {example}");
            var name = QuotedText.Bare(part[..at].Trim());
            if (!seen.Add(name)) throw new InputException($"{option}: '{name}' stands in it twice");
            yield return (name, part[(at + 1)..].Trim());
        }
    }

    private static double Number(string place, string name, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var cost) && cost >= 0 && double.IsFinite(cost) ? cost
            : throw new InputException($"{place}: cost of '{name}': a number of at least 0 is expected, not '{text}'");
}

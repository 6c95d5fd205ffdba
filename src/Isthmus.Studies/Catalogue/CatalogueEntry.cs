using System.Reflection;
using System.Text;
using System.Text.Json;

namespace Isthmus.Studies;

/// <summary>A published system of the catalogue.</summary>
/// <param name="Slug">Its name in commands.</param>
/// <param name="Name">Its name in the paper.</param>
/// <param name="Title">The paper's title.</param>
/// <param name="Published">When.</param>
/// <param name="Family">Its room among the bottlenecks.</param>
/// <param name="Tier">A: rebuilt faithfully at small scale; B: its mechanism on a small model; C: one part carries over.</param>
/// <param name="Mechanism">What it is.</param>
/// <param name="Claim">Its headline result.</param>
public sealed record CatalogueEntry(string Slug, string Name, string Title, string Published, string Family, string Tier, string Mechanism, string Claim);

/// <summary>The systems that the project sets out to rebuild; embedded from <c>catalogue.jsonl</c>.</summary>
public static class Catalogue
{
    private static readonly Lazy<IReadOnlyList<CatalogueEntry>> s_all = new(Read);

    /// <summary>All systems in the order of slugs.</summary>
    public static IReadOnlyList<CatalogueEntry> All => s_all.Value;

    /// <summary>The families in the order of the alphabet.</summary>
    public static IReadOnlyList<string> Families => [.. All.Select(e => e.Family).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The system of that slug.</summary>
    /// <exception cref="InputException">There is none; the nearest slugs are suggested.</exception>
    public static CatalogueEntry Get(string slug) =>
        All.FirstOrDefault(e => e.Slug == slug) ?? throw Suggest.Unknown("system", slug, All.Select(e => e.Slug), "'isthmus study list' lists them, 'isthmus study search \"WORDS\"' finds them");

    /// <summary>The systems of a family.</summary>
    /// <exception cref="InputException">There is no such family.</exception>
    public static IReadOnlyList<CatalogueEntry> Of(string family) =>
        Families.Contains(family) ? [.. All.Where(e => e.Family == family)] : throw Suggest.Unknown("family", family, Families, $"families: {string.Join(", ", Families)}");

    private static CatalogueEntry[] Read()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("catalogue.jsonl")!, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<CatalogueEntry>(line, StudyJson.Options)!)];
    }
}

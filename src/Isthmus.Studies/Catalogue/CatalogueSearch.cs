namespace Isthmus.Studies;

/// <summary>A system and how well it fits the words.</summary>
/// <param name="Entry">The system.</param>
/// <param name="Score">Above 0; only comparable within one search.</param>
public sealed record CatalogueHit(CatalogueEntry Entry, double Score);

/// <summary>
/// Finds systems by words: Okapi BM25 (Robertson, Walker, Jones, Hancock-Beaulieu, Gatford 1995; k1 = 1.2, b = 0.75) over name, title, family, mechanism
/// and claim, where words of name and title count three times, and endings are cut.
/// </summary>
public static class CatalogueSearch
{
    private const double K1 = 1.2, B = 0.75;
    private const int TitleWeight = 3;
    private static readonly HashSet<string> s_common = ["a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "that", "the", "to", "with"];
    private static readonly Lazy<(CatalogueEntry Entry, Dictionary<string, int> Counts, int Length)[]> s_documents = new(() => [.. Catalogue.All.Select(Document)]);

    /// <summary>The best systems, best first.</summary>
    /// <param name="words">Any text.</param>
    /// <param name="count">How many at most.</param>
    public static IReadOnlyList<CatalogueHit> Find(string words, int count = 10)
    {
        ArgumentNullException.ThrowIfNull(words);
        var documents = s_documents.Value;
        var mean = documents.Average(d => (double)d.Length);
        var query = Words(words).Distinct().Select(word => (Word: word, In: documents.Count(d => d.Counts.ContainsKey(word))))
            .Select(w => (w.Word, Weight: Math.Log(1 + ((documents.Length - w.In + 0.5) / (w.In + 0.5))))).ToArray();
        return [.. documents.Select(d => new CatalogueHit(d.Entry, query.Sum(w => w.Weight * Saturated(d.Counts.GetValueOrDefault(w.Word), d.Length / mean))))
            .Where(hit => hit.Score > 0).OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Entry.Slug, StringComparer.Ordinal).Take(count)];
    }

    /// <summary>A word without its ending, as in <c>quantis</c> for quantised, quantizers and quantization.</summary>
    internal static string Stem(string word)
    {
        word = word.Replace('z', 's');
        foreach (var ending in (string[])["isations", "isation", "ations", "ation", "ings", "ing", "ives", "ive", "ers", "er", "ed", "es", "s", "e"])
            if (word.Length - ending.Length >= 3 && word.EndsWith(ending, StringComparison.Ordinal) && !word.EndsWith("ss", StringComparison.Ordinal))
            {
                word = word[..^ending.Length];
                break;
            }
        return word.Length > 5 && word.EndsWith("is", StringComparison.Ordinal) ? word[..^2] : word;
    }

    private static double Saturated(int count, double length) => count * (K1 + 1) / (count + (K1 * (1 - B + (B * length))));

    private static (CatalogueEntry, Dictionary<string, int>, int) Document(CatalogueEntry e)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (text, weight) in ((string, int)[])[($"{e.Name} {e.Slug} {e.Title}", TitleWeight), ($"{e.Family} {e.Mechanism} {e.Claim}", 1)])
            foreach (var word in Words(text)) counts[word] = counts.GetValueOrDefault(word) + weight;
        return (e, counts, counts.Values.Sum());
    }

    private static IEnumerable<string> Words(string text) =>
        new string([.. text.Select(c => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(w => !s_common.Contains(w)).Select(Stem);
}

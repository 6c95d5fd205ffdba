using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Concepts that come with a file of vectors or similarities, not with the data's columns.</summary>
internal static class GivenConcepts
{
    private const long MostMemory = 4L << 30;
    private static readonly string[] s_states = ["no", "yes"];

    /// <summary>A choice whose options name the file's concepts, so that a stored run knows them without the file.</summary>
    public static Choice Named(Choice choice) => choice.Options switch
    {
        PosthocOptions { Bank.Length: > 0, Names.Count: 0 } o => choice with { Options = o with { Names = Names(o.Bank, 0) } },
        LabelFreeConceptsOptions { Similarity.Length: > 0, Names.Count: 0 } o => choice with { Options = o with { Names = Names(o.Similarity, 1) } },
        LanguageOptions { Bank.Length: > 0, Names.Count: 0 } o => choice with { Options = o with { Names = Names(o.Bank, 0) } },
        DiscoveredOptions { Bank.Length: > 0, Names.Count: 0 } o => choice with { Options = o with { Names = Names(o.Bank, 0) } },
        _ => choice,
    };

    /// <summary>A binary concept for each name, or the data's annotated concepts where no file is given.</summary>
    public static ConceptSpace Space(Site site, string file, IReadOnlyList<string> names) => file.Length == 0 ? ConceptSpaces.Of(site)
        : new ConceptSpace([.. names.Select(n => new ConceptAxis(n, ConceptType.Binary, s_states))]);

    /// <summary>The vectors of a bank; null without one, or where a stored run is loaded, which holds them itself.</summary>
    public static ConceptBank? Bank(Site site, PosthocOptions o) => Bank(site, o.Bank, o.Names);

    /// <summary>The words that name features; null as above.</summary>
    public static ConceptBank? Bank(Site site, DiscoveredOptions o) => Bank(site, o.Bank, o.Names);

    /// <summary>A bottleneck of concepts chosen out of a bank; a stored run's is filled from its model.</summary>
    public static LanguageBottleneck Language(Site site, LanguageOptions o) => site.TrainingRows == 0 ? LanguageBottleneck.ToLoad(site.Size, o)
        : new LanguageBottleneck(site.Size, o, Bank(site, o.Bank, o.Names), o.Classes.Length == 0 ? null : Matrix(o.Classes, "bottleneck.classes"));

    private static ConceptBank? Bank(Site site, string file, IReadOnlyList<string> names) => file.Length == 0 || site.TrainingRows == 0 ? null : ConceptBank.Of(Matrix(file, "bottleneck.bank"), names);

    /// <summary>The similarities; null as above.</summary>
    public static Tensor? Similarity(Site site, LabelFreeConceptsOptions o) => o.Similarity.Length == 0 || site.TrainingRows == 0 ? null : Matrix(o.Similarity, "bottleneck.similarity");

    private static Tensor Matrix(string file, string field)
    {
        var array = NpyFile.Read<float>(file, MostMemory);
        if (array.Shape is not [> 0, > 0]) throw new InputException($"{field}: {file} holds ({string.Join(", ", array.Shape)}) numbers, a matrix is expected");
        var at = Array.FindIndex(array.Values, v => !float.IsFinite(v));
        if (at >= 0) throw new InputException(FormattableString.Invariant($"{field}: {file}: row {at / array.Shape[1]}, column {at % array.Shape[1]} is {array.Values[at]}"), "finite numbers are expected");
        return Tensor.From(array.Values, array.Shape);
    }

    // The lines of the text file beside it, or numbers from 1.
    private static string[] Names(string file, int dimension)
    {
        var count = Matrix(file, "bottleneck").Size(dimension);
        var text = Path.ChangeExtension(file, ".txt");
        if (!File.Exists(text)) return [.. Enumerable.Range(1, count).Select(i => FormattableString.Invariant($"concept {i}"))];
        string[] names = [.. File.ReadLines(text).Select(l => l.Trim()).Where(l => l.Length > 0)];
        return names.Length == count ? names : throw new InputException(FormattableString.Invariant($"{text}: {names.Length} names for {count} concepts of {file}"), "one name a line, in their order");
    }
}

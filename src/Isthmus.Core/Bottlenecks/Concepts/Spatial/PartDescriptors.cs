using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// What classes look like in words, a phrase for each part: a language bottleneck that a person edits. It has no weights: a class that is written
/// down is a class that can be recognised. Immutable; an edit gives another.
/// </summary>
public sealed class PartDescriptors
{
    private readonly (string Name, string[] Phrases)[] _classes;

    /// <summary>Descriptors without classes.</summary>
    /// <param name="parts">Names of the parts: head, wing.</param>
    /// <param name="vocabulary">The words that phrases are made of; each once, without blanks.</param>
    /// <exception cref="InputException">There are no parts or words, or one stands twice or has a blank in it.</exception>
    public PartDescriptors(IReadOnlyList<string> parts, IReadOnlyList<string> vocabulary) : this(Named(parts, "part", false), Named(vocabulary, "word", true), []) { }

    private PartDescriptors(IReadOnlyList<string> parts, IReadOnlyList<string> vocabulary, (string, string[])[] classes) => (Parts, Vocabulary, _classes) = (parts, vocabulary, classes);

    /// <summary>Names of the parts.</summary>
    public IReadOnlyList<string> Parts { get; }

    /// <summary>The words that there are.</summary>
    public IReadOnlyList<string> Vocabulary { get; }

    /// <summary>Names of the classes, in the order in which they were added.</summary>
    public IReadOnlyList<string> Classes => [.. _classes.Select(c => c.Name)];

    /// <summary>The phrase of a class's part.</summary>
    /// <exception cref="InputException">There is no such class or part.</exception>
    public string this[string name, string part] => _classes[Index(name)].Phrases[Part(part)];

    /// <summary>A new class, or all phrases of an old one exchanged.</summary>
    /// <param name="name">The class.</param>
    /// <param name="phrases">A phrase for each part: words, separated by blanks; an empty one says nothing of the part.</param>
    /// <exception cref="InputException">There are more or fewer phrases than parts, or a word is unknown.</exception>
    public PartDescriptors With(string name, params IReadOnlyList<string> phrases)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(phrases);
        if (phrases.Count != Parts.Count) throw new InputException($"class '{name}': {phrases.Count} phrases for the {Parts.Count} parts {string.Join(", ", Parts)}");
        foreach (var phrase in phrases) Words(phrase);
        var at = Array.FindIndex(_classes, c => c.Name == name);
        (string, string[]) entry = (name, [.. phrases]);
        return new PartDescriptors(Parts, Vocabulary, at < 0 ? [.. _classes, entry] : [.. _classes[..at], entry, .. _classes[(at + 1)..]]);
    }

    /// <summary>One phrase of a class exchanged.</summary>
    /// <exception cref="InputException">A class, part or word is unknown.</exception>
    public PartDescriptors Edit(string name, string part, string phrase)
    {
        string[] phrases = [.. _classes[Index(name)].Phrases];
        phrases[Part(part)] = phrase;
        return With(name, phrases);
    }

    /// <summary>The phrases as numbers: what share of the phrase each word is.</summary>
    /// <returns>[classes, parts, words]; rows sum to 1, or are 0 where nothing is said.</returns>
    /// <exception cref="InvalidOperationException">There are no classes.</exception>
    public Tensor Bags()
    {
        if (_classes.Length == 0) throw new InvalidOperationException("part descriptors: there are no classes");
        var bags = Tensor.Zeros(_classes.Length, Parts.Count, Vocabulary.Count);
        for (var c = 0; c < _classes.Length; c++)
            for (var p = 0; p < Parts.Count; p++)
            {
                var words = Words(_classes[c].Phrases[p]);
                foreach (var word in words) bags.Data[(((c * Parts.Count) + p) * Vocabulary.Count) + word] += 1f / words.Length;
            }
        return bags;
    }

    private int[] Words(string phrase)
    {
        ArgumentNullException.ThrowIfNull(phrase);
        return [.. phrase.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => Find("word", word, Vocabulary))];
    }

    private int Index(string name) => Find("class", name, Classes);

    private int Part(string part) => Find("part", part, Parts);

    private static int Find(string what, string name, IReadOnlyList<string> names)
    {
        for (var i = 0; i < names.Count; i++)
            if (string.Equals(names[i], name, StringComparison.Ordinal)) return i;
        throw Suggest.Unknown(what, name, names);
    }

    private static IReadOnlyList<string> Named(IReadOnlyList<string> names, string what, bool single)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count == 0) throw new InputException($"part descriptors: at least one {what} is needed");
        if (names.FirstOrDefault(n => string.IsNullOrWhiteSpace(n) || (single && n.Contains(' '))) is { } wrong) throw new InputException($"part descriptors: '{wrong}' is no {what}");
        if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new InputException($"part descriptors: the {what} '{twice.Key}' stands twice");
        return [.. names];
    }
}

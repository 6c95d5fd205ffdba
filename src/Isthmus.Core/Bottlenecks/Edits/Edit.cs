namespace Isthmus.Bottlenecks;

/// <summary>What an edit does to its place in the message.</summary>
public enum EditKind
{
    /// <summary>Puts a value.</summary>
    Set,

    /// <summary>Forbids a code, for which the nearest allowed one stands in; silences a feature, latent or flag.</summary>
    Block,

    /// <summary>Multiplies a value.</summary>
    Scale,

    /// <summary>Adds Gaussian noise of a standard deviation; replaces codes and flags, with a probability, by random ones.</summary>
    Noise,

    /// <summary>Exchanges two places, or two codes of one place.</summary>
    Swap,

    /// <summary>Moves a value into an interval.</summary>
    Clamp,
}

/// <summary>One change.</summary>
/// <param name="Name">The concept, code, feature or latent, as the bottleneck names it: <c>code.0</c>, <c>latent.3</c>, <c>feature.12</c>,
/// the part's own name instead of the word; <c>*</c> for all, <c>2-5</c> for a range.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Value">The value set, the code blocked, the factor, the standard deviation or probability, the lower end of a clamp, or the
/// first of two codes that are swapped.</param>
public sealed record Change(string Name, EditKind Kind, double Value)
{
    /// <summary>The upper end of a clamp; the second of two codes that are swapped.</summary>
    public double? Upper { get; init; }

    /// <summary>The other place of a swap of places.</summary>
    public string? Other { get; init; }

    /// <summary>The state that is set, by its name, as in <c>shape=round</c>; null where a number is set. Only concepts have named states.</summary>
    public string? Word { get; init; }

    /// <summary>The sample of the batch it applies to; null for all.</summary>
    public int? Row { get; init; }

    /// <summary>The change as <see cref="Edit.Parse"/> reads it.</summary>
    public override string ToString() => EditText.Of(this);
}

/// <summary>Changes to a message, applied in their order. A value: to undo a change is to leave it out.</summary>
/// <param name="Changes">In the order in which they are applied.</param>
public sealed record Edit(IReadOnlyList<Change> Changes)
{
    /// <summary>No change.</summary>
    public static Edit None { get; } = new([]);

    /// <summary>An edit that puts one value.</summary>
    public static Edit Set(string name, double value) => new([new Change(name, EditKind.Set, value)]);

    /// <summary>Reads changes separated by commas: <c>name=value</c>, <c>block name[:code]</c>, <c>swap name:name</c>, <c>swap name:code:code</c>,
    /// <c>clamp name:low..high</c>, <c>scale name:factor</c>, <c>noise name:deviation</c>; <c>name@row</c> for one row. Names with other signs
    /// than letters, digits, spaces and <c>._-*</c> stand in double quotes.</summary>
    /// <exception cref="InputException">Not of these forms.</exception>
    public static Edit Parse(string text) => EditText.Parse(text);

    /// <summary>These changes and one more.</summary>
    public Edit With(Change change) => new([.. Changes, change]);

    /// <summary>These changes without the last; nothing without any.</summary>
    public Edit Undo() => new([.. Changes.Take(Changes.Count - 1)]);

    /// <summary>The same changes in the message of a bottleneck inserted at a layer: its name and a slash before each name that has none.</summary>
    public Edit At(string layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        string Of(string name) => name.Contains('/', StringComparison.Ordinal) ? name : $"{layer}/{name}";
        return new Edit([.. Changes.Select(c => c with { Name = Of(c.Name), Other = c.Other is { } other ? Of(other) : null })]);
    }

    /// <summary>The edit as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Join(",", Changes);
}

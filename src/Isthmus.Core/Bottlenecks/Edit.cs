namespace Isthmus.Bottlenecks;

/// <summary>What an edit does to its place in the message.</summary>
public enum EditKind
{
    /// <summary>Puts a value.</summary>
    Set,

    /// <summary>Forbids a code or silences a feature.</summary>
    Block,

    /// <summary>Multiplies a value.</summary>
    Scale,

    /// <summary>Adds Gaussian noise of a standard deviation.</summary>
    Noise,
}

/// <summary>One change.</summary>
/// <param name="Name">The concept, code, feature or latent, as the bottleneck names it; <c>part/index</c> in general.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Value">The value set, the factor, or the standard deviation.</param>
public sealed record Change(string Name, EditKind Kind, float Value)
{
    /// <summary>The sample of the batch it applies to; null for all.</summary>
    public int? Row { get; init; }

    /// <summary>The position (token, pixel of a map) it applies to; null for all.</summary>
    public int? Position { get; init; }
}

/// <summary>Changes to a message, applied in order by the bottleneck that made it.</summary>
public sealed record Edit(IReadOnlyList<Change> Changes)
{
    /// <summary>An edit that puts one value.</summary>
    public static Edit Set(string name, float value) => new([new Change(name, EditKind.Set, value)]);
}

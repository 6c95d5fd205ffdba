namespace Isthmus.Bottlenecks;

/// <summary>What values a concept takes.</summary>
public enum ConceptType
{
    /// <summary>There or not.</summary>
    Binary,

    /// <summary>One of several states without an order.</summary>
    Categorical,

    /// <summary>One of several levels in an order.</summary>
    Ordinal,

    /// <summary>A number, standardised.</summary>
    Continuous,
}

/// <summary>One concept: its name, its states, and what it costs to ask for it.</summary>
/// <param name="Name">As people call it.</param>
/// <param name="Type">What values it takes.</param>
/// <param name="Categories">The names of its states, levels in rising order; two of a binary one (absent, present), none of a continuous one.</param>
public sealed record ConceptAxis(string Name, ConceptType Type, IReadOnlyList<string> Categories)
{
    /// <summary>What asking a person or a laboratory for its value costs, in any unit; not negative.</summary>
    public double Cost { get; init; } = 1;

    /// <summary>The group that is asked for as a whole; null for the concept by itself.</summary>
    public string? Group { get; init; }

    /// <summary>What was subtracted from a continuous concept.</summary>
    public double Mean { get; init; }

    /// <summary>What a continuous concept was divided by, above 0.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>How many states there are: 2, the number of categories, or 0 of a continuous concept.</summary>
    public int States => Type switch { ConceptType.Binary => 2, ConceptType.Continuous => 0, _ => Categories.Count };

    /// <summary>How many numbers stand for it: 1; one a state of a categorical one (one-hot); one less than its levels of an ordinal one
    /// (column i: "at least level i + 1").</summary>
    public int Width => Type switch { ConceptType.Categorical => Categories.Count, ConceptType.Ordinal => Categories.Count - 1, _ => 1 };

    /// <summary>The name of a column of it.</summary>
    internal string Column(int i) => Type switch
    {
        ConceptType.Categorical => $"{Name}={Categories[i]}",
        ConceptType.Ordinal => $"{Name}>={Categories[i + 1]}",
        _ => Name,
    };
}

/// <summary>Concepts put by hand.</summary>
/// <param name="Values">[rows, width], encoded as <see cref="ConceptSpace.Encode(Tensors.Tensor)"/> does; soft values, and numbers outside 0..1 where a concept is
/// amplified, are allowed. What is not known is not looked at.</param>
/// <param name="Known">[rows, concepts]: 1 where a concept is put, 0 where the model's own belief stays.</param>
public sealed record ConceptValues(Tensors.Tensor Values, Tensors.Tensor Known);

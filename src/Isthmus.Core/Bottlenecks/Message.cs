using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>One part of a message; its first dimension is the batch.</summary>
public abstract record Part(string Name);

/// <summary>Integers: indices of codes, levels, rounded values.</summary>
/// <param name="Name">The part's name.</param>
/// <param name="Values">[batch, …].</param>
/// <param name="Alphabet">Values lie in 0..Alphabet-1; 0 where they are unbounded integers.</param>
public sealed record Symbols(string Name, LongTensor Values, int Alphabet) : Part(Name);

/// <summary>Which features of a dictionary are active, and their quantised sizes.</summary>
/// <param name="Name">The part's name.</param>
/// <param name="Support">[batch, k]: feature indices in rising order, -1 where fewer than k are active.</param>
/// <param name="Levels">[batch, k]: the level of each, 0 where the index is -1.</param>
/// <param name="Size">The number of features in the dictionary.</param>
public sealed record Sparse(string Name, LongTensor Support, LongTensor Levels, int Size) : Part(Name);

/// <summary>Binary decisions: hard concepts, sign codes.</summary>
/// <param name="Name">The part's name.</param>
/// <param name="Values">[batch, …], each 0 or 1.</param>
public sealed record Flags(string Name, LongTensor Values) : Part(Name);

/// <summary>Real numbers, 32 bits each when written: they have no finite rate until they are quantised.</summary>
/// <param name="Name">The part's name.</param>
/// <param name="Values">[batch, …].</param>
public sealed record Floats(string Name, Tensor Values) : Part(Name);

/// <summary>What the receiver gets: named parts in the order in which they are written, later ones possibly under earlier ones.</summary>
/// <param name="Parts">In the order of writing.</param>
public sealed record Message(IReadOnlyList<Part> Parts)
{
    /// <summary>How many tokens of each sample are present, [batch]; null where all are.</summary>
    public LongTensor? Lengths { get; init; }

    /// <summary>The part with a name, as a type.</summary>
    public T Part<T>(string name) where T : Part
    {
        foreach (var part in Parts)
            if (part is T found && string.Equals(part.Name, name, StringComparison.Ordinal)) return found;
        throw new ArgumentException($"message: there is no part '{name}' of {typeof(T).Name} among {string.Join(", ", Parts.Select(p => $"{p.Name} ({p.GetType().Name})"))}");
    }

    /// <summary>The message of one sample by itself.</summary>
    /// <param name="row">From 0.</param>
    public Message Row(int row)
    {
        return new([.. Parts.Select(p => p switch
        {
            Symbols s => s with { Values = Of(s.Values) },
            Flags f => f with { Values = Of(f.Values) },
            Sparse s => s with { Support = Of(s.Support), Levels = Of(s.Levels) },
            Floats f => f with { Values = f.Values.Narrow(0, row, 1) },
            _ => p,
        })])
        { Lengths = Lengths is null ? null : Of(Lengths) };
        LongTensor Of(LongTensor values)
        {
            var size = values.Numel / values.Shape[0];
            return LongTensor.From(values.Data.Slice(row * size, size), [1, .. values.Shape[1..]]);
        }
    }

    /// <summary>The only part, as a type.</summary>
    public T Single<T>() where T : Part => Parts is [T only]
        ? only
        : throw new ArgumentException($"message: one part of {typeof(T).Name} is needed, and there are {string.Join(", ", Parts.Select(p => $"{p.Name} ({p.GetType().Name})"))}");
}

/// <summary>What the receiver has to know before it reads: it stands in the frame's header.</summary>
/// <param name="Count">Samples in the message.</param>
/// <param name="Sizes">The unit's own shape where it varies (height and width of a map, tokens of a text); else empty.</param>
public sealed record MessageShape(int Count, params IReadOnlyList<int> Sizes);

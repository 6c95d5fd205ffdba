using System.Globalization;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Bottlenecks;

/// <summary>
/// A <see cref="TemporalConceptHead"/> on concepts that stand side by side, one column for each concept and window, named <c>ramp@3</c>, <c>ramp.3</c> or
/// <c>ramp_3</c>: the decoder of a concept bottleneck whose annotations are a table.
/// </summary>
public sealed class TemporalReading : Module
{
    private readonly LongTensor _order; // the column of each window and concept

    /// <summary>A head over named columns.</summary>
    /// <param name="columns">The columns' names: every concept in every window, in any order.</param>
    /// <param name="classes">How many numbers an answer has.</param>
    /// <param name="options">What the head is made of.</param>
    /// <param name="random">For the initial weights.</param>
    /// <exception cref="InputException">A name has no window, or a concept lacks one.</exception>
    public TemporalReading(IReadOnlyList<string> columns, int classes, TemporalOptions options, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(columns);
        var parsed = columns.Select((name, at) => (Parsed: Parse(name), At: at)).ToArray();
        Concepts = [.. parsed.Select(p => p.Parsed.Concept).Distinct(StringComparer.Ordinal)];
        Windows = [.. parsed.Select(p => p.Parsed.Window).Distinct().Order()];
        var places = new Dictionary<(string, int), int>();
        foreach (var (key, at) in parsed)
            if (!places.TryAdd(key, at)) throw new InputException(FormattableString.Invariant($"decoder.type temporal: concept '{key.Concept}' stands twice in window {key.Window}"));
        _order = LongTensor.From([.. Windows.SelectMany(t => Concepts.Select(c => (long)(places.TryGetValue((c, t), out var at) ? at
            : throw new InputException(FormattableString.Invariant($"decoder.type temporal: concept '{c}' has no window {t}, which others have")))))]);
        Head = AddModule("head", new TemporalConceptHead(Concepts.Count, classes, options, random));
    }

    /// <summary>The concepts, in the order of their first columns.</summary>
    public IReadOnlyList<string> Concepts { get; }

    /// <summary>The windows' numbers, rising.</summary>
    public IReadOnlyList<int> Windows { get; }

    /// <summary>What reads the concepts.</summary>
    public TemporalConceptHead Head { get; }

    /// <summary>Columns as courses over time.</summary>
    /// <param name="columns">[rows, columns].</param>
    /// <returns>[rows, windows, concepts].</returns>
    public Tensor Arrange(Tensor columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        return columns.IndexSelect(1, _order).Reshape(columns.Size(0), Windows.Count, Concepts.Count);
    }

    /// <summary>[rows, columns] to [rows, classes].</summary>
    protected override Tensor Compute(Tensor x) => Head.Forward(Arrange(x));

    private static (string Concept, int Window) Parse(string name)
    {
        var at = name.LastIndexOfAny(['@', '.', '_']);
        return at > 0 && int.TryParse(name.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var window) ? (name[..at], window)
            : throw new InputException($"decoder.type temporal: concept '{name}' names no window", "as in ramp@3, ramp.3 or ramp_3");
    }
}

using Isthmus.Networks;

namespace Isthmus.Bottlenecks;

/// <summary>
/// Edits of a head that hold for every row: what a concept says for a class is taken away, or set (Yuksekgonul, Wang, Zou 2023, section
/// 3.3). The weights are changed in place.
/// </summary>
public static class HeadEdits
{
    /// <summary>The one linear layer of a head, under whatever wraps it.</summary>
    /// <exception cref="InputException">The head is not linear.</exception>
    public static Linear LayerOf(Module head)
    {
        ArgumentNullException.ThrowIfNull(head);
        Linear[] layers = [.. head.NamedModules().Select(m => m.Value).OfType<Linear>()];
        return layers is [var only] ? only : throw new InputException(FormattableString.Invariant($"the head has {layers.Length} linear layers; weights of a head with one can be edited"), "decoder.type: linear or sparse");
    }

    /// <summary>Sets what concepts say for a class to 0.</summary>
    /// <param name="layer">Weights [classes, concepts].</param>
    /// <param name="label">The class.</param>
    /// <param name="concepts">The concepts' columns.</param>
    /// <param name="normalize">Whether the weights that are left of the class are scaled so that their absolute sum is what it was.</param>
    public static void Prune(Linear layer, int label, IReadOnlyList<int> concepts, bool normalize = false)
    {
        ArgumentNullException.ThrowIfNull(concepts);
        var row = Row(layer, label);
        double Sum(Span<float> of)
        {
            double sum = 0;
            foreach (var w in of) sum += Math.Abs(w);
            return sum;
        }
        var before = Sum(row);
        foreach (var concept in concepts)
        {
            Check(row, concept);
            row[concept] = 0;
        }
        var after = Sum(row);
        if (!normalize || after == 0) return;
        foreach (ref var w in row) w = (float)(w * before / after);
    }

    /// <summary>Sets what a concept says for a class.</summary>
    public static void Set(Linear layer, int label, int concept, float weight)
    {
        if (!float.IsFinite(weight)) throw new ArgumentOutOfRangeException(nameof(weight), weight, "a finite number is expected");
        var row = Row(layer, label);
        Check(row, concept);
        row[concept] = weight;
    }

    private static Span<float> Row(Linear layer, int label)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var (classes, concepts) = (layer.Weight.Size(0), layer.Weight.Size(1));
        if (label < 0 || label >= classes) throw new ArgumentOutOfRangeException(nameof(label), label, FormattableString.Invariant($"0 to {classes - 1} is expected"));
        return layer.Weight.Data.Slice(label * concepts, concepts);
    }

    private static void Check(Span<float> row, int concept)
    {
        if (concept < 0 || concept >= row.Length) throw new ArgumentOutOfRangeException(nameof(concept), concept, FormattableString.Invariant($"0 to {row.Length - 1} is expected"));
    }
}

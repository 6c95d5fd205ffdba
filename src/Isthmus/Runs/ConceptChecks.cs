using Isthmus.Data;

namespace Isthmus.Runs;

/// <summary>What would make a model of concepts worthless, found before it is trained.</summary>
internal static class ConceptChecks
{
    /// <summary>Looks at the training rows.</summary>
    /// <param name="data">The data.</param>
    /// <param name="training">The rows to learn from.</param>
    /// <param name="leastAnnotated">Rows in which each concept has to be annotated.</param>
    /// <returns>What a person should know.</returns>
    /// <exception cref="InputException">A concept that never changes, is annotated too rarely, or is the target under another name.</exception>
    public static IReadOnlyList<string> Look(Dataset data, int[] training, int leastAnnotated)
    {
        if (data.Concepts is not { } concepts) return [];
        for (var c = 0; c < concepts.Columns.Count; c++) One(data, concepts, c, training, leastAnnotated);
        return Contradictions(data, training);
    }

    private static void One(Dataset data, ConceptTable concepts, int c, int[] training, int leastAnnotated)
    {
        var name = concepts.Columns[c].Name;
        int[] known = [.. training.Where(row => !concepts.IsMissing(row, c))];
        if (known.Length < leastAnnotated)
            throw new InputException(FormattableString.Invariant($"{data.Name}: concept '{name}' is annotated in {known.Length} training rows, {leastAnnotated} are asked for"), "leave it out of --concepts, or set data.least_annotated");
        var first = concepts.Row(known[0])[c];
        if (known.All(row => concepts.Row(row)[c] == first))
            throw new InputException($"{data.Name}: concept '{name}' is always {Text(concepts.Columns[c], first)} in the training rows", "a concept that never changes says nothing: leave it out of --concepts");
        if (data.Target is not ClassTarget target || concepts.Columns[c].Kind == ConceptKind.Continuous) return;
        var (to, from) = (new Dictionary<float, int>(), new Dictionary<int, float>());
        foreach (var row in known)
            if (!Agrees(to, concepts.Row(row)[c], target.Labels[row]) || !Agrees(from, target.Labels[row], concepts.Row(row)[c])) return;
        throw new InputException($"{data.Name}: concept '{name}' is the target '{target.Name}' under another name", "a model that decides by it explains nothing: leave it out of --concepts");
    }

    private static bool Agrees<TKey, TValue>(Dictionary<TKey, TValue> map, TKey key, TValue value) where TKey : notnull
    {
        if (map.TryAdd(key, value)) return true;
        return EqualityComparer<TValue>.Default.Equals(map[key], value);
    }

    private static string[] Contradictions(Dataset data, int[] training)
    {
        if (data.Target is not ClassTarget target || data.FeatureSize == 0) return [];
        var classes = new Dictionary<ulong, List<int>>();
        foreach (var row in training)
        {
            var hash = Hash(data.Row(row));
            if (!classes.TryGetValue(hash, out var same)) classes[hash] = same = [];
            same.Add(row);
        }
        var contradicting = classes.Values.Where(same => same.Count > 1).Sum(same => same.Count(row => same.Any(other => target.Labels[other] != target.Labels[row] && data.Row(other).SequenceEqual(data.Row(row)))));
        return contradicting == 0 ? [] : [FormattableString.Invariant($"{contradicting} training rows equal another one in every feature and have another {target.Name}: no model can be right about all of them")];
    }

    private static ulong Hash(ReadOnlySpan<float> row)
    {
        var hash = 14695981039346656037UL; // FNV-1a
        foreach (var v in row) hash = (hash ^ BitConverter.SingleToUInt32Bits(v)) * 1099511628211UL;
        return hash;
    }

    private static string Text(Concept concept, float value) => concept.Kind == ConceptKind.Continuous
        ? FormattableString.Invariant($"{(value * concept.Scale) + concept.Mean:G6}") : $"'{concept.Categories[(int)value]}'";
}

using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>What a model with concepts says of some rows, beside what annotators said: what the measures of concepts read.</summary>
public sealed record ConceptRows
{
    /// <summary>Gathers and checks the rows.</summary>
    /// <param name="truth">[n, k] annotations as plain values: 0 or 1, the index of a category, a level, a number; NaN where unknown.</param>
    /// <param name="codes">[n, width] what passes the bottleneck in place of the concepts: hard bits, probabilities, logits or embeddings; finite.</param>
    /// <param name="blocks">For each of the k concepts the columns of <paramref name="codes"/> that stand for it, first and number. Columns outside every block (a residual) are read where all columns are read together.</param>
    /// <param name="labels">[n] the class of each row, 0 to <paramref name="classes"/> − 1.</param>
    /// <param name="classes">At least 2.</param>
    /// <param name="decided">[n, k] the model's concepts as plain values, each the most probable one; null where not known.</param>
    /// <param name="names">k names; <c>c1</c>, <c>c2</c> … where null.</param>
    /// <exception cref="ArgumentException">Shapes that do not fit, a code that is not finite, a class outside the range.</exception>
    public ConceptRows(Tensor truth, Tensor codes, IReadOnlyList<(int From, int Count)> blocks, int[] labels, int classes, Tensor? decided = null, IReadOnlyList<string>? names = null)
    {
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(codes);
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        if (truth.Dim != 2 || codes.Dim != 2 || truth.Size(0) != codes.Size(0) || labels.Length != truth.Size(0))
            throw new ArgumentException($"concepts: annotations [{string.Join(", ", truth.Shape.ToArray())}], codes [{string.Join(", ", codes.Shape.ToArray())}] and {labels.Length} labels; the same number of rows is needed");
        if (blocks.Count != truth.Size(1) || decided is not null && !decided.Shape.SequenceEqual(truth.Shape) || names is not null && names.Count != blocks.Count)
            throw new ArgumentException($"concepts: {truth.Size(1)} annotated concepts need as many blocks, decisions and names");
        foreach (var (from, count) in blocks)
            if (from < 0 || count < 1 || from > codes.Size(1) - count)
                throw new ArgumentException(FormattableString.Invariant($"concepts: columns {from}..{(long)from + count - 1} of {codes.Size(1)}"), nameof(blocks));
        foreach (var label in labels)
            if (label < 0 || label >= classes) throw new ArgumentException(FormattableString.Invariant($"concepts: class {label} of {classes}"), nameof(labels));
        foreach (var v in codes.Data)
            if (!float.IsFinite(v)) throw new ArgumentException("concepts: a code is not a finite number", nameof(codes));
        (Truth, Codes, Blocks, Labels, Classes, Decided) = (truth, codes, blocks, labels, classes, decided);
        Names = names ?? [.. Enumerable.Range(1, blocks.Count).Select(j => FormattableString.Invariant($"c{j}"))];
    }

    /// <summary>[n, k] annotations.</summary>
    public Tensor Truth { get; }

    /// <summary>[n, width] what passes.</summary>
    public Tensor Codes { get; }

    /// <summary>The columns of each concept.</summary>
    public IReadOnlyList<(int From, int Count)> Blocks { get; }

    /// <summary>[n] classes.</summary>
    public int[] Labels { get; }

    /// <summary>How many classes there may be.</summary>
    public int Classes { get; }

    /// <summary>[n, k] the model's decisions, or null.</summary>
    public Tensor? Decided { get; }

    /// <summary>The concepts' names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>n.</summary>
    public int Count => Labels.Length;

    /// <summary>k.</summary>
    public int Concepts => Blocks.Count;

    /// <summary>The code of one concept, [n × its columns], row after row.</summary>
    public float[] Block(int concept)
    {
        var (from, count) = Blocks[concept];
        var all = Codes.Data;
        var width = Codes.Size(1);
        var block = new float[Count * count];
        for (var i = 0; i < Count; i++) all.Slice(i * width + from, count).CopyTo(block.AsSpan(i * count));
        return block;
    }

    /// <summary>Some of the rows, in the order given.</summary>
    public ConceptRows Take(IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        Tensor Rows(Tensor from)
        {
            var width = from.Size(1);
            var to = new float[rows.Count * width];
            for (var i = 0; i < rows.Count; i++) from.Data.Slice(rows[i] * width, width).CopyTo(to.AsSpan(i * width));
            return Tensor.From(to, rows.Count, width);
        }
        return new ConceptRows(Rows(Truth), Rows(Codes), Blocks, [.. rows.Select(i => Labels[i])], Classes, Decided is null ? null : Rows(Decided), Names);
    }

    /// <summary>The rows in which every concept is annotated; where they are more than so many, a selection that is spread evenly.</summary>
    public ConceptRows Annotated(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var k = Concepts;
        var known = Enumerable.Range(0, Count).Where(i => !Truth.Data.Slice(i * k, k).Contains(float.NaN)).ToArray(); // Contains finds NaN
        if (known.Length > most) known = [.. Enumerable.Range(0, most).Select(i => known[(int)((long)i * known.Length / most)])];
        return known.Length == Count ? this : Take(known);
    }

    /// <summary>Classes made of numbers, for targets that are not classes: which part of the ordered values each lies in, equal values in the same one.</summary>
    /// <param name="values">Finite numbers.</param>
    /// <param name="parts">At least 2.</param>
    public static int[] QuantileLabels(ReadOnlySpan<float> values, int parts = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 2);
        var sorted = values.ToArray();
        Array.Sort(sorted);
        var labels = new int[values.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            var at = Array.BinarySearch(sorted, values[i]);
            while (at > 0 && sorted[at - 1] == values[i]) at--;
            labels[i] = (int)((long)at * parts / sorted.Length);
        }
        return labels;
    }
}

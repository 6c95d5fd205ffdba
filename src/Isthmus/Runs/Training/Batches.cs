using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Rows of a data set as the tensors that networks and objectives take.</summary>
internal static class Batches
{
    /// <summary>A batch of some rows; its tensors belong to the open scope.</summary>
    public static Batch Of(Dataset data, ReadOnlySpan<int> rows)
    {
        var inputs = Tensor.Zeros([rows.Length, .. data.FeatureShape]);
        data.CopyRows(rows, inputs.Data);
        return new Batch(inputs)
        {
            Labels = data.Target is ClassTarget classes ? Labels(classes, rows) : null,
            Targets = data.Target is ContinuousTarget numbers ? Targets(numbers, rows) : null,
            Concepts = data.Concepts is { Columns.Count: > 0 } concepts ? Concepts(concepts, rows) : null,
        };
    }

    /// <summary>Parts of a list of rows, each of at most so many.</summary>
    public static IEnumerable<int[]> Split(int[] rows, int size) => rows.Chunk(size);

    private static LongTensor Labels(ClassTarget target, ReadOnlySpan<int> rows)
    {
        var labels = LongTensor.Zeros(rows.Length);
        for (var i = 0; i < rows.Length; i++) labels.Data[i] = target.Labels[rows[i]];
        return labels;
    }

    private static Tensor Targets(ContinuousTarget target, ReadOnlySpan<int> rows)
    {
        var targets = Tensor.Zeros(rows.Length, target.Width);
        for (var i = 0; i < rows.Length; i++) target.Values.AsSpan(rows[i] * target.Width, target.Width).CopyTo(targets.Data[(i * target.Width)..]);
        return targets;
    }

    private static Tensor Concepts(ConceptTable concepts, ReadOnlySpan<int> rows)
    {
        var k = concepts.Columns.Count;
        var values = Tensor.Zeros(rows.Length, k);
        for (var i = 0; i < rows.Length; i++)
        {
            concepts.Row(rows[i]).CopyTo(values.Data[(i * k)..]);
            for (var c = 0; c < k; c++)
                if (concepts.IsMissing(rows[i], c)) values.Data[(i * k) + c] = float.NaN;
        }
        return values;
    }
}

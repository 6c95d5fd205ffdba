using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>Rows of a data set as the tensors that networks and objectives take.</summary>
internal static class Batches
{
    private const long MostAnswers = 1 << 22;

    /// <summary>A batch of some rows; its tensors belong to the open scope.</summary>
    public static Batch Of(Dataset data, ReadOnlySpan<int> rows)
    {
        var inputs = data.Kind == DataKind.Text ? Tokens(data.Indices!, rows) : Tensor.Zeros([rows.Length, .. data.FeatureShape]);
        if (data.Kind != DataKind.Text) data.CopyRows(rows, inputs.Data);
        return new Batch(inputs)
        {
            Labels = data.Target switch { ClassTarget classes => Labels(classes, rows), TokenTarget tokens => Labels(tokens, rows), _ => null },
            Targets = data.Target is ContinuousTarget numbers ? Targets(numbers, rows) : null,
            Times = data.Target is SurvivalTarget times ? Numbers(rows, r => times.Times[r]) : null,
            Events = data.Target is SurvivalTarget events ? Numbers(rows, r => events.Events[r] ? 1 : 0) : null,
            Concepts = data.Concepts is { Columns.Count: > 0 } concepts ? Concepts(concepts, rows) : null,
        };
    }

    /// <summary>How many rows are evaluated at once: so many, or fewer where a row has an answer at every token and the vocabulary is large.</summary>
    public static int Most(Model model, int rows) => model.Task == RunTask.NextToken ? (int)Math.Clamp(MostAnswers / ((long)model.Units * model.Site.OutputSize), 1, rows) : rows;

    /// <summary>Which units of a batch of rows are the data's own: all, but for what fills the last window of a text.</summary>
    public static int[] Present(Model model, Dataset data, ReadOnlySpan<int> rows)
    {
        var units = model.Units;
        var present = new List<int>(rows.Length * units);
        for (var i = 0; i < rows.Length * units; i++)
            if (units == 1 || data.Indices!.Row(rows[i / units])[i % units] >= 0) present.Add(i);
        return [.. present];
    }

    /// <summary>Parts of a list of rows, each of at most so many.</summary>
    public static IEnumerable<int[]> Split(int[] rows, int size) => rows.Chunk(size);

    // Whole numbers up to 2^24 are exact in a float; a vocabulary is far smaller.
    private static Tensor Tokens(IndexColumns tokens, ReadOnlySpan<int> rows)
    {
        var inputs = Tensor.Zeros(rows.Length, tokens.Columns);
        for (var i = 0; i < rows.Length; i++)
            for (var t = 0; t < tokens.Columns; t++) inputs.Data[(i * tokens.Columns) + t] = tokens.Row(rows[i])[t];
        return inputs;
    }

    private static LongTensor Labels(TokenTarget target, ReadOnlySpan<int> rows)
    {
        var labels = LongTensor.Zeros(rows.Length * target.Width);
        for (var i = 0; i < rows.Length; i++)
            for (var t = 0; t < target.Width; t++) labels.Data[(i * target.Width) + t] = target.Row(rows[i])[t];
        return labels;
    }

    private static LongTensor Labels(ClassTarget target, ReadOnlySpan<int> rows)
    {
        var labels = LongTensor.Zeros(rows.Length);
        for (var i = 0; i < rows.Length; i++) labels.Data[i] = target.Labels[rows[i]];
        return labels;
    }

    private static Tensor Numbers(ReadOnlySpan<int> rows, Func<int, float> of)
    {
        var numbers = Tensor.Zeros(rows.Length);
        for (var i = 0; i < rows.Length; i++) numbers.Data[i] = of(rows[i]);
        return numbers;
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

using System.Globalization;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What stands beside a prediction.</summary>
[Flags]
public enum PredictionColumns
{
    /// <summary>The prediction alone.</summary>
    None = 0,
    /// <summary>The code or symbols that passed.</summary>
    Codes = 1,
    /// <summary>What each row cost, bits.</summary>
    Bits = 2,
    /// <summary>The concepts that passed.</summary>
    Concepts = 4,
    /// <summary>Every number of a reconstruction.</summary>
    Reconstruction = 8,
}

/// <summary>A run applied to new rows, written as CSV a batch at a time.</summary>
public static class Predictor
{
    private const int RowsAtOnce = 500;

    /// <summary>From <c>codes,bits</c>.</summary>
    /// <exception cref="InputException">Another word.</exception>
    public static PredictionColumns Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var all = PredictionColumns.None;
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Enum.GetNames<PredictionColumns>().Skip(1).Contains(word, StringComparer.OrdinalIgnoreCase) || !Enum.TryParse<PredictionColumns>(word, true, out var one))
                throw Suggest.Unknown("--with word", word, Enum.GetNames<PredictionColumns>().Skip(1).Select(n => n.ToLowerInvariant()));
            all |= one;
        }
        return all;
    }

    /// <summary>
    /// Writes a header and a line a row, of a text a line a token: its name or number, the prediction (the token that follows and its
    /// probability, class and probabilities, numbers in the target's units, or
    /// the squared error of a reconstruction), and the columns asked for.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Rows through its schema.</param>
    /// <param name="to">Where the lines go.</param>
    /// <param name="with">Further columns.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">Columns are asked for that this run does not have.</exception>
    public static void Write(Run run, Dataset data, TextWriter to, PredictionColumns with, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(to);
        var inference = Inference.Parse(run.Model.Recipe.Inference);
        var random = new RandomStream(run.Model.Recipe.Seed).Fork("evaluation");
        using var noGrad = new NoGrad();
        int[] rows = [.. Enumerable.Range(0, data.Count)];
        var atOnce = Batches.Most(run.Model, RowsAtOnce);
        var tokens = run.Model.Task == RunTask.NextToken ? data.Indices : null;
        var units = run.Model.Units;
        for (var at = 0; at == 0 || at < rows.Length; at += atOnce)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("prediction");
            var part = rows.AsSpan(at, Math.Min(atOnce, rows.Length - at));
            var empty = part.Length == 0;
            var inputs = empty ? Tensor.Zeros([1, .. data.FeatureShape]) : Batches.Of(data, part).Inputs; // a header needs one pass
            var columns = Columns(run.Model, inputs, inference, random.Fork((ulong)at), with);
            if (tokens is not null) columns.Insert(0, ("token", i => Quoted(run.Model.Schema.Vocabulary[tokens.Values[(at * units) + i]])));
            if (at == 0) to.WriteLine(string.Join(',', columns.Select(c => Quoted(c.Name)).Prepend(data.RowNames is null ? "row" : "name")));
            if (empty) return;
            for (var i = 0; i < part.Length * units; i++)
            {
                if (tokens is not null && tokens.Values[(at * units) + i] < 0) break; // what fills the last window
                to.Write(data.RowNames is { } names ? Quoted(names[part[i]]) : ((at * units) + i + 1).ToString(CultureInfo.InvariantCulture));
                foreach (var (_, value) in columns)
                {
                    to.Write(',');
                    to.Write(value(i));
                }
                to.WriteLine();
            }
        }
    }

    private static List<(string Name, Func<int, string> Value)> Columns(Model model, Tensor inputs, Inference inference, RandomStream random, PredictionColumns with)
    {
        Tensor? sum = null;
        Passage? first = null;
        for (var k = 0; k < inference.Samples; k++)
        {
            var (prediction, passage) = model.Network.Run(inputs, new PassContext(Evaluator.ModeOf(inference), random.Fork((ulong)k)));
            var answer = Evaluator.Readable(model, prediction);
            sum = sum is null ? answer : sum + answer;
            first ??= passage;
        }
        var mean = inference.Samples > 1 ? sum! / inference.Samples : sum!;
        var columns = model.Task == RunTask.Reconstruction ? [SquaredError(inputs, mean)] : Answers(model, mean);
        if (with.HasFlag(PredictionColumns.Bits)) columns.Add(BitsOf(first!));
        if (with.HasFlag(PredictionColumns.Codes)) columns.AddRange(Codes(first!));
        if (with.HasFlag(PredictionColumns.Concepts)) columns.AddRange(Concepts(model, inputs));
        if (with.HasFlag(PredictionColumns.Reconstruction))
        {
            if (model.Task != RunTask.Reconstruction) throw new InputException("--with reconstruction: the run predicts a target, it reconstructs nothing");
            columns.AddRange(Answers(model, mean));
        }
        return columns;
    }

    /// <summary>Columns of answers: class and probabilities, numbers in the target's units, or every number of a reconstruction.</summary>
    internal static List<(string Name, Func<int, string> Value)> Answers(Model model, Tensor mean)
    {
        if (model.Task == RunTask.NextToken)
        {
            var next = mean.ArgMax(1);
            return [("prediction", i => Quoted(model.Schema.Vocabulary[(int)next.Data[i]])), ("p", i => Text(mean.Data[(i * mean.Size(1)) + (int)next.Data[i]]))];
        }
        if (model.Task == RunTask.Survival) return [("log_hazard_ratio", i => Text(mean.Data[i]))];
        if (model.Task == RunTask.Classification)
        {
            var best = mean.ArgMax(1);
            var classes = model.Schema.Target!.Classes;
            return [("prediction", i => Quoted(classes[(int)best.Data[i]])), .. Numbers([.. classes.Select(c => "p_" + c)], "p", mean)];
        }
        if (model.Task != RunTask.Reconstruction)
        {
            var target = model.Schema.Target!;
            var width = mean.Size(1);
            return [.. Enumerable.Range(0, width).Select(c => (width == target.Names.Count ? target.Names[c] : FormattableString.Invariant($"{target.Names[c % target.Names.Count]}+{(c / target.Names.Count) + 1}"),
                (Func<int, string>)(i => Text((mean.Data[(i * width) + c] * target.Scale[c % target.Scale.Count]) + target.Mean[c % target.Mean.Count]))))];
        }
        return [.. Numbers(model.Schema.FeatureNames.Count == model.Site.OutputSize ? model.Schema.FeatureNames : null, "x", mean)];
    }

    private static (string, Func<int, string>) SquaredError(Tensor inputs, Tensor mean)
    {
        var flat = (mean.Reshape(inputs.Size(0), -1) - inputs.Reshape(inputs.Size(0), -1)).Square().Mean(1);
        return ("squared_error", i => Text(flat.Data[i]));
    }

    private static (string, Func<int, string>) BitsOf(Passage passage)
    {
        var rate = passage.Rate ?? throw new InputException($"--with bits: {passage.NoRate ?? "the bottleneck states no rate"}");
        return ("bits", i => Text(Bits.FromNats(rate.Scope == RateScope.Sample ? rate.Nats.Data[i] : rate.Nats.Item()).Value));
    }

    private static IEnumerable<(string, Func<int, string>)> Codes(Passage passage)
    {
        if (passage.Code is { } code) return Numbers(null, "z", code.Mean);
        var parts = passage.Message().Parts;
        return parts.SelectMany(part => part switch
        {
            Symbols s => Indices(s.Name, s.Values),
            Flags f => Indices(f.Name, f.Values),
            Sparse s => Indices(s.Name + "_feature", s.Support).Concat(Indices(s.Name + "_level", s.Levels)),
            Floats f => Numbers(null, parts.Count == 1 ? "z" : f.Name + "_", f.Values),
            _ => [],
        });
    }

    // What the layer believes, and the state that makes of it.
    private static IEnumerable<(string, Func<int, string>)> Concepts(Model model, Tensor inputs)
    {
        if (model.Network.Bottleneck is not ConceptBottleneck layer) throw new InputException("--with concepts: no concepts pass this bottleneck", "train with --concepts COLS --bottleneck concept");
        var features = model.Network.Encoder.Forward(inputs);
        var beliefs = layer.Beliefs(features, layer.Scores(features), null);
        var states = layer.Space.Decide(beliefs);
        var k = layer.Space.Count;
        return Enumerable.Range(0, k).Select(j => (layer.Space.Axes[j].Name, (Func<int, string>)(i => Quoted(layer.Space.Text(j, states.Data[(i * k) + j])))))
            .Concat(Numbers([.. layer.Space.ColumnNames.Select(n => "p_" + n)], "p", beliefs).Where((_, c) => layer.Space.Axes[layer.Space.ConceptOf(c)].Type != ConceptType.Continuous));
    }

    private static IEnumerable<(string, Func<int, string>)> Numbers(IReadOnlyList<string>? names, string prefix, Tensor values)
    {
        var width = (int)(values.Numel / values.Size(0));
        return Enumerable.Range(0, width).Select(c => (names is not null ? names[c] : FormattableString.Invariant($"{prefix}{c + 1}"), (Func<int, string>)(i => Text(values.Data[(i * width) + c]))));
    }

    private static IEnumerable<(string, Func<int, string>)> Indices(string name, LongTensor values)
    {
        var width = values.Numel / values.Shape[0];
        return Enumerable.Range(0, width).Select(c => (width == 1 ? name : FormattableString.Invariant($"{name}{c + 1}"),
            (Func<int, string>)(i => values.Data[(i * width) + c].ToString(CultureInfo.InvariantCulture))));
    }

    private static string Text(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    // RFC 4180; a text that a spreadsheet would run as a formula is left as it is, since it is the person's own column.
    private static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}

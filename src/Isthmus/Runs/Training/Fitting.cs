using System.Globalization;
using System.Runtime.InteropServices;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What is fitted by solvers of its own: projections onto concepts before training, sparse heads and residuals after it.</summary>
internal static class Fitting
{
    /// <summary>Fits the bottleneck where it asks for labelled rows.</summary>
    public static void Bottleneck(Model model, LoadedData loaded, int most)
    {
        if (model.Network.Bottleneck is IFitted part) part.Fit(Rows(model, loaded, most, model.Network.Encoder.Forward));
    }

    /// <summary>Fits the head to what passes now, and the residual to what the head leaves.</summary>
    public static void Head(Model model, LoadedData loaded, int most)
    {
        model.Judge();
        var (network, residual) = (model.Network, model.Network.Bottleneck as IResidual);
        var inner = (network.Decoder as ResidualSum)?.Head ?? network.Decoder;
        var fitted = inner.NamedModules().Select(m => m.Value).OfType<IFitted>().FirstOrDefault();
        if (fitted is null && residual is null) return;
        var passed = Rows(model, loaded, most, Passed);
        fitted?.Fit(passed);
        if (residual is null) return;
        using var noGrad = new NoGrad();
        residual.FitResidual(Rows(model, loaded, most, network.Encoder.Forward) with { Logits = inner.Forward(passed.Features) });

        Tensor Passed(Tensor x)
        {
            var output = network.Bottleneck.Forward(network.Encoder.Forward(x));
            output = output.Reshape(output.Size(0), -1);
            return residual is null ? output : output.Narrow(1, 0, output.Size(1) - residual.ResidualWidth);
        }
    }

    /// <summary>What a person should know of what was fitted.</summary>
    public static IEnumerable<string> Notes(Model model, LoadedData loaded, int[] rows)
    {
        if (model.Network is { Bottleneck: IResidual, Decoder: ResidualSum } && loaded.Data.Target is ClassTarget && rows.Length > 0)
        {
            var batch = Batches.Of(loaded.Data, rows);
            var report = ResidualReport.Of(model.Network, batch.Inputs, batch.Labels!);
            yield return string.Create(CultureInfo.InvariantCulture, $"the residual makes {report.Share:P0} of the logits' variance; accuracy {report.Accuracy:F4} with it, {report.Without:F4} by the concepts alone, {report.Alone:F4} by the residual alone");
        }
        if (model.Network.Bottleneck is LabelFreeConcepts { Verdicts: var verdicts } && verdicts.Where(v => v.Reason is not null).ToArray() is { Length: > 0 } left)
            yield return $"concepts left out: {string.Join(", ", left.Take(10).Select(v => $"{v.Name} ({v.Reason})"))}{(left.Length > 10 ? FormattableString.Invariant($" and {left.Length - 10} more") : "")}";
    }

    private static FittingRows Rows(Model model, LoadedData loaded, int most, Func<Tensor, Tensor> of)
    {
        using var noGrad = new NoGrad();
        var train = loaded.Split.Train;
        int[] rows = train.Length <= most ? train : [.. Enumerable.Range(0, most).Select(i => train[(int)((long)i * train.Length / most)])];
        List<float> features = [], concepts = [];
        var labels = new List<long>();
        foreach (var part in Batches.Split(rows, Batches.Most(model, 500)))
        {
            using var scope = new TensorScope("fitting");
            var batch = Batches.Of(loaded.Data, part);
            features.AddRange(of(batch.Inputs).Data);
            if (batch.Labels is { } some) labels.AddRange(some.Data);
            if (batch.Concepts is { } known) concepts.AddRange(known.Data);
        }
        return new FittingRows(Tensor.From(CollectionsMarshal.AsSpan(features), rows.Length, features.Count / rows.Length))
        {
            Labels = labels.Count == rows.Length ? LongTensor.Over([.. labels]) : null,
            Classes = model.Task == RunTask.Classification ? model.Site.OutputSize : 0,
            Concepts = concepts.Count > 0 ? Tensor.From(CollectionsMarshal.AsSpan(concepts), rows.Length, concepts.Count / rows.Length) : null,
            Places = rows,
        };
    }
}

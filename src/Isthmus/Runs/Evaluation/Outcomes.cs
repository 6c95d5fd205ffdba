using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>What a network did with some rows: answers, costs, codes.</summary>
public sealed class Outcomes
{
    internal Outcomes(int[] rows, int answerSize, int latent, bool choices = false)
    {
        (Rows, AnswerSize, Latent) = (rows, answerSize, latent);
        Answers = new float[checked(rows.Length * answerSize)];
        NllNats = new double[rows.Length];
        SquaredErrors = new double[rows.Length];
        Choices = choices ? new int[rows.Length] : null;
    }

    /// <summary>The rows, by their numbers in the data set; of a text its tokens: the number of the window times its length, and the place in it.</summary>
    public int[] Rows { get; }

    /// <summary>Numbers in an answer: classes, target columns, or 0 for reconstructions and next tokens, which are not kept.</summary>
    public int AnswerSize { get; }

    /// <summary>[rows, AnswerSize]: probabilities of classes, or standardised numbers.</summary>
    public float[] Answers { get; }

    /// <summary>The most probable next token of each token; null for other tasks.</summary>
    public int[]? Choices { get; }

    /// <summary>The objective's negative logarithm of the likelihood of each row, nats.</summary>
    public double[] NllNats { get; }

    /// <summary>Reconstructions: the mean squared error of each row, in the units of the features.</summary>
    public double[] SquaredErrors { get; }

    /// <summary>Reconstructions of sound: of each row 10 log10 of the energy of the part of the answer that points along the input, over that of the
    /// rest, dB (Le Roux, Wisdom, Erdogan, Hershey, "SDR - half-baked or well done?", 2019, equation 4); not a number for silence. Null for other data.</summary>
    public double[]? SiSdrDb { get; internal set; }

    /// <summary>What each row cost, nats; null where there is no rate.</summary>
    public double[]? RateNats { get; internal set; }

    /// <summary>What the rate stands for.</summary>
    public RateKind? Kind { get; internal set; }

    /// <summary>Why there is no rate.</summary>
    public string? NoRate { get; internal set; }

    /// <summary>Dimensions of the Gaussian code; 0 without one.</summary>
    public int Latent { get; internal set; }

    /// <summary>Means of the code, [rows, Latent]; empty without one.</summary>
    public float[] CodeMean { get; internal set; } = [];

    /// <summary>Standard deviations of the code, [rows, Latent].</summary>
    public float[] CodeStd { get; internal set; } = [];

    /// <summary>One sample of each code, [rows, Latent].</summary>
    public float[] CodeSample { get; internal set; } = [];

    /// <summary>Mean nats of each dimension where the rate adds up over them; null elsewhere.</summary>
    public double[]? NatsPerDimension { get; internal set; }

    /// <summary>What passed the bottlenecks inside encoder and decoder, one reading each.</summary>
    public IReadOnlyList<InsertedReading> Inserted { get; internal set; } = [];

    /// <summary>The message's symbols of each row where it is discrete, as a text that is equal for equal messages; null elsewhere.</summary>
    public string[]? Symbols { get; internal set; }

    /// <summary>The answer to one row.</summary>
    public ReadOnlySpan<float> Answer(int i) => Answers.AsSpan(i * AnswerSize, AnswerSize);

    /// <summary>The most probable class of one row.</summary>
    public int Class(int i)
    {
        if (Choices is not null) return Choices[i];
        var answer = Answer(i);
        var best = 0;
        for (var c = 1; c < answer.Length; c++)
            if (answer[c] > answer[best]) best = c;
        return best;
    }
}

/// <summary>Applies a model to rows.</summary>
public static class Evaluator
{
    private const int RowsAtOnce = 500;

    /// <summary>Answers, costs and codes of some rows under one kind of message; quality and rate are those of the same message.</summary>
    /// <param name="model">The trained model.</param>
    /// <param name="data">Rows as its schema makes them.</param>
    /// <param name="rows">Which.</param>
    /// <param name="inference">Which message.</param>
    /// <param name="withTarget">Whether the target is there, for likelihoods and errors.</param>
    /// <param name="stop">Ends the work.</param>
    public static Outcomes Run(Model model, Dataset data, int[] rows, Inference inference, bool withTarget = true, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(inference);
        var tokens = model.Task == RunTask.NextToken;
        var units = model.Units;
        var outcomes = new Outcomes(units == 1 ? rows : [.. rows.SelectMany(r => Enumerable.Range(r * units, units))],
            model.Task == RunTask.Reconstruction || tokens ? 0 : model.Site.OutputSize, 0, tokens);
        if (model.Task == RunTask.Reconstruction && data.Kind == DataKind.Sound) outcomes.SiSdrDb = new double[rows.Length];
        var random = new RandomStream(model.Recipe.Seed).Fork("evaluation");
        var collector = new Collector(model, data, outcomes, withTarget);
        model.Judge();
        using var noGrad = new NoGrad();
        var atOnce = Batches.Most(model, RowsAtOnce);
        for (var at = 0; at < rows.Length; at += atOnce)
        {
            stop.ThrowIfCancellationRequested();
            using var scope = new TensorScope("evaluation");
            collector.Add(at * units, rows.AsSpan(at, Math.Min(atOnce, rows.Length - at)), inference, random.Fork((ulong)at));
        }
        collector.Finish();
        return outcomes;
    }

    /// <summary>The pass that an inference stands for.</summary>
    public static PassMode ModeOf(Inference inference)
    {
        ArgumentNullException.ThrowIfNull(inference);
        return inference.Name switch { "mean" => PassMode.Mean, "ship" => PassMode.Ship, _ => PassMode.Sample };
    }

    /// <summary>The networks' answers as people read them: probabilities, numbers in [0, 1] for logits of such, else as they are.</summary>
    internal static Tensor Readable(Model model, Tensor prediction) => model.Task switch
    {
        RunTask.Classification or RunTask.NextToken => prediction.Softmax(-1),
        RunTask.Reconstruction when model.PredictsLogits => prediction.Sigmoid(),
        _ => prediction,
    };

    private sealed class Collector(Model model, Dataset data, Outcomes outcomes, bool withTarget)
    {
        private readonly InsertedCosts _inserted = new(model);
        private double[]? _perDimension;

        public void Add(int at, ReadOnlySpan<int> rows, Inference inference, RandomStream random)
        {
            var batch = Batches.Of(data, rows);
            var count = rows.Length * model.Units;
            Tensor? sum = null;
            Tensor? likelihood = null;
            for (var k = 0; k < inference.Samples; k++)
            {
                var context = new PassContext(ModeOf(inference), random.Fork((ulong)k));
                var (prediction, passage) = model.Network.Run(batch.Inputs, context);
                var answer = Readable(model, prediction);
                sum = sum is null ? answer : sum + answer;
                if (withTarget)
                {
                    var nll = -model.Objective.NegativeLogLikelihood(batch, prediction);
                    likelihood = likelihood is null ? nll : likelihood.LogAddExp(nll);
                }
                if (k > 0) continue;
                Cost(at, count, passage, context.Mode);
                _inserted.Add(count);
            }
            var mean = inference.Samples > 1 ? sum! / inference.Samples : sum!;
            if (outcomes.AnswerSize > 0) mean.Data.CopyTo(outcomes.Answers.AsSpan(at * outcomes.AnswerSize));
            else if (outcomes.Choices is { } choices)
            {
                var best = mean.ArgMax(1);
                for (var i = 0; i < count; i++) choices[at + i] = (int)best.Data[i];
            }
            else Errors(at, count, mean, batch.Inputs);
            if (likelihood is null) return;
            for (var i = 0; i < count; i++) outcomes.NllNats[at + i] = Math.Log(inference.Samples) - likelihood.Data[i];
        }

        public void Finish()
        {
            outcomes.Inserted = _inserted.Readings();
            if (_perDimension is null) return;
            outcomes.NatsPerDimension = [.. _perDimension.Select(v => v / outcomes.Rows.Length)];
        }

        private void Errors(int at, int count, Tensor answer, Tensor inputs)
        {
            var size = (int)(inputs.Numel / count);
            for (var i = 0; i < count; i++)
            {
                var sum = 0.0;
                for (var j = 0; j < size; j++)
                {
                    var difference = (double)answer.Data[(i * size) + j] - inputs.Data[(i * size) + j];
                    sum += difference * difference;
                }
                outcomes.SquaredErrors[at + i] = sum / size;
                if (outcomes.SiSdrDb is { } ratios) ratios[at + i] = SoundQuality.SiSdrDb(inputs.Data.Slice(i * size, size), answer.Data.Slice(i * size, size));
            }
        }

        private void Cost(int at, int count, Passage passage, PassMode mode)
        {
            if (passage.Rate is { } rate)
            {
                outcomes.RateNats ??= new double[outcomes.Rows.Length];
                outcomes.Kind = rate.Kind;
                for (var i = 0; i < count; i++) outcomes.RateNats[at + i] = rate.Scope == RateScope.Sample ? rate.Nats.Data[i] : rate.Nats.Item();
                if (rate.PerDimension is { } parts) Sum(parts);
            }
            else outcomes.NoRate = passage.NoRate ?? "the bottleneck states no rate";
            if (passage.Code is { } code) Codes(at, code);
            // Dithered integers are random to those who do not know the dither, as their receiver does: their plain entropy is not what passes.
            var dithered = model.Network.Bottleneck is ContinuousBottleneck && mode == PassMode.Ship;
            if (passage.Code is null && !dithered && passage.Message() is { } message && message.Parts.All(p => p is Symbols or Flags or Sparse)) KeepSymbols(at, count, message);
        }

        private void Sum(Tensor parts)
        {
            var width = parts.Size(1);
            _perDimension ??= new double[width];
            for (var i = 0; i < parts.Numel; i++) _perDimension[i % width] += parts.Data[i];
        }

        private void Codes(int at, GaussianCode code)
        {
            var d = code.Mean.Size(1);
            if (outcomes.Latent == 0)
            {
                outcomes.Latent = d;
                (outcomes.CodeMean, outcomes.CodeStd, outcomes.CodeSample) = (new float[outcomes.Rows.Length * d], new float[outcomes.Rows.Length * d], new float[outcomes.Rows.Length * d]);
            }
            code.Mean.Data.CopyTo(outcomes.CodeMean.AsSpan(at * d));
            code.Std.Data.CopyTo(outcomes.CodeStd.AsSpan(at * d));
            code.Sample.Data.CopyTo(outcomes.CodeSample.AsSpan(at * d));
        }

        private void KeepSymbols(int at, int count, Message message)
        {
            outcomes.Symbols ??= new string[outcomes.Rows.Length];
            var parts = message.Parts.SelectMany(p => p switch
            {
                Symbols s => [s.Values],
                Flags f => [f.Values],
                Sparse s => new[] { s.Support, s.Levels },
                _ => [],
            }).ToArray();
            for (var i = 0; i < count; i++)
            {
                var texts = parts.Select(p => string.Join(' ', p.Data.Slice(i * (p.Numel / count), p.Numel / count).ToArray()));
                outcomes.Symbols[at + i] = string.Join('|', texts);
            }
        }
    }
}

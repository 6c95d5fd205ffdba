using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Data;
using Isthmus.Tensors;

namespace Isthmus.Runs;

/// <summary>
/// Research: samples of a variational code sent without quantising them, at about their divergence to the prior, by relative
/// entropy coding (<see cref="RelativeEntropyCoder"/>): what the bound promises, made into bits, with a bias that is stated.
/// </summary>
public sealed record RelativeShipment
{
    /// <summary>Rows that were sent.</summary>
    public int Rows { get; init; }

    /// <summary>The mean divergence of the code to the prior on these rows, bits a row: the bound.</summary>
    public double BoundBits { get; init; }

    /// <summary>What was sent, bits a row: the same for every row.</summary>
    public int SentBits { get; init; }

    /// <summary>Dimensions and bits of each block.</summary>
    public IReadOnlyList<string> Blocks { get; init; } = [];

    /// <summary>Bits more than the training rows' divergence that each block was given against bias.</summary>
    public double SlackBits { get; init; }

    /// <summary>The share of rows whose divergence is above the bits planned without slack: their samples lean to the prior.</summary>
    public double ShareAbovePlan { get; init; }

    /// <summary>Quality of the answers to the samples as the receiver has them.</summary>
    public Quality Test { get; init; } = new();

    /// <summary>Quality of the answers to ordinary samples of the same rows, for comparison.</summary>
    public Quality Sampled { get; init; } = new();

    /// <summary>Sends and receives the first rows of a run's test part.</summary>
    /// <param name="run">A run through <c>vib</c> with a standard or diagonal prior, whose answers are classes or numbers.</param>
    /// <param name="rows">How many rows, at least 1.</param>
    /// <param name="slackBits">See <see cref="SlackBits"/>; 0 to 8.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="InputException">The run's bottleneck has no Gaussian code and prior, or it reconstructs.</exception>
    public static RelativeShipment Of(Run run, int rows, double slackBits = 3, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        var model = run.Model;
        if (model.Network.Bottleneck is not VariationalBottleneck { Prior: StandardPrior or DiagonalPrior } vib)
            throw new InputException($"{run.Folder}: relative entropy coding needs the bottleneck vib with a standard or diagonal prior", "isthmus train DATA --bottleneck vib");
        if (model.Task is RunTask.Reconstruction or RunTask.NextToken or RunTask.Survival) throw new InputException($"{run.Folder} is a run of {OptionModel.Word(model.Task.ToString())}; relative entropy coding is shown on runs that answer with classes or numbers");
        var own = run.LoadOwn();
        var judged = TrainJob.Judged(own.Split).Rows;
        judged = judged[..Math.Min(rows, judged.Length)];
        var training = Evaluator.Run(model, own.Data, own.Split.Train, Inference.Sample, withTarget: false, stop: stop);
        var plan = training.NatsPerDimension!.Select(v => Math.Max(0, Bits.FromNats(v).Value)).ToArray();
        var coder = RelativeEntropyCoder.Plan(plan, slackBits);
        var sampled = Evaluator.Run(model, own.Data, judged, Inference.Sample, stop: stop);
        var received = Send(model, own.Data, judged, sampled, coder, vib.Prior, stop);
        var planned = plan.Sum();
        return new RelativeShipment
        {
            Rows = judged.Length,
            BoundBits = Bits.FromNats(sampled.RateNats!.Average()).Value,
            SentBits = coder.Bits,
            Blocks = [.. coder.Blocks.Select(b => FormattableString.Invariant($"{b.Size} dimensions, {b.Bits} bits"))],
            SlackBits = slackBits,
            ShareAbovePlan = sampled.RateNats!.Count(v => Bits.FromNats(v).Value > planned) / (double)judged.Length,
            Test = Quality.Of(model, own.Data, own.Split.Train, received),
            Sampled = Quality.Of(model, own.Data, own.Split.Train, sampled),
        };
    }

    // The sender's code is turned into the prior's own units, where the coder's prior is N(0, 1), and back at the receiver.
    private static Outcomes Send(Model model, Dataset data, int[] rows, Outcomes codes, RelativeEntropyCoder coder, Prior prior, CancellationToken stop)
    {
        var d = coder.Dimensions;
        var centre = prior is DiagonalPrior learned ? learned.Mean.ToArray() : new float[d];
        var scale = prior is DiagonalPrior wide ? wide.LogStd.Exp().ToArray() : [.. Enumerable.Repeat(1f, d)];
        var outcomes = new Outcomes(rows, model.Site.OutputSize, 0);
        var shared = new RandomStream(0x52_45_43); // known to both sides
        var choice = new RandomStream(model.Recipe.Seed).Fork("relative");
        using var noGrad = new NoGrad();
        for (var i = 0; i < rows.Length; i++)
        {
            stop.ThrowIfCancellationRequested();
            var (mean, deviation) = (new double[d], new double[d]);
            for (var j = 0; j < d; j++)
            {
                mean[j] = (codes.CodeMean[(i * d) + j] - centre[j]) / scale[j];
                deviation[j] = codes.CodeStd[(i * d) + j] / scale[j];
            }
            var writer = new MessageWriter();
            coder.Write(writer, mean, deviation, shared.Fork((ulong)i), choice);
            var reader = writer.Finish().Open();
            var sample = coder.Read(reader, shared.Fork((ulong)i));
            reader.Finish();
            using var scope = new TensorScope("relative");
            var z = Tensor.Zeros(1, d);
            for (var j = 0; j < d; j++) z.Data[j] = ((float)sample[j] * scale[j]) + centre[j];
            var prediction = model.Network.Decoder.Forward(z);
            Evaluator.Readable(model, prediction).Data.CopyTo(outcomes.Answers.AsSpan(i * outcomes.AnswerSize));
            outcomes.NllNats[i] = model.Objective.NegativeLogLikelihood(Batches.Of(data, rows.AsSpan(i, 1)), prediction).Item();
        }
        return outcomes;
    }
}

using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>
/// "Tracing the Representation Geometry of Language Models from Pretraining to Post-training" (2025): the effective rank of representations falls, rises and
/// falls again in pretraining.
/// </summary>
public sealed class RepresentationGeometryStudy : Study
{
    private const int Window = 32, Width = 24, Replicates = 3, LeastCount = 500, ReadWindows = 64;
    private const string Text = "text/tinyshakespeare.txt";

    /// <inheritdoc/>
    public override string Slug => "representation-geometry";

    /// <inheritdoc/>
    public override string Claim => "The effective rank (RankMe) of a language model's representations falls, rises and falls over pretraining, by more than three seed standard deviations, and does not where all tokens count alike.";

    /// <inheritdoc/>
    public override string Procedure =>
        "A next-character model: embedding of 32, GRU of 64, linear map to a representation of 24 numbers, linear map to the 65 characters; Adam 0.003, 1,200 steps of 16 windows of 32 characters. A trial is three models " +
        "that differ in weights and batches. At 28 log-spaced checkpoints (before the first step and after 1, 2, 3, 4, 5, 6, 8, 11, ... 1,200) RankMe of the representations of 2,048 characters of held-out text is read. The smallest difference of the best fall, rise and fall " +
        "of the three models' mean curve is divided by their standard deviation (pooled over checkpoints). Method: the cross-entropy of the text. Baseline: each next character weighted by one over its frequency (of characters seen fewer than " +
        "500 times, by one over that), so that all count alike. Claimed is a difference above 3. Also read: that swing in RankMe itself, RankMe at the first and last checkpoint and at the swing's ends, alpha-ReQ and held-out nats a character at the end.";

    /// <inheritdoc/>
    public override string Differs =>
        "A GRU with 24,000 weights in all on one megabyte of text in place of models of billions on trillions of tokens; characters in place of word pieces, so that the representation is about a third as wide as the vocabulary, not a fifth or less. " +
        "Post-training phases are not attempted. The control changes the weights of the loss; the text it reads is the same. " +
        "The lowest RankMe was added as a reading after the first full run, whose curve fell, rose and did not fall again; nothing else was changed. 'Opposite' says here that the excess over the control is surely below three deviations in so small and short a training, " +
        "not that large models lack these phases.";

    /// <inheritdoc/>
    public override string Data => "tinyshakespeare, the last tenth held out";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Needs => [Text];

    /// <inheritdoc/>
    public override Measure Primary => new("fall-rise-fall of RankMe", "seed standard deviations", Better.Higher, Margin: 3);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("fall-rise-fall of RankMe, as it is", "", Better.Higher),
        new("RankMe before training", "", Better.Higher),
        new("RankMe at its lowest", "", Better.Higher),
        new("RankMe at the trough", "", Better.Higher),
        new("RankMe at the peak", "", Better.Higher),
        new("RankMe after training", "", Better.Higher),
        new("alpha-ReQ after training", "", Better.Higher),
        new("held-out loss", "nats a character", Better.Lower),
    ];

    /// <inheritdoc/>
    public override string Baseline => "every character counts alike";

    /// <inheritdoc/>
    public override string Method => "characters count by their frequency";

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        var path = trial.Data ?? StudyData.Find(Text) ?? throw new InputException($"the study's data '{Text}' are not there", "name the folder that holds them in the variable ISTHMUS_DATA, or other data by --data");
        var text = File.ReadAllText(path);
        if (text.Length < 100 * Window * ReadWindows) throw new InputException(FormattableString.Invariant($"{path}: {text.Length} characters are too few for the study: at least {100 * Window * ReadWindows}"));
        var letters = text.Distinct().Order().Index().ToDictionary(l => l.Item, l => (long)l.Index);
        long[] tokens = [.. text.Select(c => letters[c])];
        var weights = Weights(arm, tokens, letters.Count);
        var steps = trial.Pick(4, 200, 1200);
        var runs = Enumerable.Range(0, Replicates).Select(r => TrainOne(trial with { Seed = 1000 + (Replicates * trial.Seed) + r }, tokens, weights, steps)).ToList();
        var mean = Enumerable.Range(0, runs[0].Curve.Count).Select(c => runs.Average(r => r.Curve[c])).ToList();
        var variance = Enumerable.Range(0, mean.Count).Average(c => runs.Sum(r => Math.Pow(r.Curve[c] - mean[c], 2)) / (Replicates - 1));
        var phases = GeometryPhases.Of(mean);
        return new Outcome
        {
            ["fall-rise-fall of RankMe"] = phases.Swing / Math.Sqrt(variance),
            ["fall-rise-fall of RankMe, as it is"] = phases.Swing,
            ["RankMe before training"] = mean[0],
            ["RankMe at its lowest"] = mean.Min(),
            ["RankMe at the trough"] = mean[phases.Trough],
            ["RankMe at the peak"] = mean[phases.Peak],
            ["RankMe after training"] = mean[^1],
            ["alpha-ReQ after training"] = runs.Average(r => r.Alpha),
            ["held-out loss"] = runs.Average(r => r.Loss),
        };
    }

    private static (List<double> Curve, double Alpha, double Loss) TrainOne(Trial trial, long[] tokens, float[] weights, int steps)
    {
        var model = new Model(weights.Length, trial.Random("weights"));
        var training = (tokens.Length * 9L / 10 / Window) - 1;
        var start = (int)((training + 2) * Window);
        var held = Enumerable.Range(0, ReadWindows).Select(w => start + (int)((long)w * (tokens.Length - start - Window - 1) / ReadWindows)).ToArray();
        var (checkpoints, curve, step) = (Checkpoints(steps), new List<double>(), 0);

        Spectrum Read()
        {
            using var quiet = new NoGrad();
            using var scope = new TensorScope("read");
            var states = model.Represent(Take(tokens, held, 0)).Data;
            return Spectrum.Of(new Samples([.. states.ToArray().Select(v => (double)v)], ReadWindows * Window, Width));
        }

        MiniTrainer.Train(trial, model.NamedParameters(), (int)training, new MiniOptions { Steps = steps, Batch = 16, LearningRate = 3e-3, ClipNorm = 1, Schedule = new ConstantSchedule() }, (rows, _) =>
        {
            if (checkpoints.Contains(step++)) curve.Add(Read().RankMe);
            int[] starts = [.. rows.Select(r => r * Window)];
            return model.Loss(Take(tokens, starts, 0), Take(tokens, starts, 1), weights);
        });
        var last = Read();
        curve.Add(last.RankMe);
        using var none = new NoGrad();
        using var end = new TensorScope("end");
        return (curve, last.AlphaReQ ?? double.NaN, model.Loss(Take(tokens, held, 0), Take(tokens, held, 1), [.. weights.Select(_ => 1f)]).Item());
    }

    // 0, 1, 2, 3, 4, 6, 8, ... each about 1.3 times the one before; the last step is read after training.
    private static HashSet<int> Checkpoints(int steps)
    {
        HashSet<int> all = [0];
        for (var at = 1.0; at < steps; at *= 1.3) all.Add((int)Math.Round(at));
        all.Remove(steps);
        return all;
    }

    private static float[] Weights(Arm arm, long[] tokens, int letters)
    {
        var weights = new float[letters];
        Array.Fill(weights, 1);
        if (arm == Arm.Method) return weights;
        var counts = new int[letters];
        foreach (var t in tokens) counts[t]++;
        for (var l = 0; l < letters; l++) weights[l] = 1f / Math.Max(LeastCount, counts[l]);
        var mean = Enumerable.Range(0, letters).Sum(l => (double)counts[l] * weights[l]) / tokens.Length;
        return Array.ConvertAll(weights, w => (float)(w / mean));
    }

    private static LongTensor Take(long[] tokens, int[] starts, int shift)
    {
        var taken = LongTensor.Zeros(starts.Length, Window);
        for (var i = 0; i < taken.Numel; i++) taken.Data[i] = tokens[starts[i / Window] + (i % Window) + shift];
        return taken;
    }

    private sealed class Model : Module
    {
        private readonly Embedding _embedding;
        private readonly GRU _gru;
        private readonly Linear _narrow, _head;

        public Model(int letters, RandomStream random)
        {
            _embedding = AddModule("embedding", new Embedding(letters, 32, random));
            _gru = AddModule("gru", new GRU(32, 64, random));
            _narrow = AddModule("narrow", new Linear(64, Width, random, bias: false));
            _head = AddModule("head", new Linear(Width, letters, random, bias: false));
        }

        public Tensor Represent(LongTensor text) => _narrow.Forward(_gru.Forward(_embedding.Forward(text)).Reshape(-1, 64));

        public Tensor Loss(LongTensor text, LongTensor next, float[] weights)
        {
            var labels = LongTensor.Zeros((int)next.Numel, 1);
            next.Data.CopyTo(labels.Data);
            var weight = Tensor.Zeros((int)next.Numel, 1);
            for (var i = 0; i < weight.Numel; i++) weight.Data[i] = weights[labels.Data[i]];
            return -(_head.Forward(Represent(text)).LogSoftmax().Gather(1, labels) * weight).Mean();
        }

        protected override Tensor Compute(Tensor x) => throw new NotSupportedException("the model takes characters");
    }
}

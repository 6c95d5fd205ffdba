using System.Collections.Concurrent;
using Isthmus.Bottlenecks;
using Isthmus.Data;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.VectorQuantization;

/// <summary>
/// Träuble, Goyal, Rahaman, Mozer, Kawaguchi, Bengio, Schölkopf: "Discrete key-value bottleneck" (2023): classes that arrive one at a time are learned in values
/// that fixed keys fetch, on the features of a frozen encoder, against heads that are trained in the same way and against memories of means and rows.
/// </summary>
public sealed class DiscreteKeyValueBottleneckStudy : Study
{
    private const int Known = 5, Arriving = 5, Width = 64, Batch = 32;
    private readonly ConcurrentDictionary<(int Seed, Budget Budget, string? Data), Frozen> _frozen = new();

    /// <inheritdoc/>
    public override string Slug => "discrete-key-value-bottleneck";

    /// <inheritdoc/>
    public override string Claim => "After five classes that arrived one at a time, a discrete key-value bottleneck names them on a frozen encoder's features with an accuracy at least 0.20 above the best linear or MLP head that is trained identically.";

    /// <inheritdoc/>
    public override string Procedure =>
        "A small convolutional network learns digits 0 to 4 (cross-entropy, Adam, 300 steps of 64) and is frozen; its 64 last hidden numbers, centred and scaled by one number to variance 1 over those digits, are the features. Digits 5 to 9 then arrive one after the other, each for 100 steps of 32 of its own rows " +
        "by plain gradient steps on the cross-entropy of five outputs, without rehearsal and without telling where a class ends; the same rows in both arms. Baseline: a linear head or an MLP of one hidden layer of 128. Method: 128 random projections to 8 numbers with 64 or 256 keys each, fitted without labels " +
        "to the features of digits 0 to 4 alone, five numbers a value, their mean being the outputs. Each arm tunes four settings on other seeds, the baseline head and step size (a tiny one included, by which a linear head becomes a sum of class means), the method keys and step size. " +
        "Read: accuracy among digits 5 to 9 of the test rows. Beside it how far the arm lies above learners that need no gradient on the same features and the same stream: nearest class mean, streaming LDA (running means and covariance, shrinkage 1e-4), and the 5 nearest of all stored rows.";

    /// <inheritdoc/>
    public override string Differs =>
        "MNIST and a small encoder trained on half its classes in place of CIFAR and large pretrained encoders, and of the catalogue's Fashion-MNIST. Keys see only the encoder's own classes, as nothing of the stream has arrived when they are fitted. " +
        "The catalogue's check compared trained heads alone, which forget by construction; class means, LDA and nearest rows do not, and are the learners to beat in practice. " +
        "After a quick preview (+0.238) features were scaled by one number in place of one a unit, and training rows went from 7,000 to 5,000.";

    /// <inheritdoc/>
    public override string Data => "MNIST, 10,000 digits of 28 x 28; 5,000 train, 1,000 validate, 2,000 test, of which digits 0 to 4 train the encoder and 5 to 9 arrive later";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Needs => ["mnist"];

    /// <inheritdoc/>
    public override Measure Primary => new("accuracy on the classes that arrived", "share", Better.Higher, 0.20);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("accuracy on the class that came first", "share", Better.Higher),
        new("lead over nearest class mean", "share", Better.Higher),
        new("lead over streaming LDA", "share", Better.Higher),
        new("lead over 5 nearest rows", "share", Better.Higher),
        new("trained numbers", "", Better.Lower),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the better of a linear head and an MLP head, trained by the same steps";

    /// <inheritdoc/>
    public override string Method => "a discrete key-value bottleneck of 128 heads, of which values alone are trained";

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> BaselineConfigurations =>
        [Configuration.Of(("hidden", 0), ("lr", 1e-3)), Configuration.Of(("hidden", 0), ("lr", 0.1)), Configuration.Of(("hidden", 128), ("lr", 1e-3)), Configuration.Of(("hidden", 128), ("lr", 0.1))];

    /// <inheritdoc/>
    public override IReadOnlyList<Configuration> MethodConfigurations =>
        [Configuration.Of(("keys", 64), ("lr", 1)), Configuration.Of(("keys", 64), ("lr", 30)), Configuration.Of(("keys", 256), ("lr", 1)), Configuration.Of(("keys", 256), ("lr", 30))];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(trial);
        var data = _frozen.GetOrAdd((trial.Seed, trial.Budget, trial.Data), _ => Encode(trial));
        using var scope = new TensorScope("key-value study");
        var (forward, parameters) = arm == Arm.Method ? KeyValue(configuration, data, trial) : Head(configuration, trial);
        Learn(forward, parameters, configuration["lr"], data.Stream, trial);
        if (trial.Tuning) return new Outcome { Tuning = Right(data.Validation, forward).Average() };
        var right = Right(data.Test, forward);
        var first = right.Where((_, i) => data.Test.Labels[i] == 0);
        return new Outcome
        {
            [Primary.Name] = right.Average(),
            ["accuracy on the class that came first"] = first.Average(),
            ["lead over nearest class mean"] = right.Average() - data.Means,
            ["lead over streaming LDA"] = right.Average() - data.Lda,
            ["lead over 5 nearest rows"] = right.Average() - data.Nearest,
            ["trained numbers"] = parameters.Sum(p => (double)p.Value.Numel),
            Tuning = Right(data.Validation, forward).Average(),
            Examples = right,
        };
    }

    private static (Func<Tensor, Tensor> Forward, (string Name, Tensor Value)[] Parameters) Head(Configuration configuration, Trial trial)
    {
        var hidden = configuration.Int("hidden");
        Module head = hidden == 0 ? new Linear(Width, Arriving, trial.Random("head")) : new Mlp([Width, hidden, Arriving], trial.Random("head"));
        return (head.Forward, [.. head.NamedParameters()]);
    }

    private static (Func<Tensor, Tensor> Forward, (string Name, Tensor Value)[] Parameters) KeyValue(Configuration configuration, Frozen data, Trial trial)
    {
        var options = new DkvbOptions { Heads = trial.Pick(8, 128, 128), Keys = trial.Pick(16, configuration.Int("keys"), configuration.Int("keys")), KeyWidth = 8, Latent = Arriving };
        var bottleneck = new DiscreteKeyValue(Width, options, trial.Random("head"));
        bottleneck.Prepare([data.Known]);
        var context = new PassContext(PassMode.Sample, trial.Random("noise")) { Training = true };
        return (x => bottleneck.Pass(x, context).Output, [("values", bottleneck.Values)]);
    }

    // Class after class, plain gradient steps: what is not fetched is not changed.
    private static void Learn(Func<Tensor, Tensor> forward, (string Name, Tensor Value)[] parameters, double rate, Rows stream, Trial trial)
    {
        var descent = new Sgd(parameters, (float)rate, momentum: 0);
        var (random, steps) = (trial.Random("stream"), trial.Pick(3, 40, 100));
        for (var c = 0; c < Arriving; c++)
        {
            int[] own = [.. Enumerable.Range(0, stream.Labels.Length).Where(i => stream.Labels[i] == c)];
            var labels = LongTensor.From(Enumerable.Repeat(c, Batch).ToArray());
            for (var step = 0; step < steps; step++)
            {
                trial.Stop.ThrowIfCancellationRequested();
                trial.Progress?.Report(((double)c * steps + step) / (Arriving * steps));
                using var scope = new TensorScope("step");
                var rows = LongTensor.From([.. Enumerable.Range(0, Batch).Select(_ => own[random.NextInt(own.Length)])]);
                descent.ZeroGrad();
                forward(stream.Features.IndexSelect(0, rows)).CrossEntropy(labels).Backward();
                descent.Step();
            }
        }
    }

    private static double[] Right(Rows rows, Func<Tensor, Tensor> scores)
    {
        using var quiet = new NoGrad();
        using var scope = new TensorScope("scores");
        var values = scores(rows.Features).ToArray();
        return [.. rows.Labels.Select((label, i) => Largest(values.AsSpan(i * Arriving, Arriving)) == label ? 1.0 : 0.0)];
    }

    private static int Largest(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return best;
    }

    // The frozen encoder's features of a seed, the same in both arms and for all settings, with the learners that need no gradient.
    private static Frozen Encode(Trial trial)
    {
        var parts = StudyData.Split(StudyData.Mnist(trial), trial, trial.Pick(400, 3000, 5000), trial.Pick(100, 1000, 1000), trial.Pick(100, 2000, 2000));
        var known = Of(parts.Train, arrived: false);
        var random = trial.Random("encoder");
        var encoder = new Sequential(new Conv2d(1, 16, 5, random, stride: 2, padding: 2), new GELU(), new Conv2d(16, 32, 5, random, stride: 2, padding: 2), new GELU(), new Flatten(), new Linear(32 * 7 * 7, Width, random), new GELU());
        var network = new Sequential(encoder, new Linear(Width, Known, random));
        MiniTrainer.Train(trial, network.NamedParameters(), known.Count, new MiniOptions { Steps = trial.Pick(3, 150, 300), Batch = 64, LearningRate = 2e-3 }, (rows, _) =>
        {
            var batch = StudyData.Batch(known, rows);
            return network.Forward(batch.Inputs).CrossEntropy(batch.Labels!);
        });
        using var quiet = new NoGrad();
        using var scope = new TensorScope("frozen");
        var features = MiniTrainer.Predict(encoder, known);
        // One scale for all: units that are silent on the known digits would otherwise drown the rest on others.
        var mean = features.Mean(0);
        var scale = 1f / (features - mean).Square().Mean().Sqrt();
        var (stream, validation, test) = (Read(parts.Train), Read(parts.Validation), Read(parts.Test));
        var (means, lda) = Streaming(stream);
        return new Frozen(scope.Keep((features - mean) * scale), stream, validation, test, Right(test, means).Average(), Right(test, lda).Average(), Right(test, x => Votes(x, stream)).Average());

        Rows Read(Dataset data)
        {
            var arrived = Of(data, arrived: true);
            return new Rows(scope.Keep((MiniTrainer.Predict(encoder, arrived) - mean) * scale), [.. ((ClassTarget)arrived.Target!).Labels.Select(l => l - Known)]);
        }
    }

    private static Dataset Of(Dataset data, bool arrived)
    {
        var labels = (data.Target as ClassTarget ?? throw new InputException($"{data.Name}: the study needs classes")).Labels;
        int[] rows = [.. Enumerable.Range(0, data.Count).Where(i => arrived ? labels[i] is >= Known and < Known + Arriving : labels[i] < Known)];
        return rows.Length > 0 ? data.Select(rows) : throw new InputException($"{data.Name}: the study needs classes 0 to 9 in every part");
    }

    // Class means, and the linear discriminant of Hayes and Kanan ("Lifelong machine learning with deep streaming linear discriminant analysis", 2020): means and
    // one covariance about them, updated row by row in the order of classes.
    private static (Func<Tensor, Tensor> Means, Func<Tensor, Tensor> Lda) Streaming(Rows stream)
    {
        const double Shrinkage = 1e-4;
        var (means, counts, scatter, seen) = (new double[Arriving, Width], new int[Arriving], new double[Width, Width], 0);
        var difference = new double[Width];
        foreach (var i in Enumerable.Range(0, stream.Labels.Length).OrderBy(i => stream.Labels[i]))
        {
            var row = stream.Features.Data.Slice(i * Width, Width);
            var c = stream.Labels[i];
            var weight = counts[c] / (counts[c] + 1.0); // of the squared difference from the mean so far
            for (var d = 0; d < Width; d++) difference[d] = row[d] - means[c, d];
            for (var a = 0; a < Width; a++)
                for (var b = 0; b < Width; b++) scatter[a, b] += weight * difference[a] * difference[b];
            (counts[c], seen) = (counts[c] + 1, seen + 1);
            for (var d = 0; d < Width; d++) means[c, d] += difference[d] / counts[c];
        }
        var covariance = Tensor.Zeros(Width, Width);
        for (var a = 0; a < Width; a++)
            for (var b = 0; b < Width; b++) covariance.Data[(a * Width) + b] = (float)(((1 - Shrinkage) * scatter[a, b] / seen) + (a == b ? Shrinkage : 0));
        var centres = Tensor.From([.. means.Cast<double>().Select(m => (float)m)], Arriving, Width);
        var weights = LinearAlgebra.SolvePositiveDefinite(covariance, centres.Transpose(0, 1).Clone());
        return (x => Scores(x, centres.Transpose(0, 1).Clone()), x => Scores(x, weights));

        Tensor Scores(Tensor x, Tensor w) => x.MatMul(w) - (0.5f * (centres.Transpose(0, 1) * w).Sum(0));
    }

    // How many of the nearest five stored rows are of each class; the nearest of all breaks ties.
    private static Tensor Votes(Tensor x, Rows stored)
    {
        const int Neighbours = 5;
        var scores = (0.5f * stored.Features.Square().Sum(1)) - x.MatMul(stored.Features, transposeOther: true);
        var (votes, count) = (Tensor.Zeros(x.Size(0), Arriving), stored.Labels.Length);
        for (var i = 0; i < x.Size(0); i++)
        {
            var distances = scores.Data.Slice(i * count, count).ToArray();
            var nearest = Enumerable.Range(0, count).OrderBy(j => distances[j]).Take(Neighbours).ToArray();
            foreach (var j in nearest) votes.Data[(i * Arriving) + stored.Labels[j]] += 1;
            votes.Data[(i * Arriving) + stored.Labels[nearest[0]]] += 0.5f;
        }
        return votes;
    }

    private sealed record Rows(Tensor Features, int[] Labels);

    private sealed record Frozen(Tensor Known, Rows Stream, Rows Validation, Rows Test, double Means, double Lda, double Nearest);
}

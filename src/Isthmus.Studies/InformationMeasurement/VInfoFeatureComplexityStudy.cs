using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>
/// "Understanding Visual Feature Reliance through the Lens of Complexity" (Fel, Béthune, Lampinen, Serre, Hermann, 2024): features that only late layers
/// make readable are learned late and matter less.
/// </summary>
public sealed class VInfoFeatureComplexityStudy : Study
{
    private const int Features = 32, Atoms = 40, Classes = 18;
    private static readonly string[] s_layers = ["1", "2", "4", "5", "7", "8"];

    /// <inheritdoc/>
    public override string Slug => "v-info-feature-complexity";

    /// <inheritdoc/>
    public override string Claim => "Features of a network's last hidden layer that emerge late in training are more complex, by the V-information of linear readers of earlier layers, than those that emerge early.";

    /// <inheritdoc/>
    public override string Procedure =>
        "A residual network (12, 16 and 24 channels, two residual blocks each, stride 2 between; then 32 features) is trained for 400 steps of 64 pictures, Adam 0.003 with a cosine, to name one of 18 classes: shape, colour and half of the picture. " +
        "The dictionary: a sparse autoencoder of 40 atoms on the 32 features of 1,000 training pictures (300 steps, L1 weight 0.02), its active atoms being the features. A feature's complexity: one minus the mean share that a linear reader gets " +
        "from each of the six blocks (channels averaged over 2 x 2 places) on 1,000 other pictures, above that of a shuffled feature. Its emergence: the mean over 8 log-spaced checkpoints of the share that a linear " +
        "reader does not get from the 32 features there. Its importance: its deviation times the length of its effect on the logits. Baseline: the half of the features that emerges first; method: the other half. " +
        "Read: the mean complexity. Also: the mean importance of each half, and Spearman's correlation of complexity with importance over all features (baseline: importance shuffled).";

    /// <inheritdoc/>
    public override string Differs =>
        "A small network on pictures of single shapes and one dictionary of some dozens of atoms, in place of 10,000 features of a ResNet-50; six layers read at 2 x 2 places. The migration of important features to earlier layers is not followed.";

    /// <inheritdoc/>
    public override string Data => "generated: make:sprites,n=6000,size=16,colours=3,spread=1,noise=0.05, 3,000 to train (new for each seed), 1,000 to read by";

    /// <inheritdoc/>
    public override Measure Primary => new("complexity", "", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("importance", "logits", Better.Lower),
        new("complexity and importance, Spearman", "correlation", Better.Lower),
        new("emergence", "", Better.Higher),
        new("features", "", Better.Higher),
        new("accuracy", "share", Better.Higher),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the half of the features that emerges early";

    /// <inheritdoc/>
    public override string Method => "the half of the features that emerges late";

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        var parts = StudyData.Split(StudyData.Load(trial, "make:sprites,n=6000,size=16,colours=3,spread=1,noise=0.05"), trial, train: 3000, validation: 1000, test: 1000);
        var (labels, names) = (Labels(parts.Train), Labels(parts.Test));
        var network = Network(trial.Random("weights"), parts.Train.FeatureShape[0]);
        var (steps, step, checkpoints) = (trial.Pick(6, 150, 400), 0, new List<Samples>());
        Dataset read = parts.Test.Select([.. Enumerable.Range(0, Math.Min(parts.Test.Count, trial.Pick(200, 500, 1000)))]), learn = parts.Train.Select([.. Enumerable.Range(0, Math.Min(1000, parts.Train.Count))]);
        HashSet<int> at = [.. Enumerable.Range(0, 8).Select(k => (int)Math.Round(3 * Math.Pow(steps / 3.0, k / 8.0)))];
        MiniTrainer.Train(trial, network.NamedParameters(), parts.Train.Count, new MiniOptions { Steps = steps, Batch = 64, LearningRate = 3e-3 }, (rows, _) =>
        {
            if (at.Contains(step++)) checkpoints.Add(Activations(network, read, ["12"])[0]);
            return network.Forward(StudyData.Batch(parts.Train, rows).Inputs).CrossEntropy(LongTensor.From(rows.Select(r => labels[r]).ToArray()));
        });
        var hidden = Activations(network, read, ["12"])[0];
        var head = (Linear)network.GetSubmodule("13");
        var (values, effects) = Dictionary(trial, Activations(network, learn, ["12"])[0], hidden, head.Weight);
        var layers = Activations(network, read, s_layers);
        var features = values.Select((v, k) =>
        {
            var feature = Samples.Of(v);
            return (Complexity: FeatureComplexity.OfNumbers(layers, feature, (ulong)trial.Seed).Complexity,
                Emergence: FeatureComplexity.OfNumbers(checkpoints, feature, (ulong)trial.Seed).Complexity, Importance: effects[k]);
        }).OrderBy(f => f.Emergence).ToList();
        var half = arm == Arm.Method ? features[(features.Count / 2)..] : features[..(features.Count / 2)];
        var importance = features.Select(f => f.Importance).ToArray();
        if (arm == Arm.Baseline) trial.Random("shuffle").Shuffle<double>(importance);
        var logits = MiniTrainer.Predict(network, read);
        return new Outcome
        {
            ["complexity"] = half.Average(f => f.Complexity),
            ["importance"] = half.Average(f => f.Importance),
            ["complexity and importance, Spearman"] = Correlation(Ranks([.. features.Select(f => f.Complexity)]), Ranks(importance)),
            ["emergence"] = half.Average(f => f.Emergence),
            ["features"] = features.Count,
            ["accuracy"] = Enumerable.Range(0, read.Count).Average(i => logits.Narrow(0, i, 1).ToArray().Index().MaxBy(l => l.Item).Index == names[i] ? 1.0 : 0),
        };
    }

    // Shape, colour and half; the concepts' order is the generator's.
    private static int[] Labels(Dataset data)
    {
        if (data.Concepts is not { } concepts || data.Target is not ClassTarget target) throw new InputException("v-info-feature-complexity needs pictures with a shape, a colour and a place", "make:sprites has them");
        var (x, colour) = (concepts.Columns.Index().First(c => c.Item.Name == "x").Index, concepts.Columns.Index().First(c => c.Item.Name == "colour").Index);
        return [.. Enumerable.Range(0, data.Count).Select(i => (((target.Labels[i] * 3) + (int)concepts.Row(i)[colour]) * 2) + (concepts.Row(i)[x] > 0.5f ? 1 : 0))];
    }

    private static Sequential Network(RandomStream random, int channels)
    {
        ResidualBlock Block(int c) => new(new Sequential(
            new Conv2d(c, c, 3, random, padding: 1, bias: false), new GroupNorm(1, c), new ReLU(), new Conv2d(c, c, 3, random, padding: 1, bias: false), new GroupNorm(1, c)));
        return new Sequential(
            new Conv2d(channels, 12, 3, random, stride: 2, padding: 1), Block(12), Block(12),
            new Conv2d(12, 16, 3, random, stride: 2, padding: 1), Block(16), Block(16),
            new Conv2d(16, 24, 3, random, padding: 1), Block(24), Block(24),
            new AdaptiveAvgPool2d(2, 2), new Flatten(), new Linear(96, Features, random), new ReLU(), new Linear(Features, Classes, random));
    }

    // A layer's outputs for all rows, pictures averaged over 2 x 2 places.
    private static Samples[] Activations(Sequential network, Dataset data, string[] layers)
    {
        using var quiet = new NoGrad();
        var found = new List<double>[layers.Length];
        for (var l = 0; l < layers.Length; l++) found[l] = [];
        IDisposable[] hooks = [.. layers.Select((name, l) => network.GetSubmodule(name).OnOutput(y =>
        {
            foreach (var v in (y.Dim == 4 ? y.AdaptiveAvgPool2d(2, 2) : y).ToArray()) found[l].Add(v);
        }))];
        MiniTrainer.Predict(network, data);
        foreach (var hook in hooks) hook.Dispose();
        return [.. found.Select((f, l) => new Samples([.. f], data.Count, f.Count / data.Count, null, layers[l]))];
    }

    // Atoms by a sparse autoencoder: their values on the rows to read, and what each does to the logits.
    private static (List<double[]> Values, List<double> Effects) Dictionary(Trial trial, Samples learn, Samples read, Tensor head)
    {
        var random = trial.Random("dictionary");
        var scale = 1 / Math.Sqrt(learn.Values.ToArray().Average(v => v * v));
        Tensor Scaled(Samples s) => Tensor.From([.. s.Values.ToArray().Select(v => (float)(scale * v))], s.Count, Features);
        var (x, encoder, atoms) = (Scaled(learn), new Linear(Features, Atoms, random), new Linear(Atoms, Features, random));
        var parameters = encoder.NamedParameters().Select(p => ("encoder." + p.Name, p.Value)).Concat(atoms.NamedParameters().Select(p => ("atoms." + p.Name, p.Value)));
        Tensor Lengths() => (atoms.Weight.Square().Sum(0) + 1e-8f).Sqrt();
        MiniTrainer.Train(trial, parameters, learn.Count, new MiniOptions { Steps = trial.Pick(3, 100, 300), Batch = 128, LearningRate = 1e-2 }, (rows, _) =>
        {
            var batch = x.IndexSelect(0, LongTensor.From(rows));
            var codes = encoder.Forward(batch).Relu();
            return Losses.MeanSquaredError(atoms.Forward(codes), batch) + ((codes * Lengths()).Sum(-1).Mean() * 0.02f); // codes times lengths: atoms cannot escape the penalty by growing
        });
        using var quiet = new NoGrad();
        var values = encoder.Forward(Scaled(read)).Relu();
        var effect = head.MatMul(atoms.Weight);
        var (kept, effects) = (new List<double[]>(), new List<double>());
        for (var k = 0; k < Atoms; k++)
        {
            double[] column = [.. values.Select(1, k).ToArray().Select(v => (double)v)], logits = [.. effect.Select(1, k).ToArray().Select(v => (double)v)];
            var (mean, middle) = (column.Average(), logits.Average());
            var deviation = Math.Sqrt(column.Average(v => (v - mean) * (v - mean)));
            if (deviation < 1e-3) continue;
            kept.Add(column);
            effects.Add(deviation * Math.Sqrt(logits.Sum(v => (v - middle) * (v - middle))) / scale);
        }
        if (kept.Count < 4) throw new InvalidOperationException(FormattableString.Invariant($"the dictionary has {kept.Count} active atoms, at least 4 are needed"));
        return (kept, effects);
    }

    private static double[] Ranks(double[] values)
    {
        var ranks = new double[values.Length];
        foreach (var (rank, (at, _)) in values.Index().OrderBy(v => v.Item).Index()) ranks[at] = rank;
        return ranks;
    }

    private static double Correlation(double[] a, double[] b)
    {
        var (ma, mb) = (a.Average(), b.Average());
        return a.Zip(b, (x, y) => (x - ma) * (y - mb)).Sum() / Math.Sqrt(a.Sum(x => (x - ma) * (x - ma)) * b.Sum(y => (y - mb) * (y - mb)));
    }
}

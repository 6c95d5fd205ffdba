using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>"Learning to Compress: Local Rank and Information Compression in Deep Neural Networks" (2024): the rank of layers' Jacobians is said to fall late in training.</summary>
public sealed class LocalRankStudy : Study
{
    private const int Inputs = 16, Probes = 128;
    private const double Noise = 0.5;
    private static readonly int[] s_widths = [Inputs, 48, 48, 48, 2];
    private static readonly string[] s_layers = ["2", "4"]; // the second and third layer before their activation functions

    /// <inheritdoc/>
    public override string Slug => "local-rank";

    /// <inheritdoc/>
    public override string Claim => "After 95 % of the training rows are right, the local rank of the layers of a ReLU network falls by more than a twentieth of what it was.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: 512 Gaussian inputs of 16 numbers whose class depends on two directions, ReLU network 16-48-48-48-2, cross-entropy, Adam with steps of 0.003 and L2 of 0.0001 through the gradient, batches of 64, until 95 % of the training rows are right " +
        "(looked at every 10 steps). From there the method trains on for 3,000 steps; the baseline is the same network with a step size of 0. The local rank, the mean over the pre-activations of layers two and three of the number of singular values of the Jacobian " +
        "above 0.01 of the largest, is read on 128 fresh inputs at the 95 % and on 128 others at the end, in both arms alike, so that chance alone moves the baseline. Read: one minus the last over the first.";

    /// <inheritdoc/>
    public override string Differs =>
        "One small network and task in place of the paper's several. The catalogue's \"below its peak\" holds of any noisy curve: here the level at 95 % training accuracy counts, against a control with a step size of 0 " +
        "from the same weights. Shuffled classes and a hundred times the L2 are secondary measures. The information is the upper kernel bound for Gaussian noise of standard deviation 0.5 of the unit layer scale.";

    /// <inheritdoc/>
    public override string Data => "generated: 16 independent normal numbers, the class is the sign of the product of two fixed orthogonal directions";

    /// <inheritdoc/>
    public override Measure Primary => new("fall of the rank", "share", Better.Higher, Margin: 0.05);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("rank at 95 %", "directions", Better.Lower),
        new("rank at the end", "directions", Better.Lower),
        new("fall of I(X;T)", "share", Better.Higher),
        new("fall of the rank with strong L2", "share", Better.Higher),
        new("fall of I(X;T) with strong L2", "share", Better.Higher),
        new("fall of the rank with shuffled classes", "share", Better.Higher),
        new("test accuracy", "share", Better.Higher),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the network as it is at 95 %, step size 0";

    /// <inheritdoc/>
    public override string Method => "the network trained on";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["TwelveBits.cs", "WatchedTraining.cs"];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("local-rank makes its own data: it takes no --data");
        var (train, test) = (Rows(512, trial.Random("rows")), Rows(1000, new RandomStream(0).Fork("test rows")));
        var plain = Run(arm, train, 1e-4, trial, out var network);
        var strong = Run(arm, train, 1e-2, trial, out _);
        var labels = ((ClassTarget)train.Target!).Labels.ToArray();
        trial.Random("shuffled classes").Shuffle<int>(labels);
        var shuffled = Run(arm, new Dataset("shuffled", DataKind.Vectors, train.Count, train.Features, Inputs) { Target = new ClassTarget("shuffled", labels, ["no", "yes"]) }, 1e-4, trial, out _);
        return new Outcome
        {
            ["fall of the rank"] = 1 - (plain.End.Rank / plain.Fitted.Rank),
            ["rank at 95 %"] = plain.Fitted.Rank,
            ["rank at the end"] = plain.End.Rank,
            ["fall of I(X;T)"] = 1 - (plain.End.Bits / plain.Fitted.Bits),
            ["fall of the rank with strong L2"] = 1 - (strong.End.Rank / strong.Fitted.Rank),
            ["fall of I(X;T) with strong L2"] = 1 - (strong.End.Bits / strong.Fitted.Bits),
            ["fall of the rank with shuffled classes"] = 1 - (shuffled.End.Rank / shuffled.Fitted.Rank),
            ["test accuracy"] = WatchedTraining.Accuracy(network, test),
        };
    }

    // Readings at 95 % (or after the last step where that is not reached) and at the end.
    private static ((double Rank, double Bits) Fitted, (double Rank, double Bits) End) Run(Arm arm, Dataset train, double decay, Trial trial, out Sequential network)
    {
        var net = network = TwelveBits.Network(s_widths, () => new ReLU(), trial.Random("weights"));
        var adam = new Adam(net.NamedParameters(), 3e-3f, weightDecay: decay);
        var (atMost, further) = (trial.Pick(4, 3000, 6000), trial.Pick(4, 600, 3000));
        WatchedTraining.Run(trial, net, train, adam, 64, atMost, step => step % 10 != 0 || WatchedTraining.Accuracy(net, train) < 0.95);
        net.Eval();
        var fitted = Read(net, trial.Random("probes at 95 %"));
        if (arm == Arm.Method) WatchedTraining.Run(trial, net, train, adam, 64, further, _ => true);
        return (fitted, Read(net, trial.Random("probes at the end")));
    }

    private static (double Rank, double Bits) Read(Sequential network, RandomStream random)
    {
        var probes = Tensor.Randn(random, Probes, Inputs);
        var layers = LayerActivations.Record(network, s_layers, [probes]);
        return (s_layers.Average(l => LocalRank.Of(network, l, probes, 1e-2).Mean), s_layers.Average(l =>
        {
            // The noise is in units of the layer's root mean square, so that larger weights alone tell nothing.
            var t = layers[l];
            var square = t.Values.ToArray().Average(v => v * v);
            return KernelBounds.Estimate(t.Values, t.Count, t.Dimensions, Noise * Noise * Math.Max(square, 1e-12)).Upper.Bits!.Value.Value;
        }));
    }

    private static Dataset Rows(int count, RandomStream random)
    {
        var features = new float[count * Inputs];
        var labels = new int[count];
        for (var i = 0; i < count; i++)
        {
            double first = 0, second = 0;
            for (var c = 0; c < Inputs; c++)
            {
                var v = random.NextGaussian();
                features[(i * Inputs) + c] = (float)v;
                first += v;
                second += c % 2 == 0 ? v : -v;
            }
            labels[i] = first * second > 0 ? 1 : 0;
        }
        return new Dataset("two directions", DataKind.Vectors, count, features, Inputs) { Target = new ClassTarget("sign", labels, ["no", "yes"]) };
    }
}

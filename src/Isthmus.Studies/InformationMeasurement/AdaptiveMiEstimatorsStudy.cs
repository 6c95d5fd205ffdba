using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;
using MathNet.Numerics.Statistics;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>"Adaptive Estimators Show Information Compression in Deep Neural Networks" (2019): bins and noise that follow the layer's activity.</summary>
public sealed class AdaptiveMiEstimatorsStudy : Study
{
    private const int Rows = 1024, TrainRows = 1024, BinCount = 30;
    private static readonly LayerChannel s_channel = LayerChannel.Parse("ebab:30");
    private static readonly int[] s_widths = [12, 10, 7, 5, 2];
    private static readonly string[] s_layers = TwelveBits.Hidden(s_widths.Length);

    /// <inheritdoc/>
    public override string Slug => "adaptive-mi-estimators";

    /// <inheritdoc/>
    public override string Claim => "Read by adaptive bins, hidden layers of ReLU and tanh networks lose more I(X;T) in training with L2 than without.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: 40 networks 12-10-7-5-2 for each seed, every second one with tanh, the others with ReLU, initial weights times 1, 1.5, 2 or 2.5, each from its own weights and with its own 1,024 of the 4096 twelve-bit inputs, cross-entropy, gradient steps of 0.1 with momentum " +
        "0.9, batches of 64, 500 steps; L2 of 0.002 (times the weights, in the gradient) or none. I(X;T) of each hidden layer is read on 1,024 fixed inputs at 8 numbers of steps on a logarithmic scale, as the entropy of 30 adaptive bins laid at " +
        "each look. The fall is one minus the last over the largest reading. Read: the mean fall over layers and networks. Secondary: the same by the adaptive kernel bound (noise of 0.03 of the largest activity); the correlation over the 40 networks of the " +
        "fall of the last hidden layer, and of the mean fall of the earlier ones, with accuracy on the other 3,072 inputs; what doubling the weights and biases of each ReLU layer changes in its reading.";

    /// <inheritdoc/>
    public override string Differs =>
        "Fewer layers and steps, two activation functions, one strength of L2, and a spherically symmetric task of our own making. The catalogue asks for two things at once; L2 is the primary measure, the correlations are secondary, over 40 " +
        "networks in each arm and seed. That rescaling changes nothing in adaptive bins and something in fixed ones is read as the catalogue's stricter check wants.";

    /// <inheritdoc/>
    public override string Data => "generated: twelve lamps on a sphere, all 4096 states; the class says whether the sum of the burning lamps' directions is longer than the median";

    /// <inheritdoc/>
    public override Measure Primary => new("fall", "share of the peak", Better.Higher);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("fall of ReLU networks", "share of the peak", Better.Higher),
        new("fall of tanh networks", "share of the peak", Better.Higher),
        new("fall by adaptive kernels", "share of the peak", Better.Higher),
        new("correlation of the last layer's fall with accuracy", "", Better.Higher),
        new("correlation of the earlier layers' fall with accuracy", "", Better.Higher),
        new("change of adaptive bins by rescaling", "bits", Better.Lower),
        new("change of fixed bins by rescaling", "bits", Better.Lower),
        new("test accuracy", "share", Better.Higher),
    ];

    /// <inheritdoc/>
    public override string Baseline => "the same networks without L2";

    /// <inheritdoc/>
    public override string Method => "networks trained with an L2 of 0.002";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["TwelveBits.cs", "WatchedTraining.cs"];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("adaptive-mi-estimators makes its own data: it takes no --data");
        var networks = new Reading[trial.Pick(4, 12, 40)];
        for (var i = 0; i < networks.Length; i++)
        {
            trial.Progress?.Report((double)i / networks.Length);
            networks[i] = Run(arm, i, trial);
        }
        double[] accuracies = [.. networks.Select(n => n.Accuracy)];
        var rescaled = networks.Where(n => n.Rescaled is not null).Select(n => n.Rescaled!.Value).ToArray();
        return new Outcome
        {
            ["fall"] = networks.Average(n => n.Falls.Average()),
            ["fall of ReLU networks"] = networks.Where(n => n.Rescaled is not null).Average(n => n.Falls.Average()),
            ["fall of tanh networks"] = networks.Where(n => n.Rescaled is null).Average(n => n.Falls.Average()),
            ["fall by adaptive kernels"] = networks.Average(n => n.KernelFall),
            ["correlation of the last layer's fall with accuracy"] = Correlate([.. networks.Select(n => n.Falls[^1])], accuracies),
            ["correlation of the earlier layers' fall with accuracy"] = Correlate([.. networks.Select(n => n.Falls[..^1].Average())], accuracies),
            ["change of adaptive bins by rescaling"] = rescaled.Average(r => r.Adaptive),
            ["change of fixed bins by rescaling"] = rescaled.Average(r => r.Fixed),
            ["test accuracy"] = accuracies.Average(),
        };
    }

    private sealed record Reading(double[] Falls, double KernelFall, double Accuracy, (double Adaptive, double Fixed)? Rescaled);

    private static Reading Run(Arm arm, int number, Trial trial)
    {
        var relu = number % 2 == 1;
        var own = trial with { Seed = trial.Seed * 1000 + number };
        var order = own.Random("training rows").Permutation(TwelveBits.All.Count);
        var (train, test) = (TwelveBits.All.Select(order.AsSpan(0, TrainRows)), TwelveBits.All.Select(order.AsSpan(TrainRows)));
        var network = TwelveBits.Network(s_widths, () => relu ? new ReLU() : new Tanh(), own.Random("weights"));
        Multiply(network, 1 + (number / 2 % 4 * 0.5f), biases: false);
        var inputs = Inputs();
        var steps = trial.Pick(4, 250, 500);
        var looks = WatchedTraining.Logarithmic(steps, 8);
        var (binned, kernels) = (s_layers.Select(_ => new List<double>()).ToArray(), s_layers.Select(_ => new List<double>()).ToArray());
        WatchedTraining.Run(own, network, train, new Sgd(network.NamedParameters(), 0.1f, weightDecay: arm == Arm.Method ? 2e-3f : 0), 64, steps, step =>
        {
            if (!looks.Contains(step)) return true;
            var layers = LayerActivations.Record(network, s_layers, [inputs]);
            for (var l = 0; l < s_layers.Length; l++)
            {
                var t = layers[s_layers[l]];
                binned[l].Add(Adaptive(t, relu ? 0 : -1));
                kernels[l].Add(KernelBounds.Estimate(t.Values, t.Count, t.Dimensions, KernelBounds.AdaptiveVariance(t.Values)).Upper.Bits!.Value.Value);
            }
            return true;
        });
        return new Reading([.. binned.Select(Fall)], kernels.Average(Fall), WatchedTraining.Accuracy(network, test), relu ? Rescaled(network, inputs) : null);
    }

    // Every layer's weights and biases doubled alone: its activations are doubled, which is exact in floating point.
    private static (double Adaptive, double Fixed) Rescaled(Sequential network, Tensor inputs)
    {
        var (adaptive, uniform) = (0.0, 0.0);
        var before = LayerActivations.Record(network, s_layers, [inputs]);
        for (var l = 0; l < s_layers.Length; l++)
        {
            var layer = (Linear)network.Children[2 * l].Value;
            Multiply(layer, 2, biases: true);
            var (was, now) = (before[s_layers[l]], LayerActivations.Record(network, s_layers, [inputs])[s_layers[l]]);
            Multiply(layer, 0.5f, biases: true);
            var high = was.Values.ToArray().Max();
            var fixedBins = Bins.Uniform(0, high > 0 ? high : 1, BinCount);
            adaptive += Math.Abs(Adaptive(now, 0) - Adaptive(was, 0)) / s_layers.Length;
            uniform += Math.Abs(Entropy(now, fixedBins) - Entropy(was, fixedBins)) / s_layers.Length;
        }
        return (adaptive, uniform);
    }

    private static void Multiply(Module module, float factor, bool biases)
    {
        foreach (var (name, parameter) in module.NamedParameters())
            if (biases || name.EndsWith("weight", StringComparison.Ordinal))
                foreach (ref var v in parameter.Data) v *= factor;
    }

    private static Tensor Inputs()
    {
        var rows = TwelveBits.All.Select(new RandomStream(0).Fork("fixed inputs").Permutation(TwelveBits.All.Count).AsSpan(0, Rows));
        return Tensor.From(rows.Features, rows.Count, rows.FeatureSize);
    }

    private static double Adaptive(Samples t, double limit) => Entropy(t, Bins.Ebab(t.Values, BinCount, limit));

    private static double Entropy(Samples t, Bins bins) => s_channel.Read(t, [], bins).Input[0].Bits!.Value.Value;

    private static double Fall(List<double> path) => 1 - (path[^1] / Math.Max(path.Max(), 1e-9));

    // Networks that all agree, as after a few steps, correlate with nothing.
    private static double Correlate(double[] a, double[] b) => Correlation.Pearson(a, b) is var r && double.IsFinite(r) ? r : 0;
}

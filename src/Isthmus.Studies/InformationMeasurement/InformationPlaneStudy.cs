using Isthmus.Data;
using Isthmus.Information;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.InformationMeasurement;

/// <summary>"Opening the Black Box of Deep Neural Networks via Information" (2017): layers are said to forget their input while stochastic gradients diffuse.</summary>
public sealed class InformationPlaneStudy : Study
{
    private const int BinCount = 30, Rows = 2048;
    private static readonly LayerChannel s_adaptive = LayerChannel.Parse("ebab:30"), s_uniform = LayerChannel.Parse("bins:30"), s_noise = LayerChannel.Parse("noise:0.1");
    private static readonly Dataset s_rows = TwelveBits.All.Select(new RandomStream(0).Fork("fixed inputs").Permutation(TwelveBits.All.Count).AsSpan(0, Rows));
    private static readonly int[] s_widths = [12, 10, 7, 5, 4, 3, 2];
    private static readonly string[] s_deep = TwelveBits.Hidden(s_widths.Length)[2..];

    /// <inheritdoc/>
    public override string Slug => "information-plane";

    /// <inheritdoc/>
    public override string Claim =>
        "Under stochastic gradient descent the deep layers of a tanh network lose I(X;T), by more than a tenth of the peak in two meters alike, and under full-batch gradient descent they do not.";

    /// <inheritdoc/>
    public override string Procedure =>
        "Both arms: all 4096 twelve-bit inputs, a random 80 % of them to train, tanh network 12-10-7-5-4-3-2, cross-entropy, gradient steps of 0.03 with momentum 0.9 (at 0.1 the small batches do not learn), the same number of steps " +
        "from the same weights; batches of 32 rows (method) or all training rows at once (baseline). At 16 numbers of steps on a logarithmic scale I(X;T) of the hidden layers of 5, 4 and 3 units is read on 2048 fixed inputs by two meters: entropy " +
        "of 30 adaptive bins laid at each look, and the upper kernel bound for Gaussian noise of standard deviation 0.1. A meter's fall is one minus the last over the largest reading, averaged over layers first; " +
        "read is the smaller of the two falls. Held means that the fall is larger by a tenth with batches than without.";

    /// <inheritdoc/>
    public override string Differs =>
        "One number of steps for all, momentum, classes without noise and a spherically symmetric task of our own making in the place of the paper's; the optimal bound and the speed by depth are not looked at. The catalogue's fall under fixed bins is a known " +
        "artefact of saturation (Saxe et al. 2018) and is shown as a secondary measure only; a fall that also shows under full-batch descent does not come from diffusion, and counts against the claim.";

    /// <inheritdoc/>
    public override string Data => "generated: twelve lamps on a sphere, all 4096 states; the class says whether the sum of the burning lamps' directions is longer than the median";

    /// <inheritdoc/>
    public override Measure Primary => new("fall", "share of the peak", Better.Higher, Margin: 0.1);

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Secondaries =>
    [
        new("fall by adaptive bins", "share of the peak", Better.Higher),
        new("fall by kernels", "share of the peak", Better.Higher),
        new("fall by fixed bins", "share of the peak", Better.Higher),
        new("fall of a ReLU network by adaptive bins", "share of the peak", Better.Higher),
        new("rise of I(T;Y) by kernels", "bits", Better.Higher),
        new("test accuracy", "share", Better.Higher),
    ];

    /// <inheritdoc/>
    public override string Baseline => "full-batch gradient descent";

    /// <inheritdoc/>
    public override string Method => "stochastic gradient descent with batches of 32";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => ["TwelveBits.cs", "WatchedTraining.cs"];

    /// <inheritdoc/>
    public override Outcome RunArm(Arm arm, Configuration configuration, Trial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        if (trial.Data is not null) throw new InputException("information-plane makes its own data: it takes no --data");
        var tanh = Train(arm, () => new Tanh(), trial, out var accuracy);
        var relu = Train(arm, () => new ReLU(), trial, out _);
        var adaptive = Fall(tanh.Select(p => Mean(p, l => Binned(l, s_adaptive, -1))));
        var labels = ((ClassTarget)s_rows.Target!).Labels;
        var kernels = tanh.Select(p => p.Select(l => s_noise.Read(l, labels)).ToArray()).Select(p => (X: Mean(p, l => l.Input[0]), Y: Mean(p, l => l.Label[0]))).ToArray();
        var falls = (Adaptive: adaptive, Kernels: Fall(kernels.Select(k => k.X)));
        return new Outcome
        {
            ["fall"] = Math.Min(falls.Adaptive, falls.Kernels),
            ["fall by adaptive bins"] = falls.Adaptive,
            ["fall by kernels"] = falls.Kernels,
            ["fall by fixed bins"] = Fall(tanh.Select(p => Mean(p, Uniform))),
            ["fall of a ReLU network by adaptive bins"] = Fall(relu.Select(p => Mean(p, l => Binned(l, s_adaptive, 0)))),
            ["rise of I(T;Y) by kernels"] = kernels[^1].Y - kernels[0].Y,
            ["test accuracy"] = accuracy,
        };
    }

    // The deep layers at every look.
    private static List<Samples[]> Train(Arm arm, Func<Module> activation, Trial trial, out double accuracy)
    {
        var order = trial.Random("training rows").Permutation(TwelveBits.All.Count);
        var (train, test) = (TwelveBits.All.Select(order.AsSpan(0, 3277)), TwelveBits.All.Select(order.AsSpan(3277)));
        var inputs = Tensor.From(s_rows.Features, Rows, s_rows.FeatureSize);
        var network = TwelveBits.Network(s_widths, activation, trial.Random("weights"));
        var steps = trial.Pick(4, 1000, 4000);
        var looks = WatchedTraining.Logarithmic(steps, trial.Pick(3, 12, 16));
        var path = new List<Samples[]>();
        WatchedTraining.Run(trial, network, train, new Sgd(network.NamedParameters(), 0.03f), arm == Arm.Method ? 32 : train.Count, steps, step =>
        {
            if (!looks.Contains(step)) return true;
            var layers = LayerActivations.Record(network, s_deep, [inputs]);
            path.Add([.. s_deep.Select(l => layers[l])]);
            return true;
        });
        accuracy = WatchedTraining.Accuracy(network, test);
        return path;
    }

    private static double Mean<T>(T[] layers, Func<T, Estimate> reading) => layers.Average(l => reading(l).Bits!.Value.Value);

    private static double Fall(IEnumerable<double> path)
    {
        double[] readings = [.. path];
        return 1 - (readings[^1] / Math.Max(readings.Max(), 1e-9));
    }

    private static Estimate Binned(Samples layer, LayerChannel channel, double limit) => channel.Read(layer, [], channel.Lay(layer.Values, limit)).Input[0];

    private static Estimate Uniform(Samples layer) => s_uniform.Read(layer, [], Bins.Uniform(-1, 1, BinCount)).Input[0];
}

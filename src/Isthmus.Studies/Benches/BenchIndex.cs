using Isthmus.Bottlenecks;
using Isthmus.Coding;
using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Studies.Benches;

/// <summary>Everything that <c>isthmus bench</c> times; the shapes are those that users have.</summary>
public static class BenchIndex
{
    private const string Torch = "torch_peer.py", CoderShape = "a million symbols, exp(-|k|/8), 14-bit table";
    private const int CodedSymbols = 1_000_000;

    /// <summary>All benches, in the order of the table.</summary>
    public static IReadOnlyList<Bench> All { get; } =
    [
        new("gemm-1024-1t", "1024 x 1024 x 1024", () => Product(1024)) { PeerScript = Torch, Threads = 1 },
        new("gemm-1024", "1024 x 1024 x 1024", () => Product(1024)) { PeerScript = Torch },
        new("vib-step-784-1024-b100", "784-1024-1024-512, code 256, Adam", () => VibStep(784, [1024, 1024], 256, 10, 100)) { PeerScript = Torch },
        new("vib-step-tabular-b128", "16-64-64-16, code 8, Adam", () => VibStep(16, [64, 64], 8, 2, 128)) { PeerScript = Torch },
        new("conv-autoencoder-b128", "1x28x28, conv 4x4 s2 32, conv 4x4 s2 64, linear 16, and its mirror, Adam", ConvolutionalStep) { PeerScript = Torch },
        new("transformer-layer-b16", "16x128 tokens of 128, 4 heads, feed-forward 512, Adam", () => LayerBenches.Transformer(16, 128, 128, 4, 512)) { PeerScript = Torch },
        new("gru-b32", "64 to 128, 32 sequences of 100, Adam", () => LayerBenches.Gru(32, 100, 64, 128)) { PeerScript = Torch },
        new("lstm-b32", "64 to 128, 32 sequences of 100, Adam", () => LayerBenches.Lstm(32, 100, 64, 128)) { PeerScript = Torch },
        new("separable-64-b32", "64x32x32, depthwise 3x3, pointwise to 128, batch norm, ReLU, Adam", () => LayerBenches.Separable(32, 64, 32, 128)) { PeerScript = Torch },
        new("separable-32-b16", "32x56x56, depthwise 3x3, pointwise to 64, batch norm, ReLU, Adam", () => LayerBenches.Separable(16, 32, 56, 64)) { PeerScript = Torch },
        new("vq-encode", "4,096 vectors of 64 to the nearest of 1,024 codes", () => CodebookBenches.Nearest(4096, 64, 1024)) { PeerScript = Torch },
        new("vq-step", "4,096 vectors of 64, 1,024 codes, averages, forward and backward", () => CodebookBenches.Vector(4096, 64, 1024, CodeEstimator.StraightThrough)) { PeerScript = Torch },
        new("vq-rotation-step", "4,096 vectors of 64, 1,024 codes, averages, forward and backward", () => CodebookBenches.Vector(4096, 64, 1024, CodeEstimator.Rotation)) { PeerScript = Torch },
        new("rvq-step", "4,096 vectors of 64, 4 stages of 1,024 codes, averages, forward and backward", () => CodebookBenches.Residual(4096, 64, 1024, 4)) { PeerScript = Torch },
        new("sae-topk-step", "1,024 rows of 256, 32 of 4,096 features, unit decoder, Adam", () => CodebookBenches.TopK(1024, 256, 4096, 32)) { PeerScript = Torch },
        .. BoostingBench.WhereDataAre(),
        .. InformationBenches.All,
        new("rfft-1024", "256 real lines of 1,024", () => Transform(x => Fourier.Rfft(x), 256, 1024)) { PeerScript = Torch },
        new("rfft-1021", "256 real lines of 1,021, a prime", () => Transform(x => Fourier.Rfft(x), 256, 1021)) { PeerScript = Torch },
        new("rfft2-64", "48 real planes of 64 x 64", () => Transform(x => Fourier.Rfft2(x), 16, 3, 64, 64)) { PeerScript = Torch },
        new("fsq-step", "levels 8 5 5 5 on 4096 x 4: values, indices and gradient", ScalarBenches.Fsq) { PeerScript = Torch },
        new("lfq-entropy-step", "4096 x 10 bits, entropy over all 1024 codes: forward and backward", ScalarBenches.Lfq) { PeerScript = Torch },
        new("bsq-step", "4096 x 10 bits, factorised entropy: forward and backward", ScalarBenches.Bsq) { PeerScript = Torch },
        new("rans64-encode-2", CoderShape, () => Encode(2)) { Threads = 1 },
        new("rans64-encode-4", CoderShape, () => Encode(4)) { Threads = 1 },
        new("rans64-decode-2", CoderShape, () => Decode(2)) { Threads = 1 },
        new("rans64-decode-4", CoderShape, () => Decode(4)) { Threads = 1 },
    ];

    // The coder alone: symbols are recorded before, as a message's are.
    private static Action Encode(int lanes)
    {
        var (writer, _) = Recorded();
        return () => writer.Finish(CoderKind.Rans64, lanes);
    }

    private static Action Decode(int lanes)
    {
        var (writer, table) = Recorded();
        var coded = writer.Finish(CoderKind.Rans64, lanes);
        var symbols = new int[CodedSymbols];
        return () =>
        {
            var reader = coded.Open();
            reader.Read(symbols, table);
            reader.Finish();
        };
    }

    private static (MessageWriter Writer, FrequencyTable Table) Recorded()
    {
        double[] pmf = [.. Enumerable.Range(0, 256).Select(i => Math.Exp(-Math.Abs(i - 128) / 8.0))];
        var (sum, total) = (0.0, pmf.Sum());
        double[] cumulative = [.. pmf.Select(p => sum += p / total)];
        var random = new RandomStream(1);
        var symbols = new int[CodedSymbols];
        for (var i = 0; i < symbols.Length; i++)
        {
            var at = Array.BinarySearch(cumulative, random.NextDouble());
            symbols[i] = Math.Min(at < 0 ? ~at : at, pmf.Length - 1);
        }
        var table = FrequencyTable.FromPmf(pmf);
        var writer = new MessageWriter();
        writer.Write(symbols, table);
        return (writer, table);
    }

    private static Action Product(int n)
    {
        var random = new RandomStream(1);
        var (a, b) = (Tensor.Randn(random, n, n), Tensor.Randn(random, n, n));
        return () =>
        {
            using var scope = new TensorScope("bench");
            a.MatMul(b);
        };
    }

    private static Action Transform(Func<Tensor, Tensor> of, params int[] shape)
    {
        var x = Tensor.Randn(new RandomStream(1), shape);
        return () =>
        {
            using var scope = new TensorScope("bench");
            of(x);
        };
    }

    private static Action VibStep(int inputs, int[] widths, int latent, int classes, int batch)
    {
        var random = new RandomStream(1);
        var layers = new List<Module>();
        var last = inputs;
        foreach (var width in widths)
        {
            layers.Add(new Linear(last, width, random));
            layers.Add(new ReLU());
            last = width;
        }
        var vib = new VariationalBottleneck(last, new VibOptions { Latent = latent, Beta = 1e-3f }, random);
        var network = new BottleneckNetwork(new Sequential([.. layers]), vib, new Linear(latent, classes, random));
        var labels = new long[batch];
        for (var i = 0; i < batch; i++) labels[i] = i % classes;
        var data = new Batch(Tensor.Rand(random, batch, inputs)) { Labels = LongTensor.Over(labels) };
        return Step(network, new CrossEntropyObjective(), data);
    }

    private static Action ConvolutionalStep()
    {
        var random = new RandomStream(1);
        var encoder = new Sequential(new Conv2d(1, 32, 4, random, stride: 2, padding: 1), new ReLU(),
            new Conv2d(32, 64, 4, random, stride: 2, padding: 1), new ReLU(), new Flatten(), new Linear(64 * 7 * 7, 16, random));
        var decoder = new Sequential(new Linear(16, 64 * 7 * 7, random), new ReLU(), new Unflatten(64, 7, 7),
            new ConvTranspose2d(64, 32, 4, random, stride: 2, padding: 1), new ReLU(), new ConvTranspose2d(32, 1, 4, random, stride: 2, padding: 1));
        var network = new BottleneckNetwork(encoder, new IdentityBottleneck(16), decoder);
        return Step(network, new ReconstructionObjective(learnVariance: false), new Batch(Tensor.Rand(random, 128, 1, 28, 28)));
    }

    // One training step: forward, backward, Adam.
    private static Action Step(BottleneckNetwork network, Objective objective, Batch batch)
    {
        var adam = new Adam(network.NamedParameters());
        var noise = new RandomStream(2);
        return () =>
        {
            using var scope = new TensorScope("bench");
            adam.ZeroGrad();
            var (prediction, passage) = network.Run(batch.Inputs, new PassContext(PassMode.Sample, noise) { Training = true });
            var loss = objective.Terms(batch, passage, prediction)[0].Value;
            foreach (var term in passage.Terms) loss += term.Value * term.Weight;
            loss.Backward();
            adam.Step();
        };
    }
}

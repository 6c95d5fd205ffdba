using Isthmus.Networks;
using Isthmus.Tensors;

namespace Isthmus.Information;

/// <summary>
/// Compression by a small network: d inputs, a hidden layer, the code, a hidden layer, d outputs, trained on squared error with
/// Adam and a learning rate that falls to zero. Rows are taken as they are: scale them first.
/// </summary>
internal static class AutoencoderCodes
{
    private const int Hidden = 128, Steps = 1500, Batch = 128;
    private const float LearningRate = 2e-3f;

    /// <summary>The codes of all rows, each column of variance 1, and the share of the variance that the decoder gives back.</summary>
    public static (Samples Codes, double Kept) Project(Samples samples, int components, ulong seed)
    {
        var (n, d) = (samples.Count, samples.Dimensions);
        var rows = new float[(long)n * d];
        for (var i = 0; i < rows.Length; i++) rows[i] = (float)samples.Values[i];
        var random = new RandomStream(seed).Fork("autoencoder").Fork(samples.Name);
        var encoder = Layers(d, components, random.Fork("encoder"));
        var decoder = Layers(components, d, random.Fork("decoder"));
        Train(encoder, decoder, rows, d, random.Fork("batches"));
        var codes = new double[(long)n * components];
        var (error, total) = (0.0, 0.0);
        var mean = Enumerable.Range(0, d).Select(c => Enumerable.Range(0, n).Average(i => samples[i, c])).ToArray();
        for (var from = 0; from < n; from += Batch)
        {
            using var scope = new TensorScope("autoencoder codes");
            using var frozen = new NoGrad();
            var size = Math.Min(Batch, n - from);
            var x = Tensor.From(rows.AsSpan(from * d, size * d), size, d);
            var z = encoder.Forward(x);
            var back = decoder.Forward(z).Data;
            for (var i = 0; i < z.Numel; i++) codes[from * components + i] = z.Data[i];
            for (var i = 0; i < back.Length; i++)
            {
                double value = rows[from * d + i], off = value - back[i], spread = value - mean[i % d];
                (error, total) = (error + off * off, total + spread * spread);
            }
        }
        var scaled = new Samples(codes, n, components, null, samples.Name);
        return (scaled.With(Conditioning.Scale(Standardise.Auto, scaled)[0]), total > 0 ? 1 - error / total : 1);
    }

    private static Sequential Layers(int inputs, int outputs, RandomStream random) => new(
        new Linear(inputs, Hidden, random.Fork("first")), new ReLU(), new Linear(Hidden, outputs, random.Fork("second")));

    private static void Train(Sequential encoder, Sequential decoder, float[] rows, int width, RandomStream draws)
    {
        var adam = new Adam([.. encoder.NamedParameters().Select(p => ("encoder." + p.Name, p.Value)), .. decoder.NamedParameters().Select(p => ("decoder." + p.Name, p.Value))], LearningRate);
        var n = rows.Length / width;
        var batch = Math.Min(Batch, n);
        var picked = new float[batch * width];
        for (var step = 0; step < Steps; step++)
        {
            using var scope = new TensorScope("autoencoder step");
            for (var i = 0; i < batch; i++) rows.AsSpan(draws.NextInt(n) * width, width).CopyTo(picked.AsSpan(i * width));
            var x = Tensor.From(picked, batch, width);
            adam.LearningRate = LearningRate * 0.5f * (1 + MathF.Cos(MathF.PI * step / Steps));
            adam.ZeroGrad();
            (decoder.Forward(encoder.Forward(x)) - x).Square().Mean().Backward();
            adam.Step();
        }
    }
}
